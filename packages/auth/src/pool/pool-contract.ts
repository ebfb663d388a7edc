import type { Account, AnyRouterError, Credential, QuotaReading, RouterError, Runtime } from "@turnout/core";

import type { LimitTable } from "../store/limits.ts";
import type { AccountReport } from "./pool-report.ts";
import type { Selection } from "./selection.ts";
import type { Strategy } from "./strategy.ts";

/** What an account is wanted for. */
export interface PoolRequest {
  /** The upstream's name of the model. */
  readonly model: string;
  /** Stable for one conversation, so that it stays on one account (prompt cache, encrypted reasoning). */
  readonly sessionKey?: string | undefined;
  /**
   * What the key is worth. `named`, the default: the client names the conversation; one that nobody remembers has its place by
   * its name. `recognised`: made from what the conversation holds; it stays where it is remembered to be. `begun`: the same, at
   * its first request, whose like may have begun elsewhere: the strategy chooses, and the place is remembered.
   */
  readonly sessionKind?: SessionKind | undefined;
}

export type SessionKind = "named" | "recognised" | "begun";

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
  /** Puts other accounts in place, and looks for new logins; what is known of accounts that stay is kept. */
  update(accounts: readonly Account[]): void;
  /**
   * Accounts of which the upstream should be asked what is left: those that have been used since it was last told, which was
   * `intervalMs` ago or more; and those that have reached a limit whose end nobody knows.
   */
  quotaUnknown(intervalMs: number): Account[];
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
