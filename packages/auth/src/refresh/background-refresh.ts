import { hash } from "node:crypto";

import type { Runtime, Timer } from "@turnout/core";

import type { AccountRecord } from "../store/account-store.ts";
import type { StoredAccount } from "./stored-account.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** Codex CLI refreshes a token without `exp` after 8 days (codex-rs `login/src/auth/manager.rs`, read 2026-10); we a day earlier. */
const maxAgeMs = 7 * dayMs;
/** Taken for the lifetime of a token that does not say when it was issued. */
const usualLifetimeMs = 10 * dayMs;
const longestLeadMs = 3 * dayMs;
/** Between two looks at what is due; short, so that a clock that has jumped is noticed soon. */
const lookMs = 30_000;
const maxAtOnce = 4;
const firstPauseMs = minuteMs;
const longestPauseMs = 60 * minuteMs;

/**
 * When an access token is refreshed, milliseconds since the epoch: when 10 to 30 % of its life are left, at most 3 days. Where
 * in that span follows from the account and the token, so that tokens issued together are not refreshed together, and
 * every process comes to the same time.
 *
 * @returns Undefined when there is nothing to refresh.
 */
export function refreshTimeOf(account: AccountRecord): number | undefined {
  const { id, kind, refreshable, needsLogin, expiresAt, refreshedAt } = account;
  if (kind !== "oauth" || !refreshable || needsLogin !== undefined) return undefined;
  const spread = Number.parseInt(hash("sha256", `${id} ${expiresAt} ${refreshedAt}`, "hex").slice(0, 8), 16) / 2 ** 32;
  if (expiresAt === undefined) return (refreshedAt ?? account.createdAt) + maxAgeMs - spread * dayMs;
  const lifetime = refreshedAt === undefined ? usualLifetimeMs : Math.max(0, expiresAt - refreshedAt);
  return expiresAt - Math.min(lifetime * (0.1 + 0.2 * spread), longestLeadMs * (0.3 + 0.7 * spread));
}

export interface BackgroundRefreshOptions {
  /** All accounts of the store. */
  readonly accounts: () => Iterable<StoredAccount>;
  readonly runtime: Runtime;
  /** Told of a failure that no account stands for. */
  readonly onFailure: (error: unknown) => void;
}

/** Refreshes tokens before anybody has to wait for it. */
export interface BackgroundRefresh {
  start(): void;
  /** No refresh begins after this; the ones under way are waited for. */
  stop(): Promise<void>;
}

/** After a failure: how often, and when to try again, by the steady clock. */
interface Failure {
  readonly count: number;
  readonly until: number;
}

/** At most 4 refreshes at a time; one that failed is tried again after 1 minute, then 2, 4, … up to an hour. */
export function createBackgroundRefresh(options: BackgroundRefreshOptions): BackgroundRefresh {
  const { runtime } = options;
  const failures = new Map<string, Failure>();
  const underWay = new Map<string, Promise<void>>();
  let timer: Timer | undefined;

  function isDue({ record }: StoredAccount): boolean {
    const at = refreshTimeOf(record);
    if (at === undefined || at > runtime.now() || underWay.has(record.id)) return false;
    return (failures.get(record.id)?.until ?? 0) <= runtime.monotonic();
  }

  async function refresh(account: StoredAccount): Promise<void> {
    const { id } = account.record;
    if (await account.refreshAhead()) {
      failures.delete(id);
      return;
    }
    const count = (failures.get(id)?.count ?? 0) + 1;
    const pause = Math.min(firstPauseMs * 2 ** (count - 1), longestPauseMs) * (1 + runtime.random() / 2);
    failures.set(id, { count, until: runtime.monotonic() + pause });
  }

  function begin(account: StoredAccount): void {
    const { id } = account.record;
    const work = refresh(account)
      .catch(options.onFailure)
      .finally(() => {
        underWay.delete(id);
        if (timer !== undefined) fill();
      });
    underWay.set(id, work);
  }

  function fill(): void {
    for (const account of options.accounts()) {
      if (underWay.size >= maxAtOnce) return;
      if (isDue(account)) begin(account);
    }
  }

  function look(): void {
    timer = runtime.setTimer(lookMs, look);
    fill();
  }

  return {
    start() {
      if (timer === undefined) look();
    },
    async stop() {
      timer?.cancel();
      timer = undefined;
      await Promise.all(underWay.values());
      failures.clear();
    },
  };
}
