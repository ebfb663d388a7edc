import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, test } from "vitest";
import { bodyOf, post } from "./support/ask.ts";
import { startTestRouter, type TestRouter } from "./support/running-router.ts";
import { verdict } from "./support/verdict.ts";

async function executorOf(router: TestRouter): Promise<unknown> {
  const received = await post(router.url, "openai-chat", bodyOf("openai-chat", false));
  expect(verdict("openai-chat", received).kind).toBe("answered");
  return received.headers["x-turnout-executor"];
}

function handshakes(router: TestRouter): number {
  return router.sandbox.requests.filter((entry) => entry.transport === "ws").length;
}

describe("a failing WebSocket", () => {
  test("is remembered, left alone for a while, probed once, and used again when it is well", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const router = await startTestRouter({ runtime });
    router.sandbox.script({ transport: "ws", fault: { type: "handshake", status: 426 }, times: 2 });
    expect(await executorOf(router)).toBe("codex-http");
    const tried = handshakes(router);
    expect(await executorOf(router)).toBe("codex-http");
    expect(handshakes(router)).toBe(tried);

    await runtime.advance(10 * 60_000);
    expect(await executorOf(router)).toBe("codex-http");
    expect(handshakes(router)).toBe(tried + 1);

    await runtime.advance(60 * 60_000);
    expect(await executorOf(router)).toBe("codex-ws");
    expect(await executorOf(router)).toBe("codex-ws");
  });

  test("is tried all the same when the config allows nothing else", async () => {
    const router = await startTestRouter({ codex: { transport: "ws" } });
    router.sandbox.script({ transport: "ws", fault: { type: "handshake", status: 426 } });
    const refused = await post(router.url, "openai-chat", bodyOf("openai-chat", false));
    expect(verdict("openai-chat", refused)).toMatchObject({ kind: "failed", status: 503 });
    expect(await executorOf(router)).toBe("codex-ws");
  });

  test("costs the request nothing that the client can see: the same body goes over HTTP", async () => {
    const router = await startTestRouter();
    router.sandbox.script({ transport: "ws", fault: { type: "cut", after: "first-event" } });
    await executorOf(router);
    const [socket, http] = router.sandbox.requests.filter((entry) => entry.body !== undefined).slice(-2);
    expect(http?.transport).toBe("http");
    expect(withoutType(socket?.body)).toEqual(withoutType(http?.body));
  });

  test("a frame over the limit goes over HTTP without a dial", async () => {
    const router = await startTestRouter({ codex: { maxFrameBytes: 2000 } });
    const received = await post(router.url, "openai-chat", bodyOf("openai-chat", true, undefined, "x".repeat(3000)));
    expect(verdict("openai-chat", received).kind).toBe("answered");
    expect(received.headers["x-turnout-executor"]).toBe("codex-http");
    expect(handshakes(router)).toBe(0);
    expect(await executorOf(router)).toBe("codex-ws");
  });

  test("a first event that does not come moves the request to HTTP", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const router = await startTestRouter({ runtime });
    router.sandbox.script({ transport: "ws", fault: { type: "stall", afterEvents: 0 } });
    const waiting = executorOf(router);
    await expect.poll(() => router.sandbox.openStreams).toBe(1);
    await runtime.advance(90_000);
    expect(await waiting).toBe("codex-http");
  });
});

function withoutType(body: unknown): unknown {
  const { type: _type, ...rest } = body as Record<string, unknown>;
  return rest;
}

describe("limits and credentials", () => {
  test("a usage limit cools the account and takes the next one", async () => {
    const router = await startTestRouter({
      accounts: (sandbox) =>
        ["one", "two"].map((name) => {
          const { accessToken, accountId } = sandbox.createAccount({ accountId: `account-${name}` });
          return { accessToken, accountId, name };
        }),
    });
    router.sandbox.script({ fault: { type: "rate-limit", resetsInSeconds: 3600 } });
    await executorOf(router);
    await executorOf(router);
    const accounts = router.log.filter((line) => line["status"] === 200).map((line) => line["account"]);
    expect(accounts).toEqual(["two", "two"]);
  });

  test("an overload is waited out, twice at most", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const router = await startTestRouter({ runtime, codex: { transport: "http" } });
    const overload = {
      type: "http" as const,
      status: 503,
      body: { error: { code: "server_is_overloaded", message: "Full" } },
    };
    router.sandbox.script({ fault: overload, times: 2 });
    const waiting = executorOf(router);
    for (const asked of [1, 2]) {
      await expect.poll(() => router.sandbox.requests.length).toBe(asked);
      await expect.poll(async () => (await runtime.advance(1_100), router.sandbox.requests.length)).toBe(asked + 1);
    }
    expect(await waiting).toBe("codex-http");
  });
});
