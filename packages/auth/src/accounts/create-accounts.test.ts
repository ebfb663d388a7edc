import { lstat, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { createFakeRuntime } from "@turnout/testing";
import { afterAll, expect, test } from "vitest";

import {
  createEagerRuntime,
  day,
  errorOf,
  hour,
  makeAccessToken,
  makeFolder,
  makeJwt,
  openStore,
  rotationsOf,
  signal,
  start,
  startTokenEndpoint,
  writeAuthFile,
} from "../../test/support.ts";
import { openAccountStore } from "../store/open-store.ts";
import { accountConfigSchema } from "./account-config.ts";
import { readAuthDocument } from "../import/auth-file.ts";
import { createAccounts, expandHome } from "./create-accounts.ts";

const runtime = createFakeRuntime({ now: start });
const folder = await mkdtemp(join(tmpdir(), "turnout-auth-"));
const store = await openAccountStore({ dataDirectory: folder, runtime });
afterAll(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

const options = {
  runtime,
  store,
  rotator: rotationsOf(store, runtime),
  homeDirectory: "/home/somebody",
  oauth: { issuer: "http://127.0.0.1:1", clientId: "app_test", tokenPath: "/oauth/token" },
};

function keysOf(configs: readonly unknown[]): string[] {
  return createAccounts(
    configs.map((config) => accountConfigSchema.parse(config)),
    options,
  ).map((account) => account.key);
}

test("createAccounts() names accounts as the config does, else by a hash that stays and shows no secret", () => {
  const configs = [
    { authFile: "~/.codex/auth.json" },
    { accessToken: "opaque-token", accountId: "account-1" },
    { apiKey: "sk-secret", name: "Work" },
    { apiKey: "sk-other" },
  ];
  const keys = keysOf(configs);
  expect(keysOf(configs)).toEqual(keys);
  expect(keys[2]).toBe("Work");
  for (const index of [0, 1, 3]) expect(keys[index]).toMatch(/^acc_[0-9a-f]{12}$/u);
  expect(new Set(keys).size).toBe(4);
  // The key follows the file, not the way its path is written.
  expect(keysOf([{ authFile: "/home/somebody/.codex/../.codex/auth.json" }])).toEqual([keys[0]]);
});

test("createAccounts() keeps the key of a fixed token when the token is replaced by a newer one of the same person", () => {
  const token = (user: string, serial: number) =>
    makeJwt({ jti: serial, "https://api.openai.com/auth": { chatgpt_user_id: user } });
  const keyOf = (accessToken: string) => keysOf([{ accessToken, accountId: "workspace" }])[0];
  expect(keyOf(token("user-1", 2))).toBe(keyOf(token("user-1", 1)));
  expect(keyOf(token("user-2", 1))).not.toBe(keyOf(token("user-1", 1)));
});

test("createAccounts() refuses two accounts of one name or of one login, and shows no secret", () => {
  const twice = (first: object, second: object) => () => keysOf([first, { apiKey: "sk-between" }, second]);
  expect(twice({ apiKey: "sk-1", name: "work" }, { apiKey: "sk-2", name: "WORK" })).toThrow(
    "Cannot use accounts[2]: it has the same name as accounts[0]",
  );
  expect(twice({ apiKey: "sk-1", name: "a" }, { apiKey: "sk-1", name: "b" })).toThrow(
    "Cannot use accounts[2]: it has the same login as accounts[0]",
  );
  expect(twice({ authFile: "~/a.json", name: "a" }, { authFile: "/home/somebody/a.json" })).toThrow("same login");
});

test("createAccounts() refuses an authFile where the provider has no login to refresh", () => {
  const { oauth: _, ...without } = options;
  const named = { ...without, provider: "openai" };
  expect(() => createAccounts([{ authFile: "a.json", writeBack: false, name: "a" }], named)).toThrow(
    "Cannot use authFile of account a: provider openai takes no login, only fixed credentials",
  );
  expect(createAccounts([{ apiKey: "sk-1" }], named)).toHaveLength(1);
});

test("createAccounts() makes an account of an API key that needs nothing and renews nothing", async () => {
  const [account] = createAccounts([{ apiKey: "sk-1", name: "key" }], options);
  if (account === undefined) throw new Error("No account");
  const credential = await account.lease(signal);
  expect(credential).toEqual({ accountKey: "key", kind: "api-key", secret: "sk-1" });
  expect(await account.renew(credential, signal)).toBeUndefined();
  await expect(account.lease(AbortSignal.abort(new Error("left")))).rejects.toThrow("left");
});

test("createAccounts() makes an account of a fixed token that says what to do once it has expired", async () => {
  const runtime = createFakeRuntime({ now: start });
  const accessToken = makeAccessToken(start + hour);
  const configs = [{ accessToken, accountId: "account-9", name: "fixed" }];
  const [account] = createAccounts(configs, { ...options, runtime, provider: "codex" });
  if (account === undefined) throw new Error("No account");
  const credential = await account.lease(signal);
  expect(credential).toEqual({
    accountKey: "fixed",
    kind: "oauth",
    secret: accessToken,
    accountId: "account-9",
    expiresAt: start + hour,
  });
  expect(await account.renew(credential, signal)).toBeUndefined();
  await runtime.advance(hour);
  const error = await errorOf(account.lease(signal));
  expect(error.code).toBe("credential-unavailable");
  expect(error.message).toBe(
    "Cannot use account fixed: its access token expired at 2026-10-01T13:00:00.000Z; put a new accessToken in the config, " +
      "or use authFile for a login that is refreshed",
  );
});

test("createAccounts() keeps the refreshed login of an account that is given another name", async () => {
  const home = await makeFolder();
  const endpoint = await startTokenEndpoint();
  const runtime = createEagerRuntime();
  const store = await openStore(join(home, "data"), runtime);
  await writeAuthFile(join(home, "auth.json"), { expiresAt: start - hour });
  for (const name of ["first", "second"]) {
    const [account] = createAccounts([{ authFile: "~/auth.json", writeBack: false, name }], {
      runtime,
      store,
      rotator: rotationsOf(store, runtime),
      homeDirectory: home,
      oauth: { ...options.oauth, issuer: endpoint.issuer },
    });
    expect((await account?.lease(signal))?.expiresAt).toBe(start + 10 * day);
  }
  expect(endpoint.seen).toEqual(["rt_0"]);
});

test("createAccounts() writes back through a link, which stays a link", async () => {
  const home = await makeFolder();
  const endpoint = await startTokenEndpoint();
  await mkdir(join(home, "dotfiles"));
  const target = join(home, "dotfiles", "auth.json");
  await writeAuthFile(target, { expiresAt: start - hour });
  await symlink(target, join(home, "auth.json"));
  const runtime = createEagerRuntime();
  const store = await openStore(join(home, "data"), runtime);
  const [account] = createAccounts([{ authFile: "~/auth.json", writeBack: true }], {
    runtime,
    store,
    rotator: rotationsOf(store, runtime),
    homeDirectory: home,
    oauth: { ...options.oauth, issuer: endpoint.issuer },
  });
  await account?.lease(signal);
  expect((await lstat(join(home, "auth.json"))).isSymbolicLink()).toBe(true);
  expect(await readFile(target, "utf8")).toContain("rt_1");
});

test("expandHome() replaces a leading ~ only", () => {
  expect(expandHome("~/.codex/auth.json", "/home/a")).toBe(join("/home/a", ".codex", "auth.json"));
  expect(expandHome("~", "/home/a")).toBe(resolve("/home/a"));
  expect(expandHome("/x/~/y", "/home/a")).toBe(resolve("/x/~/y"));
  expect(expandHome("~other/y", "/home/a")).toBe(resolve("~other/y"));
});

test("readAuthDocument() finds the account id in the file, else in the id token, else in the access token", () => {
  const claim = (id: string) => makeJwt({ "https://api.openai.com/auth": { chatgpt_account_id: id } });
  const idOf = (tokens: object) => {
    const login = readAuthDocument({ tokens });
    return login?.kind === "tokens" ? login.tokens.accountId : undefined;
  };
  const all = { account_id: "file", id_token: claim("id"), access_token: claim("access") };
  expect(idOf(all)).toBe("file");
  expect(idOf({ ...all, account_id: null })).toBe("id");
  expect(idOf({ ...all, account_id: "", id_token: "opaque" })).toBe("access");
  expect(idOf({ access_token: "opaque" })).toBeUndefined();
});

test("readAuthDocument() prefers tokens to an API key unless auth_mode says apikey", () => {
  const both = { OPENAI_API_KEY: "sk-1", tokens: { access_token: "opaque" } };
  expect(readAuthDocument(both)?.kind).toBe("tokens");
  expect(readAuthDocument({ ...both, auth_mode: "chatgpt" })?.kind).toBe("tokens");
  expect(readAuthDocument({ ...both, auth_mode: "apikey" })).toEqual({ kind: "api-key", apiKey: "sk-1" });
  expect(readAuthDocument({ auth_mode: "apikey", OPENAI_API_KEY: null, tokens: null })).toBeUndefined();
});
