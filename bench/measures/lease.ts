import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type AccountPool,
  createAccountPool,
  createRotations,
  createStoredAccounts,
  openAccountStore,
  type Strategy,
  strategies,
} from "@turnout/auth";
import { type Account, systemRuntime } from "@turnout/core";
import { percentile } from "../library/statistics.ts";
import { fillStore } from "./accounts-start.ts";

/** What taking an account and its credential from a pool costs, in microseconds. */
export interface LeaseResult {
  readonly strategy: Strategy;
  /** `new`: every request is the first of its conversation; `known`: it goes on; `none`: it names none. */
  readonly conversation: "new" | "known" | "none";
  /** Accounts of the pool, and of them those that rest. */
  readonly accounts: number;
  readonly resting: number;
  readonly p50: number;
  readonly p99: number;
}

export interface LeaseOptions {
  readonly accounts: number;
  /** Leases measured of each way, after as many that are not. */
  readonly leases: number;
}

type Way = Pick<LeaseResult, "strategy" | "conversation" | "resting">;

const model = "gpt-5.4";
const conversations = 1_000;
const hourMs = 3_600_000;
const { signal } = new AbortController();

/** All that a request has to do with a pool: an account is chosen and taken, its credential leased, and its success told. */
async function lease(pool: AccountPool, sessionKey: string | undefined): Promise<void> {
  const request = { model, sessionKey };
  const { account } = pool.select(request);
  if (account === undefined) throw new Error("Cannot measure leases: every account rests");
  const attempt = pool.begin(account.key, request);
  await account.lease(signal);
  attempt.succeeded();
  attempt.released();
}

/** Limits as they are after some hours: each account is used to another share, and some have nothing left. */
function fillPool(pool: AccountPool, resting: number): void {
  const resetsAt = Date.now() + hourMs;
  pool.accounts.forEach(({ key }, index) => {
    const rests = index % 3 === 0 && index / 3 < resting;
    const windows = [{ usedPercent: rests ? 100 : index % 97, lengthMs: 5 * hourMs, resetsAt }];
    pool.noteQuota(key, { limit: "codex", windows });
  });
}

async function measure(accounts: readonly Account[], way: Way, leases: number): Promise<LeaseResult> {
  const pool = createAccountPool(accounts, { strategy: way.strategy });
  fillPool(pool, way.resting);
  let count = 0;
  const nextSession = () => {
    count += 1;
    if (way.conversation === "none") return undefined;
    return `conversation-${way.conversation === "new" ? count : count % conversations}`;
  };
  for (let index = 0; index < leases; index += 1) await lease(pool, nextSession());
  const samples: number[] = [];
  for (let index = 0; index < leases; index += 1) {
    const sessionKey = nextSession();
    const startedAt = performance.now();
    await lease(pool, sessionKey);
    samples.push((performance.now() - startedAt) * 1_000);
  }
  pool.close();
  return { ...way, accounts: accounts.length, p50: percentile(samples, 0.5), p99: percentile(samples, 0.99) };
}

/** Every strategy with every kind of conversation, all accounts free; and once with a third of them resting. */
export async function measureLeases({ accounts, leases }: LeaseOptions): Promise<LeaseResult[]> {
  const dataDirectory = mkdtempSync(path.join(tmpdir(), "turnout-bench-leases-"));
  await fillStore(dataDirectory, accounts);
  const runtime = systemRuntime;
  const store = await openAccountStore({ dataDirectory });
  const onWarning = () => {};
  const rotator = createRotations({ store, runtime, onWarning });
  const stored = createStoredAccounts({
    store,
    runtime,
    rotator,
    tokenRequestOf: () => undefined,
    resolveSecret: (secret) => secret,
    onWarning,
  });
  const ways = strategies.flatMap((strategy): Way[] => [
    ...(["new", "known", "none"] as const).map((conversation) => ({ strategy, conversation, resting: 0 })),
    { strategy, conversation: "new", resting: Math.floor(accounts / 3) },
  ]);
  const results: LeaseResult[] = [];
  try {
    const list = stored.list("codex");
    for (const way of ways) results.push(await measure(list, way, leases));
  } finally {
    await rotator.close();
    await stored.close();
    store.close();
    rmSync(dataDirectory, { recursive: true });
  }
  return results;
}
