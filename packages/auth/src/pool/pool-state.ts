/** Why an account rests. */
export type RestReason = "usage-limit" | "rate-limit" | "billing" | "trouble" | "no-credential";

/** What is known of an account as a whole, or of one of its models. All times are milliseconds since the epoch. */
export type PoolState =
  /** `strikes`: troubles of the upstream since the last success. */
  | { readonly kind: "ready"; readonly strikes: number }
  /** Left out until `until`. `isKnown`: the upstream has said so; else it is a guess, and asking earlier is no sin. */
  | {
      readonly kind: "cooling";
      readonly why: RestReason;
      readonly isKnown: boolean;
      readonly since: number;
      readonly until: number;
      readonly strikes: number;
    }
  /** May work again; one request at a time finds out. `probedAt`: when the one that is under way began. */
  | {
      readonly kind: "half-open";
      readonly why: string;
      readonly since: number;
      readonly probedAt: number | undefined;
      readonly strikes: number;
    }
  /** Nothing but a new login helps; looked at again at `until` all the same. */
  | {
      readonly kind: "needs-login";
      readonly why: string;
      readonly since: number;
      readonly until: number;
      readonly strikes: number;
    }
  /** Refused by its upstream, until then looked at no more; or switched off by its owner, where `until` is undefined. */
  | {
      readonly kind: "disabled";
      readonly why: string;
      readonly since: number;
      readonly until: number | undefined;
      readonly strikes: number;
    };

/** What happened to a request, or was learned otherwise. `startedAt`: when that request took the account. */
export type PoolSignal =
  /** A request takes the account. */
  | { readonly type: "taken" }
  | { readonly type: "succeeded"; readonly startedAt: number }
  /** It ended in a way that says nothing of the account: the client's mistake, a broken connection, a client that left. */
  | { readonly type: "released"; readonly startedAt: number }
  /** `until`: when the upstream will answer again, as far as it said. */
  | {
      readonly type: "limited";
      readonly why: "usage-limit" | "rate-limit" | "billing";
      readonly until: number | undefined;
      readonly startedAt: number;
    }
  /** The upstream failed by itself: 5xx and the like. */
  | { readonly type: "troubled"; readonly startedAt: number }
  /** There is no credential for now, for example because the token endpoint is down. */
  | { readonly type: "without-credential"; readonly startedAt: number }
  /** The credential is refused, and there is no other. */
  | { readonly type: "refused"; readonly why: string; readonly startedAt: number }
  /** The credential is good, but its owner may not do this. */
  | { readonly type: "forbidden"; readonly why: string; readonly startedAt: number }
  /** There is a new credential. */
  | { readonly type: "renewed" }
  /** A limit that was reached is not reached any more, by its upstream's own figures. */
  | { readonly type: "replenished"; readonly startedAt: number }
  | { readonly type: "switched-off"; readonly why: string }
  | { readonly type: "switched-on" };

export const ready: PoolState = { kind: "ready", strikes: 0 };

/** Longer than the longest window of an upstream (a week): no reset time, however absurd, buries an account. */
export const longestRestMs = 8 * 86_400_000;
/** A probe that has not been heard of for so long is lost; another one may go. Longer than the wait for a first event. */
export const probeTimeoutMs = 120_000;
type Guess = RestReason | "needs-login" | "disabled";

/** How long to rest when nobody says: at first, doubled with every try in vain, and at most. Milliseconds. */
const guesses: Readonly<Record<Guess, { readonly firstMs: number; readonly mostMs: number }>> = {
  "usage-limit": { firstMs: 60_000, mostMs: 1_800_000 },
  "rate-limit": { firstMs: 10_000, mostMs: 600_000 },
  billing: { firstMs: 60_000, mostMs: 3_600_000 },
  trouble: { firstMs: 1_000, mostMs: 60_000 },
  "no-credential": { firstMs: 5_000, mostMs: 60_000 },
  "needs-login": { firstMs: 60_000, mostMs: 600_000 },
  disabled: { firstMs: 60_000, mostMs: 3_600_000 },
};

/** When a rest of unknown length ends. */
export function guess(what: Guess, strikes: number, now: number): number {
  const { firstMs, mostMs } = guesses[what];
  return now + Math.min(mostMs, firstMs * 2 ** Math.min(strikes, 20));
}

/** The latest time an account rests until in any state it can get into without its upstream naming one. */
export const longestGuessMs = Math.max(...Object.values(guesses).map(({ mostMs }) => mostMs));

export function halfOpen(why: string, since: number, strikes: number): PoolState {
  return { kind: "half-open", why, since, probedAt: undefined, strikes };
}

/**
 * What becomes of a state by time alone: a rest that is over ends, a lost probe is forgotten, and a clock that was set back
 * lengthens nothing (no rest is longer than it was when it began, however often the clock jumps).
 */
export function settle(state: PoolState, now: number): PoolState {
  const current = rewind(state, now);
  switch (current.kind) {
    case "ready":
      return current;
    case "cooling":
      if (now < current.until) return current;
      return current.isKnown ? ready : halfOpen(current.why, current.until, current.strikes);
    case "half-open":
      return current.probedAt !== undefined && now >= current.probedAt + probeTimeoutMs
        ? { ...current, probedAt: undefined }
        : current;
    case "needs-login":
    case "disabled":
      return current.until !== undefined && now >= current.until
        ? halfOpen(current.why, current.until, current.strikes)
        : current;
  }
}

function rewind(state: PoolState, now: number): PoolState {
  if (state.kind === "half-open") return rewindProbe(state, now);
  if (state.kind === "ready" || state.since <= now) return state;
  const shift = state.since - now;
  if (state.kind === "disabled") {
    return { ...state, since: now, until: state.until === undefined ? undefined : state.until - shift };
  }
  return { ...state, since: now, until: state.until - shift };
}

function rewindProbe(state: Extract<PoolState, { kind: "half-open" }>, now: number): PoolState {
  const { since, probedAt } = state;
  if (since <= now && (probedAt ?? 0) <= now) return state;
  return {
    ...state,
    since: Math.min(since, now),
    probedAt: probedAt === undefined ? undefined : Math.min(probedAt, now),
  };
}

/**
 * From when on requests may go there, milliseconds since the epoch: 0 when at once, `Infinity` when never by itself.
 *
 * @param state - As `settle` has left it.
 */
export function openAt(state: PoolState): number {
  switch (state.kind) {
    case "ready":
      return 0;
    case "half-open":
      return state.probedAt === undefined ? 0 : state.probedAt + probeTimeoutMs;
    case "cooling":
    case "needs-login":
      return state.until;
    case "disabled":
      return state.until ?? Number.POSITIVE_INFINITY;
  }
}
