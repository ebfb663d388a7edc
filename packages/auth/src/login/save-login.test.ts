import { systemRuntime } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { codexLogin, startIssuer } from "../../test/sandbox-login.ts";
import { errorOf, makeFolder, start } from "../../test/support.ts";
import type { AccountStore } from "../store/account-store.ts";
import { openAccountStore } from "../store/open-store.ts";
import { createOAuthExchange } from "./oauth-exchange.ts";
import { saveApiKey, saveLogin } from "./save-login.ts";

async function openStore(): Promise<AccountStore> {
  const runtime = createFakeRuntime({ now: start, seed: 1 });
  const store = await openAccountStore({ dataDirectory: await makeFolder(), runtime });
  onTestFinished(() => store.close());
  return store;
}

async function tokensOf(accountId: string) {
  const sandbox = await startIssuer();
  const { accessToken, refreshToken, idToken } = sandbox.createAccount({ accountId, planType: "pro" });
  return { accessToken, refreshToken, idToken, expiresInSeconds: 60 };
}

describe("saveLogin()", () => {
  test("makes an account named after its owner, with what the tokens tell", async () => {
    const store = await openStore();
    const tokens = await tokensOf("acct-1");
    const { account, renewed } = saveLogin({ store, provider: "codex", origin: "login", tokens, now: start });
    expect(renewed).toBe(false);
    expect(account).toMatchObject({
      label: "acct-1@sandbox.invalid",
      plan: "pro",
      accountId: "acct-1",
      userId: "user-acct-1",
      refreshable: true,
      refreshedAt: start,
    });
    expect(store.credentials.read(account.id)).toMatchObject({ secret: tokens.accessToken });
  });

  test("renews the account of the same person, takes needs-login away, and keeps label, place and priority", async () => {
    const store = await openStore();
    const first = saveLogin({
      store,
      provider: "codex",
      origin: "login",
      tokens: await tokensOf("acct-1"),
      label: "work",
      now: start,
    });
    store.accounts.update(first.account.id, { needsLogin: "its refresh token was reused", priority: 3 });
    const tokens = await tokensOf("acct-1");
    const second = saveLogin({ store, provider: "codex", origin: "login", tokens, now: start + 1 });
    expect(second).toMatchObject({
      renewed: true,
      account: { id: first.account.id, label: "work", needsLogin: undefined, priority: 3 },
    });
    expect(store.accounts.list()).toHaveLength(1);
    expect(store.credentials.read(first.account.id)?.refreshToken).toBe(tokens.refreshToken);
  });

  test("takes the place of a login that was read from another program's file", async () => {
    const store = await openStore();
    const secrets = { secret: "/home/me/.codex/auth.json" };
    const owner = { accountId: "acct-1", userId: "user-acct-1", label: "codex", priority: 2 };
    const imported = { provider: "codex", kind: "oauth", origin: "import", flow: "codex-auth-file", secrets } as const;
    store.accounts.add({ ...imported, ...owner });
    const tokens = await tokensOf("acct-1");
    const { account, renewed } = saveLogin({ store, provider: "codex", origin: "login", tokens, now: start });
    expect(account).toMatchObject({ label: "codex", priority: 2, origin: "login", flow: undefined, refreshable: true });
    expect([renewed, store.accounts.list().length]).toEqual([true, 1]);
  });

  test("leaves everything as it was when the label is taken", async () => {
    const store = await openStore();
    saveApiKey({ store, provider: "codex", secret: "sk-1", label: "work" });
    const tokens = await tokensOf("acct-1");
    const login = { store, provider: "codex", origin: "login", tokens, label: "work", now: start } as const;
    expect(() => saveLogin(login)).toThrow("work");
    expect(store.accounts.list()).toHaveLength(1);
  });
});

test("saveApiKey() keeps one account for one key, and a reference as it is", async () => {
  const store = await openStore();
  const first = saveApiKey({ store, provider: "openai", secret: "sk-1" });
  expect(saveApiKey({ store, provider: "openai", secret: "sk-1", label: "again" })).toMatchObject({
    renewed: true,
    account: { id: first.account.id, label: "again" },
  });
  const named = saveApiKey({ store, provider: "openai", secret: "env:OPENAI_API_KEY" });
  expect(store.credentials.read(named.account.id)?.secret).toBe("env:OPENAI_API_KEY");
  expect(named.account.label).toBe("OPENAI_API_KEY");
  const labels = ["sk-2", "sk-3"].map((secret) => saveApiKey({ store, provider: "openai", secret }).account.label);
  expect(labels).toEqual(["key", "key 2"]);
  expect(store.accounts.list("openai")).toHaveLength(4);
});

describe("revoke()", () => {
  const { signal } = new AbortController();

  test("ends the token at the issuer", async () => {
    const sandbox = await startIssuer();
    const { refreshToken } = sandbox.createAccount();
    const exchange = createOAuthExchange({
      provider: "codex",
      oauth: codexLogin(sandbox.issuer),
      runtime: systemRuntime,
    });
    await exchange.revoke(refreshToken, "refresh_token", signal);
    expect(sandbox.requests.at(-1)).toMatchObject({ path: "/oauth/revoke", status: 200 });
  });

  test("tells when the issuer refuses, and never the token", async () => {
    const sandbox = await startIssuer();
    const { refreshToken } = sandbox.createAccount();
    sandbox.scriptIssuer({
      path: "/oauth/revoke",
      fault: { type: "http", status: 500, body: { token: refreshToken } },
    });
    const exchange = createOAuthExchange({
      provider: "codex",
      oauth: codexLogin(sandbox.issuer),
      runtime: systemRuntime,
    });
    const error = await errorOf(exchange.revoke(refreshToken, "refresh_token", signal));
    expect(error.message).toBe("Cannot revoke a token of codex: the issuer refused it");
    expect(JSON.stringify(error) + String(error.cause)).not.toContain(refreshToken);
  });
});
