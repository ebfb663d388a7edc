import { type Account, type Credential, type QuotaReading, RouterError } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { expect, test } from "vitest";

import { createAccountPool } from "./account-pool.ts";
import { createQuotaPolling } from "./quota-polling.ts";

const minute = 60_000;
const intervalMs = 15 * minute;
const model = "m";

function accountOf(key: string): Account {
  return {
    key,
    lease: () => Promise.resolve({ accountKey: key, kind: "oauth", secret: key }),
    renew: () => Promise.resolve(undefined),
  };
}

function setUp(answer: (credential: Credential) => Promise<readonly QuotaReading[]>) {
  const runtime = createFakeRuntime();
  const pool = createAccountPool([accountOf("a"), accountOf("b")], { runtime });
  const asked: string[] = [];
  const warnings: string[] = [];
  let isClosed = false;
  const reader = {
    read: (credential: Credential) => {
      asked.push(credential.accountKey);
      return answer(credential);
    },
    close: () => {
      isClosed = true;
      return Promise.resolve();
    },
  };
  const onWarning = (key: string, { code }: RouterError) => void warnings.push(`${key} ${code}`);
  const polling = createQuotaPolling({ pool, reader, runtime, intervalMs, onWarning });
  return { runtime, pool, asked, warnings, polling, isClosed: () => isClosed };
}

const reading = { limit: "codex", windows: [{ usedPercent: 7 }] };

test("asks for accounts that are used, once for each interval, and not for idle ones", async () => {
  const { runtime, pool, asked, polling, isClosed } = setUp(() => Promise.resolve([reading]));
  await runtime.advance(hourOf(2));
  expect(asked).toEqual([]);
  pool.begin("a", { model }).succeeded();
  await runtime.advance(minute);
  expect(asked).toEqual(["a"]);
  expect(pool.report()[0]?.quotas[0]).toMatchObject({ limit: "codex", source: "usage-endpoint" });
  pool.begin("a", { model }).succeeded();
  await runtime.advance(13 * minute);
  expect(asked).toEqual(["a"]);
  await runtime.advance(3 * minute);
  expect(asked).toEqual(["a", "a"]);
  await runtime.advance(hourOf(2));
  expect(asked).toEqual(["a", "a"]);
  await polling.close();
  expect(isClosed()).toBe(true);
  expect(runtime.pendingTimers).toBe(0);
});

test("asks nobody whose answers tell it anyway", async () => {
  const { runtime, pool, asked, polling } = setUp(() => Promise.resolve([reading]));
  for (let count = 0; count < 60; count += 1) {
    const attempt = pool.begin("a", { model });
    attempt.succeeded();
    attempt.noteQuota(reading);
    await runtime.advance(minute);
  }
  expect(asked).toEqual([]);
  await polling.close();
});

test("learns the end of a limit whose upstream did not say it", async () => {
  const resetsAt = createFakeRuntime().now() + hourOf(3);
  const full = { limit: "codex", windows: [{ usedPercent: 100, resetsAt }] };
  const { runtime, pool, polling } = setUp(() => Promise.resolve([full]));
  const details = { retryAfterMs: undefined, resetsAt: undefined };
  pool.begin("b", { model }).failed(RouterError.from(new RouterError("usage-limited", "used up", details)));
  expect(pool.report()[1]?.state).toMatchObject({ kind: "cooling", isKnown: false });
  await runtime.advance(20_000);
  expect(pool.report()[1]?.state).toMatchObject({ kind: "cooling", isKnown: true, until: resetsAt });
  await polling.close();
});

test("a usage endpoint that fails is told of, asked no more often, and changes nothing", async () => {
  const { runtime, pool, asked, warnings, polling } = setUp(() =>
    Promise.reject(new RouterError("upstream-unavailable", "gone", { status: 502, requestSent: true })),
  );
  pool.begin("a", { model }).succeeded();
  await runtime.advance(14 * minute);
  expect(asked).toEqual(["a"]);
  expect(warnings).toEqual(["a upstream-unavailable"]);
  expect(pool.report()[0]?.state.kind).toBe("ready");
  await runtime.advance(2 * minute);
  expect(asked).toEqual(["a", "a"]);
  await polling.close();
});

function hourOf(count: number): number {
  return count * 60 * minute;
}
