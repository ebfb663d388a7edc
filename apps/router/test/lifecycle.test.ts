import { connect } from "node:net";
import { createFakeRuntime } from "@turnout/testing";
import { request } from "undici";
import { describe, expect, test } from "vitest";
import { bodyOf, type ClientWire, post } from "./support/ask.ts";
import { startTestRouter } from "./support/running-router.ts";

const longAnswer = { steps: [{ type: "text" as const, text: "word ".repeat(40), deltaLength: 5 }] };
const paths: Partial<Record<ClientWire, string>> = {
  "openai-chat": "/v1/chat/completions",
  "openai-responses": "/v1/responses",
};

/** A streamed request of which the test reads piece by piece. */
async function openStream(url: string, wire: ClientWire, headers: Record<string, string> = {}) {
  const response = await request(`${url}${paths[wire]}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(bodyOf(wire, true)),
  });
  const chunks = response.body[Symbol.asyncIterator]();
  let text = "";
  return {
    response,
    /** Reads on until `part` has come. */
    until: async (part: string) => {
      while (!text.includes(part)) {
        const next = await chunks.next();
        if (next.done === true) throw new Error(`The stream ended without ${part}: ${text}`);
        text += String(next.value);
      }
      text = text.slice(text.indexOf(part) + part.length);
    },
    rest: async () => {
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) text += String(next.value);
      return text;
    },
  };
}

describe("a silent stream", () => {
  test("Chat is kept alive with a chunk whose delta is empty", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const { url, sandbox } = await startTestRouter({ runtime });
    sandbox.script({ answer: longAnswer, fault: { type: "stall", afterEvents: 8 } });
    const stream = await openStream(url, "openai-chat");
    await stream.until('"content":"word ');
    await runtime.advance(15_000);
    await stream.until('"delta":{}');
    stream.response.body.destroy();
    await expect.poll(() => sandbox.openStreams).toBe(0);
  });

  test("Responses is kept alive with an event", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const { url, sandbox } = await startTestRouter({ runtime });
    sandbox.script({ answer: longAnswer, fault: { type: "stall", afterEvents: 8 } });
    const stream = await openStream(url, "openai-responses");
    await stream.until("response.output_text.delta");
    await runtime.advance(15_000);
    await stream.until('data: {"type":"keepalive"');
    stream.response.body.destroy();
    await expect.poll(() => sandbox.openStreams).toBe(0);
  });

  test("before the answer has begun Codex gets an event, others a comment, and the answer still follows", async () => {
    for (const [headers, expected] of [
      [{ originator: "codex_exec" }, 'data: {"type":"keepalive"}'],
      [{}, ": keep-alive"],
    ] as const) {
      const runtime = createFakeRuntime({ now: Date.now() });
      const { url, sandbox } = await startTestRouter({ runtime });
      sandbox.script({ transport: "ws", fault: { type: "stall", afterEvents: 0 } });
      const opening = openStream(url, "openai-responses", headers);
      await expect.poll(() => sandbox.openStreams).toBe(1);
      await runtime.advance(15_000);
      const stream = await opening;
      await stream.until(expected);
      await runtime.advance(75_000);
      expect(await stream.rest()).toContain("response.completed");
    }
  });
});

describe("a client that leaves", () => {
  test.each(["ws", "http"] as const)(
    "aborts the upstream over %s, before and after the first event",
    async (transport) => {
      const router = await startTestRouter({ codex: { transport } });
      const { url, sandbox } = router;
      for (const afterEvents of [0, 8]) {
        sandbox.script({ answer: longAnswer, fault: { type: "stall", afterEvents } });
        const abort = new AbortController();
        const waiting = request(`${url}/v1/chat/completions`, {
          method: "POST",
          body: JSON.stringify(bodyOf("openai-chat", true)),
          signal: abort.signal,
        }).then((response) => response.body.dump());
        // How the client's library tells of its own abort is no concern here.
        const left = waiting.catch(() => undefined);
        await expect.poll(() => sandbox.openStreams).toBe(1);
        abort.abort();
        await left;
        await expect.poll(() => sandbox.openStreams).toBe(0);
      }
      await expect
        .poll(() => router.log.filter((line) => line["msg"] === "request left by its client"))
        .toHaveLength(2);
    },
  );
});

describe("stopping", () => {
  test("lets a running stream end and takes no new request", async () => {
    const { url, sandbox, close } = await startTestRouter();
    sandbox.script({ answer: { ...longAnswer, delayMs: 10 } });
    const stream = await openStream(url, "openai-chat");
    await stream.until('"content":"word ');
    const closing = close();
    const { hostname, port } = new URL(url);
    await new Promise<void>((resolve) => {
      connect(Number(port), hostname).on("error", () => resolve());
    });
    expect(await stream.rest()).toContain("[DONE]");
    await closing;
  });

  test("ends a stream that takes too long with an error in its grammar", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const { url, sandbox, router } = await startTestRouter({ runtime, server: { shutdownTimeoutMs: 5_000 } });
    sandbox.script({ answer: longAnswer, fault: { type: "stall", afterEvents: 8 } });
    const stream = await openStream(url, "openai-responses");
    await stream.until("response.output_text.delta");
    const closing = router.close();
    await runtime.advance(5_000);
    const rest = await stream.rest();
    expect(rest).toContain("response.failed");
    expect(rest).toContain("turnout is stopping");
    let closed = false;
    const noted = closing.finally(() => {
      closed = true;
    });
    const closedAfterAWhile = async () => {
      await runtime.advance(100);
      return closed;
    };
    await expect.poll(closedAfterAWhile).toBe(true);
    await noted;
  });
});

test("each request leaves one log line with its id, attempts and usage", async () => {
  const router = await startTestRouter();
  router.sandbox.script({ transport: "ws", fault: { type: "handshake", status: 426 } });
  const received = await post(router.url, "openai-chat", bodyOf("openai-chat", true));
  const lines = router.log.filter((line) => line["requestId"] === received.headers["x-request-id"]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    msg: "request completed",
    wire: "openai-chat",
    model: "codex/gpt-5.4",
    provider: "codex",
    executor: "codex-http",
    transport: "http",
    account: "first",
    attempts: 2,
    status: 200,
    finish: "stop",
    failedAttempts: [{ executor: "codex-ws", code: "upstream-unavailable" }],
  });
  expect(lines[0]?.["usage"]).toMatchObject({ output: expect.any(Number) });
});
