import { join } from "node:path";

import { DatabaseSync } from "@photostructure/sqlite";
import { type Account, type RouterError, systemRuntime } from "@turnout/core";
import { expect, onTestFinished, test } from "vitest";

import {
  createEagerRuntime,
  day,
  type EagerRuntime,
  errorOf,
  hour,
  makeAccessToken,
  makeFolder,
  makeJwt,
  openStore,
  reopenStore,
  rotationsOf,
  signal,
  start,
  startTokenEndpoint,
  type TokenEndpoint,
} from "../../test/support.ts";
import type { AccountRecord, AccountStore, NewAccount } from "../store/account-store.ts";
import { refreshTimeOf } from "./refresh-time.ts";
import { sendRotation } from "./send-rotation.ts";
import { createStoredAccounts, type StoredAccounts } from "./stored-accounts.ts";

const minute = 60_000;

interface Process {
  readonly store: AccountStore;
  readonly accounts: StoredAccounts;
  /** The one account, or the one of that id. */
  account(id?: string): Account;
}

interface Scene {
  readonly runtime: EagerRuntime;
  readonly endpoint: TokenEndpoint;
  readonly store: AccountStore;
  readonly warnings: RouterError[];
  /** The time of day is so many milliseconds ahead of the steady clock. */
  timeOfDay: number;
  /** Adds an account whose access token ends at that time, with refresh token `rt_<serial>`. */
  add(expiresAt: number, more?: Partial<NewAccount> & { readonly serial?: number }): AccountRecord;
  /** Another turnout process on the same files, at the same time. */
  open(): Process;
}

async function setScene(): Promise<Scene> {
  const runtime = createEagerRuntime();
  const endpoint = await startTokenEndpoint();
  const now = () => runtime.now() + scene.timeOfDay;
  endpoint.now = now;
  const store = await openStore(join(await makeFolder(), "data"), runtime);
  const warnings: RouterError[] = [];
  let opened = 0;
  const scene: Scene = {
    runtime,
    endpoint,
    store,
    warnings,
    timeOfDay: 0,
    add: (expiresAt, { serial = 0, ...more } = {}) =>
      store.accounts.add({
        provider: "codex",
        kind: "oauth",
        origin: "login",
        label: `account ${serial}`,
        accountId: "account-1",
        secrets: {
          secret: makeAccessToken(expiresAt, "account-1", `old ${serial}`),
          refreshToken: `rt_${serial}`,
          expiresAt,
          refreshedAt: start,
        },
        ...more,
      }),
    open() {
      opened += 1;
      const { monotonic, setTimer } = runtime;
      // Waiting for another process takes real time, as its request does.
      const sleep = () => systemRuntime.sleep(1);
      const own = { ...createEagerRuntime(opened + 1), now, monotonic, setTimer, sleep };
      const process = reopenStore(store, own);
      const accounts = createStoredAccounts({
        store: process,
        runtime: own,
        rotator: rotationsOf(process, own),
        // A day of this clock passes while a request of real time is under way.
        tokenRequestOf: () => ({
          oauth: { issuer: endpoint.issuer, clientId: "app_test", tokenPath: "/oauth/token" },
          timeoutMs: 100 * day,
        }),
        resolveSecret: (secret) => secret.replace("env:KEY", "sk-resolved"),
        onWarning: (warning) => warnings.push(warning),
      });
      onTestFinished(() => accounts.close());
      return {
        store: process,
        accounts,
        account(id) {
          const account = accounts.list("codex").find(({ key }) => id === undefined || key === id);
          if (account === undefined) throw new Error("No account");
          return account;
        },
      };
    },
  };
  return scene;
}

test("lease() gives the stored token and asks nobody as long as it is good", async () => {
  const scene = await setScene();
  const { id } = scene.add(start + hour, { priority: 3, weight: 2 });
  const account = scene.open().account();
  expect(account).toMatchObject({ key: id, label: "account 0", priority: 3, weight: 2 });
  expect(await account.lease(signal)).toEqual({
    accountKey: id,
    kind: "oauth",
    secret: makeAccessToken(start + hour, "account-1", "old 0"),
    accountId: "account-1",
    expiresAt: start + hour,
  });
  expect(scene.endpoint.seen).toEqual([]);
  await expect(account.lease(AbortSignal.abort(new Error("left")))).rejects.toThrow("left");
});

test("lease() refreshes an ended token once for all who wait, in all processes, and every rotated token once", async () => {
  const scene = await setScene();
  const { id } = scene.add(start - 1);
  const accounts = [scene.open(), scene.open(), scene.open()].map((process) => process.account());
  const credentials = await Promise.all([...accounts, ...accounts].map((account) => account.lease(signal)));
  expect(new Set(credentials.map(({ secret }) => secret)).size).toBe(1);
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
  expect(scene.store.credentials.read(id)).toMatchObject({ generation: 2, refreshToken: "rt_1" });
  scene.timeOfDay += 11 * day;
  for (const account of accounts) await account.lease(signal);
  expect(scene.endpoint.seen).toEqual(["rt_0", "rt_1"]);
});

test("lease() has the new tokens stored before anybody gets one, with the plan they tell of", async () => {
  const scene = await setScene();
  const { id } = scene.add(start - 1);
  const claims = { "https://api.openai.com/auth": { chatgpt_account_id: "account-1", chatgpt_plan_type: "pro" } };
  const body = {
    access_token: makeAccessToken(start + day, "account-1", "new"),
    refresh_token: "rt_9",
    id_token: makeJwt(claims),
  };
  scene.endpoint.script.push({ status: 200, body });
  const { secret } = await scene.open().account().lease(signal);
  expect(scene.store.credentials.read(id)).toMatchObject({ secret, refreshToken: "rt_9", expiresAt: start + day });
  expect(scene.store.accounts.get(id)).toMatchObject({ plan: "pro", refreshedAt: start });
  expect(scene.store.rotations.read(id)).toBeUndefined();
  expect(scene.store.leases.holder(`rotation ${id}`)).toBeUndefined();
});

test("lease() sends the client id that the tokens were issued to", async () => {
  const scene = await setScene();
  scene.add(start - 1, { clientId: "oaiapp_own" });
  await scene.open().account().lease(signal);
  expect(scene.endpoint.requests[0]?.body).toMatchObject({ client_id: "oaiapp_own" });
});

test("tokens are refreshed ahead of their end in the background, and nobody waits for it", async () => {
  const scene = await setScene();
  const record = scene.add(start + hour);
  const process = scene.open();
  process.accounts.startRefreshing();
  const due = refreshTimeOf(record) ?? 0;
  await scene.runtime.advance(due - start - minute);
  expect(scene.endpoint.seen).toEqual([]);
  let answer = () => {};
  scene.endpoint.beforeReply = () =>
    new Promise<void>((resolve) => {
      answer = resolve;
    });
  await scene.runtime.advance(2 * minute);
  await expect.poll(() => scene.endpoint.seen).toEqual(["rt_0"]);
  // The request is under way, and a lease does not wait for it.
  expect((await process.account().lease(signal)).expiresAt).toBe(start + hour);
  answer();
  await expect.poll(() => scene.store.credentials.generation(record.id)).toBe(2);
  await scene.runtime.advance(minute);
  expect((await process.account().lease(signal)).expiresAt).toBeGreaterThan(start + 9 * day);
});

test("refreshTimeOf() spreads tokens that were issued together, and leaves alone what cannot be refreshed", async () => {
  const scene = await setScene();
  const records = Array.from({ length: 100 }, (_, serial) => scene.add(start + 10 * day, { serial }));
  const times = records.map((record) => refreshTimeOf(record) ?? 0).toSorted((left, right) => left - right);
  expect(times[0]).toBeGreaterThanOrEqual(start + 7 * day);
  expect(times[99]).toBeLessThanOrEqual(start + 9.1 * day);
  expect((times[99] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(day);
  const [record] = records;
  if (record === undefined) throw new Error("No record");
  expect(refreshTimeOf({ ...record, needsLogin: { reason: "refused", at: 0 } })).toBeUndefined();
  expect(refreshTimeOf({ ...record, refreshable: false })).toBeUndefined();
  expect(refreshTimeOf({ ...record, kind: "api-key" })).toBeUndefined();
  const short = records.map(
    ({ id }) => refreshTimeOf({ ...record, id, expiresAt: start + hour, refreshedAt: start }) ?? 0,
  );
  expect(Math.min(...short)).toBeGreaterThan(start + 41 * minute);
  expect(Math.max(...short)).toBeLessThan(start + 55 * minute);
  expect(Math.max(...short) - Math.min(...short)).toBeGreaterThan(5 * minute);
  const opaque = refreshTimeOf({ ...record, expiresAt: undefined, refreshedAt: start }) ?? 0;
  expect(opaque).toBeGreaterThan(start + 5.9 * day);
  expect(opaque).toBeLessThan(start + 7.1 * day);
});

test("a mass of ended tokens is refreshed four at a time", async () => {
  const scene = await setScene();
  for (let serial = 0; serial < 20; serial += 1) scene.add(start + 1, { serial: serial * 100 });
  const waiting: (() => void)[] = [];
  scene.endpoint.beforeReply = () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
  scene.open().accounts.startRefreshing();
  await scene.runtime.advance(minute);
  for (let round = 1; round <= 5; round += 1) {
    await expect.poll(() => waiting.length).toBe(4);
    // Whoever would come too early has time to.
    for (let turn = 0; turn < 20; turn += 1) await scene.runtime.settle();
    expect(scene.endpoint.seen).toHaveLength(4 * round);
    for (const answer of waiting.splice(0)) answer();
  }
  await expect
    .poll(() => scene.store.accounts.list().filter(({ expiresAt = 0 }) => expiresAt > start + day))
    .toHaveLength(20);
  expect(new Set(scene.endpoint.seen).size).toBe(20);
});

test("a refresh ahead that fails leaves the old token in use, and is tried again with growing pauses", async () => {
  const scene = await setScene();
  const record = scene.add(start + 2 * hour);
  const process = scene.open();
  process.accounts.startRefreshing();
  for (let count = 0; count < 3; count += 1) scene.endpoint.script.push({ status: 503, body: "<html>busy</html>" });
  await scene.runtime.advance((refreshTimeOf(record) ?? 0) - start + minute);
  await expect.poll(() => scene.endpoint.seen.length).toBe(1);
  expect((await process.account().lease(signal)).expiresAt).toBe(start + 2 * hour);
  // 1 to 1.5 minutes, then 2 to 3, and a look every half minute.
  await scene.runtime.advance(2 * minute);
  await expect.poll(() => scene.endpoint.seen.length).toBe(2);
  await scene.runtime.advance(1.5 * minute);
  expect(scene.endpoint.seen).toHaveLength(2);
  await scene.runtime.advance(2 * minute);
  await expect.poll(() => scene.endpoint.seen.length).toBe(3);
  await scene.runtime.advance(7 * minute);
  await expect.poll(() => scene.store.credentials.generation(record.id)).toBe(2);
  expect(scene.endpoint.seen).toEqual(["rt_0", "rt_0", "rt_0", "rt_0"]);
});

test.each([
  { status: 401, body: { error: { code: "refresh_token_invalidated" } } },
  { status: 400, body: { error: "invalid_grant" } },
])(
  "a refused refresh token marks the account for good, says what to do, and is never sent again: %#",
  async (reply) => {
    const scene = await setScene();
    const { id } = scene.add(start - 1, { label: "my work" });
    scene.endpoint.script.push(reply);
    const process = scene.open();
    const error = await errorOf(process.account().lease(signal));
    expect(error.code).toBe("credential-unavailable");
    expect(error.message).toMatch(
      /^Cannot use account "my work" \(acc_\w+\) of codex: its refresh token was refused \([a-z_]+\); log in again: `turnout login codex --label "my work"`$/u,
    );
    expect(scene.store.accounts.get(id)?.needsLogin).toMatchObject({ at: start });
    await scene.runtime.advance(hour);
    await errorOf(process.account().lease(signal));
    await errorOf(scene.open().account().lease(signal));
    expect(scene.endpoint.seen).toEqual(["rt_0"]);
    // Somebody logs in, in another process.
    scene.store.credentials.renew(id, { secret: makeAccessToken(scene.runtime.now() + hour), refreshToken: "rt_50" });
    await scene.runtime.advance(1_000);
    expect((await process.account().lease(signal)).secret).toBe(makeAccessToken(scene.runtime.now() - 1_000 + hour));
  },
);

test("a refusal that another process has met is known before the token is sent again", async () => {
  const scene = await setScene();
  scene.add(start - 1);
  const [one, other] = [scene.open().account(), scene.open().account()];
  scene.endpoint.script.push({ status: 401, body: {} });
  await errorOf(one.lease(signal));
  expect((await errorOf(other.lease(signal))).message).toContain("its refresh token was refused (status 401)");
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
});

test.each([undefined, { status: 401, body: {} }])(
  "a login that is made while a refresh is under way stays: %#",
  async (reply) => {
    const scene = await setScene();
    const { id } = scene.add(start - 1);
    if (reply !== undefined) scene.endpoint.script.push(reply);
    const secret = makeAccessToken(start + hour, "account-1", "anew");
    scene.endpoint.beforeReply = () => {
      scene.store.credentials.renew(id, { secret, refreshToken: "rt_50", expiresAt: start + hour });
    };
    expect((await scene.open().account().lease(signal)).secret).toBe(secret);
    expect(scene.store.credentials.read(id)).toMatchObject({ generation: 2, refreshToken: "rt_50" });
    expect(scene.store.accounts.get(id)?.needsLogin).toBeUndefined();
    expect(scene.endpoint.seen).toEqual(["rt_0"]);
  },
);

test("an access token is used to its end although its refresh token is refused", async () => {
  const scene = await setScene();
  scene.add(start + 30_000);
  scene.endpoint.script.push({ status: 401, body: {} });
  const process = scene.open();
  expect((await process.account().lease(signal)).expiresAt).toBe(start + 30_000);
  expect((await process.account().lease(signal)).expiresAt).toBe(start + 30_000);
  await scene.runtime.advance(30_000);
  await errorOf(process.account().lease(signal));
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
});

test("a token whose request had no answer is sent again only when the old access token has ended, and the truth is told", async () => {
  const scene = await setScene();
  const record = scene.add(start + 2 * hour);
  const process = scene.open();
  process.accounts.startRefreshing();
  scene.endpoint.script.push("lost");
  await scene.runtime.advance((refreshTimeOf(record) ?? 0) - start + minute);
  await expect.poll(() => scene.endpoint.seen).toEqual(["rt_0"]);
  const lostAt = scene.store.rotations.read(record.id)?.at ?? 0;
  await scene.runtime.advance(10 * minute);
  expect((await process.account().lease(signal)).expiresAt).toBe(start + 2 * hour);
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
  await process.accounts.close();
  await scene.runtime.advance(start + 2 * hour - scene.runtime.now());
  const error = await errorOf(scene.open().account().lease(signal));
  expect(error.message).toContain(
    `refused (refresh_token_reused; a request at ${new Date(lostAt).toISOString()} had no answer, and has spent it it seems)`,
  );
  expect(scene.endpoint.seen).toEqual(["rt_0", "rt_0"]);
});

test("a token whose request did not reach the issuer is as good as before", async () => {
  const scene = await setScene();
  const { id } = scene.add(start - 1);
  scene.endpoint.script.push("cut");
  expect((await scene.open().account().lease(signal)).expiresAt).toBeGreaterThan(start);
  expect(scene.endpoint.seen).toEqual(["rt_0", "rt_0"]);
  expect(scene.store.rotations.read(id)).toBeUndefined();
});

test("an answer that a process received before it was killed is used by the next one, which asks nobody", async () => {
  const scene = await setScene();
  const { id } = scene.add(start - 1);
  const token = { oauth: { issuer: scene.endpoint.issuer, clientId: "app_test", tokenPath: "/oauth/token" } };
  const killed = reopenStore(scene.store, scene.runtime);
  killed.leases.take(`rotation ${id}`, "killed");
  await sendRotation(killed, { subject: id, owner: "killed", refreshToken: "rt_0", token }, scene.runtime);
  expect((await scene.open().account().lease(signal)).expiresAt).toBe(start + 10 * day);
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
  expect(scene.store.credentials.read(id)?.refreshToken).toBe("rt_1");
});

test("a process whose lease is taken over while its answer is under way waits for the one that has it", async () => {
  const scene = await setScene();
  const { id } = scene.add(start - 1);
  const lease = `rotation ${id}`;
  scene.endpoint.beforeReply = () => {
    if (scene.endpoint.seen.length > 1) return;
    // It is believed to be dead.
    scene.store.leases.take(lease, "other", scene.store.leases.holder(lease));
    setImmediate(() => scene.store.leases.release(lease, "other"));
  };
  expect((await scene.open().account().lease(signal)).expiresAt).toBe(start + 10 * day);
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
  expect(scene.store.credentials.generation(id)).toBe(2);
});

test("a clock that jumps forward and back sends no token twice, and keeps nobody waiting", async () => {
  const scene = await setScene();
  scene.add(start + 30 * minute, {
    secrets: { secret: "opaque", refreshToken: "rt_0", expiresAt: start + 30 * minute },
  });
  scene.timeOfDay = hour;
  const process = scene.open();
  expect((await process.account().lease(signal)).secret).not.toBe("opaque");
  for (const jump of [-hour, 0, hour, -hour]) {
    scene.timeOfDay = jump;
    await process.account().lease(signal);
    await scene.open().account().lease(signal);
  }
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
  // A failure before a jump back does not keep the account from being tried again for an hour.
  scene.timeOfDay = 11 * day;
  for (let count = 0; count < 3; count += 1) scene.endpoint.script.push({ status: 500, body: "" });
  await errorOf(process.account().lease(signal));
  scene.timeOfDay -= hour;
  await scene.runtime.advance(15_000);
  await process.account().lease(signal);
  expect(scene.endpoint.seen).toHaveLength(5);
});

test("list() and watch() follow what other processes add, change and remove", async () => {
  const scene = await setScene();
  const first = scene.add(start + hour);
  const process = scene.open();
  const account = process.account();
  let calls = 0;
  process.accounts.watch(() => {
    calls += 1;
  });
  const second = scene.add(start + hour, { serial: 1 });
  scene.store.accounts.update(first.id, { disabled: "by hand", label: "renamed", priority: 7 });
  await scene.runtime.advance(1_000);
  expect(calls).toBe(1);
  expect(process.account(second.id).label).toBe("account 1");
  expect(process.account(first.id)).toMatchObject({ disabled: "by hand", label: "renamed", priority: 7 });
  expect(process.accounts.list("openai")).toEqual([]);
  await account.lease(signal);
  scene.store.accounts.remove(first.id);
  await scene.runtime.advance(1_000);
  expect(process.accounts.list("codex").map(({ key }) => key)).toEqual([second.id]);
});

test("lease() of an account that has been removed says so, once another process has noticed", async () => {
  const scene = await setScene();
  const { id } = scene.add(start + hour);
  const account = scene.open().account();
  scene.store.accounts.remove(id);
  expect((await errorOf(account.lease(signal))).message).toContain("it has been removed");
});

test("an API key is leased as it is or as what it refers to, and has nothing to renew", async () => {
  const scene = await setScene();
  const { id } = scene.add(0, { kind: "api-key", secrets: { secret: "env:KEY" } });
  const account = scene.open().account();
  const credential = await account.lease(signal);
  expect(credential).toEqual({ accountKey: id, kind: "api-key", secret: "sk-resolved" });
  expect(await account.renew(credential, signal)).toBeUndefined();
});

test("renew() refreshes a rejected token once for all, and gives up on one that is rejected right after", async () => {
  const scene = await setScene();
  scene.add(start + hour);
  const account = scene.open().account();
  const rejected = await account.lease(signal);
  const renewed = await Promise.all([1, 2, 3].map(() => account.renew(rejected, signal)));
  expect(new Set(renewed.map((credential) => credential?.secret)).size).toBe(1);
  const [fresh] = renewed;
  if (fresh === undefined) throw new Error("Nothing renewed");
  expect(await account.renew(fresh, signal)).toBeUndefined();
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
  await scene.runtime.advance(minute);
  expect((await account.renew(fresh, signal))?.secret).not.toBe(fresh.secret);
  expect(scene.endpoint.seen).toEqual(["rt_0", "rt_1"]);
});

test("renew() takes what another process has refreshed already", async () => {
  const scene = await setScene();
  scene.add(start + hour);
  const [one, other] = [scene.open().account(), scene.open().account()];
  const rejected = await one.lease(signal);
  await other.lease(signal);
  const renewed = await one.renew(rejected, signal);
  expect((await other.renew(rejected, signal))?.secret).toBe(renewed?.secret);
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
});

test("a credential that cannot be decrypted keeps no other account from working", async () => {
  const scene = await setScene();
  const broken = scene.add(start + hour);
  const sound = scene.add(start + hour, { serial: 1 });
  const database = new DatabaseSync(scene.store.path);
  database.prepare("UPDATE credentials SET secret = x'0102' WHERE account = ?").run(broken.id);
  database.close();
  const process = scene.open();
  const error = await errorOf(process.account(broken.id).lease(signal));
  expect(error).toMatchObject({ code: "store-unavailable", details: { reason: "damaged" } });
  expect(error.message).toContain(broken.id);
  expect((await process.account(sound.id).lease(signal)).expiresAt).toBe(start + hour);
});
