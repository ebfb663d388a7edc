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

/** Order of hope: a probe is out and may well succeed; a trouble that passes; a login that may have been renewed. */
const hopes: Readonly<Record<PoolState["kind"], number>> = {
  ready: 0,
  "half-open": 0,
  cooling: 1,
  "needs-login": 2,
  disabled: 3,
};

/** It rests for a limit, or for want of money: asking earlier than its end is most likely in vain. */
function isUsedUp(state: PoolState): boolean {
  return state.kind === "cooling" && state.why !== "trouble" && state.why !== "no-credential";
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
 * Whom to ask when no account takes requests now: one that rests for anything but a limit. Where all have reached a limit,
 * waiting for one whose end is known is better than asking in vain; where no end is known, the one that is free soonest by
 * our guess is asked, one for each request. One that its owner has switched off is never asked.
 */
export function selectForced(
  { accounts, slots }: Roster,
  model: string,
  now: number,
  exclude: ReadonlySet<string> | undefined,
): Selection {
  let best: Candidate | undefined;
  let usedUp: Candidate | undefined;
  let limit: ReachedLimit | undefined;
  let isEndKnown = false;
  accounts.forEach((account, index) => {
    const state = blocking(slots.state(index, undefined, now), slots.state(index, model, now));
    const own = limitOf(state, now);
    if (own?.isKnown === true) isEndKnown = true;
    if (own !== undefined && (limit === undefined || own.until < limit.until)) limit = own;
    if (restOf(state) === Number.POSITIVE_INFINITY || exclude?.has(account.key) === true) return;
    if (isUsedUp(state)) {
      if (usedUp === undefined || isMoreHopeful(state, usedUp.state)) usedUp = { account, state };
    } else if (best === undefined || isMoreHopeful(state, best.state)) best = { account, state };
  });
  const isWorthATry = !isEndKnown && (exclude === undefined || exclude.size === 0);
  const chosen = best ?? (isWorthATry ? usedUp : undefined);
  return { account: chosen?.account, isForced: true, limit };
}

interface Candidate {
  readonly account: Account;
  readonly state: PoolState;
}
