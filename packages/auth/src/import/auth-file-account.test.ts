import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { type Account, type Credential, RouterError } from "@turnout/core";
import { expect, test } from "vitest";

import {
  authText,
  createEagerRuntime,
  day,
  type EagerRuntime,
  errorOf,
  hour,
  makeAccessToken,
  makeFolder,
  makeJwt,
  modeOf,
  openStore,
  reopenStore,
  rotationsOf,
  signal,
  start,
  startTokenEndpoint,
  type TokenEndpoint,
  writeAuthFile,
} from "../../test/support.ts";
import { createAccounts } from "../accounts/create-accounts.ts";
import type { AccountStore } from "../store/account-store.ts";

interface Scene {
  readonly runtime: EagerRuntime;
  readonly endpoint: TokenEndpoint;
  readonly authFile: string;
  readonly store: AccountStore;
  readonly warnings: RouterError[];
  /** Another turnout process, or this one after a restart: same files, no shared memory. */
  open(options?: { writeBack?: boolean; issuer?: string; store?: AccountStore }): Account;
}

async function setScene(): Promise<Scene> {
  const home = await makeFolder();
  const endpoint = await startTokenEndpoint();
  const runtime = createEagerRuntime();
  endpoint.now = () => runtime.now();
  const warnings: RouterError[] = [];
  const main = await openStore(join(home, "data"), runtime);
  let opened = 0;
  await mkdir(join(home, ".codex"));
  return {
    runtime,
    endpoint,
    authFile: join(home, ".codex", "auth.json"),
    store: main,
    warnings,
    open({ writeBack = false, issuer = endpoint.issuer, store = reopenStore(main, runtime) } = {}) {
      opened += 1;
      // Its own random numbers, as another process has; the clock is the same.
      const own: EagerRuntime = {
        ...createEagerRuntime(opened),
        now: runtime.now,
        monotonic: runtime.monotonic,
        sleep: runtime.sleep,
      };
      const [account] = createAccounts([{ authFile: "~/.codex/auth.json", writeBack }], {
        runtime: own,
        store,
        rotator: rotationsOf(store, own),
        homeDirectory: home,
        oauth: { issuer, clientId: "app_test", tokenPath: "/oauth/token" },
        onWarning: (warning) => warnings.push(warning),
      });
      if (account === undefined) throw new Error("No account");
      return account;
    },
  };
}

/** What is saved for the auth.json of the scene, in the clear. */
function savedRecord(scene: Scene): string {
  return scene.store.authFiles.read(scene.open().key) ?? "";
}

function serialOf(credential: Credential | undefined): unknown {
  const payload = credential?.secret.split(".")[1] ?? "";
  const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString() || "{}");
  return typeof claims === "object" && claims !== null && "jti" in claims ? claims.jti : undefined;
}

test("lease() gives the token of auth.json with the account id, and asks nobody", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start + hour });
  const account = scene.open();
  expect(await account.lease(signal)).toEqual({
    accountKey: account.key,
    kind: "oauth",
    secret: makeAccessToken(start + hour),
    accountId: "account-1",
    expiresAt: start + hour,
  });
  expect(account.key).toMatch(/^acc_[0-9a-f]{12}$/u);
  expect(scene.endpoint.seen).toEqual([]);
  // Nothing to keep.
  expect(savedRecord(scene)).toBe("");
});

test("lease() refreshes an expired token once for all who wait, and leaves auth.json alone", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  const before = await readFile(scene.authFile, "utf8");
  const account = scene.open();
  const credentials = await Promise.all(Array.from({ length: 20 }, () => account.lease(new AbortController().signal)));
  expect(new Set(credentials.map((credential) => credential.secret)).size).toBe(1);
  expect(serialOf(credentials[0])).toBe(1);
  expect(credentials[0]?.expiresAt).toBe(start + 10 * day);
  expect(scene.endpoint.requests).toEqual([
    {
      method: "POST",
      path: "/oauth/token",
      type: "application/json",
      body: { client_id: "app_test", grant_type: "refresh_token", refresh_token: "rt_0" },
    },
  ]);
  expect(await readFile(scene.authFile, "utf8")).toBe(before);
});

test("lease() refreshes a token shortly before its end, and an opaque one 8 days after its last refresh", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start + 59_000 });
  expect(serialOf(await scene.open().lease(signal))).toBe(1);

  const opaque = { tokens: { access_token: "opaque", refresh_token: "rt_10", account_id: "account-1" } };
  const lastRefresh = (age: number) => ({ ...opaque, last_refresh: new Date(start - age).toISOString() });
  await writeFile(scene.authFile, JSON.stringify(lastRefresh(8 * day - 1)));
  expect((await scene.open().lease(signal)).secret).toBe("opaque");
  await writeFile(scene.authFile, JSON.stringify(lastRefresh(8 * day)));
  expect(serialOf(await scene.open().lease(signal))).toBe(11);
});

test("lease() keeps the refreshed login in the store", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  await scene.open().lease(signal);
  expect(savedRecord(scene)).toContain("rt_1");
  expect(serialOf(await scene.open().lease(signal))).toBe(1);
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
});

test("lease() uses each rotated refresh token once, over restarts", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  await scene.open().lease(signal);
  await scene.runtime.advance(11 * day);
  const account = scene.open();
  expect(serialOf(await account.lease(signal))).toBe(2);
  await scene.runtime.advance(11 * day);
  expect(serialOf(await account.lease(signal))).toBe(3);
  expect(scene.endpoint.seen).toEqual(["rt_0", "rt_1", "rt_2"]);
});

test("lease() has the new refresh token on disk before anybody gets the new access token", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  const credential = await scene.open().lease(signal);
  // A crash right here: only the disk is left.
  const saved = savedRecord(scene);
  expect(saved).toContain(credential.secret);
  expect(saved).toContain("rt_1");
});

test("lease() gives no token that could not be saved, and saves it later without asking again", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  let isFull = true;
  const store = reopenStore(scene.store, scene.runtime);
  const write = (name: string, record: string) => {
    if (isFull) throw new RouterError("store-unavailable", "Cannot write to turnout.db", { reason: "full" });
    store.authFiles.write(name, record);
  };
  const account = scene.open({ store: { ...store, authFiles: { ...store.authFiles, write } } });
  expect(await errorOf(account.lease(signal))).toMatchObject({
    code: "store-unavailable",
    details: { reason: "full" },
  });
  await scene.runtime.advance(15_000);
  expect((await errorOf(account.lease(signal))).code).toBe("store-unavailable");

  isFull = false;
  // As another process: this one rests after its failure.
  expect(serialOf(await scene.open().lease(signal))).toBe(1);
  expect(savedRecord(scene)).toContain("rt_1");
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
});

test("lease() keeps old values for what the answer leaves out", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  scene.endpoint.script.push({
    status: 200,
    body: { access_token: makeAccessToken(start + hour, "account-1", "new") },
  });
  const account = scene.open();
  expect(serialOf(await account.lease(signal))).toBe("new");
  await scene.runtime.advance(2 * hour);
  await account.lease(signal);
  expect(scene.endpoint.seen).toEqual(["rt_0", "rt_0"]);
});

test("lease() saves the rotated refresh token of an answer without an access token, and says what is missing", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  scene.endpoint.script.push({ status: 200, body: { refresh_token: "rt_5" } });
  const account = scene.open();
  expect((await errorOf(account.lease(signal))).message).toContain("its refresh brought no access token");
  await scene.runtime.advance(hour);
  expect(serialOf(await account.lease(signal))).toBe(6);
  expect(scene.endpoint.seen).toEqual(["rt_0", "rt_5"]);
});

test("lease() follows the CLI: a changed auth.json counts at once", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start + hour });
  const account = scene.open();
  await account.lease(signal);
  await writeAuthFile(scene.authFile, { expiresAt: start + 2 * hour, refreshToken: "rt_7", serial: "by-cli" });
  expect(serialOf(await account.lease(signal))).toBe("by-cli");
});

test("lease() lets a login made anew win over what the store has", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  await scene.open().lease(signal);
  await writeAuthFile(scene.authFile, { expiresAt: start + hour, refreshToken: "rt_50", serial: "anew" });
  expect(serialOf(await scene.open().lease(signal))).toBe("anew");
  await writeAuthFile(scene.authFile, { expiresAt: start + hour, accountId: "account-2", serial: "other" });
  expect((await scene.open().lease(signal)).accountId).toBe("account-2");
});

test("lease() takes a login that was made anew while it refreshed", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  scene.endpoint.beforeReply = () =>
    writeAuthFile(scene.authFile, { expiresAt: start + hour, refreshToken: "rt_50", serial: "anew" });
  const account = scene.open({ writeBack: true });
  expect(serialOf(await account.lease(signal))).toBe("anew");
  expect(serialOf(await scene.open().lease(signal))).toBe("anew");
  expect(await readFile(scene.authFile, "utf8")).toContain("rt_50");
});

test("lease() keeps the last good login while auth.json is half written", async () => {
  const scene = await setScene();
  const text = authText({ expiresAt: start + 2 * hour, refreshToken: "rt_7", serial: "whole" });
  await writeAuthFile(scene.authFile, { expiresAt: start + hour });
  const account = scene.open();
  await account.lease(signal);
  await writeFile(scene.authFile, text.slice(0, 200));
  expect(serialOf(await account.lease(signal))).toBe(0);
  await writeFile(scene.authFile, text);
  expect(serialOf(await account.lease(signal))).toBe("whole");
});

test("lease() uses the key of an auth.json that holds only an API key", async () => {
  const scene = await setScene();
  await writeFile(scene.authFile, JSON.stringify({ OPENAI_API_KEY: "sk-1", tokens: null }));
  const account = scene.open();
  const credential = await account.lease(signal);
  expect(credential).toEqual({ accountKey: account.key, kind: "api-key", secret: "sk-1" });
  expect(await account.renew(credential, signal)).toBeUndefined();
});

test("lease() never tries a refused refresh token again, not even after a restart, until somebody logs in", async () => {
  for (const reply of [
    { status: 401, body: { error: { code: "refresh_token_reused" } } },
    { status: 400, body: { error: "invalid_grant" } },
    { status: 401, body: "gone" },
  ]) {
    const scene = await setScene();
    await writeAuthFile(scene.authFile, { expiresAt: start - hour });
    scene.endpoint.script.push(reply);
    const account = scene.open();
    expect((await errorOf(account.lease(signal))).message).toMatch(/its refresh token was refused \(.*codex login/u);
    await scene.runtime.advance(hour);
    await errorOf(account.lease(signal));
    await errorOf(scene.open().lease(signal));
    expect(scene.endpoint.seen).toEqual(["rt_0"]);
    expect(scene.runtime.slept).toEqual([]);
    await writeAuthFile(scene.authFile, { expiresAt: start, refreshToken: "rt_20" });
    expect(serialOf(await account.lease(signal))).toBe(21);
  }
});

test("lease() tries a transient failure three times with growing pauses, then rests before it tries again", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  scene.endpoint.script.push({ status: 503, body: "busy" }, "cut", { status: 403, body: "<html>challenge</html>" });
  const account = scene.open();
  const error = await errorOf(account.lease(signal));
  expect(error.message).toContain("its token cannot be refreshed now (status 403)");
  const [first = 0, second = 0] = scene.runtime.slept;
  expect(scene.runtime.slept).toHaveLength(2);
  expect(first).toBeGreaterThanOrEqual(1_000);
  expect(first).toBeLessThan(1_500);
  expect(second).toBeGreaterThanOrEqual(2_000);
  expect(second).toBeLessThan(3_000);

  await errorOf(account.lease(signal));
  expect(scene.endpoint.seen).toHaveLength(3);
  await scene.runtime.advance(15_000);
  expect(serialOf(await account.lease(signal))).toBe(1);
});

test("lease() goes on with a token that is about to expire when it cannot be refreshed", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start + 50_000 });
  const refused = { status: 500, body: {} };
  scene.endpoint.script.push(refused, refused, refused, refused, refused, refused);
  const account = scene.open();
  expect(serialOf(await account.lease(signal))).toBe(0);
  expect(scene.warnings).toHaveLength(1);
  await scene.runtime.advance(50_000);
  expect((await errorOf(account.lease(signal))).code).toBe("credential-unavailable");
});

test("lease() stops waiting when its signal is aborted, while others still get the token", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  const controller = new AbortController();
  const account = scene.open();
  scene.endpoint.beforeReply = () => controller.abort(new Error("client left"));
  const left = account.lease(controller.signal);
  const stayed = account.lease(signal);
  await expect(left).rejects.toThrow("client left");
  expect(serialOf(await stayed)).toBe(1);
  await expect(account.lease(controller.signal)).rejects.toThrow("client left");
});

test("lease() of two processes at once spends the refresh token once", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  const credentials = await Promise.all([scene.open(), scene.open(), scene.open()].map((each) => each.lease(signal)));
  expect(credentials.map(serialOf)).toEqual([1, 1, 1]);
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
});

test("lease() accepts what Codex CLI got when it was faster with the same refresh token", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  scene.endpoint.script.push({ status: 401, body: { error: { code: "refresh_token_reused" } } });
  scene.endpoint.beforeReply = () =>
    writeAuthFile(scene.authFile, { expiresAt: start + hour, refreshToken: "rt_9", serial: "by-cli" });
  expect(serialOf(await scene.open().lease(signal))).toBe("by-cli");
});

test("renew() refreshes a rejected token once for all, then answers without asking", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start + hour });
  const account = scene.open();
  const rejected = await account.lease(signal);
  const renewed = await Promise.all([1, 2, 3].map(() => account.renew(rejected, signal)));
  expect(renewed.map(serialOf)).toEqual([1, 1, 1]);
  // Somebody whose request was under way with the old token comes late.
  expect(serialOf(await account.renew(rejected, signal))).toBe(1);
  expect(scene.endpoint.seen).toEqual(["rt_0"]);
});

test("renew() takes a changed auth.json instead of refreshing", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start + hour });
  const account = scene.open();
  const rejected = await account.lease(signal);
  await writeAuthFile(scene.authFile, { expiresAt: start + hour, refreshToken: "rt_7", serial: "by-cli" });
  expect(serialOf(await account.renew(rejected, signal))).toBe("by-cli");
  expect(scene.endpoint.seen).toEqual([]);
});

test("renew() has nothing for a request of another account than the one logged in now", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start + hour });
  const account = scene.open();
  const rejected = await account.lease(signal);
  await writeAuthFile(scene.authFile, { expiresAt: start + hour, accountId: "account-2" });
  expect(await account.renew(rejected, signal)).toBeUndefined();
});

test("renew() gives up on a token that is rejected right after its refresh, and on one that cannot be refreshed", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start + hour });
  const account = scene.open();
  const fresh = await account.renew(await account.lease(signal), signal);
  if (fresh === undefined) throw new Error("Nothing renewed");
  expect(await account.renew(fresh, signal)).toBeUndefined();
  await scene.runtime.advance(60_000);
  scene.endpoint.script.push({ status: 401, body: {} });
  expect(await account.renew(fresh, signal)).toBeUndefined();
  expect(scene.endpoint.seen).toEqual(["rt_0", "rt_1"]);
  expect(scene.warnings.map((warning) => warning.code)).toEqual(["credential-unavailable"]);
});

test("writeBack puts the refreshed tokens into auth.json and keeps its other keys and its mode", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  await chmod(scene.authFile, 0o640);
  const before: unknown = JSON.parse(await readFile(scene.authFile, "utf8"));
  const credential = await scene.open({ writeBack: true }).lease(signal);
  const after: unknown = JSON.parse(await readFile(scene.authFile, "utf8"));
  expect(after).toEqual({
    ...(before as object),
    tokens: {
      id_token: makeJwt({ "https://api.openai.com/auth": { chatgpt_account_id: "account-1" }, serial: 1 }),
      access_token: credential.secret,
      refresh_token: "rt_1",
      account_id: "account-1",
      future_token_key: { kept: true },
    },
    last_refresh: new Date(start).toISOString(),
  });
  expect(await modeOf(scene.authFile)).toBe("640");
  expect(await readdir(join(scene.authFile, ".."))).toEqual(["auth.json"]);
  expect(scene.warnings).toEqual([]);
});

test("writeBack is made up for after a crash between saving and writing back", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  // Without writeBack the state is the same as after such a crash.
  await scene.open().lease(signal);
  expect(serialOf(await scene.open({ writeBack: true }).lease(signal))).toBe(1);
  expect(await readFile(scene.authFile, "utf8")).toContain("rt_1");
  await scene.runtime.advance(11 * day);
  expect(serialOf(await scene.open({ writeBack: true }).lease(signal))).toBe(2);
  expect(await readFile(scene.authFile, "utf8")).toContain("rt_2");
});

test("writeBack that fails is a warning: the tokens are safe in the store", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  scene.endpoint.beforeReply = async () => {
    // Not an object any more when it is to be written, though the login in memory came from one.
    await writeFile(scene.authFile, "[");
  };
  expect(serialOf(await scene.open({ writeBack: true }).lease(signal))).toBe(1);
  expect(scene.warnings.map((warning) => warning.message).join()).toMatch(/^Cannot write refreshed login back to/u);
});

test("lease() explains a missing file, garbage, folders, huge files and files without a login", async () => {
  const scene = await setScene();
  const account = scene.open();
  expect((await errorOf(account.lease(signal))).message).toMatch(/auth\.json: there is no such file; log in with/u);
  const faults: readonly [string, RegExp][] = [
    ["", /it is not JSON$/u],
    ["{ half", /it is not JSON$/u],
    ["\u0000\u0001\uFFFD", /it is not JSON$/u],
    ["null", /it holds neither tokens nor an API key/u],
    ["[]", /it holds neither tokens nor an API key/u],
    ['{"tokens":"x","auth_mode":7}', /it holds neither tokens nor an API key/u],
    ['{"tokens":{"access_token":5}}', /it holds neither tokens nor an API key/u],
    [`"${"x".repeat(1024 * 1024)}"`, /it is larger than 1048576 bytes/u],
  ];
  for (const [text, message] of faults) {
    await writeFile(scene.authFile, text);
    const error = await errorOf(account.lease(signal));
    expect(error.message).toMatch(message);
    expect(error.details).toEqual({ provider: "codex" });
  }
  await rm(scene.authFile);
  await mkdir(scene.authFile);
  expect((await errorOf(account.lease(signal))).message).toMatch(/it is not a regular file/u);
});

test("lease() does not overwrite a damaged record: it may be the only copy of a login", async () => {
  const scene = await setScene();
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  await scene.open().lease(signal);
  scene.store.authFiles.write(scene.open().key, '{"version":2,"login":"rt_secret"}');
  const error = await errorOf(scene.open().lease(signal));
  expect(error.message).toMatch(/^Cannot use saved login .*it is of a kind this turnout does not know/u);
  expect(savedRecord(scene)).toContain("rt_secret");
});

/** An error with all that a logger could print of it. */
function printed(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.stack, JSON.stringify(error), JSON.stringify(Object.values(error)), printed(error.cause)].join("\n");
}

test("no error or warning holds a secret", async () => {
  const scene = await setScene();
  const secrets = /rt_|eyJ|sk-|opaque|"reused"/u;
  const collected: unknown[] = [];
  const collect = async (work: Promise<unknown>) => {
    collected.push(await errorOf(work));
  };
  await writeFile(scene.authFile, `{"tokens":{"access_token":"${makeAccessToken(start)}","refresh_token":"rt_0",`);
  await collect(scene.open().lease(signal));
  await writeAuthFile(scene.authFile, { expiresAt: start - hour });
  await collect(scene.open({ issuer: "http://127.0.0.1:1" }).lease(signal));
  const echo = { error: { code: "rt_0", message: "token rt_0 is bad" } };
  scene.endpoint.script.push({ status: 500, body: echo }, { status: 200, body: '{"access_token":"eyJ' }, "cut");
  await collect(scene.open().lease(signal));
  scene.endpoint.script.push({ status: 401, body: echo });
  await collect(scene.open().lease(signal));
  await collect(scene.open().lease(signal));
  scene.store.authFiles.write(scene.open().key, '{"version":1,"login":{"refreshToken":"rt_9"');
  await collect(scene.open().lease(signal));
  await writeFile(scene.authFile, JSON.stringify({ tokens: { access_token: makeAccessToken(start - 1) } }));
  await collect(scene.open().lease(signal));
  expect(collected).toHaveLength(7);
  expect(scene.warnings).toHaveLength(3);
  for (const error of [...collected, ...scene.warnings]) expect(printed(error)).not.toMatch(secrets);
});
