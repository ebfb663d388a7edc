import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, test } from "vitest";
import { bodyOf, post, type Received } from "./support/ask.ts";
import { startTestRouter, type TestRouter } from "./support/running-router.ts";
import { verdict } from "./support/verdict.ts";

type Message = Readonly<Record<string, unknown>>;

const long = "x".repeat(20_000);

async function chat(router: TestRouter, messages: readonly Message[], more: Message = {}): Promise<Received> {
  const received = await post(router.url, "openai-chat", { model: "codex/gpt-5.4", stream: false, messages, ...more });
  expect(verdict("openai-chat", received).kind).toBe("answered");
  return received;
}

function answerOf(received: Received): Message {
  const document = received.document as { choices: { message: Message }[] };
  return document.choices[0]?.message ?? {};
}

function lines(router: TestRouter) {
  return router.log.filter((line) => line["msg"] === "request completed");
}

describe("a Chat client over codex-ws", () => {
  test("resends its history, and only the new part travels", async () => {
    const router = await startTestRouter();
    const messages = [{ role: "user", content: long }];
    const first = await chat(router, messages);
    const second = await chat(router, [...messages, answerOf(first), { role: "user", content: "And now?" }]);
    const sessions = [first, second].map(({ headers }) => headers["x-turnout-session"]);
    expect(sessions).toEqual(["fresh", "incremental"]);
    const [, line] = lines(router);
    expect(line).toMatchObject({ session: "incremental" });
    expect(Number(line?.["fullBytes"])).toBeGreaterThan(20_000);
    expect(Number(line?.["sentBytes"])).toBeLessThan(2_000);
    expect(line?.["usage"]).toMatchObject({ cacheRead: expect.any(Number) });
  });

  test("learns from the log which item or setting broke its conversation", async () => {
    const router = await startTestRouter();
    const more = { prompt_cache_key: "conversation" };
    const messages = [
      { role: "user", content: "One" },
      { role: "user", content: "Two" },
    ];
    const answer = answerOf(await chat(router, messages, more));
    const next = { role: "user", content: "On" };
    await chat(router, [{ role: "user", content: "One" }, { role: "user", content: "Too" }, answer, next], more);
    await chat(router, [...messages, answer, next], { ...more, reasoning_effort: "high" });
    const differences = lines(router).map((line) => line["difference"]);
    expect(differences).toEqual([undefined, "input[1].content[0]", "reasoning"]);
  });
});

describe("a network nobody knows", () => {
  test("a handshake that takes long leaves the request to HTTP, and only one of the two carries it", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const router = await startTestRouter({ runtime });
    router.sandbox.script({ transport: "ws", fault: { type: "hang" } });
    const waiting = post(router.url, "openai-chat", bodyOf("openai-chat", false));
    await expect.poll(() => router.sandbox.requests.length).toBe(1);
    await runtime.advance(500);
    const received = await waiting;
    expect(received.headers["x-turnout-executor"]).toBe("codex-http");
    expect(router.sandbox.requests.filter(({ kind }) => kind === "response")).toHaveLength(1);
  });

  test("is known after the first answer: later handshakes have their whole time", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const router = await startTestRouter({ runtime });
    await post(router.url, "openai-chat", bodyOf("openai-chat", false));
    router.sandbox.script({ transport: "ws", fault: { type: "hang" } });
    const before = router.sandbox.requests.length;
    const waiting = post(router.url, "openai-chat", bodyOf("openai-chat", false, undefined, "Another"));
    await expect.poll(() => router.sandbox.requests.length).toBe(before + 1);
    await runtime.advance(14_000);
    expect(router.sandbox.requests).toHaveLength(before + 1);
    await runtime.advance(1_000);
    expect((await waiting).headers["x-turnout-executor"]).toBe("codex-http");
  });
});
