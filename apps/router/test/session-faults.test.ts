import { isJsonObject, type JsonObject, systemRuntime, type WireFormat, wireFormats } from "@turnout/core";
import { faults, say } from "@turnout/sandbox";
import { createFakeRuntime, until } from "@turnout/testing";
import { describe, expect, test } from "vitest";
import { post } from "./support/ask.ts";
import { startTestRouter, type TestRouter, type TestRouterOptions } from "./support/running-router.ts";
import { verdict } from "./support/verdict.ts";

type Fault = ReturnType<(typeof faults)[keyof typeof faults]>;

/** What was said so far, questions and answers in turns. */
type Said = readonly string[];

/** The conversation as a client of the format sends it: all of it, every time, without anything of the upstream's own. */
function bodyOf(wire: WireFormat, said: Said, stream: boolean): JsonObject {
  const model = "codex/gpt-5.4";
  const roleOf = (index: number, answering = "assistant") => (index % 2 === 0 ? "user" : answering);
  const messages = said.map((content, index) => ({ role: roleOf(index), content }));
  switch (wire) {
    case "openai-chat":
      return { model, stream, messages };
    case "openai-responses":
      return { model, stream, input: messages };
    case "anthropic-messages":
      return { model, stream, max_tokens: 1_000, messages };
    case "gemini":
      return {
        model,
        stream,
        contents: said.map((text, index) => ({ role: roleOf(index, "model"), parts: [{ text }] })),
      };
  }
}

let marks = 0;
function mark(): string {
  marks += 1;
  return `answer ${marks}, said only once`;
}

const thoughtful = (text: string, delayMs = 0) => ({
  steps: [{ ...say.reasoning("Hm"), encryptedLength: 200 }, say.text(text, { deltaLength: 5 })],
  delayMs,
});

async function ask(router: TestRouter, wire: WireFormat, said: Said, stream = true) {
  const received = await post(router.url, wire, bodyOf(wire, said, stream));
  const { headers } = received;
  return {
    seen: verdict(wire, received),
    session: headers["x-turnout-session"],
    transport: headers["x-turnout-transport"],
  };
}

/** A router with a conversation of one turn over WebSocket; `said` is what its client sends next. */
async function begin(wire: WireFormat, options: TestRouterOptions = {}) {
  const router = await startTestRouter(options);
  const text = mark();
  router.sandbox.script({ answer: thoughtful(text) });
  // What a Responses client does not carry, it has left out on purpose.
  const first = await ask(router, wire, ["Hello"]);
  expect(first).toEqual({ seen: { kind: "answered", text }, session: "fresh", transport: "ws" });
  return { router, said: ["Hello", text, `On, ${mark()}`] };
}

function sent({ sandbox }: TestRouter) {
  return sandbox.requests.filter(({ kind }) => kind === "response");
}

/** The newest request has reached the upstream whole, as one that was never split. */
function expectWhole(router: TestRouter, wire: WireFormat, said: Said): void {
  const last = sent(router).at(-1);
  const items = (last?.input ?? []).filter(({ type }) => type !== "reasoning");
  const texts = items.map(({ content }) =>
    typeof content === "string" ? content : content?.map(({ text }) => text).join(""),
  );
  expect(texts).toEqual(said);
  const reasoning = (last?.input ?? []).filter(({ type }) => type === "reasoning").length;
  expect(reasoning).toBe(wire === "openai-responses" ? 0 : 1);
}

/** Only a client of another format goes on without the reasoning that it cannot carry. */
const carriers = wireFormats.filter((wire) => wire !== "openai-responses");

describe.each(carriers)("%s: a conversation", (wire) => {
  test.each([true, false])("goes on on its socket (streamed: %s)", async (stream) => {
    const { router, said } = await begin(wire);
    const text = mark();
    router.sandbox.script({ answer: thoughtful(text) });
    const next = await ask(router, wire, said, stream);
    expect(next).toEqual({ seen: { kind: "answered", text }, session: "incremental", transport: "ws" });
    expectWhole(router, wire, said);
    expect(router.sandbox.openSockets).toBe(1);
  });

  test.each([true, false])(
    "that is cut after content tells so, and is not sent again (streamed: %s)",
    async (stream) => {
      const { router, said } = await begin(wire);
      router.sandbox.script({ answer: thoughtful(mark(), 5), fault: faults.cut({ after: 18, how: 1011 }) });
      const text = mark();
      router.sandbox.script({ answer: thoughtful(text) });
      const { seen } = await ask(router, wire, said, stream);
      if (stream) {
        expect(seen).toMatchObject({ kind: "failed", status: 200 });
        expect(sent(router)).toHaveLength(2);
      }
      // Nothing of the answer has reached a client that waits for all of it.
      else expect(seen).toEqual({ kind: "answered", text });
    },
  );
});

const lasting: readonly (readonly [string, Fault])[] = [
  ...[1000, 1001, 1005, 1006, 1008, 1009, 1011, 1012, 1013, 1015].map(
    (how) => [`closes with ${how}`, faults.cut({ how })] as const,
  ),
  ["closes after its opening events", faults.cut({ after: 4, how: 1011 })],
  ["is cut inside its first frame", faults.cut({ atByte: 7 })],
  ["has lost what went before", faults.staleAnchor()],
  [
    "has lost what went before, in other words",
    faults.errorEvent({ status: 400, error: { message: "Invalid `previous_response_id`." } }),
  ],
  ["is too old", faults.connectionLimit()],
  ["says broken things", faults.malformed("broken-json", 0)],
  ["says binary things", faults.malformed("binary", 0)],
];

describe.each(lasting)("an upstream that %s", (_what, fault) => {
  test("once: the client sees one answer, over a fresh socket or HTTP", async () => {
    const { router, said } = await begin("gemini");
    router.sandbox.script({ transport: "ws", answer: thoughtful(mark()), fault });
    const text = mark();
    router.sandbox.script({ answer: thoughtful(text) });
    expect((await ask(router, "gemini", said)).seen).toEqual({ kind: "answered", text });
    expectWhole(router, "gemini", said);
    expect(sent(router)).toHaveLength(3);
  });

  test("as long as there are sockets: one resend at most, then HTTP, and the client sees one answer", async () => {
    const { router, said } = await begin("anthropic-messages");
    router.sandbox.script({ transport: "ws", answer: thoughtful(mark()), fault, times: 9 });
    const text = mark();
    router.sandbox.script({ transport: "http", answer: thoughtful(text) });
    const next = await ask(router, "anthropic-messages", said);
    expect(next).toEqual({ seen: { kind: "answered", text }, session: undefined, transport: "http" });
    expectWhole(router, "anthropic-messages", said);
    expect(sent(router).length).toBeLessThanOrEqual(4);
    const { body } = sent(router).at(-1) ?? {};
    expect(isJsonObject(body) && "previous_response_id" in body).toBe(false);
    await until(() => router.sandbox.openSockets === 0, "no bad socket is kept");
  });
});

test("a silent socket costs one resend, then HTTP, and the client sees one answer", async () => {
  const runtime = createFakeRuntime({ now: Date.now() });
  const { router, said } = await begin("openai-chat", {
    runtime,
    server: { keepAliveMs: 3_600_000 },
    codex: { sessions: { pingIntervalMs: 86_400_000 } },
  });
  router.sandbox.script({ transport: "ws", fault: faults.stall(0), times: 9 });
  const text = mark();
  router.sandbox.script({ transport: "http", answer: thoughtful(text) });
  const next = ask(router, "openai-chat", said);
  for (const requests of [2, 3]) {
    await until(() => sent(router).length === requests, "a request arrived");
    for (let turn = 0; turn < 50; turn += 1) await runtime.settle();
    await runtime.advance(90_000);
  }
  expect(await next).toMatchObject({ seen: { kind: "answered", text }, transport: "http" });
  expectWhole(router, "openai-chat", said);
  await until(() => router.sandbox.openSockets === 0, "the silent sockets are cut");
});

test("a burst of conversations that is refused its sockets with 403 goes over HTTP, and no account is blamed", async () => {
  const router = await startTestRouter({ codex: { sessions: { dialBurst: 4 } } });
  router.sandbox.script({ fault: faults.handshake(403, { body: "" }), times: 4 });
  const asked = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      ask(router, "openai-chat", [`Question ${index}, [[say: reply ${index}!]]`]),
    ),
  );
  for (const [index, { seen, transport }] of asked.entries()) {
    expect([seen, transport]).toEqual([{ kind: "answered", text: `reply ${index}!` }, "http"]);
  }
  expect(router.sandbox.requests.filter(({ kind }) => kind === "handshake").length).toBeLessThanOrEqual(4);
  expect(sent(router)).toHaveLength(12);
});

test("a conversation longer than a frame may be goes on on its socket, and over HTTP when that is gone", async () => {
  const router = await startTestRouter({ codex: { maxFrameBytes: 12_000 }, sandbox: { maxFrameBytes: 14_000 } });
  let said: Said = [];
  const ways = [];
  for (let turn = 0; turn < 5; turn += 1) {
    const text = mark();
    const isLast = turn === 3;
    router.sandbox.script({
      answer: thoughtful(text),
      ...(isLast && { fault: faults.cut({ after: 1_000, how: 1001 }) }),
    });
    const asked: Said = said.concat("x".repeat(5_000));
    const { seen, session, transport } = await ask(router, "openai-chat", asked);
    expect(seen).toEqual({ kind: "answered", text });
    ways.push(session ?? transport);
    said = asked.concat(text);
    if (isLast) await until(() => router.sandbox.openSockets === 0, "the socket is gone");
  }
  expect(ways).toEqual(["fresh", "incremental", "incremental", "incremental", "http"]);
});

describe("a conversation that moves to another account", () => {
  const accounts: TestRouterOptions["accounts"] = (sandbox) =>
    ["one", "two"].map((name) => {
      const { accessToken, accountId } = sandbox.createAccount({ accountId: `account-${name}` });
      return { accessToken, accountId, name };
    });

  test.each(carriers)("goes in full, without what only the first can read (%s)", async (wire) => {
    const { router, said } = await begin(wire, { accounts });
    const [{ accountId } = { accountId: "" }] = sent(router);
    router.sandbox.script({ fault: faults.rateLimit() });
    const text = mark();
    router.sandbox.script({ answer: thoughtful(text) });
    const next = await ask(router, wire, said);
    expect(next).toEqual({ seen: { kind: "answered", text }, session: "fresh", transport: "ws" });
    const last = sent(router).at(-1);
    expect(last?.accountId).not.toBe(accountId);
    expect(last?.input?.map(({ type = "message" }) => type)).toEqual(["message", "message", "message"]);
    expect(JSON.stringify(last?.body)).not.toMatch(/encrypted_content":|previous_response_id/u);
  });

  test("leaves the first account's reasoning behind, though its client carries it", async () => {
    const router = await startTestRouter({ accounts });
    const input: JsonObject[] = [{ role: "user", content: "Hello" }];
    router.sandbox.script({ answer: thoughtful(mark()) });
    const body = { model: "codex/gpt-5.4", stream: true, input };
    const { events } = await post(router.url, "openai-responses", body);
    const done = events
      .map((data): JsonObject => JSON.parse(data))
      .filter(({ type }) => type === "response.output_item.done");
    const items = done.map(({ item }) => item).filter(isJsonObject);
    expect(items.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    router.sandbox.script({ fault: faults.rateLimit() });
    const text = mark();
    router.sandbox.script({ answer: thoughtful(text) });
    const next = await post(router.url, "openai-responses", { ...body, input: [...input, ...items, ...input] });
    expect(verdict("openai-responses", next)).toEqual({ kind: "answered", text });
    expect(
      sent(router)
        .at(-1)
        ?.input?.map(({ type = "message" }) => type),
    ).toEqual(["message", "message", "message"]);
  });
});

test("two requests at once that extend the same conversation are both answered right", async () => {
  const { router, said } = await begin("openai-chat");
  const [left, right] = ["Left", "Right"].map((side) => [...said.slice(0, 2), `${side} [[say: went ${side}]]`]);
  const asked = await Promise.all([left, right].map((side) => ask(router, "openai-chat", side ?? [])));
  expect(asked.map(({ seen }) => seen)).toEqual([
    { kind: "answered", text: "went Left" },
    { kind: "answered", text: "went Right" },
  ]);
  expect(new Set(asked.map(({ session }) => session))).toEqual(new Set(["fresh", "incremental"]));
  for (const { input } of sent(router).slice(-2)) expect(input).toHaveLength(4);
});

test("stopping lets the running answer end and leaves no socket", async () => {
  const { router, said } = await begin("openai-chat", { runtime: systemRuntime });
  const text = mark().repeat(5);
  router.sandbox.script({ answer: thoughtful(text, 5) });
  const running = ask(router, "openai-chat", said);
  await until(() => router.sandbox.openStreams === 1, "the answer runs");
  await router.router.close();
  expect((await running).seen).toEqual({ kind: "answered", text });
  await until(() => router.sandbox.openSockets === 0, "no socket is left");
});
