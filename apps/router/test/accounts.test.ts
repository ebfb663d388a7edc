import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bodyOf, post } from "./support/ask.ts";
import { startTestRouter, type TestRouter } from "./support/running-router.ts";
import { verdict } from "./support/verdict.ts";

describe("a Codex login", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "turnout-login-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function start() {
    const authFile = join(folder, "auth.json");
    const router = await startTestRouter({
      accounts: (sandbox) => {
        const account = sandbox.createAccount({ accountId: "account-1" });
        writeFileSync(authFile, JSON.stringify(account.authJson(), null, 2));
        chmodSync(authFile, 0o600);
        return [{ authFile, name: "login" }];
      },
    });
    return { router, authFile };
  }

  async function expectAnswer(router: TestRouter) {
    const received = await post(router.url, "openai-responses", bodyOf("openai-responses", true));
    expect(verdict("openai-responses", received).kind).toBe("answered");
  }

  test("works, and is refreshed once for all who wait when the upstream refuses it", async () => {
    const { router, authFile } = await start();
    await expectAnswer(router);
    const before = readFileSync(authFile, "utf8");
    router.sandbox.expireTokens("account-1");
    await Promise.all(Array.from({ length: 8 }, () => expectAnswer(router)));
    const refreshes = router.sandbox.requests.filter((entry) => entry.path.endsWith("/oauth/token"));
    expect(refreshes).toHaveLength(1);
    expect(readFileSync(authFile, "utf8")).toBe(before);
    const kept = router.dataDirectory;
    for (const name of readdirSync(kept)) expect(statSync(join(kept, name)).mode & 0o777).toBe(0o600);
    expect(readdirSync(kept)).toContain("turnout.db");
  });

  test("that cannot be refreshed tells the user to log in again", async () => {
    const { router } = await start();
    router.sandbox.expireTokens("account-1");
    router.sandbox.revokeRefreshToken("account-1");
    const received = await post(router.url, "openai-chat", bodyOf("openai-chat", false));
    expect(verdict("openai-chat", received)).toMatchObject({ kind: "failed", status: 503 });
    expect(JSON.stringify(received.document)).toMatch(/log in/i);
  });
});

test.each(["ws", "http"] as const)(
  "an API key speaks to the public API over %s, without an account header",
  async (transport) => {
    const router = await startTestRouter({
      accounts: (sandbox) => [{ apiKey: sandbox.createAccount({ apiKey: true }).apiKey }],
      codex: (sandbox) => ({ baseUrl: `${sandbox.url}/v1`, transport }),
    });
    const received = await post(router.url, "openai-chat", bodyOf("openai-chat", false));
    expect(verdict("openai-chat", received).kind).toBe("answered");
    expect(router.sandbox.requests.at(-1)?.headers).not.toHaveProperty("chatgpt-account-id");
  },
);

test("an account without a credential counts as no attempt: head and log name the one that was made", async () => {
  const router = await startTestRouter({
    accounts: (sandbox) => {
      const { accessToken, accountId } = sandbox.createAccount();
      return [
        { accessToken, accountId, name: "limited" },
        { authFile: "/nowhere/auth.json", name: "missing" },
      ];
    },
    codex: { transport: "http" },
  });
  router.sandbox.script({ fault: { type: "http", status: 429 } });
  const received = await post(router.url, "openai-chat", bodyOf("openai-chat", false));
  // The limited one is free again some time; that the other has no login helps the client less.
  expect(received.status).toBe(429);
  expect(Number(received.headers["retry-after"])).toBeGreaterThan(0);
  expect(received.headers["x-turnout-attempts"]).toBe("1");
  await expect
    .poll(() => router.log.at(-1))
    .toMatchObject({
      attempts: 1,
      account: "limited",
      failedAttempts: [{ account: "limited" }, { account: "missing", code: "credential-unavailable" }],
    });
});
