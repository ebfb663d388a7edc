import { hash } from "node:crypto";

import { type Account, RouterError, type Runtime, systemRuntime } from "@turnout/core";

/** Longer than the longest window of an upstream (a week), so that an absurd reset time cannot bury an account. */
const maxCoolMs = 8 * 24 * 60 * 60 * 1000;

/** The accounts of one provider, with what is known about their limits. */
export interface AccountPool {
  readonly accounts: readonly Account[];
  /**
   * Accounts to try, best first. With a session key the order is the same for every request of that conversation, so that it
   * stays on one account (prompt cache, encrypted reasoning); without one it is the order of the config. Cooling accounts
   * are left out; when all are cooling all are returned, the one that is ready soonest first.
   */
  candidates(sessionKey?: string): Account[];
  /**
   * Leaves an account out until `untilMs` (milliseconds since the epoch, at most 8 days from now). An earlier time than the
   * one it already cools until changes nothing.
   *
   * @throws {RouterError} `internal` when the pool has no such account.
   */
  cool(accountKey: string, untilMs: number): void;
  /** Milliseconds since the epoch; undefined when it is not cooling. */
  coolingUntil(accountKey: string): number | undefined;
}

/** Rendezvous hashing: when an account comes or goes, only its own conversations move. */
function orderFor(sessionKey: string, accounts: readonly Account[]): Account[] {
  return accounts
    .map((account) => ({ account, weight: hash("sha256", `${account.key}\n${sessionKey}`, "hex") }))
    .toSorted((left, right) => (left.weight < right.weight ? -1 : 1))
    .map(({ account }) => account);
}

/** Keeps one number for each account that cools, and nothing for each conversation. */
export function createAccountPool(
  accounts: readonly Account[],
  options: { readonly runtime?: Runtime } = {},
): AccountPool {
  const { runtime = systemRuntime } = options;
  const keys = new Set(accounts.map((account) => account.key));
  const cooling = new Map<string, number>();

  function coolingUntil(accountKey: string): number | undefined {
    const until = cooling.get(accountKey);
    if (until === undefined || until > runtime.now()) return until;
    cooling.delete(accountKey);
    return undefined;
  }

  return {
    accounts,
    candidates(sessionKey) {
      const ordered = sessionKey === undefined ? [...accounts] : orderFor(sessionKey, accounts);
      const ready = ordered.filter((account) => coolingUntil(account.key) === undefined);
      if (ready.length > 0) return ready;
      return ordered.toSorted((left, right) => (coolingUntil(left.key) ?? 0) - (coolingUntil(right.key) ?? 0));
    },
    cool(accountKey, untilMs) {
      if (!keys.has(accountKey)) {
        throw new RouterError("internal", `Cannot cool account ${accountKey}: the pool has no such account`, {});
      }
      const until = Math.min(untilMs, runtime.now() + maxCoolMs);
      if (until > (coolingUntil(accountKey) ?? runtime.now())) cooling.set(accountKey, until);
    },
    coolingUntil,
  };
}
