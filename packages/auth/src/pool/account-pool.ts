import { createHash } from "node:crypto";

import {
  type Account,
  type Credential,
  type QuotaReading,
  RouterError,
  systemRuntime,
  type Timer,
} from "@turnout/core";

import { type Affinity, createAffinity } from "./affinity.ts";
import { createPoolMemory } from "./pool-memory.ts";
import type { AccountPool, AccountPoolOptions, PoolAttempt, PoolRequest } from "./pool-contract.ts";
import { reportAccounts } from "./pool-report.ts";
import type { PoolSignal, PoolState } from "./pool-state.ts";
import { exhaustedUntil, hasRoom, type KnownQuota, type QuotaSource, withReading } from "./quota.ts";
import { createRoster, type Roster } from "./roster.ts";
import { selectForced } from "./selection.ts";
import { signalOfError } from "./signal-of-error.ts";

const mostConversations = 10_000;
/** The prompt cache of the backend is cold by then. */
const idleMs = 3_600_000;
/** Figures of limits come with every answer; they are written together. */
const quotaWriteMs = 10_000;

/** Tells one credential from another without keeping it. */
function fingerprintOf(credential: Credential): string {
  return createHash("sha256").update(credential.secret).digest("base64url").slice(0, 16);
}

function affinityKey({ model, sessionKey }: PoolRequest): string {
  return `${model}\n${sessionKey}`;
}

export function createAccountPool(accounts: readonly Account[], options: AccountPoolOptions = {}): AccountPool {
  const { runtime = systemRuntime, strategy = "least-used", onWarning = () => {} } = options;
  const memory = options.memory === undefined ? undefined : createPoolMemory({ ...options.memory, onWarning });
  const affinity: Affinity = createAffinity({ mostConversations, idleMs });
  const unwritten = new Map<string, readonly KnownQuota[]>();
  let timer: Timer | undefined;
  /** Keys of accounts that are being looked at for a new login. */
  const looking = new Set<string>();
  const ending = new AbortController();
  let roster = makeRoster(accounts);
  recall();

  function makeRoster(list: readonly Account[]): Roster {
    const made: Roster = createRoster(list, { strategy, onChange: (...change) => remember(list, ...change) });
    const now = runtime.now();
    list.forEach(({ disabled }, index) => {
      if (disabled !== undefined) made.slots.signal(index, undefined, { type: "switched-off", why: disabled }, now);
    });
    return made;
  }

  function remember(list: readonly Account[], index: number, model: string | undefined, state: PoolState): void {
    const account = list[index];
    if (account !== undefined) memory?.saveState(account.key, model, state);
  }

  function recall(): void {
    const now = runtime.now();
    for (const { accountKey, model, state } of memory?.states() ?? []) restore(accountKey, model, state, now);
    for (const { accountKey, known } of memory?.quotas() ?? []) {
      const index = roster.indexOf(accountKey);
      if (index !== undefined) roster.setQuotas(index, known, now);
    }
  }

  /** What the owner says counts more than what was. */
  function restore(accountKey: string, model: string | undefined, state: PoolState, now: number): void {
    const index = roster.indexOf(accountKey);
    if (index === undefined) return;
    if (model === undefined && roster.accounts[index]?.disabled !== undefined) return;
    roster.slots.restore(index, model, state, now);
  }

  /** The time, and nobody buried by a clock that was set back. */
  function look(): number {
    const now = runtime.now();
    roster.slots.watchClock(now);
    return now;
  }

  function flush(): void {
    timer?.cancel();
    timer = undefined;
    memory?.saveQuotas(unwritten, runtime.now());
    unwritten.clear();
  }

  function noteQuota(accountKey: string, reading: QuotaReading, source: QuotaSource, startedAt: number): void {
    const index = roster.indexOf(accountKey);
    if (index === undefined) return;
    const now = look();
    const known = withReading(roster.quotas(index), { reading, source, at: now });
    roster.setQuotas(index, known, now);
    if (memory !== undefined) {
      unwritten.set(accountKey, known);
      timer ??= runtime.setTimer(quotaWriteMs, flush);
    }
    const signal = signalOfReading(reading, startedAt, now);
    if (signal === undefined) return;
    for (const model of reading.models ?? [undefined]) roster.slots.signal(index, model, signal, now);
  }

  /** Of accounts that take requests now: the conversation's own, else the best. */
  function selectOpen(
    request: PoolRequest,
    now: number,
    exclude: ReadonlySet<string> | undefined,
  ): Account | undefined {
    const { model, sessionKey } = request;
    const isPlaced = sessionKey !== undefined && request.sessionKind !== "begun";
    const own = isPlaced ? ownAccount(request, sessionKey, now, exclude) : undefined;
    const index = own ?? roster.best(model, now, exclude);
    return index === undefined ? undefined : roster.accounts[index];
  }

  function ownAccount(
    request: PoolRequest,
    sessionKey: string,
    now: number,
    exclude: ReadonlySet<string> | undefined,
  ): number | undefined {
    const { whole, own } = roster.slots.opens(request.model);
    const isOpen = (index: number | undefined) =>
      index !== undefined &&
      (whole[index] ?? 0) <= now &&
      (own?.[index] ?? 0) <= now &&
      exclude?.has(roster.accounts[index]?.key ?? "") !== true;
    const known = affinity.known(affinityKey(request), now);
    const last = known === undefined ? undefined : roster.indexOf(known);
    if (isOpen(last)) return last;
    if (request.sessionKind === "recognised") return undefined;
    const home = roster.home(sessionKey);
    return isOpen(home) ? home : undefined;
  }

  function begin(accountKey: string, request: PoolRequest): PoolAttempt {
    const startedAt = look();
    const place = roster.indexOf(accountKey);
    const account = place === undefined ? undefined : roster.accounts[place];
    if (place === undefined || account === undefined) {
      throw new RouterError("internal", `Cannot take account ${accountKey}: the pool has no such account`, {});
    }
    roster.taken(place);
    roster.addInFlight(place, 1);
    if (request.sessionKey !== undefined) affinity.remember(affinityKey(request), accountKey, startedAt);
    tell({ type: "taken" }, { type: "taken" });
    let isOver = false;

    /** What the attempt says of the account, and of the model. The account may have gone meanwhile. */
    function tell(ofAccount: PoolSignal, ofModel: PoolSignal): void {
      const index = roster.indexOf(accountKey);
      if (index === undefined) return;
      const now = look();
      roster.slots.signal(index, undefined, ofAccount, now);
      roster.slots.signal(index, request.model, ofModel, now);
    }

    function over(): void {
      if (isOver) return;
      isOver = true;
      const index = roster.indexOf(accountKey);
      if (index !== undefined) roster.addInFlight(index, -1);
    }

    function markUsed(): void {
      const index = roster.indexOf(accountKey);
      if (index !== undefined) roster.usedAt[index] = runtime.now();
    }

    function refuse(refused: string | undefined): void {
      const index = roster.indexOf(accountKey);
      if (index !== undefined) roster.refused[index] = refused;
    }

    return {
      account,
      accepts(credential) {
        const index = roster.indexOf(accountKey);
        const refused = index === undefined ? undefined : roster.refused[index];
        if (index === undefined || refused === undefined) return true;
        if (refused !== fingerprintOf(credential)) {
          renewed(accountKey);
          return true;
        }
        const { kind } = roster.slots.state(index, undefined, look());
        return kind !== "needs-login" && kind !== "disabled";
      },
      succeeded() {
        over();
        markUsed();
        refuse(undefined);
        const signal = { type: "succeeded", startedAt } as const;
        tell(signal, signal);
      },
      failed(error, credential) {
        over();
        if (error.code === "usage-limited" && error.details.quota !== undefined) {
          noteQuota(accountKey, error.details.quota, "answer", startedAt);
        }
        const { scope, signal } = signalOfError(error, startedAt, look());
        if (credential !== undefined && (signal.type === "refused" || signal.type === "forbidden")) {
          refuse(fingerprintOf(credential));
        }
        const nothing = { type: "released", startedAt } as const;
        tell(scope === "account" ? signal : nothing, scope === "model" ? signal : nothing);
      },
      released() {
        if (isOver) return;
        over();
        const nothing = { type: "released", startedAt } as const;
        tell(nothing, nothing);
      },
      noteQuota: (reading) => noteQuota(accountKey, reading, "answer", startedAt),
    };
  }

  /** An account without a good credential may have one now: that is found out without waiting for the end of its rest. */
  function lookForLogins(): void {
    const now = look();
    roster.accounts.forEach((account, index) => {
      if (!mayHaveNewLogin(index, now) || looking.has(account.key)) return;
      looking.add(account.key);
      void lookForLogin(account, roster.refused[index]).finally(() => looking.delete(account.key));
    });
  }

  function mayHaveNewLogin(index: number, now: number): boolean {
    const state = roster.slots.state(index, undefined, now);
    if (state.kind === "cooling") return state.why === "no-credential";
    return state.kind === "needs-login" || (roster.refused[index] !== undefined && state.kind === "disabled");
  }

  async function lookForLogin(account: Account, refused: string | undefined): Promise<void> {
    // Where there is no credential there is no new one either.
    const credential = await account.lease(ending.signal).catch(() => undefined);
    if (credential !== undefined && fingerprintOf(credential) !== refused) renewed(account.key);
  }

  function renewed(accountKey: string): void {
    const index = roster.indexOf(accountKey);
    if (index === undefined) return;
    roster.refused[index] = undefined;
    roster.slots.signal(index, undefined, { type: "renewed" }, look());
  }

  return {
    get accounts() {
      return roster.accounts;
    },
    select(request, exclude) {
      const now = look();
      const account = selectOpen(request, now, exclude);
      if (account === undefined) return selectForced(roster, request.model, now, exclude);
      return { account, isForced: false, limit: undefined };
    },
    begin,
    noteQuota: (accountKey, reading) => noteQuota(accountKey, reading, "usage-endpoint", runtime.now()),
    renewed,
    update(list) {
      const before = roster;
      const now = look();
      if (isSameList(before.accounts, list)) {
        lookForLogins();
        return;
      }
      roster = makeRoster(list);
      before.accounts.forEach(({ key, disabled }, index) => {
        const place = roster.indexOf(key);
        if (place === undefined) return;
        roster.setQuotas(place, before.quotas(index), now);
        roster.usedAt[place] = before.usedAt[index] ?? Number.NEGATIVE_INFINITY;
        roster.addInFlight(place, before.inFlight(index));
        roster.refused[place] = before.refused[index];
        for (const { model, state } of before.slots.known(index)) {
          if (model !== undefined || disabled === undefined) restore(key, model, state, now);
        }
      });
      lookForLogins();
    },
    quotaUnknown: (intervalMs) => {
      const now = look();
      return roster.accounts.filter((_, index) => isQuotaUnknown(roster, index, intervalMs, now));
    },
    report: () => reportAccounts(roster, look()),
    close() {
      ending.abort(new RouterError("shutting-down", "The pool is closed", {}));
      flush();
    },
  };
}

function isQuotaUnknown(roster: Roster, index: number, intervalMs: number, now: number): boolean {
  const state = roster.slots.state(index, undefined, now);
  if (state.kind === "cooling") return state.why === "usage-limit" && !state.isKnown;
  const toldAt = Math.max(...roster.quotas(index).map(({ at }) => at), Number.NEGATIVE_INFINITY);
  const usedAt = roster.usedAt[index] ?? Number.NEGATIVE_INFINITY;
  return usedAt > toldAt && now - toldAt >= intervalMs;
}

/** What of an account decides about its place; its credential is its own business. */
function isSameList(left: readonly Account[], right: readonly Account[]): boolean {
  const traits = ({ key, label, priority, weight, disabled }: Account) => [key, label, priority, weight, disabled];
  return (
    left.length === right.length &&
    left.every((account, index) => {
      const other = right[index];
      return other !== undefined && traits(account).every((trait, at) => trait === traits(other)[at]);
    })
  );
}

/** What the figures of a limit say of its account, or of its models: that it is used up, or that it is not. */
function signalOfReading(reading: QuotaReading, startedAt: number, now: number): PoolSignal | undefined {
  const until = exhaustedUntil(reading, now);
  if (until !== undefined) return { type: "limited", why: "usage-limit", until, startedAt };
  return hasRoom(reading) ? { type: "replenished", startedAt } : undefined;
}
