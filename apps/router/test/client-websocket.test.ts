import { describe, expect, test } from "vitest";
import { model, openSocket, toolOutput, user } from "./support/client-socket.ts";
import { startTestRouter } from "./support/running-router.ts";
import { lastAsked, upstreamWays } from "./support/upstream-table.ts";

const weather = {
  type: "function",
  name: "weather",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const callWeather = { type: "function-call" as const, name: "weather", arguments: { city: "Oslo" } };

describe.each(upstreamWays)("a conversation on one socket, onto $name", ({ options, model: asked }) => {
  test("goes on with new items only, calls of tools included, and the upstream sees all of it", async () => {
    const { url, sandbox } = await startTestRouter(options);
    sandbox.script({ answer: { steps: [{ type: "text", text: "Let me see." }, callWeather] } });
    sandbox.script({ answer: { steps: [{ type: "text", text: "Rain in Oslo." }] } });
    const client = await openSocket(url);
    const common = { model: asked, store: false, tools: [weather] };
    const first = await client.ask({ ...common, input: [user("How is Oslo?")] });
    expect(first).toMatchObject({ text: "Let me see.", last: { type: "response.completed" } });
    const call = first.items.find((item) => item.type === "function_call");
    const second = await client.ask({
      ...common,
      input: [toolOutput(call?.call_id, "14 degrees, rain")],
      previous_response_id: first.id,
    });
    expect(second).toMatchObject({ text: "Rain in Oslo.", last: { type: "response.completed" } });
    for (const part of ["How is Oslo?", "Let me see.", "weather", "14 degrees, rain"]) {
      expect(lastAsked(sandbox)).toContain(part);
    }
    const third = await client.ask({ ...common, input: [user("And Bergen?")], previous_response_id: second.id });
    expect(third.last.type).toBe("response.completed");
    for (const part of ["How is Oslo?", "14 degrees, rain", "Rain in Oslo.", "And Bergen?"]) {
      expect(lastAsked(sandbox).split(part)).toHaveLength(2);
    }
    expect(new Set([first.id, second.id, third.id]).size).toBe(3);
  });

  test("a warm-up is answered with an id to go on from, and nothing in it", async () => {
    const { url, sandbox } = await startTestRouter(options);
    const client = await openSocket(url);
    const common = { model: asked, store: false, tools: [weather] };
    const warm = await client.ask({ ...common, generate: false, input: [user("Be brief.")] });
    expect(warm.last).toMatchObject({ type: "response.completed", response: { id: warm.id, output: [] } });
    expect(warm.items).toEqual([]);
    const answered = await client.ask({ ...common, input: [user("Hello")], previous_response_id: warm.id });
    expect(answered.last.type).toBe("response.completed");
    for (const part of ["Be brief.", "Hello"]) expect(lastAsked(sandbox).split(part)).toHaveLength(2);
  });
});

test("reasoning that a socket of OpenAI would have remembered is carried along, and nothing that cannot be read", async () => {
  const way = upstreamWays.find((candidate) => candidate.name === "openai-responses");
  const { url, sandbox } = await startTestRouter(way?.options);
  const steps = [{ type: "reasoning" as const, summary: ["Hm."] }, callWeather];
  for (const reasoning of [{ effort: "low" }, undefined]) {
    sandbox.script({ answer: { steps } });
    const client = await openSocket(url);
    const common = { model: way?.model, store: false, tools: [weather], ...(reasoning && { reasoning }) };
    const first = await client.ask({ ...common, input: [user("How is Oslo?")] });
    const call = first.items.find((item) => item.type === "function_call");
    const input = [toolOutput(call?.call_id, "rain")];
    const second = await client.ask({ ...common, input, previous_response_id: first.id });
    expect(second.last.type).toBe("response.completed");
    const kept = lastAsked(sandbox).includes('"encrypted_content":"');
    expect([kept, lastAsked(sandbox).includes('"type":"reasoning"')]).toEqual(
      reasoning === undefined ? [false, false] : [true, true],
    );
  }
});

test("a warm-up costs nothing where the upstream has no such thing", async () => {
  const router = await startTestRouter({ codex: { transport: "http" } });
  const client = await openSocket(router.url);
  const warm = await client.ask({ generate: false, input: [], instructions: "Be brief." });
  expect(warm.id).toMatch(/^resp_prewarm_/);
  expect(warm.last.response).toMatchObject({ status: "completed", usage: { input_tokens: 0, output_tokens: 0 } });
  expect(router.sandbox.requests).toEqual([]);
  await expect.poll(() => router.log.at(-1)).toMatchObject({ operation: "warm-up", client: "ws", status: 200 });
});

test("a warm-up goes on to an upstream that can be warmed up, and the first request goes on from it there", async () => {
  const router = await startTestRouter({ codex: { transport: "ws" } });
  const client = await openSocket(router.url);
  const common = { store: false, tools: [weather], instructions: "Be brief." };
  const warm = await client.ask({ ...common, generate: false, input: [user("Rules")] });
  await client.ask({ ...common, input: [user("Hello")], previous_response_id: warm.id });
  const asked = router.sandbox.requests.filter((request) => request.kind === "response");
  expect(asked.map((request) => request.body)).toMatchObject([
    { generate: false },
    { previous_response_id: warm.id, input: [{ role: "user", content: [{ text: "Hello" }] }] },
  ]);
  await expect
    .poll(() => router.log.find((line) => line["operation"] === "warm-up"))
    .toMatchObject({
      executor: "codex-ws",
      client: "ws",
    });
});

test("a warm-up that the upstream refuses is answered all the same", async () => {
  const { url, sandbox } = await startTestRouter({ codex: { transport: "ws" } });
  sandbox.script({ fault: { type: "handshake", status: 503 } });
  const client = await openSocket(url);
  const warm = await client.ask({ generate: false, input: [user("Be brief.")] });
  expect(warm.id).toMatch(/^resp_prewarm_/);
  expect((await client.ask({ input: [user("Hi")], previous_response_id: warm.id })).last.type).toBe(
    "response.completed",
  );
});

test("events are those of the HTTP stream, one text message each, whether `stream` is said or not", async () => {
  const { url, sandbox } = await startTestRouter();
  sandbox.script({ times: 3, answer: { steps: [{ type: "text", text: "Three words here", deltaLength: 6 }] } });
  const client = await openSocket(url);
  for (const stream of [undefined, true, false]) {
    const { events, text } = await client.ask({ input: [user("Hi")], ...(stream === undefined ? {} : { stream }) });
    expect(text).toBe("Three words here");
    expect(events.map((event) => event.type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      ...Array.from({ length: 3 }, () => "response.output_text.delta"),
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
  }
});

test("one answer at a time: a second request meanwhile is refused, and the first goes on", async () => {
  const { url, sandbox } = await startTestRouter();
  sandbox.script({ answer: { steps: [{ type: "text", text: "word ".repeat(50), deltaLength: 5 }], delayMs: 2 } });
  const client = await openSocket(url);
  const first = client.ask({ input: [user("Slowly")] });
  await expect.poll(() => client.events.some((event) => event.type === "response.output_text.delta")).toBe(true);
  client.send({ type: "response.create", model, input: [user("Me too")] });
  await expect.poll(() => client.events.find((event) => event.type === "error")).toBeDefined();
  expect(client.events.find((event) => event.type === "error")).toMatchObject({
    status: 400,
    error: { type: "invalid_request_error", code: "response_in_progress" },
  });
  await first;
  await expect.poll(() => client.events.at(-1)?.type).toBe("response.completed");
  expect(client.events.filter((event) => event.type === "response.output_text.delta")).toHaveLength(50);
  expect(sandbox.requests.filter((request) => request.kind === "response")).toHaveLength(1);
  expect((await client.ask({ input: [user("Now?")] })).last.type).toBe("response.completed");
});

test("messages that ask for nothing are passed over, also while an answer runs", async () => {
  const { url } = await startTestRouter();
  const client = await openSocket(url);
  client.send({ type: "response.processed", response_id: "resp_1" });
  client.send({ type: "future.message", deep: { er: [1] } });
  const { events } = await client.ask({ input: [user("Hi")] });
  expect(events[0]?.type).toBe("response.created");
});

test("the backend's own events go to clients that know them only", async () => {
  const { url } = await startTestRouter({ codex: { transport: "ws" } });
  const plain = await openSocket(url);
  await plain.ask({ input: [user("Hi")] });
  expect(plain.events.filter((event) => event.type.startsWith("codex."))).toEqual([]);
  const codex = await openSocket(url, { headers: { originator: "codex_exec" } });
  await codex.ask({ input: [user("Hi")] });
  expect(codex.events.filter((event) => event.type.startsWith("codex."))).not.toEqual([]);
});
