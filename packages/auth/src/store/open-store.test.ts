import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { RouterError } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { expect, onTestFinished, test } from "vitest";

import { createEagerRuntime, errorOf, makeFolder, modeOf, start } from "../../test/support.ts";
import type { AccountStore, NewAccount } from "./account-store.ts";
import { type AccountStoreOptions, openAccountStore } from "./open-store.ts";

let seeds = 0;

/** As another process would: its own random numbers, the same files. */
async function open(dataDirectory: string, options: Partial<AccountStoreOptions> = {}): Promise<AccountStore> {
  const runtime = createFakeRuntime({ now: start, seed: (seeds += 1) });
  const store = await openAccountStore({ runtime, dataDirectory, ...options });
  onTestFinished(() => store.close());
  return store;
}

function login(name: string, more: Partial<NewAccount> = {}): NewAccount {
  return {
    provider: "codex",
    kind: "oauth",
    origin: "login",
    email: `${name}@example.com`,
    accountId: `workspace-${name}`,
    userId: `user-${name}`,
    secrets: { secret: `access-${name}`, refreshToken: `refresh-${name}`, idToken: `id-${name}`, expiresAt: start + 1 },
    ...more,
  };
}

/** The database as somebody sees it who has no key. */
function raw(folder: string): DatabaseSyncInstance {
  const database = new DatabaseSync(join(folder, "turnout.db"));
  onTestFinished(() => {
    if (database.isOpen) database.close();
  });
  return database;
}

test("openAccountStore() keeps accounts and their secrets over a restart", async () => {
  const folder = await makeFolder();
  const first = await open(folder);
  const { id } = first.accounts.add(login("a", { plan: "plus", priority: 2 }));
  first.close();
  const store = await open(folder);
  expect(store.accounts.list()).toEqual([
    {
      id,
      provider: "codex",
      label: "a@example.com",
      kind: "oauth",
      origin: "login",
      accountId: "workspace-a",
      userId: "user-a",
      email: "a@example.com",
      plan: "plus",
      flow: undefined,
      clientId: undefined,
      createdAt: start,
      priority: 2,
      weight: 1,
      disabled: undefined,
      needsLogin: undefined,
      expiresAt: start + 1,
      refreshedAt: undefined,
      refreshable: true,
    },
  ]);
  expect(id).toMatch(/^acc_[0-9a-f]{12}$/u);
  expect(store.credentials.read(id)).toEqual({
    generation: 1,
    secret: "access-a",
    refreshToken: "refresh-a",
    idToken: "id-a",
    expiresAt: start + 1,
    refreshedAt: undefined,
  });
});

test("openAccountStore() writes no secret in the clear, in no file", async () => {
  const folder = await makeFolder();
  const store = await open(folder);
  const { id } = store.accounts.add(login("a"));
  store.credentials.replace(id, 1, { secret: "access-b", refreshToken: "refresh-b" });
  store.authFiles.write("acc_1", "refresh-c");
  store.leases.take("rotation x", "me");
  store.rotations.begin("x", "fingerprint", "me", start);
  store.rotations.answer("x", "fingerprint", "refresh-d");
  const files = await readdir(folder);
  expect(files.toSorted()).toEqual(["turnout.db", "turnout.db-shm", "turnout.db-wal", "turnout.key"]);
  for (const file of files) {
    const bytes = await readFile(join(folder, file), "latin1");
    for (const secret of ["access-", "refresh-", "id-a"]) expect(bytes).not.toContain(secret);
    expect(await modeOf(join(folder, file))).toBe("600");
  }
  expect(await modeOf(folder)).toBe("700");
});

test("openAccountStore() repairs modes that let others read, and says so", async () => {
  const folder = await makeFolder();
  (await open(folder)).close();
  await chmod(folder, 0o755);
  for (const file of ["turnout.db", "turnout.key"]) await chmod(join(folder, file), 0o644);
  const warnings: string[] = [];
  await open(folder, { onWarning: ({ message }) => warnings.push(message) });
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toContain("turnout.db had mode 0644, so that others could read it; it is 0600 now");
  expect(await modeOf(join(folder, "turnout.key"))).toBe("600");
  expect(await modeOf(folder)).toBe("700");
});

const hexKey = "0123456789abcdef".repeat(4);

test.each([
  ["hexadecimal", hexKey],
  ["base64", Buffer.from(hexKey, "hex").toString("base64")],
  ["base64url without padding", Buffer.from(hexKey, "hex").toString("base64url")],
  ["a passphrase", "correct horse battery staple"],
])("openAccountStore() takes a key in %s from TURNOUT_KEY, and then makes no key file", async (_, environmentKey) => {
  const folder = await makeFolder();
  const first = await open(folder, { environmentKey });
  const { id } = first.accounts.add(login("a"));
  first.close();
  expect(await readdir(folder)).not.toContain("turnout.key");
  expect((await open(folder, { environmentKey })).credentials.read(id)?.secret).toBe("access-a");
});

test("openAccountStore() refuses a TURNOUT_KEY that anybody could guess", async () => {
  const error = await errorOf(open(await makeFolder(), { environmentKey: "short" }));
  expect(error.code).toBe("config-invalid");
  expect(error.message).not.toContain("short");
});

async function databaseBytes(folder: string): Promise<string> {
  const database = raw(folder);
  const rows: unknown = database.prepare("SELECT hex(value) AS value FROM meta ORDER BY name").all();
  database.close();
  return JSON.stringify(rows);
}

test.each([
  ["another TURNOUT_KEY", hexKey, "f".repeat(64), "TURNOUT_KEY is not the one it was encrypted with"],
  ["no TURNOUT_KEY any more", hexKey, undefined, "it was encrypted with TURNOUT_KEY; set it to what it was then"],
  ["a TURNOUT_KEY where there was a file", undefined, hexKey, "turnout.key; unset TURNOUT_KEY"],
  ["another passphrase", "correct horse battery", "correct horse batterY", "TURNOUT_KEY is not the one"],
])("openAccountStore() with %s says what to do and overwrites nothing", async (_, before, after, advice) => {
  const folder = await makeFolder();
  (await open(folder, before === undefined ? {} : { environmentKey: before })).close();
  const files = await readdir(folder);
  const bytes = await databaseBytes(folder);
  const error = await errorOf(open(folder, after === undefined ? {} : { environmentKey: after }));
  expect(error).toMatchObject({ code: "store-unavailable", details: { reason: "wrong-key" } });
  expect(error.message).toContain(advice);
  expect(await databaseBytes(folder)).toBe(bytes);
  expect(await readdir(folder)).toEqual(files);
});

test("openAccountStore() makes no new key where the key file is gone or is another one", async () => {
  const folder = await makeFolder();
  (await open(folder)).close();
  const keyFile = join(folder, "turnout.key");
  await rm(keyFile);
  expect((await errorOf(open(folder))).message).toContain("is not the one it was encrypted with; put that one back");
  expect(await readdir(folder)).not.toContain("turnout.key");
  await writeFile(keyFile, "not a key\n", { mode: 0o600 });
  expect((await errorOf(open(folder))).message).toContain("it does not hold 32 bytes in base64");
  await writeFile(keyFile, `${Buffer.alloc(32).toString("base64")}\n`, { mode: 0o600 });
  expect((await errorOf(open(folder))).details).toEqual({ reason: "wrong-key" });
});

test("openAccountStore() falls back to a key file where the keychain lets nobody in", async () => {
  const folder = await makeFolder();
  const first = await open(folder, { environmentKey: "keychain" });
  const { id } = first.accounts.add(login("a"));
  first.close();
  // On a machine with a keychain it is used, and this test would write to it: CI has none.
  if (!(await readdir(folder)).includes("turnout.key")) return;
  expect((await open(folder)).credentials.read(id)?.secret).toBe("access-a");
});

test("openAccountStore() refuses a database of a newer turnout, of another program, and one that is none", async () => {
  const newer = await makeFolder();
  (await open(newer)).close();
  const database = raw(newer);
  database.exec("PRAGMA user_version = 99");
  database.close();
  const error = await errorOf(open(newer));
  expect(error.details).toEqual({ reason: "newer" });
  expect(error.message).toContain("its schema is version 99 and this turnout knows 1; update turnout");

  const foreign = await makeFolder();
  const other = raw(foreign);
  other.exec("CREATE TABLE theirs (a)");
  other.close();
  expect((await errorOf(open(foreign))).message).toContain("it is another program's database");

  const garbage = await makeFolder();
  await writeFile(join(garbage, "turnout.db"), "this is no database. ".repeat(500));
  expect((await errorOf(open(garbage))).details).toEqual({ reason: "damaged" });
  expect(await readFile(join(garbage, "turnout.db"), "utf8")).toContain("this is no database");
});

test("read() refuses a value that was moved from another account, and the other accounts go on working", async () => {
  const folder = await makeFolder();
  const store = await open(folder);
  const rich = store.accounts.add(login("rich"));
  const poor = store.accounts.add(login("poor"));
  const database = raw(folder);
  database
    .prepare("UPDATE credentials SET secret = (SELECT secret FROM credentials WHERE account = ?) WHERE account = ?")
    .run(rich.id, poor.id);
  expect(() => store.credentials.read(poor.id)).toThrow(`Cannot decrypt the credential of account ${poor.id}`);
  expect(store.credentials.read(rich.id)?.secret).toBe("access-rich");
  // Nor an old value of the same account: its generation is bound to it too.
  const old: unknown = database.prepare("SELECT secret FROM credentials WHERE account = ?").get(rich.id);
  store.credentials.replace(rich.id, 1, { secret: "access-new" });
  const secret = typeof old === "object" && old !== null && "secret" in old ? old.secret : undefined;
  database.prepare("UPDATE credentials SET secret = ? WHERE account = ?").run(secret, rich.id);
  expect(() => store.credentials.read(rich.id)).toThrow("it is damaged; log in again");
  expect(store.accounts.list()).toHaveLength(2);
});

test("replace() writes over the generation it was told of and over no other", async () => {
  const folder = await makeFolder();
  const [one, other] = [await open(folder), await open(folder)];
  const { id } = one.accounts.add(login("a"));
  one.accounts.update(id, { needsLogin: "refused" });
  expect(other.credentials.replace(id, 1, { secret: "second" })).toBe(2);
  expect(one.credentials.replace(id, 1, { secret: "lost" })).toBeUndefined();
  expect(one.credentials.read(id)).toMatchObject({ generation: 2, secret: "second" });
  expect(one.accounts.get(id)?.needsLogin).toBeUndefined();
  expect(one.credentials.renew(id, { secret: "third" })).toBe(3);
  expect(() => one.credentials.renew("acc_none", { secret: "x" })).toThrow("there is no such account");
});

test("accounts keep their labels apart, whatever their case, within a provider", async () => {
  const store = await open(await makeFolder());
  const first = store.accounts.add(login("a", { label: "Work" }));
  expect(() => store.accounts.add(login("b", { label: "work " }))).toThrow('Cannot call an account of codex "work"');
  expect(store.accounts.add(login("b", { label: "work", provider: "openai" })).label).toBe("work");
  expect([1, 2, 3].map(() => store.accounts.add(login("same")).label)).toEqual([
    "same@example.com",
    "same@example.com 2",
    "same@example.com 3",
  ]);
  expect(store.accounts.find("codex", "WORK")?.id).toBe(first.id);
  const other = store.accounts.add(login("c"));
  expect(() => store.accounts.update(other.id, { label: "WORK" })).toThrow("another one has that label");
  expect(store.accounts.update(first.id, { label: "WORK" }).label).toBe("WORK");
  expect(() => store.accounts.add(login("d", { label: "a\u001B[31mb" }))).toThrow("characters that can be printed");
});

test("findLogin() tells two people of one workspace, and two workspaces of one person, apart", async () => {
  const store = await open(await makeFolder());
  const add = (accountId: string, userId: string) => store.accounts.add(login("x", { accountId, userId })).id;
  const ids = [add("w1", "u1"), add("w1", "u2"), add("w2", "u1")];
  const find = (accountId: string, userId: string) => store.accounts.findLogin("codex", { accountId, userId })?.id;
  expect([find("w1", "u1"), find("w1", "u2"), find("w2", "u1"), find("w2", "u2")]).toEqual([...ids, undefined]);
  expect(store.accounts.findLogin("openai", { accountId: "w1", userId: "u1" })).toBeUndefined();
  expect(store.accounts.findLogin("codex", {})).toBeUndefined();
});

test("update() sets and takes away what it is told of, and remove() forgets the account with all that hangs on it", async () => {
  const store = await open(await makeFolder());
  const { id } = store.accounts.add(login("a"));
  store.limits.put([{ provider: "codex", accountKey: id, model: "*", kind: "state", value: "{}", until: start + 1 }]);
  expect(store.accounts.update(id, { disabled: "by hand", plan: "pro", weight: 0.5 })).toMatchObject({
    disabled: { reason: "by hand", at: start },
    plan: "pro",
    weight: 0.5,
    needsLogin: undefined,
  });
  expect(store.accounts.update(id, { disabled: null, plan: null })).toMatchObject({
    disabled: undefined,
    plan: undefined,
  });
  expect(store.accounts.remove(id)).toBe(true);
  expect(store.accounts.remove(id)).toBe(false);
  expect([store.accounts.get(id), store.credentials.read(id), store.limits.list()]).toEqual([undefined, undefined, []]);
  expect(() => store.accounts.update(id, {})).toThrow("there is no such account");
});

test("a row that makes no sense and a page that is damaged are told of as such", async () => {
  const folder = await makeFolder();
  const store = await open(folder);
  const { id } = store.accounts.add(login("a"));
  const database = raw(folder);
  database.exec("UPDATE accounts SET kind = 'nonsense'");
  expect(() => store.accounts.get(id)).toThrow(expect.objectContaining({ details: { reason: "damaged" } }));
  expect(store.credentials.read(id)?.secret).toBe("access-a");
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  store.close();
  const path = join(folder, "turnout.db");
  const bytes = await readFile(path);
  // All but the first two pages, so that it opens.
  bytes.fill(0x58, 8_192);
  await writeFile(path, bytes);
  const error = await errorOf(open(folder).then((opened) => opened.accounts.list()));
  expect(error.details).toEqual({ reason: "damaged" });
  expect(error.message).toContain("it is damaged or not a database; move it away and put back a copy, or log in again");
});

test("watch() calls back after a change, also one by another process, and not without one", async () => {
  const folder = await makeFolder();
  const runtime = createEagerRuntime();
  const store = await open(folder, { runtime });
  const other = await open(folder);
  let calls = 0;
  const end = store.watch(() => {
    calls += 1;
  });
  await runtime.advance(5_000);
  expect(calls).toBe(0);
  const { id } = other.accounts.add(login("a"));
  await runtime.advance(1_000);
  expect(calls).toBe(1);
  store.accounts.update(id, { label: "b" });
  await runtime.advance(5_000);
  expect(calls).toBe(2);
  end();
  other.accounts.remove(id);
  await runtime.advance(5_000);
  expect(calls).toBe(2);
  expect(runtime.pendingTimers).toBe(0);
});

test("limits are kept by account, model and kind until they end", async () => {
  const runtime = createEagerRuntime();
  const store = await open(await makeFolder(), { runtime });
  const row = { provider: "codex", accountKey: "a", model: "gpt", kind: "state", value: "1", until: start + 1_000 };
  store.limits.put([row, { ...row, model: "*" }, { ...row, provider: "openai" }]);
  store.limits.put([{ ...row, value: "2" }]);
  expect(store.limits.list("codex")).toEqual([
    { ...row, model: "*" },
    { ...row, value: "2" },
  ]);
  store.limits.remove([{ ...row, model: "*" }]);
  expect(store.limits.list("codex")).toHaveLength(1);
  await runtime.advance(1_000);
  expect(store.limits.list()).toEqual([]);
  expect(() => store.limits.put([{ ...row, value: "x".repeat(70_000) }])).toThrow("more than 64 KiB");
});

test("client keys are listed, revoked and touched, and one label serves one live key", async () => {
  const store = await open(await makeFolder());
  const key = store.clientKeys.add({ label: "laptop", hash: "aa", hint: "tk-1" });
  expect(() => store.clientKeys.add({ label: "Laptop", hash: "bb", hint: "tk-2" })).toThrow(
    "there is one with that label",
  );
  store.clientKeys.touch(new Map([[key.id, start + 5]]));
  store.clientKeys.touch(new Map([[key.id, start + 4]]));
  expect(store.clientKeys.list()).toEqual([{ ...key, lastUsedAt: start + 5 }]);
  expect([store.clientKeys.revoke(key.id), store.clientKeys.revoke(key.id)]).toEqual([true, false]);
  expect(store.clientKeys.add({ label: "laptop", hash: "bb", hint: "tk-2" }).revokedAt).toBeUndefined();
  expect(store.clientKeys.list().map((each) => each.revokedAt)).toEqual([start, undefined]);
});

test("a lease is one owner's until it is released or taken from one that is gone", async () => {
  const folder = await makeFolder();
  const [one, other] = [await open(folder), await open(folder)];
  expect([one.leases.take("x", "one"), other.leases.take("x", "other"), one.leases.take("x", "one")]).toEqual([
    true,
    false,
    true,
  ]);
  const seen = other.leases.holder("x");
  expect(seen).toMatchObject({ owner: "one", pid: process.pid });
  // A sign of life between looking and taking.
  expect(one.leases.adopt("x", "one")).toBe(true);
  expect(other.leases.take("x", "other", seen)).toBe(false);
  expect(other.leases.take("x", "other", other.leases.holder("x"))).toBe(true);
  expect(one.leases.adopt("x", "one")).toBe(false);
  one.leases.release("x", "one");
  expect(one.leases.holder("x")?.owner).toBe("other");
  other.leases.release("x", "other");
  expect(one.leases.holder("x")).toBeUndefined();
});

test("a rotation is on record before its token is sent, with every attempt, until new secrets end it", async () => {
  const store = await open(await makeFolder());
  const { id } = store.accounts.add(login("a"));
  expect(store.rotations.begin(id, "t1", "me", start)).toBe(false);
  store.leases.take(`rotation ${id}`, "me");
  expect(store.rotations.begin(id, "t1", "me", start)).toBe(true);
  expect(store.rotations.begin(id, "t1", "me", start + 1)).toBe(true);
  expect(store.rotations.read(id)).toEqual({ token: "t1", attempts: 2, at: start + 1, answer: undefined });
  store.rotations.withdraw(id, "t1");
  expect(store.rotations.read(id)?.attempts).toBe(1);
  store.rotations.answer(id, "t1", "the answer");
  expect(store.rotations.read(id)?.answer).toBe("the answer");
  expect(store.rotations.begin(id, "t1", "me", start)).toBe(false);
  store.rotations.discard(id, "t1");
  expect(store.rotations.read(id)).toMatchObject({ attempts: 1, answer: undefined });
  expect(store.rotations.begin(id, "t2", "me", start)).toBe(true);
  expect(store.rotations.read(id)).toMatchObject({ token: "t2", attempts: 1 });
  store.credentials.replace(id, 1, { secret: "new" });
  expect(store.rotations.read(id)).toBeUndefined();
});

test("transaction() does all of its work or none", async () => {
  const store = await open(await makeFolder());
  const failing = () =>
    store.transaction(() => {
      store.accounts.add(login("a"));
      throw new RouterError("internal", "Stopped", {});
    });
  expect(failing).toThrow("Stopped");
  expect(store.accounts.list()).toEqual([]);
});
