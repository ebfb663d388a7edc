import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountReport } from "@turnout/auth";
import type { Scenario } from "@turnout/sandbox";
import { describe, expect, onTestFinished, test } from "vitest";
import { bodyOf, post, type Received } from "./support/ask.ts";
import { startTestRouter, type TestRouter, type TestRouterOptions } from "./support/running-router.ts";
import { verdict } from "./support/verdict.ts";

const hour = 3_600_000;

/** Two accounts, the first of which is asked first. */
async function start(options: TestRouterOptions = {}): Promise<TestRouter> {
  return startTestRouter({
    accounts: (sandbox) =>
      ["first", "second"].map((name) => {
        const { accessToken, accountId } = sandbox.createAccount({ accountId: name });
        return { accessToken, accountId, name };
      }),
    codex: { transport: "http", strategy: "priority" },
    ...options,
  });
}

function ask(router: TestRouter, model = "codex/gpt-5.4", headers: Record<string, string> = {}): Promise<Received> {
  return post(router.url, "openai-chat", bodyOf("openai-chat", true, model), headers);
}

async function expectAnswer(router: TestRouter, model?: string, headers?: Record<string, string>): Promise<void> {
  expect(verdict("openai-chat", await ask(router, model, headers)).kind).toBe("answered");
}

/** Ids of the accounts that were asked for an answer, oldest first. */
function asked(router: TestRouter): (string | undefined)[] {
  return router.sandbox.requests.filter(({ kind }) => kind === "response").map(({ accountId }) => accountId);
}

function reportOf(router: TestRouter, key: string): AccountReport | undefined {
  const provider = router.router.registry.providers.find(({ name }) => name === "codex");
  return provider?.pool.report().find((account) => account.key === key);
}

function statesOf(router: TestRouter): (string | undefined)[] {
  return ["first", "second"].map((key) => reportOf(router, key)?.state.kind);
}

function http(status: number, error: Record<string, string | number>, headers: Record<string, string> = {}): Scenario {
  return { fault: { type: "http", status, headers, body: { error } } };
}

const usedUp: Scenario = { fault: { type: "rate-limit", resetsInSeconds: 3_600 } };

describe("an account that has reached its limit", () => {
  test.each(["http", "ws"] as const)(
    "is left alone until its reset; another one answers unseen (%s)",
    async (transport) => {
      const router = await start({ codex: { transport, strategy: "priority" } });
      router.sandbox.script(usedUp);
      await expectAnswer(router);
      await expectAnswer(router);
      const { kind, until = 0, isKnown } = reportOf(router, "first")?.state ?? {};
      expect({ kind, isKnown }).toEqual({ kind: "cooling", isKnown: true });
      expect(Math.abs(until - Date.now() - hour)).toBeLessThan(60_000);
      const upstream = transport === "http" ? asked(router) : router.sandbox.requests.map(({ accountId }) => accountId);
      expect(upstream.filter((id) => id === "first").length).toBeLessThanOrEqual(2);
      expect(reportOf(router, "second")?.state.kind).toBe("ready");
    },
  );

  test("ends in 429 with the first reset when all have, and nobody is asked in vain after that", async () => {
    const router = await start();
    router.sandbox.script(usedUp);
    router.sandbox.script({ fault: { type: "rate-limit", resetsInSeconds: 7_200 } });
    const refused = await ask(router);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(3_500);
    expect(Number(refused.headers["retry-after"])).toBeLessThanOrEqual(3_600);
    expect(asked(router)).toEqual(["first", "second"]);
    const again = await ask(router);
    expect(verdict("openai-chat", again)).toMatchObject({ kind: "failed", status: 429 });
    expect(Number(again.headers["retry-after"])).toBeLessThanOrEqual(3_600);
    expect(asked(router)).toHaveLength(2);
  });

  test("is worth waiting for, when the other one has no credential", async () => {
    const router = await start({
      accounts: (sandbox) => {
        const { accessToken, accountId } = sandbox.createAccount({ accountId: "first" });
        return [
          { accessToken, accountId, name: "first" },
          { authFile: "/nowhere/auth.json", name: "second" },
        ];
      },
    });
    router.sandbox.script(usedUp);
    const refused = await ask(router);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(3_500);
  });

  test("is left alone for that model only, when the limit is of one model", async () => {
    const router = await start();
    const headers = {
      "x-codex-active-limit": "codex_bengalfox",
      "x-codex-bengalfox-limit-name": "GPT-5.3-Codex-Spark",
      "x-codex-bengalfox-primary-used-percent": "100",
    };
    const error = { type: "usage_limit_reached", message: "no", resets_at: Math.ceil(Date.now() / 1_000) + 3_600 };
    router.sandbox.script(http(429, error, headers));
    await expectAnswer(router, "codex/gpt-5.3-codex-spark");
    await expectAnswer(router, "codex/gpt-5.4");
    await expectAnswer(router, "codex/gpt-5.3-codex-spark");
    expect(asked(router)).toEqual(["first", "second", "first", "second"]);
  });

  test("stays so over a restart", async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), "turnout-data-"));
    onTestFinished(() => rmSync(dataDirectory, { recursive: true }));
    const before = await start({ dataDirectory });
    before.sandbox.script(usedUp);
    await expectAnswer(before);
    const { until } = reportOf(before, "first")?.state ?? {};
    await before.close();
    const after = await start({ dataDirectory });
    expect(reportOf(after, "first")?.state).toMatchObject({ kind: "cooling", until });
    expect(reportOf(after, "second")?.quotas).toMatchObject([{ limit: "codex" }]);
    await expectAnswer(after);
    expect(asked(after)).toEqual(["second"]);
  });

  test("is noticed in the middle of an answer too", async () => {
    const router = await start();
    const error = { type: "usage_limit_reached", message: "no", resets_at: Math.ceil(Date.now() / 1_000) + 3_600 };
    const answer = { steps: [{ type: "text" as const, text: "word ".repeat(20), deltaLength: 5 }], delayMs: 5 };
    router.sandbox.script({ answer, fault: { type: "error-event", status: 429, error, afterEvents: 12 } });
    expect(verdict("openai-chat", await ask(router)).kind).toBe("failed");
    await expect.poll(() => statesOf(router)).toEqual(["cooling", "ready"]);
    await expectAnswer(router);
    expect(asked(router)).toEqual(["first", "second"]);
  });

  test("loses its conversations, which stay where they went", async () => {
    const router = await start();
    const headers = { "session-id": "talk" };
    await expectAnswer(router, undefined, headers);
    const [home] = asked(router);
    const other = home === "first" ? "second" : "first";
    await expectAnswer(router, undefined, headers);
    router.sandbox.script({ fault: { type: "http", status: 429, headers: { "retry-after": "1" } } });
    await expectAnswer(router, undefined, headers);
    await expect.poll(() => statesOf(router), { timeout: 5_000 }).toEqual(["ready", "ready"]);
    await expectAnswer(router, undefined, headers);
    expect(asked(router)).toEqual([home, home, home, other, other]);
  });
});

test("a refused credential is not shown again, and its account waits for a login", async () => {
  const router = await start();
  router.sandbox.expireTokens("first");
  await expectAnswer(router);
  expect(statesOf(router)).toEqual(["needs-login", "ready"]);
  await expectAnswer(router);
  expect(router.sandbox.requests.filter(({ status }) => status === 401)).toHaveLength(1);
});

test("all credentials refused: the client is told to log in, and the upstream is not asked again", async () => {
  const router = await start();
  for (const account of ["first", "second"]) router.sandbox.expireTokens(account);
  for (let count = 0; count < 3; count += 1) {
    const refused = await ask(router);
    expect(refused.status).toBe(503);
    expect(JSON.stringify(refused.document)).toMatch(/log in/i);
  }
  expect(router.sandbox.requests).toHaveLength(2);
});

test("403 with an error document disables the account for a while; 403 with a page punishes nobody", async () => {
  const router = await start();
  router.sandbox.script({ fault: { type: "html", status: 403 } });
  expect((await ask(router)).status).toBe(502);
  expect(statesOf(router)).toEqual(["ready", "ready"]);
  router.sandbox.script(http(403, { message: "Not for you", type: "invalid_request_error" }));
  await expectAnswer(router);
  expect(statesOf(router)).toEqual(["disabled", "ready"]);
});

test("troubles of the upstream empty no pool", async () => {
  const router = await start();
  for (let count = 0; count < 12; count += 1) {
    router.sandbox.script(http(500, { message: "The server had an error", type: "server_error" }));
    expect((await ask(router)).status).toBe(502);
  }
  expect(statesOf(router)).toEqual(["ready", "ready"]);
  await expectAnswer(router);
  await expectAnswer(router);
});

test("the client's own mistakes punish nobody", async () => {
  const router = await start();
  for (let count = 0; count < 5; count += 1) {
    router.sandbox.script(http(400, { message: "Invalid input", type: "invalid_request_error" }));
    expect((await ask(router)).status).toBe(400);
  }
  expect(asked(router)).toEqual(["first", "first", "first", "first", "first"]);
  expect(statesOf(router)).toEqual(["ready", "ready"]);
});

test("a plain 429 with retry-after is over after that time", async () => {
  const router = await start();
  router.sandbox.script({ fault: { type: "http", status: 429, headers: { "retry-after": "120" } } });
  await expectAnswer(router);
  const rest = reportOf(router, "first")?.models[0];
  expect(rest).toMatchObject({ model: "gpt-5.4", state: { kind: "cooling", why: "rate-limit", isKnown: true } });
});

test.each(["http", "ws"] as const)("what is left of each window is known after an answer (%s)", async (transport) => {
  const router = await start({ codex: { transport, strategy: "priority" } });
  await expectAnswer(router);
  await expect
    .poll(() => reportOf(router, "first")?.quotas)
    .toMatchObject([
      {
        limit: "codex",
        source: "answer",
        windows: [
          { leftPercent: 100, lengthMs: 5 * hour },
          { leftPercent: 100, lengthMs: 168 * hour },
        ],
      },
    ]);
});

test("the strategy and the priorities of the config choose among accounts", async () => {
  const router = await startTestRouter({
    accounts: (sandbox) =>
      ["first", "second", "third"].map((name) => {
        const { accessToken, accountId } = sandbox.createAccount({ accountId: name });
        return { accessToken, accountId, name, ...(name === "first" ? {} : { priority: 1 }) };
      }),
    codex: { transport: "http", strategy: "round-robin" },
  });
  for (const text of ["One", "Two", "Three", "Four"]) {
    const received = await post(router.url, "openai-chat", bodyOf("openai-chat", true, "codex/gpt-5.4", text));
    expect(verdict("openai-chat", received).kind).toBe("answered");
  }
  expect(asked(router)).toEqual(["second", "third", "second", "third"]);
});
