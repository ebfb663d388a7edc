import { type Account, type AnyRouterError, type QuotaReading, RouterError } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, test } from "vitest";

import { createApiKeyAccount } from "../accounts/fixed-account.ts";
import type { LimitRow } from "../store/limits.ts";
import { createAccountPool } from "./account-pool.ts";
import type { AccountPool } from "./pool-contract.ts";
import type { Strategy } from "./strategy.ts";

const minute = 60_000;
const hour = 60 * minute;
const model = "m";

type Traits = Pick<Account, "priority" | "weight" | "disabled">;

function accountsOf(keys: string, traits: Readonly<Record<string, Traits>> = {}): Account[] {
  return keys.split("").map((key) => ({ ...createApiKeyAccount({ key, apiKey: `sk-${key}` }), ...traits[key] }));
}

function setUp(keys = "abcd", strategy: Strategy = "priority", traits: Readonly<Record<string, Traits>> = {}) {
  const runtime = createFakeRuntime();
  const pool = createAccountPool(accountsOf(keys, traits), { runtime, strategy });
  return { runtime, pool };
}

/** Keys of the accounts a request would be tried with, in order, one after the other failing. */
function order(pool: AccountPool, sessionKey?: string, ofModel = model): string {
  const tried = new Set<string>();
  for (;;) {
    const { account, isForced } = pool.select({ model: ofModel, sessionKey }, tried);
    if (account === undefined || isForced) return [...tried].join("");
    tried.add(account.key);
  }
}

function usageLimited(resetsAt: number | undefined, quota?: QuotaReading): AnyRouterError {
  const details = { retryAfterMs: undefined, resetsAt, ...(quota === undefined ? {} : { quota }) };
  return RouterError.from(new RouterError("usage-limited", "used up", details));
}

function rateLimited(retryAfterMs?: number): AnyRouterError {
  return RouterError.from(new RouterError("rate-limited", "slow down", { retryAfterMs }));
}

const failed = RouterError.from(new RouterError("upstream-failed", "500", { status: 500, upstreamCode: undefined }));
const invalid = RouterError.from(new RouterError("request-invalid", "wrong", {}));
const unavailable = RouterError.from(
  new RouterError("upstream-unavailable", "gone", { status: 403, requestSent: true }),
);

function rejected(status: number): AnyRouterError {
  return RouterError.from(new RouterError("credential-rejected", `Refused with ${status}`, { status }));
}

function fail(pool: AccountPool, keys: string, error: AnyRouterError, ofModel = model): void {
  for (const key of keys) pool.begin(key, { model: ofModel }).failed(error);
}

describe("select()", () => {
  test("goes by the list without a conversation", () => {
    expect(order(setUp("abcdef").pool)).toBe("abcdef");
  });

  test("keeps a conversation on one account, and spreads conversations over all", () => {
    const { pool } = setUp("abcd", "least-used");
    const homes = new Map<string, number>();
    for (let index = 0; index < 400; index += 1) {
      const home = order(pool, `session-${index}`).charAt(0);
      expect(order(pool, `session-${index}`).charAt(0)).toBe(home);
      homes.set(home, (homes.get(home) ?? 0) + 1);
    }
    expect(homes.size).toBe(4);
    for (const count of homes.values()) expect(count).toBeGreaterThan(60);
  });

  test("moves only the conversations of an account that has gone", () => {
    const all = setUp("abcd", "least-used").pool;
    const fewer = setUp("abc", "least-used").pool;
    const sessions = Array.from({ length: 200 }, (_, index) => `session-${index}`);
    const staying = sessions.filter((session) => order(all, session).charAt(0) !== "d");
    expect(staying.length).toBeGreaterThan(100);
    expect(staying.filter((session) => order(fewer, session).charAt(0) !== order(all, session).charAt(0))).toEqual([]);
  });

  test("moves a conversation whose account is used up, and leaves it there until it has been idle for an hour", async () => {
    const { pool, runtime } = setUp("abcd", "least-used");
    const session = { model, sessionKey: "talk" };
    const home = order(pool, "talk").charAt(0);
    pool.begin(home, session).failed(usageLimited(runtime.now() + minute));
    const moved = order(pool, "talk").charAt(0);
    expect(moved).not.toBe(home);
    pool.begin(moved, session).succeeded();
    await runtime.advance(30 * minute);
    expect(order(pool, "talk").charAt(0)).toBe(moved);
    pool.begin(moved, session).succeeded();
    await runtime.advance(50 * minute);
    expect(order(pool, "talk").charAt(0)).toBe(moved);
    await runtime.advance(hour);
    expect(order(pool, "talk").charAt(0)).toBe(home);
  });

  test("tries what has reached a limit of unknown end when nothing else is there, the one free soonest", async () => {
    const { pool, runtime } = setUp("ab");
    fail(pool, "b", usageLimited(undefined));
    await runtime.advance(1_000);
    fail(pool, "a", usageLimited(undefined));
    expect(pool.select({ model })).toMatchObject({ isForced: true, account: { key: "b" } });
    // One for each request: what else would be asked is most likely used up as well.
    expect(pool.select({ model }, new Set("b"))).toMatchObject({ account: undefined, limit: { isKnown: false } });
  });

  test("tries nothing when the upstream has named the end of every rest, and tells the first", () => {
    const { pool, runtime } = setUp("abc", "priority", { c: { disabled: "mine" } });
    const now = runtime.now();
    fail(pool, "a", usageLimited(now + hour));
    fail(pool, "b", rateLimited(minute));
    expect(pool.select({ model })).toEqual({
      account: undefined,
      isForced: true,
      limit: { why: "rate-limit", until: now + minute, waitMs: minute, isKnown: true },
    });
  });

  test("waits for a limit whose end is known rather than asking one whose end is not, but tries one that had trouble", () => {
    const { pool, runtime } = setUp("ab");
    fail(pool, "a", usageLimited(runtime.now() + hour));
    fail(pool, "b", usageLimited(undefined));
    expect(pool.select({ model })).toMatchObject({ account: undefined, limit: { waitMs: minute, isKnown: false } });
    pool.update(accountsOf("ac"));
    for (let count = 0; count < 3; count += 1) fail(pool, "c", failed);
    expect(pool.select({ model })).toMatchObject({ account: { key: "c" }, isForced: true });
  });

  test("still tries an account that may have a new login while all others are limited", () => {
    const { pool, runtime } = setUp("ab");
    fail(pool, "a", usageLimited(runtime.now() + hour));
    fail(pool, "b", rejected(401));
    expect(pool.select({ model })).toMatchObject({
      account: { key: "b" },
      isForced: true,
      limit: { why: "usage-limit", until: runtime.now() + hour, waitMs: hour, isKnown: true },
    });
  });
});

describe("strategies", () => {
  function shares(pool: AccountPool, count: number): Record<string, number> {
    const taken: Record<string, number> = {};
    for (let index = 0; index < count; index += 1) {
      const key = order(pool).charAt(0);
      pool.begin(key, { model }).succeeded();
      taken[key] = (taken[key] ?? 0) + 1;
    }
    return taken;
  }

  function used(usedPercent: number, resetsAt: number): QuotaReading {
    return { limit: "codex", windows: [{ usedPercent: 1 }, { usedPercent, resetsAt }] };
  }

  test("round-robin takes each in turn", () => {
    expect(shares(setUp("abc", "round-robin").pool, 300)).toEqual({ a: 100, b: 100, c: 100 });
  });

  test("weighted takes them in proportion, and one that was away does not catch up", () => {
    const { pool, runtime } = setUp("abc", "weighted", { a: { weight: 3 }, b: { weight: 1 }, c: { weight: 1 } });
    expect(shares(pool, 500)).toEqual({ a: 300, b: 100, c: 100 });
    fail(pool, "a", usageLimited(runtime.now() + minute));
    expect(shares(pool, 100)).toEqual({ b: 50, c: 50 });
    void runtime.advance(minute);
    expect(shares(pool, 500)["b"]).toBeGreaterThanOrEqual(98);
  });

  test("weighted gives conversations homes in proportion", () => {
    const { pool } = setUp("ab", "weighted", { a: { weight: 3 }, b: { weight: 1 } });
    let homes = 0;
    for (let index = 0; index < 2_000; index += 1) if (order(pool, `s${index}`).startsWith("a")) homes += 1;
    expect(homes / 2_000).toBeGreaterThan(0.7);
    expect(homes / 2_000).toBeLessThan(0.8);
  });

  test("a higher priority comes first with every strategy, and the next one when it is used up", () => {
    const { pool, runtime } = setUp("abc", "least-used", { b: { priority: 5 }, c: { priority: 5 } });
    expect(new Set(Object.keys(shares(pool, 10)))).toEqual(new Set(["b"]));
    for (let index = 0; index < 50; index += 1) expect(order(pool, `s${index}`).charAt(0)).not.toBe("a");
    fail(pool, "bc", usageLimited(runtime.now() + minute));
    expect(order(pool)).toBe("a");
  });

  test("least-used goes by the tightest window, which is empty after its reset", async () => {
    const { pool, runtime } = setUp("abc", "least-used");
    const now = runtime.now();
    pool.noteQuota("a", used(50, now + minute));
    pool.noteQuota("b", used(20, now + hour));
    pool.noteQuota("c", used(30, now + hour));
    expect(order(pool)).toBe("bca");
    await runtime.advance(minute);
    expect(order(pool)).toBe("abc");
  });

  test("least-used prefers, of equals, the one with fewer requests that wait", () => {
    const { pool } = setUp("ab", "least-used");
    const attempt = pool.begin("a", { model });
    expect(order(pool)).toBe("ba");
    attempt.succeeded();
    attempt.released();
    expect(order(pool)).toBe("ab");
  });
});

describe("signals", () => {
  test("a rate limit is of the model, a usage limit of the account, unless it names its models", () => {
    const { pool, runtime } = setUp("ab");
    const until = runtime.now() + hour;
    fail(pool, "a", rateLimited(hour));
    expect(order(pool)).toBe("b");
    expect(order(pool, undefined, "other")).toHaveLength(2);
    fail(pool, "b", usageLimited(until, { limit: "spark", models: [model], windows: [] }));
    expect(order(pool, undefined, "other")).toHaveLength(2);
    fail(pool, "b", usageLimited(until));
    expect(order(pool, undefined, "other")).toHaveLength(1);
  });

  test.each([invalid, unavailable])("%s punishes nobody", (error) => {
    const { pool } = setUp("ab");
    for (let count = 0; count < 20; count += 1) fail(pool, "ab", error);
    expect(order(pool)).toBe("ab");
    expect(pool.report().every(({ state, models }) => state.kind === "ready" && models.length === 0)).toBe(true);
  });

  test("troubles of the upstream never empty the pool", () => {
    const { pool } = setUp("ab");
    for (let count = 0; count < 20; count += 1) {
      fail(pool, "ab", failed);
      expect(pool.select({ model }).account).toBeDefined();
    }
  });

  test("a refused credential is not shown again; a new one is, and counts", async () => {
    const { pool } = setUp("a");
    const account = accountsOf("a")[0];
    const credential = await account?.lease(AbortSignal.timeout(1_000));
    if (credential === undefined) throw new Error("There is no credential");
    pool.begin("a", { model }).failed(rejected(401), credential);
    expect(pool.report()[0]?.state).toMatchObject({ kind: "needs-login", why: "Refused with 401" });
    const again = pool.begin("a", { model });
    expect(again.accepts(credential)).toBe(false);
    expect(again.accepts({ ...credential, secret: "new" })).toBe(true);
    expect(pool.report()[0]?.state.kind).toBe("ready");
  });

  test("a refused credential is shown once more after a while", async () => {
    const { pool, runtime } = setUp("a");
    const credential = { accountKey: "a", kind: "oauth", secret: "old" } as const;
    pool.begin("a", { model }).failed(rejected(403), credential);
    expect(pool.report()[0]?.state).toMatchObject({ kind: "disabled", why: "Refused with 403" });
    await runtime.advance(minute);
    expect(pool.begin("a", { model }).accepts(credential)).toBe(true);
  });

  test("a window at 100 % rests until its reset, unless money goes on where it ends", () => {
    const { pool, runtime } = setUp("abc");
    const windows = [{ usedPercent: 100, resetsAt: runtime.now() + hour }];
    pool.noteQuota("a", { limit: "codex", windows });
    pool.noteQuota("b", { limit: "codex", windows, credits: { hasCredits: true, unlimited: false } });
    pool.noteQuota("c", { limit: "codex", windows, reached: false });
    expect(order(pool)).toBe("bc");
    pool.noteQuota("a", { limit: "codex", windows: [{ usedPercent: 3 }] });
    expect(order(pool)).toBe("abc");
  });

  test("a limit of some models rests those, and one of unknown models nobody", () => {
    const { pool, runtime } = setUp("ab");
    const windows = [{ usedPercent: 100, resetsAt: runtime.now() + hour }];
    pool.noteQuota("a", { limit: "spark", models: [model], windows });
    pool.noteQuota("b", { limit: "puzzle", models: [], windows });
    expect(order(pool)).toBe("b");
    expect(order(pool, undefined, "other")).toHaveLength(2);
  });

  test("a clock that is set back buries nobody", () => {
    let now = 1_800_000_000_000;
    const runtime = { ...createFakeRuntime(), now: () => now };
    const pool = createAccountPool(accountsOf("ab"), { runtime, strategy: "priority" });
    fail(pool, "a", usageLimited(now + hour));
    now -= 1_000 * hour;
    expect(order(pool)).toBe("b");
    now += hour;
    expect(order(pool)).toBe("ab");
  });
});

test("what an upstream says at any length is kept short, and fits in a row", () => {
  const rows: LimitRow[] = [];
  const table = { list: () => [], put: (added: readonly LimitRow[]) => void rows.push(...added), remove: () => {} };
  const runtime = createFakeRuntime();
  const pool = createAccountPool(accountsOf("a"), { runtime, memory: { table, provider: "p" } });
  const long = "x".repeat(100_000);
  for (let count = 0; count < 50; count += 1) {
    const windows = Array.from({ length: 50 }, () => ({ usedPercent: 1 }));
    pool.noteQuota("a", { limit: `${count} ${long}`, name: long, plan: long, models: [long, long], windows });
  }
  pool.begin("a", { model }).failed(RouterError.from(new RouterError("credential-rejected", long, { status: 401 })));
  pool.close();
  expect(rows.map(({ kind }) => kind)).toEqual(["state", "quota"]);
  for (const { value } of rows) expect(value.length).toBeLessThan(64 * 1024);
});

test("a store that cannot be used costs the memory, never a request", () => {
  const broken = () => {
    throw new RouterError("store-unavailable", "The disk is full", { reason: "full" });
  };
  const warnings: string[] = [];
  const pool = createAccountPool(accountsOf("ab"), {
    runtime: createFakeRuntime(),
    memory: { table: { list: broken, put: broken, remove: broken }, provider: "p" },
    onWarning: ({ code }) => void warnings.push(code),
  });
  fail(pool, "a", rateLimited(hour));
  expect(order(pool)).toBe("b");
  pool.noteQuota("b", { limit: "codex", windows: [] });
  pool.close();
  expect(warnings).toEqual(["store-unavailable", "store-unavailable", "store-unavailable"]);
});

describe("update()", () => {
  test("keeps what is known of accounts that stay, and does what their owner says", () => {
    const { pool, runtime } = setUp("abc");
    fail(pool, "a", usageLimited(runtime.now() + hour));
    fail(pool, "b", rateLimited(hour));
    const attempt = pool.begin("c", { model });
    pool.update(accountsOf("dba", { d: { disabled: "mine" } }));
    expect(order(pool, undefined, "other")).toBe("b");
    expect(order(pool)).toBe("");
    attempt.failed(failed);
    pool.update(accountsOf("d"));
    expect(order(pool)).toBe("d");
  });
});

test("update() finds a new login at once, and leaves a conversation where it is", async () => {
  const runtime = createFakeRuntime();
  let secret = "old";
  const account = (key: string): Account => ({
    key,
    lease: () => Promise.resolve({ accountKey: key, kind: "oauth", secret }),
    renew: () => Promise.resolve(undefined),
  });
  const pool = createAccountPool([account("a"), account("b")], { runtime });
  const session = { model, sessionKey: "talk" };
  const key = order(pool, "talk").charAt(1);
  pool.begin(key, session).succeeded();
  pool.begin("a", { model }).failed(rejected(401), { accountKey: "a", kind: "oauth", secret });
  pool.update([account("a"), account("b")]);
  await runtime.settle();
  expect(pool.report()[0]?.state.kind).toBe("needs-login");
  secret = "new";
  await runtime.advance(10_000);
  pool.update([{ ...account("c"), priority: -1 }, account("b"), account("a")]);
  await runtime.settle();
  expect(pool.report().map(({ state }) => state.kind)).toEqual(["ready", "ready", "ready"]);
  expect(order(pool, "talk").charAt(0)).toBe(key);
});

test("update() finds the first login of an account that had none", async () => {
  let isLoggedIn = false;
  const runtime = createFakeRuntime();
  const account: Account = {
    key: "a",
    lease: () =>
      isLoggedIn
        ? Promise.resolve({ accountKey: "a", kind: "oauth", secret: "new" })
        : Promise.reject(new RouterError("credential-unavailable", "none", { provider: "p", needsLogin: true })),
    renew: () => Promise.resolve(undefined),
  };
  const pool = createAccountPool([account], { runtime });
  const missing = new RouterError("credential-unavailable", "none", { provider: "p", needsLogin: true });
  pool.begin("a", { model }).failed(RouterError.from(missing));
  pool.update([account]);
  await runtime.settle();
  expect(pool.report()[0]?.state.kind).toBe("needs-login");
  isLoggedIn = true;
  pool.update([account]);
  await runtime.settle();
  expect(pool.report()[0]?.state.kind).toBe("ready");
});

test("begin() knows its accounts", () => {
  expect(() => setUp().pool.begin("nobody", { model })).toThrow("Cannot take account nobody");
});

test("report() tells the state, and what is left of each window, the shortest first", () => {
  const { pool, runtime } = setUp("a");
  const now = runtime.now();
  pool.noteQuota("a", {
    limit: "codex",
    plan: "plus",
    windows: [
      { usedPercent: 40, lengthMs: 7 * 24 * hour, resetsAt: now + 24 * hour },
      { usedPercent: 60, lengthMs: 5 * hour, resetsAt: now - 1 },
    ],
  });
  fail(pool, "a", rateLimited(minute));
  expect(pool.report()).toEqual([
    {
      key: "a",
      label: undefined,
      priority: 0,
      weight: 1,
      state: { kind: "ready", why: undefined, until: undefined, isKnown: false },
      models: [{ model, state: { kind: "cooling", why: "rate-limit", until: now + minute, isKnown: true } }],
      quotas: [
        {
          limit: "codex",
          name: undefined,
          plan: "plus",
          source: "usage-endpoint",
          at: now,
          windows: [
            { usedPercent: 0, leftPercent: 100, lengthMs: 5 * hour },
            { usedPercent: 40, leftPercent: 60, lengthMs: 7 * 24 * hour, resetsAt: now + 24 * hour },
          ],
        },
      ],
    },
  ]);
});
