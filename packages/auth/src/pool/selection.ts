import type { Account } from "@turnout/core";

import type { PoolState } from "./pool-state.ts";
import type { Roster } from "./roster.ts";

/** A limit that has been reached. */
export interface ReachedLimit {
  readonly why: "usage-limit" | "rate-limit";
  /** When it will not be reached any more, milliseconds since the epoch. */
  readonly until: number;
  /** Milliseconds from now until then. */
  readonly waitMs: number;
  /** The upstream has said so; else it is a guess. */
  readonly isKnown: boolean;
}

/** Whom to ask, best first. */
export interface Selection {
  readonly accounts: readonly Account[];
  /** None of them takes requests now; they are tried because nothing better is there, and there is hope. */
  readonly isForced: boolean;
  /** Of those that rest for a limit, the one that ends first; told where no account is left to ask. */
  readonly limit: ReachedLimit | undefined;
}

/** What keeps an account from taking requests: of its own state and that of the model, the one that lasts longer. */
function blocking(whole: PoolState, own: PoolState): PoolState {
  return opensLater(own, whole) ? own : whole;
}

function opensLater(left: PoolState, right: PoolState): boolean {
  return restOf(left) > restOf(right);
}

function restOf(state: PoolState): number {
  if (state.kind === "ready") return 0;
  if (state.kind === "half-open") return state.probedAt ?? 0;
  return state.until ?? Number.POSITIVE_INFINITY;
}

/** Order of hope: a probe is out and may well succeed; a rest that is only a guess; a login that may have been renewed. */
const hopes: Readonly<Record<PoolState["kind"], number>> = {
  ready: 0,
  "half-open": 0,
  cooling: 1,
  "needs-login": 2,
  disabled: 3,
};

/**
 * Whom to ask when no account takes requests now. One whose upstream has named the end of its rest is not: that would be
 * in vain. Neither is one that its owner has switched off.
 */
export function selectForced(
  roster: Roster,
  model: string,
  now: number,
  most: number,
  exclude: ReadonlySet<string> | undefined,
): Selection {
  const hopeful: { readonly account: Account; readonly hope: number; readonly rest: number }[] = [];
  let limit: ReachedLimit | undefined;
  roster.accounts.forEach((account, index) => {
    const state = blocking(roster.slots.state(index, undefined, now), roster.slots.state(index, model, now));
    if (state.kind === "cooling" && (state.why === "usage-limit" || state.why === "rate-limit")) {
      if (limit === undefined || state.until < limit.until)
        limit = { why: state.why, until: state.until, waitMs: state.until - now, isKnown: state.isKnown };
    }
    const isHopeless = (state.kind === "cooling" && state.isKnown) || restOf(state) === Number.POSITIVE_INFINITY;
    if (isHopeless || exclude?.has(account.key) === true) return;
    hopeful.push({ account, hope: hopes[state.kind], rest: restOf(state) });
  });
  hopeful.sort((left, right) => left.hope - right.hope || left.rest - right.rest);
  const accounts = hopeful.slice(0, most).map(({ account }) => account);
  return { accounts, isForced: true, limit };
}
