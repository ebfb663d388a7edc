import { type Account, type AnyRouterError, type QuotaReading, RouterError } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { expect, test } from "vitest";

import { createApiKeyAccount } from "../accounts/fixed-account.ts";
import { createAccountPool } from "./account-pool.ts";
import type { AccountPool } from "./pool-contract.ts";
import { strategies } from "./strategy.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** One window of a simulated account; it begins with its first request and ends after its length. */
interface Window {
  readonly lengthMs: number;
  readonly capacity: number;
  used: number;
  resetsAt: number;
}

interface SimulatedAccount {
  readonly key: string;
  /** Says nothing of its limits: no figures beside answers, no reset in refusals. */
  readonly isSilent: boolean;
  readonly windows: readonly Window[];
  /** Windows of the one model that has a limit of its own. */
  readonly special: Window;
  brokenUntil: number;
}

const models = ["plain", "special"] as const;
type ModelName = (typeof models)[number];

function createWindow(lengthMs: number, capacity: number): Window {
  return { lengthMs, capacity, used: 0, resetsAt: 0 };
}

function createUpstream(count: number, random: () => number): SimulatedAccount[] {
  return Array.from({ length: count }, (_, index) => {
    const capacity = 20 + Math.floor(random() * 60);
    return {
      key: `account-${index}`,
      isSilent: index % 5 === 4,
      windows: [createWindow(5 * hour, capacity), createWindow(7 * day, capacity * 12)],
      special: createWindow(day, 15),
      brokenUntil: 0,
    };
  });
}

function windowsOf(account: SimulatedAccount, model: ModelName): Window[] {
  return model === "special" ? [...account.windows, account.special] : [...account.windows];
}

function fullWindow(account: SimulatedAccount, model: ModelName, now: number): Window | undefined {
  return windowsOf(account, model).find((window) => window.resetsAt > now && window.used >= window.capacity);
}

function use(window: Window, now: number): void {
  if (window.resetsAt <= now) Object.assign(window, { used: 0, resetsAt: now + window.lengthMs });
  window.used += 1;
}

function toReading(windows: readonly Window[], extra: Partial<QuotaReading>): QuotaReading {
  return {
    limit: "plan",
    ...extra,
    windows: windows.map(({ used, capacity, lengthMs, resetsAt }) => ({
      usedPercent: Math.floor((100 * used) / capacity),
      lengthMs,
      resetsAt,
    })),
  };
}

function limitError(account: SimulatedAccount, full: Window): AnyRouterError {
  const resetsAt = account.isSilent ? undefined : full.resetsAt;
  const quota = full === account.special ? toReading([full], { limit: "special", models: ["special"] }) : undefined;
  const details = { retryAfterMs: undefined, resetsAt, ...(quota === undefined ? {} : { quota }) };
  return RouterError.from(new RouterError("usage-limited", "used up", details));
}

interface Tally {
  served: number;
  refused: number;
  /** Refused although an account had room and was not broken. */
  wronged: number;
  /** Asks of accounts that had no room. */
  inVain: number;
  /** Windows that became full. */
  exhaustions: number;
  moves: number;
  asked: number;
}

/** One request, as the router does it: until one answers, or nobody is left. */
function ask(
  pool: AccountPool,
  upstream: ReadonlyMap<string, SimulatedAccount>,
  request: { readonly model: ModelName; readonly sessionKey: string },
  now: number,
  random: () => number,
  tally: Tally,
): string | undefined {
  const tried = new Set<string>();
  for (;;) {
    const { account: chosen } = pool.select(request, tried);
    const account = chosen === undefined ? undefined : upstream.get(chosen.key);
    if (chosen === undefined || account === undefined) return undefined;
    const attempt = pool.begin(chosen.key, request);
    tally.asked += 1;
    const full = fullWindow(account, request.model, now);
    if (full !== undefined) {
      tally.inVain += 1;
      attempt.failed(limitError(account, full));
      tried.add(chosen.key);
      continue;
    }
    if (account.brokenUntil > now) {
      // The client hears of it; the router does not try other accounts for a trouble of the upstream.
      attempt.failed(
        RouterError.from(new RouterError("upstream-failed", "500", { status: 500, upstreamCode: undefined })),
      );
      return "broken";
    }
    if (random() < 0.02) {
      attempt.failed(RouterError.from(new RouterError("request-invalid", "wrong", {})));
      return chosen.key;
    }
    attempt.succeeded();
    const used = windowsOf(account, request.model);
    for (const window of used) {
      use(window, now);
      if (window.used === window.capacity) tally.exhaustions += 1;
    }
    if (!account.isSilent) attempt.noteQuota(toReading(account.windows, {}));
    attempt.released();
    return chosen.key;
  }
}

test.each(strategies)(
  "a week of mixed limits over 20 accounts with strategy %s: nobody is refused while an account has room, and few are asked in vain",
  (strategy) => {
    const { random, ...clock } = createFakeRuntime({ seed: 7 });
    let now = clock.now();
    const runtime = { ...clock, random, now: () => now };
    const upstream = createUpstream(20, random);
    const byKey = new Map(upstream.map((account) => [account.key, account]));
    const accounts: Account[] = upstream.map(({ key }, index) => ({
      ...createApiKeyAccount({ key, apiKey: `sk-${key}` }),
      weight: 1 + (index % 3),
    }));
    const pool = createAccountPool(accounts, { runtime, strategy });
    const tally: Tally = { served: 0, refused: 0, wronged: 0, inVain: 0, exhaustions: 0, moves: 0, asked: 0 };
    const lastOf = new Map<string, string>();
    const end = now + 7 * day;
    let sessions = 0;
    while (now < end) {
      // Busy days, quiet nights.
      const isDay = Math.floor((now % day) / hour) >= 8;
      now += Math.ceil(-Math.log(1 - random()) * (isDay ? 20_000 : 120_000));
      if (random() < 0.02) sessions += 1;
      const request = {
        model: random() < 0.1 ? ("special" as const) : ("plain" as const),
        sessionKey: `session-${Math.max(0, sessions - Math.floor(random() * 8))}`,
      };
      const unlucky = random() < 0.001 ? upstream[Math.floor(random() * upstream.length)] : undefined;
      if (unlucky !== undefined) unlucky.brokenUntil = now + 5 * minute * random();
      const key = ask(pool, byKey, request, now, random, tally);
      if (key === "broken") continue;
      if (key !== undefined) {
        tally.served += 1;
        const conversation = `${request.model} ${request.sessionKey}`;
        if (lastOf.has(conversation) && lastOf.get(conversation) !== key) tally.moves += 1;
        lastOf.set(conversation, key);
        continue;
      }
      tally.refused += 1;
      // A silent account may have room again without anybody knowing: it is asked at the end of its rest, not before.
      const hasRoom = upstream.some(
        (account) =>
          !account.isSilent && account.brokenUntil <= now && fullWindow(account, request.model, now) === undefined,
      );
      if (hasRoom) tally.wronged += 1;
    }
    expect(tally.wronged).toBe(0);
    expect(tally.served).toBeGreaterThan(5_000);
    // There were limits enough for this to mean something.
    expect(tally.exhaustions).toBeGreaterThan(100);
    expect(tally.refused).toBeGreaterThan(100);
    // One for each window that fills, unless it is told beforehand; and of the silent accounts one for each of their rests.
    const silent = upstream.filter(({ isSilent }) => isSilent).length;
    expect(tally.inVain).toBeLessThan(tally.exhaustions + (silent * 7 * day) / (30 * minute));
    // A conversation moves when its account is used up or has trouble, and not back.
    expect(tally.moves).toBeLessThan(8 * tally.exhaustions);
  },
);
