import type { Account } from "@turnout/core";

import { accountSeed, rendezvous, sessionSeed } from "./affinity.ts";
import { createPoolSlots, type PoolSlots } from "./pool-slots.ts";
import { type PoolState } from "./pool-state.ts";
import { type KnownQuota, tightest } from "./quota.ts";
import { createChooser, type Strategy } from "./strategy.ts";

/** The accounts of a pool with all that is known of them, by their place. Numbers stand in arrays, for a thousand of them. */
export interface Roster {
  readonly accounts: readonly Account[];
  readonly slots: PoolSlots;
  /** Attempts that wait for their answer to begin. */
  readonly inFlight: Uint32Array;
  /** Which credential each one's upstream has refused, as a fingerprint. */
  readonly refused: (string | undefined)[];
  /** Place of the account; undefined when there is none of that key. */
  indexOf(accountKey: string): number | undefined;
  /** Places of accounts that take requests now, best first, at most `most`. One look at each, nothing is sorted. */
  open(model: string, now: number, most: number, exclude: ReadonlySet<string> | undefined): number[];
  /** Place of the account a conversation belongs to by its name alone, whatever its state; among those of the highest priority. */
  home(sessionKey: string): number | undefined;
  taken(index: number): void;
  quotas(index: number): readonly KnownQuota[];
  setQuotas(index: number, known: readonly KnownQuota[], now: number): void;
}

export interface RosterOptions {
  readonly strategy: Strategy;
  readonly onChange: (index: number, model: string | undefined, state: PoolState) => void;
}

export function createRoster(accounts: readonly Account[], { strategy, onChange }: RosterOptions): Roster {
  const size = accounts.length;
  const places = new Map(accounts.map((account, index) => [account.key, index]));
  const slots = createPoolSlots({ size, onChange });
  const priorities = Float64Array.from(accounts, ({ priority = 0 }) => priority);
  const weights = Float64Array.from(accounts, ({ weight = 1 }) => weight);
  const highest = priorities.reduce((most, priority) => Math.max(most, priority), Number.NEGATIVE_INFINITY);
  const homes = accounts.flatMap((account, index) =>
    account.disabled === undefined && priorities[index] === highest ? [{ index, seed: accountSeed(account.key) }] : [],
  );
  const inFlight = new Uint32Array(size);
  const quotas: (readonly KnownQuota[])[] = accounts.map(() => []);
  const used = new Float64Array(size);
  const usedUntil = new Float64Array(size).fill(Number.POSITIVE_INFINITY);

  function measure(index: number, now: number): void {
    const { usedPercent, until } = tightest(quotas[index] ?? [], now);
    used[index] = usedPercent;
    usedUntil[index] = until;
  }

  const chooser = createChooser(strategy, size, {
    used: (index, now) => {
      if (now >= (usedUntil[index] ?? 0)) measure(index, now);
      return used[index] ?? 0;
    },
    inFlight: (index) => inFlight[index] ?? 0,
    weight: (index) => weights[index] ?? 1,
  });

  return {
    accounts,
    slots,
    inFlight,
    refused: accounts.map(() => undefined),
    indexOf: (accountKey) => places.get(accountKey),
    open(model, now, most, exclude) {
      const opensAt = slots.opening(model);
      const best: { readonly index: number; readonly priority: number; readonly score: number }[] = [];
      for (let index = 0; index < size; index += 1) {
        if (opensAt(index) > now || exclude?.has(accounts[index]?.key ?? "") === true) continue;
        const priority = priorities[index] ?? 0;
        const last = best[most - 1];
        if (last !== undefined && last.priority > priority) continue;
        const score = chooser.score(index, now);
        if (last !== undefined && last.priority === priority && last.score <= score) continue;
        let at = Math.min(best.length, most - 1);
        for (; at > 0; at -= 1) {
          const above = best[at - 1];
          if (above === undefined || above.priority > priority) break;
          if (above.priority === priority && above.score <= score) break;
          best[at] = above;
        }
        best[at] = { index, priority, score };
      }
      return best.map(({ index }) => index);
    },
    home(sessionKey) {
      const session = sessionSeed(sessionKey);
      let best: number | undefined;
      let most = Number.NEGATIVE_INFINITY;
      for (const { index, seed } of homes) {
        const drawn = rendezvous(seed, session);
        // Weighted rendezvous: -weight / ln(u), where u is between 0 and 1.
        const score = strategy === "weighted" ? -(weights[index] ?? 1) / Math.log((drawn + 0.5) / 2 ** 32) : drawn;
        if (score > most) {
          best = index;
          most = score;
        }
      }
      return best;
    },
    taken: (index) => chooser.taken(index),
    quotas: (index) => quotas[index] ?? [],
    setQuotas(index, known, now) {
      quotas[index] = known;
      measure(index, now);
    },
  };
}
