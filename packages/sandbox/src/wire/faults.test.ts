import { describe, expect, test } from "vitest";
import { answer, faults, namedFaults, say, type Fault, type Sandbox, type SandboxOptions } from "../index.ts";
import { textOf, turns, until } from "../../test/harness.ts";
import { ask, dig, startWithKey, type WireAnswer } from "../../test/wire-harness.ts";

/** One language as a client of it sees it. */
interface Language {
  readonly name: string;
  ask(sandbox: Sandbox, apiKey: string, stream: boolean, text?: string, signal?: AbortSignal): Promise<WireAnswer>;
  /** The text of all deltas. */
  textOf(answered: WireAnswer): string;
  /** It came to its own end. */
  isWhole(answered: WireAnswer): boolean;
  /** `message` of an error, as status or in the stream. */
  errorOf(value: unknown): unknown;
  /** Status of an overload. */
  readonly overload: number;
}

const chat: Language = {
  name: "chat",
  ask: (sandbox, apiKey, stream, content = "Hello", signal) =>
    ask(
      `${sandbox.openaiBaseUrl}/chat/completions`,
      { model: "gpt-4o", stream, messages: [{ role: "user", content }] },
      { headers: { authorization: `Bearer ${apiKey}` }, ...(signal === undefined ? {} : { signal }) },
    ),
  textOf: ({ events }) => events.map((event) => textOf(dig(event, "choices", 0, "delta", "content") ?? "")).join(""),
  isWhole: ({ text }) => text.includes("data: [DONE]"),
  errorOf: (value) => dig(value, "error", "message"),
  overload: 503,
};

const messages: Language = {
  name: "messages",
  ask: (sandbox, apiKey, stream, content = "Hello", signal) =>
    ask(
      `${sandbox.anthropicBaseUrl}/v1/messages`,
      { model: "claude-sonnet-4-5", max_tokens: 1000, stream, messages: [{ role: "user", content }] },
      {
        headers: { "x-api-key": apiKey, "anthropic-version": "2023-06-01" },
        ...(signal === undefined ? {} : { signal }),
      },
    ),
  textOf: ({ events }) => events.map((event) => textOf(dig(event, "delta", "text") ?? "")).join(""),
  isWhole: ({ names }) => names.includes("message_stop"),
  errorOf: (value) => (dig(value, "type") === "error" ? dig(value, "error", "message") : undefined),
  overload: 529,
};

function gemini(name: string, query: string): Language {
  return {
    name,
    ask: (sandbox, apiKey, stream, text = "Hello", signal) =>
      ask(
        `${sandbox.geminiBaseUrl}/v1beta/models/gemini-2.5-flash:${stream ? `streamGenerateContent${query}` : "generateContent"}`,
        { contents: [{ role: "user", parts: [{ text }] }] },
        { headers: { "x-goog-api-key": apiKey }, ...(signal === undefined ? {} : { signal }) },
      ),
    textOf: ({ events }) =>
      events.map((event) => textOf(dig(event, "candidates", 0, "content", "parts", 0, "text") ?? "")).join(""),
    isWhole: ({ text }) => text.includes('"finishReason":"STOP"'),
    errorOf: (value) => dig(value, "error", "message") ?? dig(value, 0, "error", "message"),
    overload: 503,
  };
}

const script = answer(say.text("One two three.", { deltas: 3 }));

describe.each([chat, messages, gemini("gemini sse", "?alt=sse"), gemini("gemini array", "")])("$name", (language) => {
  async function start(options: SandboxOptions = {}) {
    const { sandbox, apiKey } = await startWithKey({ answer: script, ...options });
    const send = (fault: Fault | undefined, stream = true) => {
      if (fault !== undefined) sandbox.script({ fault });
      return language.ask(sandbox, apiKey, stream);
    };
    return { sandbox, apiKey, send };
  }
  const isArray = language.name === "gemini array";

  test("an error in the stream comes in its place, and nothing after it", async () => {
    const { send, sandbox } = await start();
    const fault = faults.errorEvent({ status: 500, error: { message: "No luck" }, afterEvents: 3 });
    const answered = await send(fault);
    expect(answered.status).toBe(200);
    expect(answered.events).toHaveLength(4);
    expect(language.errorOf(answered.events.at(-1))).toBe("No luck");
    expect(language.isWhole(answered)).toBe(false);
    expect(sandbox.requests[0]?.outcome).toBe("faulted");
  });

  test("an error without a stream is a status", async () => {
    const { send } = await start();
    const answered = await send(faults.overloaded(), false);
    expect(answered.status).toBe(language.overload);
    expect(language.errorOf(answered.json)).toContain("overloaded");
  });

  test("429 has what a client waits by", async () => {
    const { send } = await start();
    const answered = await send(faults.rateLimit({ resetsInSeconds: 7 }));
    expect(answered.status).toBe(429);
    expect(answered.headers["retry-after"] ?? answered.text).toContain("7");
    if (language.name.startsWith("gemini")) expect(answered.text).toContain('"retryDelay":"7s"');
    const late = await send(faults.rateLimit({ afterEvents: 2 }));
    expect(late.status).toBe(200);
    expect(language.errorOf(late.events.at(-1))).toBeDefined();
  });

  test.each([400, 500, 503])("%d has the language's own body, or the script's", async (status) => {
    const { send } = await start();
    const own = await send(faults.http(status), false);
    expect(own.status).toBe(status === 503 ? language.overload : status);
    expect(language.errorOf(own.json)).toBe("Scripted");
    const scripted = await send(faults.http(status, { body: { a: 1 }, headers: { "retry-after": "2" } }));
    expect(scripted).toMatchObject({ status, json: { a: 1 }, headers: { "retry-after": "2" } });
  });

  test("an edge's page is HTML", async () => {
    const { send } = await start();
    const answered = await send(faults.html(502));
    expect(answered.status).toBe(502);
    expect(answered.headers["content-type"]).toContain("text/html");
  });

  test("a cut at every event leaves what went before", async () => {
    const { send } = await start();
    const whole = await send(undefined);
    const { length } = whole.text;
    for (let count = 1; count <= whole.events.length; count += 1) {
      const answered = await send(faults.cut({ after: count, how: count % 2 === 0 ? "reset" : "close" }));
      expect(answered.broken).toBe(true);
      expect(answered.text.length).toBeLessThanOrEqual(length);
    }
    const partial = await send(faults.cut({ after: 2, atByte: 9, how: "close" }));
    expect(partial.broken).toBe(true);
    await expect(send(faults.cut())).rejects.toThrow(/socket|ECONNRESET/i);
  });

  test("a document can be cut in the middle", async () => {
    const { send } = await start();
    const answered = await send(faults.cut({ after: "request", atByte: 20, how: "close" }), false);
    expect(answered.broken).toBe(true);
    expect(answered.text).toHaveLength(20);
  });

  test("a stall ends when the client goes, and so does a hang", async () => {
    const { sandbox, apiKey } = await start();
    for (const fault of [faults.stall(2), faults.hang()]) {
      sandbox.script({ fault });
      const controller = new AbortController();
      const answered = language.ask(sandbox, apiKey, true, "Hello", controller.signal).catch(() => "gone");
      await until(() => sandbox.openStreams === 1);
      await turns();
      controller.abort();
      await answered;
      await until(() => sandbox.openStreams === 0);
      expect(sandbox.requests.at(-1)?.outcome).toBe("aborted");
    }
  });

  test("a client that goes in the middle stops the answer", async () => {
    const { sandbox, apiKey } = await start({ answer: answer(say.text("a"), say.silence(3_000_000), say.text("b")) });
    const controller = new AbortController();
    const answered = language.ask(sandbox, apiKey, true, "Hello", controller.signal).catch(() => "gone");
    await until(() => sandbox.openStreams === 1);
    await turns();
    controller.abort();
    await answered;
    await until(() => sandbox.openStreams === 0);
    expect(sandbox.requests[0]?.outcome).toBe("aborted");
  });

  test("one byte at a time says the same", async () => {
    const { send } = await start();
    const answered = await send(faults.oneByteChunks());
    expect(language.textOf(answered)).toBe("One two three.");
    expect(answered.chunks).toBeGreaterThan(50);
  });

  test("no terminal event: a clean end too early", async () => {
    const { send } = await start();
    const answered = await send(faults.noTerminal());
    expect(answered.broken).toBe(false);
    expect(language.isWhole(answered)).toBe(false);
    if (!isArray) expect(language.textOf(answered)).toContain("One two three.");
  });

  test("unknown events in between change nothing", async () => {
    const { send } = await start();
    const plain = await send(undefined);
    const answered = await send(faults.unknownEvents());
    expect(language.textOf(answered)).toBe("One two three.");
    expect(answered.events.length).toBeGreaterThan(plain.events.length);
    expect(language.isWhole(answered)).toBe(true);
  });

  test("events after the terminal one come", async () => {
    const { send } = await start();
    const answered = await send(faults.extraAfterTerminal());
    expect(answered.text).toContain("after the end");
    expect(answered.text.indexOf("after the end")).toBeGreaterThan(answered.text.indexOf("three"));
  });

  test.each(["broken-json", "binary", "non-object", "wrong-type", "no-type"] as const)(
    "malformed: %s",
    async (what) => {
      const { send } = await start();
      const plain = await send(undefined);
      const answered = await send(faults.malformed(what));
      expect(answered.status).toBe(200);
      expect(answered.text).not.toBe(plain.text);
      const marks = {
        "broken-json": "cut in the mid",
        binary: "\uFFFD",
        "non-object": '["not","an","object"]',
        "wrong-type": isArray || language.name === "gemini sse" ? '"usageMetadata":"none"' : '"zero"',
        "no-type": '{"hello":"world"}',
      };
      expect(answered.text).toContain(marks[what]);
    },
  );

  test.each(Object.keys(namedFaults))("[[fault: %s]] is a fault here, too", async (name) => {
    const { sandbox, apiKey } = await start({});
    const controller = new AbortController();
    const asked = language.ask(sandbox, apiKey, true, `[[fault: ${name}]]`, controller.signal).catch(() => undefined);
    if (name === "stall") {
      await until(() => sandbox.openStreams === 1);
      await turns();
      controller.abort();
    }
    const answered = await asked;
    const plain = await language.ask(sandbox, apiKey, true);
    expect(answered?.text).not.toBe(plain.text);
  });

  test("goes out in as few writes as `eventsPerWrite` allows", async () => {
    const long = answer(say.text("x".repeat(64), { deltas: 64 }));
    const { sandbox, apiKey } = await startWithKey({ answer: long, eventsPerWrite: 1_000 });
    const answered = await language.ask(sandbox, apiKey, true);
    expect(answered.chunks).toBeLessThanOrEqual(2);
    expect(language.textOf(answered)).toBe("x".repeat(64));
  });
});
