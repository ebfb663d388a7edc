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

/** Whom to ask. */
export interface Selection {
  /** Undefined when nobody is worth asking. */
  readonly account: Account | undefined;
  /** No account takes requests now; this one is tried because there is hope. */
  readonly isForced: boolean;
  /** Where no account takes requests: of the limits that keep them from it, the one that ends first. */
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

function isHopeless(state: PoolState): boolean {
  return (state.kind === "cooling" && state.isKnown) || restOf(state) === Number.POSITIVE_INFINITY;
}

function isMoreHopeful(state: PoolState, than: PoolState): boolean {
  const difference = hopes[state.kind] - hopes[than.kind];
  return difference === 0 ? opensLater(than, state) : difference < 0;
}

function limitOf(state: PoolState, now: number): ReachedLimit | undefined {
  if (state.kind !== "cooling" || (state.why !== "usage-limit" && state.why !== "rate-limit")) return undefined;
  const { why, until, isKnown } = state;
  return { why, until, waitMs: until - now, isKnown };
}

/**
 * Whom to ask when no account takes requests now. One whose upstream has named the end of its rest is not: that would be
 * in vain. Neither is one that its owner has switched off.
 */
export function selectForced(
  { accounts, slots }: Roster,
  model: string,
  now: number,
  exclude: ReadonlySet<string> | undefined,
): Selection {
  let best: { readonly account: Account; readonly state: PoolState } | undefined;
  let limit: ReachedLimit | undefined;
  accounts.forEach((account, index) => {
    const state = blocking(slots.state(index, undefined, now), slots.state(index, model, now));
    const own = limitOf(state, now);
    if (own !== undefined && (limit === undefined || own.until < limit.until)) limit = own;
    if (isHopeless(state) || exclude?.has(account.key) === true) return;
    if (best === undefined || isMoreHopeful(state, best.state)) best = { account, state };
  });
  return { account: best?.account, isForced: true, limit };
}
