import type { Account } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { expect, test } from "vitest";

import { createAccountPool } from "./account-pool.ts";
import { createApiKeyAccount } from "./accounts/fixed-account.ts";

const accounts = ["a", "b", "c", "d"].map((key) => createApiKeyAccount({ key, apiKey: `sk-${key}` }));
const day = 24 * 60 * 60 * 1000;

function keysOf(list: readonly Account[]): string {
  return list.map((account) => account.key).join("");
}

test("candidates() keeps the config's order without a session key", () => {
  expect(keysOf(createAccountPool(accounts, { runtime: createFakeRuntime() }).candidates())).toBe("abcd");
});

test("candidates() keeps a conversation in one order and spreads conversations over all accounts", () => {
  const pool = createAccountPool(accounts, { runtime: createFakeRuntime() });
  const first = new Map<string, number>();
  for (let index = 0; index < 400; index += 1) {
    const order = keysOf(pool.candidates(`session-${index}`));
    expect(keysOf(pool.candidates(`session-${index}`))).toBe(order);
    expect(order.split("").toSorted().join("")).toBe("abcd");
    first.set(order.charAt(0), (first.get(order.charAt(0)) ?? 0) + 1);
  }
  for (const count of first.values()) expect(count).toBeGreaterThan(60);
  expect(first.size).toBe(4);
});

test("candidates() moves only the conversations of an account that has gone", () => {
  const all = createAccountPool(accounts, { runtime: createFakeRuntime() });
  const fewer = createAccountPool(accounts.slice(0, 3), { runtime: createFakeRuntime() });
  for (let index = 0; index < 100; index += 1) {
    const session = `session-${index}`;
    expect(keysOf(fewer.candidates(session))).toBe(keysOf(all.candidates(session)).replace("d", ""));
  }
});

test("cool() leaves an account out until its time, and no longer", async () => {
  const runtime = createFakeRuntime({ now: 1_000 });
  const pool = createAccountPool(accounts, { runtime });
  pool.cool("a", 6_000);
  expect(keysOf(pool.candidates())).toBe("bcd");
  expect(pool.coolingUntil("a")).toBe(6_000);
  pool.cool("a", 2_000);
  expect(pool.coolingUntil("a")).toBe(6_000);
  await runtime.advance(5_000);
  expect(pool.coolingUntil("a")).toBeUndefined();
  expect(keysOf(pool.candidates())).toBe("abcd");
});

test("candidates() returns all when all are cooling, soonest first", () => {
  const runtime = createFakeRuntime({ now: 1_000 });
  const pool = createAccountPool(accounts, { runtime });
  pool.cool("a", 9_000);
  pool.cool("b", 5_000);
  pool.cool("c", 7_000);
  pool.cool("d", 6_000);
  expect(keysOf(pool.candidates())).toBe("bdca");
  expect(keysOf(pool.candidates("session"))).toBe("bdca");
});

test("cool() ignores times that are past or no number, limits those too far away, and knows its accounts", () => {
  const runtime = createFakeRuntime({ now: 1_000 });
  const pool = createAccountPool(accounts, { runtime });
  pool.cool("a", 500);
  pool.cool("b", Number.NaN);
  expect(keysOf(pool.candidates())).toBe("abcd");
  pool.cool("c", Number.POSITIVE_INFINITY);
  expect(pool.coolingUntil("c")).toBe(1_000 + 8 * day);
  expect(() => pool.cool("nobody", 5_000)).toThrow("Cannot cool account nobody");
});
