import type { Account } from "@turnout/core";

import { createHomes } from "./affinity.ts";
import { createPoolSlots, type PoolSlots } from "./pool-slots.ts";
import type { PoolState } from "./pool-state.ts";
import { type KnownQuota, tightest } from "./quota.ts";
import { createChooser, type Strategy } from "./strategy.ts";

/** The accounts of a pool with all that is known of them, by their place. Numbers stand in arrays, for a thousand of them. */
export interface Roster {
  readonly accounts: readonly Account[];
  readonly slots: PoolSlots;
  /** When each one last answered, milliseconds since the epoch. */
  readonly usedAt: Float64Array;
  /** Which credential each one's upstream has refused, as a fingerprint. */
  readonly refused: (string | undefined)[];
  /** Place of the account; undefined when there is none of that key. */
  indexOf(accountKey: string): number | undefined;
  /**
   * Place of the best account that takes requests now: of those of the highest priority, the one the strategy says; undefined
   * when there is none. One look at each at most; nothing is sorted or hashed.
   */
  best(model: string, now: number, exclude: ReadonlySet<string> | undefined): number | undefined;
  /** Place of the account a conversation belongs to by its name alone, whatever its state; among those of the highest priority. */
  home(sessionKey: string): number | undefined;
  /** A request takes the account. */
  taken(index: number): void;
  /** Attempts that wait for their answer to begin. */
  inFlight(index: number): number;
  /** One more, or one less. */
  addInFlight(index: number, change: number): void;
  quotas(index: number): readonly KnownQuota[];
  setQuotas(index: number, known: readonly KnownQuota[], now: number): void;
}

export interface RosterOptions {
  readonly strategy: Strategy;
  readonly onChange: (index: number, model: string | undefined, state: PoolState) => void;
}

/** Places in the order they are looked at: those of a higher priority first. */
function byPriority(accounts: readonly Account[]): { readonly places: Uint32Array; readonly priorities: Float64Array } {
  const priorityOf = (index: number) => accounts[index]?.priority ?? 0;
  const sorted = accounts.map((_, index) => index).toSorted((left, right) => priorityOf(right) - priorityOf(left));
  return { places: Uint32Array.from(sorted), priorities: Float64Array.from(sorted, priorityOf) };
}

export function createRoster(accounts: readonly Account[], { strategy, onChange }: RosterOptions): Roster {
  const size = accounts.length;
  const indexes = new Map(accounts.map((account, index) => [account.key, index]));
  const slots = createPoolSlots({ size, onChange });
  const weights = Float64Array.from(accounts, ({ weight = 1 }) => weight);
  const { places, priorities } = byPriority(accounts);
  const chooser = createChooser(strategy, weights);
  const home = createHomes(
    accounts.flatMap(({ key, disabled, priority = 0 }, index) =>
      disabled === undefined && priority === priorities[0]
        ? [{ key, index, weight: strategy === "weighted" ? (weights[index] ?? 1) : 1 }]
        : [],
    ),
  );
  const waiting = new Uint32Array(size);
  const quotas: (readonly KnownQuota[])[] = accounts.map(() => []);
  const used = new Float64Array(size);
  const usedUntil = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  let firstReset = Number.POSITIVE_INFINITY;

  function measure(index: number, now: number): void {
    const { usedPercent, until } = tightest(quotas[index] ?? [], now);
    used[index] = usedPercent;
    usedUntil[index] = until;
    firstReset = Math.min(firstReset, until);
    chooser.changed(index, usedPercent, waiting[index] ?? 0);
  }

  /** Windows that have been reset are empty from then on. */
  function measureReset(now: number): void {
    if (now < firstReset) return;
    firstReset = Number.POSITIVE_INFINITY;
    usedUntil.forEach((until, index) => {
      if (now >= until) measure(index, now);
      else firstReset = Math.min(firstReset, until);
    });
  }

  function isExcluded(index: number, exclude: ReadonlySet<string> | undefined): boolean {
    return exclude?.has(accounts[index]?.key ?? "") === true;
  }

  return {
    accounts,
    slots,
    usedAt: new Float64Array(size).fill(Number.NEGATIVE_INFINITY),
    refused: accounts.map(() => undefined),
    indexOf: (accountKey) => indexes.get(accountKey),
    best(model, now, exclude) {
      measureReset(now);
      const { whole, own } = slots.opens(model);
      const { scores, floor } = chooser;
      let best: number | undefined;
      let bestScore = Number.POSITIVE_INFINITY;
      let priority = Number.NEGATIVE_INFINITY;
      for (let at = 0; at < size; at += 1) {
        if (best !== undefined && priorities[at] !== priority) return best;
        const index = places[at] ?? 0;
        if ((whole[index] ?? 0) > now || (own !== undefined && (own[index] ?? 0) > now)) continue;
        const score = scores[index] ?? 0;
        if (score >= bestScore || isExcluded(index, exclude)) continue;
        if (score <= floor) return index;
        best = index;
        bestScore = score;
        priority = priorities[at] ?? 0;
      }
      return best;
    },
    home,
    taken: (index) => chooser.taken(index),
    inFlight: (index) => waiting[index] ?? 0,
    addInFlight(index, change) {
      waiting[index] = Math.max(0, (waiting[index] ?? 0) + change);
      chooser.changed(index, used[index] ?? 0, waiting[index]);
    },
    quotas: (index) => quotas[index] ?? [],
    setQuotas(index, known, now) {
      quotas[index] = known;
      measure(index, now);
    },
  };
}
