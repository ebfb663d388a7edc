import { createHash } from "node:crypto";

import {
  type Account,
  type AnyRouterError,
  type Credential,
  type QuotaReading,
  RouterError,
  type Runtime,
  systemRuntime,
  type Timer,
} from "@turnout/core";

import type { LimitTable } from "../store/limits.ts";
import { type Affinity, createAffinity } from "./affinity.ts";
import { createPoolMemory } from "./pool-memory.ts";
import { type AccountReport, reportAccounts } from "./pool-report.ts";
import type { PoolSignal, PoolState } from "./pool-state.ts";
import { exhaustedUntil, hasRoom, type KnownQuota, type QuotaSource, withReading } from "./quota.ts";
import { createRoster, type Roster } from "./roster.ts";
import { type Selection, selectForced } from "./selection.ts";
import { signalOfError } from "./signal-of-error.ts";
import type { Strategy } from "./strategy.ts";

/** What an account is wanted for. */
export interface PoolRequest {
  /** The upstream's name of the model. */
  readonly model: string;
  /** Stable for one conversation, so that it stays on one account (prompt cache, encrypted reasoning). */
  readonly sessionKey?: string | undefined;
}

/** One request on one account, from taking it to what came of it. */
export interface PoolAttempt {
  readonly account: Account;
  /** False for a credential that the upstream has refused before, and that there is no reason to show again. */
  accepts(credential: Credential): boolean;
  /** The answer has begun. */
  succeeded(): void;
  /** It failed, before its answer or in the middle of it. `credential`: what it was tried with. */
  failed(error: AnyRouterError, credential?: Credential): void;
  /** Over without a verdict; nothing after another end. To be called on every way out. */
  released(): void;
  /** The upstream has told of a limit beside the answer. */
  noteQuota(reading: QuotaReading): void;
}

/** The accounts of one provider, with what is known about their limits and troubles. */
export interface AccountPool {
  readonly accounts: readonly Account[];
  /**
   * Whom to ask. Of the accounts that take requests now: the conversation's own, else the best by priority and strategy.
   * Where none does, one that is worth a try all the same: see `Selection.isForced`. Changes nothing.
   *
   * @param exclude - Keys of accounts that this request has tried.
   */
  select(request: PoolRequest, exclude?: ReadonlySet<string>): Selection;
  /**
   * Takes an account for one attempt; the conversation stays with it from now on.
   *
   * @throws {RouterError} `internal` when the pool has no such account.
   */
  begin(accountKey: string, request: PoolRequest): PoolAttempt;
  /** The upstream has told of a limit on being asked. Unknown accounts are passed over. */
  noteQuota(accountKey: string, reading: QuotaReading): void;
  /** There is a new credential: refusals of the old one count no more. */
  renewed(accountKey: string): void;
  /** Puts other accounts in place; what is known of those that stay is kept. */
  update(accounts: readonly Account[]): void;
  /** In the order of the list. */
  report(): AccountReport[];
  /** Writes what is not written yet, and stops. */
  close(): void;
}

export interface AccountPoolOptions {
  readonly runtime?: Runtime;
  /** Default `least-used`. */
  readonly strategy?: Strategy;
  /** Where what was learned is kept over a restart. Default: nowhere. */
  readonly memory?: { readonly table: Pick<LimitTable, "list" | "put" | "remove">; readonly provider: string };
  /** Told of troubles with the memory. Default: nobody. */
  readonly onWarning?: (error: RouterError) => void;
}

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
    const own = sessionKey === undefined ? undefined : ownAccount(request, sessionKey, now, exclude);
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
    if (isOpen(known)) return known;
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
    if (request.sessionKey !== undefined) affinity.remember(affinityKey(request), place, startedAt);
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
      roster = makeRoster(list);
      // Places have changed; every conversation finds its home again.
      affinity.clear();
      before.accounts.forEach(({ key, disabled }, index) => {
        const place = roster.indexOf(key);
        if (place === undefined) return;
        roster.setQuotas(place, before.quotas(index), now);
        roster.addInFlight(place, before.inFlight(index));
        roster.refused[place] = before.refused[index];
        for (const { model, state } of before.slots.known(index)) {
          if (model !== undefined || disabled === undefined) restore(key, model, state, now);
        }
      });
    },
    report: () => reportAccounts(roster, look()),
    close: flush,
  };
}

/** What the figures of a limit say of its account, or of its models: that it is used up, or that it is not. */
function signalOfReading(reading: QuotaReading, startedAt: number, now: number): PoolSignal | undefined {
  const until = exhaustedUntil(reading, now);
  if (until !== undefined) return { type: "limited", why: "usage-limit", until, startedAt };
  return hasRoom(reading) ? { type: "replenished", startedAt } : undefined;
}
