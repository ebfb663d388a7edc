import { type AccountStore, openAccountStore } from "@turnout/auth";
import { systemRuntime } from "@turnout/core";
import type { SandboxAccount } from "@turnout/sandbox";
import { expect, onTestFinished, test } from "vitest";
import { readConfig } from "../src/config/load-config.ts";
import { createLog } from "../src/log.ts";
import { builtInPlugins } from "../src/plugins.ts";
import { startRouter } from "../src/server/start-router.ts";
import { bodyOf, post } from "./support/ask.ts";
import { startTestRouter, type TestRouter } from "./support/running-router.ts";
import { verdict } from "./support/verdict.ts";

/** The store of a router's data folder as another process has it. */
async function openBeside(router: TestRouter): Promise<AccountStore> {
  const store = await openAccountStore({ dataDirectory: router.dataDirectory });
  onTestFinished(() => store.close());
  return store;
}

function add(store: AccountStore, { accountId, accessToken, refreshToken }: SandboxAccount, expiresAt: number) {
  const secrets = { secret: accessToken, refreshToken, expiresAt };
  return store.accounts.add({ provider: "codex", kind: "oauth", origin: "login", accountId, secrets });
}

async function ask(router: TestRouter): Promise<string> {
  const received = await post(router.url, "openai-responses", bodyOf("openai-responses", true));
  return verdict("openai-responses", received).kind;
}

test("an account that is logged in beside a running router is used, refreshed and marked without a restart", async () => {
  const router = await startTestRouter({ accounts: () => [] });
  expect(await ask(router)).not.toBe("answered");
  const store = await openBeside(router);
  const soon = systemRuntime.now() + 3_600_000;
  const first = add(store, router.sandbox.createAccount({ accountId: "account-1" }), soon);
  await expect.poll(() => ask(router), { timeout: 10_000 }).toBe("answered");

  router.sandbox.expireTokens("account-1");
  router.sandbox.revokeRefreshToken("account-1");
  expect(await ask(router)).not.toBe("answered");
  expect(store.accounts.get(first.id)?.needsLogin?.reason).toContain("refresh_token_invalidated");

  const second = add(store, router.sandbox.createAccount({ accountId: "account-2" }), systemRuntime.now() - 1);
  await expect.poll(() => ask(router), { timeout: 10_000 }).toBe("answered");
  expect(store.credentials.generation(second.id)).toBe(2);
  expect(router.logText()).not.toMatch(/rt_|eyJ/u);
});

test("a router does not start with another key than its accounts were encrypted with, and says what to do", async () => {
  const first = await startTestRouter();
  const options = {
    config: readConfig(undefined, builtInPlugins, { port: 0, host: undefined }),
    plugins: builtInPlugins,
    runtime: systemRuntime,
    log: createLog("silent", { write: () => {} }),
    dataDirectory: first.dataDirectory,
    homeDirectory: first.dataDirectory,
    environment: { TURNOUT_KEY: "another passphrase" },
  };
  await expect(startRouter(options)).rejects.toThrow(/^Cannot decrypt .*turnout\.db: .* unset TURNOUT_KEY\./u);
});
