import {
  type Account,
  type AnyRouterError,
  type QuotaReader,
  RouterError,
  type Runtime,
  type Timer,
} from "@turnout/core";

import type { AccountPool } from "./pool-contract.ts";

/**
 * Asks the upstream what is left of one account's limits, and tells the pool.
 *
 * @throws {RouterError} `credential-unavailable` when the account has no credential, and what `QuotaReader.read` throws.
 */
export async function readQuota(
  pool: AccountPool,
  account: Account,
  reader: QuotaReader,
  signal: AbortSignal,
): Promise<void> {
  const credential = await account.lease(signal);
  for (const reading of await reader.read(credential, signal)) pool.noteQuota(account.key, reading);
}

export interface QuotaPollingOptions {
  readonly pool: AccountPool;
  readonly reader: QuotaReader;
  readonly runtime: Runtime;
  /** Milliseconds an account that is used may go without news of its limits, and after which it is asked again at the earliest. */
  readonly intervalMs: number;
  /** Told why an account could not be asked. */
  readonly onWarning: (accountKey: string, error: AnyRouterError) => void;
}

export interface QuotaPolling {
  /** Waits for nothing: what is under way is given up. */
  close(): Promise<void>;
}

/** How often the pool is asked whose limits are unknown. */
const lookMs = 15_000;
/** Accounts asked at one look; the others have their turn at the next. */
const mostAtOnce = 4;

/** Keeps what is known of limits fresh while accounts are used. Nobody is asked for accounts that are idle. */
export function createQuotaPolling(options: QuotaPollingOptions): QuotaPolling {
  const { pool, reader, runtime, intervalMs, onWarning } = options;
  const askedAt = new Map<string, number>();
  const ending = new AbortController();
  let timer: Timer = runtime.setTimer(lookMs, () => void look());

  function isDue({ key }: Account): boolean {
    const at = askedAt.get(key);
    return at === undefined || Math.abs(runtime.now() - at) >= intervalMs;
  }

  async function ask(account: Account): Promise<void> {
    askedAt.set(account.key, runtime.now());
    try {
      await readQuota(pool, account, reader, ending.signal);
    } catch (error) {
      if (!ending.signal.aborted) onWarning(account.key, RouterError.from(error));
    }
  }

  async function look(): Promise<void> {
    const due = pool.quotaUnknown(intervalMs).filter(isDue).slice(0, mostAtOnce);
    await Promise.all(due.map(ask));
    if (!ending.signal.aborted) timer = runtime.setTimer(lookMs, () => void look());
  }

  return {
    async close() {
      timer.cancel();
      ending.abort(new RouterError("shutting-down", "turnout is stopping", {}));
      await reader.close?.();
    },
  };
}
