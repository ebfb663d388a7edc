/** How an account is chosen for a request that is not tied to one by its conversation. */
export const strategies = ["least-used", "round-robin", "priority", "weighted"] as const;

export type Strategy = (typeof strategies)[number];

/** What a strategy goes by, by the account's place in the pool. */
export interface StrategyView {
  /** Percent used of the tightest window; 0 when nothing is known. */
  used(index: number, now: number): number;
  /** Attempts that wait for their answer to begin. */
  inFlight(index: number): number;
  /** Above 0. */
  weight(index: number): number;
}

export interface Chooser {
  /** The lowest is chosen; of equals, the first in the list. */
  score(index: number, now: number): number;
  /** The account was taken, for whatever reason. */
  taken(index: number): void;
}

/** More attempts at a time than one account ever has. */
const mostInFlight = 1e6;

/** Turns that come in proportion to weights. An account that was away does not catch up: it gets its share from now on. */
function createTurns(size: number, share: (index: number) => number): Chooser {
  const next = new Float64Array(size);
  let latest = 0;
  return {
    score: (index) => Math.max(next[index] ?? 0, latest),
    taken: (index) => {
      const turn = Math.max(next[index] ?? 0, latest);
      latest = turn;
      next[index] = turn + 1 / share(index);
    },
  };
}

export function createChooser(strategy: Strategy, size: number, view: StrategyView): Chooser {
  switch (strategy) {
    case "priority":
      return { score: () => 0, taken: () => {} };
    case "least-used":
      return {
        // Whole percents: between accounts as good as equal, fewer requests at a time is the better reason.
        score: (index, now) => Math.floor(view.used(index, now)) * mostInFlight + view.inFlight(index),
        taken: () => {},
      };
    case "round-robin":
      return createTurns(size, () => 1);
    case "weighted":
      return createTurns(size, view.weight);
  }
}
