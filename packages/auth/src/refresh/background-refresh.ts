import type { Runtime, Timer } from "@turnout/core";

import { refreshTimeOf } from "./refresh-time.ts";
import type { StoredAccount } from "./stored-account.ts";

const minuteMs = 60_000;

/** Between two looks at what is due; short, so that a clock that has jumped is noticed soon. */
const lookMs = 30_000;
const maxAtOnce = 4;
const firstPauseMs = minuteMs;
const longestPauseMs = 60 * minuteMs;

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
