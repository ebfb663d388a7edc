import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Account, Credential } from "@turnout/core";
import { createSandbox, type Sandbox, type SandboxAccount } from "@turnout/sandbox";
import { request } from "undici";
import { expect, onTestFinished, test } from "vitest";

import {
  createEagerRuntime,
  day,
  type EagerRuntime,
  errorOf,
  makeFolder,
  openStore,
  rotationsOf,
  signal,
} from "../../test/support.ts";
import { createAccounts } from "../accounts/create-accounts.ts";

interface Scene {
  readonly runtime: EagerRuntime;
  readonly sandbox: Sandbox;
  readonly login: SandboxAccount;
  readonly account: Account;
  readonly authFile: string;
}

async function setScene(writeBack = false): Promise<Scene> {
  const home = await makeFolder();
  const runtime = createEagerRuntime();
  const sandbox = await createSandbox({ runtime });
  onTestFinished(() => sandbox.close());
  const login = sandbox.createAccount({ accountId: "account-1" });
  const authFile = join(home, ".codex", "auth.json");
  await mkdir(join(home, ".codex"));
  await writeFile(authFile, JSON.stringify(login.authJson()));
  const store = await openStore(join(home, "data"), runtime);
  const [account] = createAccounts([{ authFile: "~/.codex/auth.json", writeBack }], {
    runtime,
    store,
    rotator: rotationsOf(store, runtime),
    homeDirectory: home,
    oauth: { issuer: sandbox.issuer, clientId: "app_test", tokenPath: "/oauth/token" },
  });
  if (account === undefined) throw new Error("No account");
  return { runtime, sandbox, login, account, authFile };
}

/** What the backend answers to a request with this credential. */
async function statusFor(scene: Scene, credential: Credential | undefined): Promise<number> {
  const response = await request(`${scene.sandbox.url}/wham/usage`, {
    headers: {
      authorization: `Bearer ${credential?.secret}`,
      "chatgpt-account-id": credential?.accountId ?? "",
    },
  });
  await response.body.dump();
  return response.statusCode;
}

function refreshes(scene: Scene): number {
  return scene.sandbox.requests.filter((entry) => entry.path === "/oauth/token").length;
}

test("an account lives through the expiry of its tokens, again and again, on one login", async () => {
  const scene = await setScene();
  for (let round = 0; round < 4; round += 1) {
    expect(await statusFor(scene, await scene.account.lease(signal))).toBe(200);
    await scene.runtime.advance(10 * day);
  }
  expect(refreshes(scene)).toBe(3);
});

test("an account replaces tokens the backend has ended early, once for all who were refused", async () => {
  const scene = await setScene();
  const rejected = await scene.account.lease(signal);
  scene.sandbox.expireTokens("account-1");
  expect(await statusFor(scene, rejected)).toBe(401);
  const renewed = await Promise.all([1, 2, 3, 4].map(() => scene.account.renew(rejected, signal)));
  expect(new Set(renewed.map((credential) => credential?.secret)).size).toBe(1);
  expect(await statusFor(scene, renewed[0])).toBe(200);
  expect(refreshes(scene)).toBe(1);
});

test("an account whose refresh token is revoked, expired or spent elsewhere asks once and says what to do", async () => {
  const spend = async (scene: Scene) => {
    const body = { client_id: "app_test", grant_type: "refresh_token", refresh_token: scene.login.refreshToken };
    const response = await request(`${scene.sandbox.issuer}/oauth/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    await response.body.dump();
  };
  for (const [code, ruin, asked] of [
    ["refresh_token_invalidated", (scene: Scene) => scene.sandbox.revokeRefreshToken("account-1"), 1],
    ["refresh_token_expired", (scene: Scene) => scene.sandbox.expireRefreshToken("account-1"), 1],
    ["refresh_token_reused", spend, 2],
  ] as const) {
    const scene = await setScene();
    await ruin(scene);
    await scene.runtime.advance(10 * day);
    const error = await errorOf(scene.account.lease(signal));
    expect(error.message).toContain(`its refresh token was refused (${code})`);
    await scene.runtime.advance(day);
    await errorOf(scene.account.lease(signal));
    expect(refreshes(scene)).toBe(asked);
  }
});

test("an account with writeBack leaves an auth.json behind that Codex CLI could go on with", async () => {
  const scene = await setScene(true);
  await scene.runtime.advance(10 * day);
  const credential = await scene.account.lease(signal);
  const document: unknown = JSON.parse(await readFile(scene.authFile, "utf8"));
  expect(document).toMatchObject({ auth_mode: "chatgpt", tokens: { access_token: credential.secret } });
  expect(JSON.stringify(document)).not.toContain(scene.login.refreshToken);
});
