/** How an account is chosen for a request that is not tied to one by its conversation. */
export const strategies = ["least-used", "round-robin", "priority", "weighted"] as const;

export type Strategy = (typeof strategies)[number];

/** What is best now, by numbers: one for each account, so that a look at a thousand of them costs a microsecond or two. */
export interface Chooser {
  /** The lowest is chosen; of equals, the first in the list. */
  readonly scores: Float64Array;
  /** Lower scores count as this one. */
  readonly floor: number;
  /** The account was taken, for whatever reason. */
  taken(index: number): void;
  /** `usedPercent` of its tightest window, `inFlight`: attempts that wait for their answer to begin. */
  changed(index: number, usedPercent: number, inFlight: number): void;
}

/** More attempts at a time than one account ever has. */
const mostInFlight = 1e6;

/** Turns that come in proportion to weights. An account that was away does not catch up: it gets its share from now on. */
function createTurns(weights: Float64Array): Chooser {
  const scores = new Float64Array(weights.length);
  let floor = 0;
  return {
    scores,
    get floor() {
      return floor;
    },
    taken(index) {
      floor = Math.max(scores[index] ?? 0, floor);
      scores[index] = floor + 1 / (weights[index] ?? 1);
    },
    changed() {},
  };
}

/** @param weights - Shares, above 0. */
export function createChooser(strategy: Strategy, weights: Float64Array): Chooser {
  const scores = new Float64Array(weights.length);
  switch (strategy) {
    case "priority":
      return { scores, floor: 0, taken() {}, changed() {} };
    case "least-used":
      return {
        scores,
        floor: 0,
        taken() {},
        changed(index, usedPercent, inFlight) {
          // Whole percents: between accounts as good as equal, fewer requests at a time is the better reason.
          scores[index] = Math.floor(usedPercent) * mostInFlight + inFlight;
        },
      };
    case "round-robin":
      return createTurns(new Float64Array(weights.length).fill(1));
    case "weighted":
      return createTurns(weights);
  }
}
