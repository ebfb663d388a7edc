import { createOpenAI } from "@ai-sdk/openai";
import { createFakeRuntime } from "@turnout/testing";
import { generateText, jsonSchema, stepCountIs, tool } from "ai";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type ClientSocket, model, openSocket, user } from "./support/client-socket.ts";
import { startTestRouter } from "./support/running-router.ts";
import { post } from "./support/ask.ts";
import { lastAsked, upstreamWays, withKey } from "./support/upstream-table.ts";

const responseSchema = z.looseObject({ id: z.string(), previous_response_id: z.string().nullish() });
const endSchema = z.object({ type: z.literal("response.completed"), response: responseSchema });

/** Asks over HTTP, and gives the response as the client has it. */
async function ask(url: string, body: Record<string, unknown>, headers: Record<string, string> = {}) {
  const received = await post(url, "openai-responses", { model, ...body }, headers);
  expect(received.status).toBe(200);
  const end = received.events.at(-1);
  return end === undefined ? responseSchema.parse(received.document) : endSchema.parse(JSON.parse(end)).response;
}

async function refusal(url: string, body: Record<string, unknown>, headers: Record<string, string> = {}) {
  const { status, document } = await post(url, "openai-responses", { model, ...body }, headers);
  return { status, document };
}

const stale = {
  status: 400,
  document: { error: { code: "previous_response_not_found", param: "previous_response_id" } },
};

describe.each(upstreamWays)("previous_response_id over HTTP, onto $name", ({ options, model: asked }) => {
  test.each([true, false])("gives the upstream the whole conversation, stream %s", async (stream) => {
    const { url, sandbox } = await startTestRouter(options);
    sandbox.script({ answer: { steps: [{ type: "text", text: "The first answer." }] } });
    const common = { model: asked, stream };
    const first = await ask(url, { ...common, input: "The first question." });
    const second = await ask(url, { ...common, input: "The second.", previous_response_id: first.id });
    expect(lastAsked(sandbox)).toMatch(/The first question\..*The first answer\..*The second\./su);
    await ask(url, { ...common, input: "The third.", previous_response_id: second.id });
    // From the first once more: a conversation may fork.
    await ask(url, { ...common, input: "Another second.", previous_response_id: first.id });
    expect(lastAsked(sandbox)).toMatch(/The first question\..*The first answer\..*Another second\./su);
    expect(lastAsked(sandbox)).not.toContain("The second.");
  });

  test("the AI SDK's second step refers to what it was handed out, reasoning included", async () => {
    const { url, sandbox } = await startTestRouter(options);
    sandbox.script({
      answer: {
        steps: [
          { type: "reasoning", summary: ["The user wants the weather."] },
          { type: "text", text: "Let me see." },
          { type: "function-call", name: "weather", arguments: { city: "Oslo" } },
        ],
      },
    });
    sandbox.script({ answer: { steps: [{ type: "text", text: "Rain." }] } });
    const schema = { type: "object" as const, properties: { city: { type: "string" as const } }, required: ["city"] };
    const { text, steps } = await generateText({
      model: createOpenAI({ baseURL: `${url}/v1`, apiKey: "none" }).responses(asked),
      maxRetries: 0,
      prompt: "How is Oslo?",
      providerOptions: { openai: { reasoningEffort: "low" } },
      tools: {
        weather: tool({ inputSchema: jsonSchema<{ city: string }>(schema), execute: () => "rain, 14 degrees" }),
      },
      stopWhen: stepCountIs(3),
    });
    expect(text).toBe("Rain.");
    const sent = JSON.stringify(steps[1]?.request.body);
    expect(sent).toContain("item_reference");
    expect(lastAsked(sandbox)).toMatch(/How is Oslo\?.*Let me see\..*rain, 14 degrees/su);
    expect(lastAsked(sandbox)).not.toContain("item_reference");
  });
});

test("without `store` a response is not known later over HTTP", async () => {
  const { url, sandbox } = await startTestRouter();
  const { id } = await ask(url, { input: "Hi", store: false });
  expect(await refusal(url, { input: "Again", previous_response_id: id })).toMatchObject(stale);
  expect(sandbox.requests.filter((request) => request.kind === "response")).toHaveLength(1);
});

test("another key does not know the response, nor its items", async () => {
  const { url } = await startTestRouter({ server: { keys: ["the-first-key", "the-second-key"] } });
  const first = { authorization: "Bearer the-first-key" };
  const second = { "x-api-key": "the-second-key" };
  const { id } = await ask(url, { input: "A secret" }, first);
  expect(await refusal(url, { input: "Tell me", previous_response_id: id }, second)).toMatchObject(stale);
  const { output } = z
    .object({ output: z.array(z.object({ id: z.string() })) })
    .parse((await post(url, "openai-responses", { model, input: "Hi" }, first)).document);
  const input = [{ type: "item_reference", id: output[0]?.id }, user("And?")];
  expect(await refusal(url, { input }, second)).toMatchObject({
    status: 404,
    document: { error: { param: "input[0].id" } },
  });
  await ask(url, { input }, first);
  await ask(url, { input: "More", previous_response_id: id }, { "x-goog-api-key": "the-first-key" });
});

test("an answer that failed or broke off is not known; one cut at its limit is", async () => {
  const { url, sandbox } = await startTestRouter({ codex: { transport: "http" } });
  sandbox.script({ answer: { steps: [{ type: "text", text: "word ".repeat(20) }] }, fault: { type: "cut", after: 6 } });
  const { events } = await post(url, "openai-responses", { model, input: "Hi", stream: true });
  const begun = z.object({ response: responseSchema }).parse(JSON.parse(events[0] ?? ""));
  expect(await refusal(url, { input: "On", previous_response_id: begun.response.id })).toMatchObject(stale);
  sandbox.script({
    answer: {
      steps: [{ type: "text", text: "Half an" }],
      finish: { type: "incomplete", reason: "max_output_tokens" },
    },
  });
  const half = await post(url, "openai-responses", { model, input: "Hi", stream: true });
  const { response } = z.object({ response: responseSchema }).parse(JSON.parse(half.events.at(-1) ?? ""));
  await ask(url, { input: "Go on", previous_response_id: response.id });
  expect(lastAsked(sandbox)).toContain("Half an");
});

test("a response is forgotten after its time, and when the memory is needed for newer ones", async () => {
  const runtime = createFakeRuntime({ now: Date.now() });
  const { url } = await startTestRouter({ runtime, responses: { ttlMs: 10_000, maxBytes: 20_000 } });
  const first = await ask(url, { input: "Hi" });
  await runtime.advance(9_000);
  const second = await ask(url, { input: "On", previous_response_id: first.id });
  await runtime.advance(9_000);
  await ask(url, { input: "On", previous_response_id: second.id });
  await runtime.advance(10_000);
  expect(await refusal(url, { input: "On", previous_response_id: second.id })).toMatchObject(stale);
  const old = await ask(url, { input: "x".repeat(10_000) });
  await ask(url, { input: "y".repeat(10_000) });
  expect(await refusal(url, { input: "On", previous_response_id: old.id })).toMatchObject(stale);
});

test("instructions are not inherited, and the answer repeats the id it was asked with", async () => {
  const { url, sandbox } = await startTestRouter(
    upstreamWays.find((way) => way.name === "anthropic-messages")?.options,
  );
  const asked = { model: "anthropic/claude-sonnet-4-5" };
  const first = await ask(url, { ...asked, input: "Hi", instructions: "Speak like a pirate." });
  const second = await ask(url, { ...asked, input: "Again", previous_response_id: first.id });
  expect(lastAsked(sandbox)).not.toContain("pirate");
  expect(second.previous_response_id).toBe(first.id);
});

test("a response that only OpenAI knows is left to OpenAI, and what nobody knows is told in its words", async () => {
  const router = await startTestRouter({
    providers: (sandbox) => ({
      openai: { baseUrl: sandbox.openaiBaseUrl, transport: "http", accounts: withKey(sandbox) },
    }),
  });
  const { url, sandbox } = router;
  await ask(url, { model: "openai/gpt-5.4", input: "Hi" });
  // The same account, before turnout was there.
  const authorization = sandbox.requests.at(-1)?.headers["authorization"] ?? "";
  const openai = new OpenAI({ baseURL: sandbox.openaiBaseUrl, apiKey: authorization.replace("Bearer ", "") });
  const early = await openai.responses.create({ model: "gpt-5.4", input: "The early question" });
  await ask(url, { model: "openai/gpt-5.4", input: "And now?", previous_response_id: early.id });
  expect(sandbox.requests.at(-1)?.body).toMatchObject({ previous_response_id: early.id });
  const unknown = { model: "openai/gpt-5.4", input: "Hi", previous_response_id: "resp_nobody" };
  expect(await refusal(url, unknown)).toMatchObject(stale);
  expect(sandbox.requests.at(-1)?.body).toMatchObject({ previous_response_id: "resp_nobody" });
});

test("what is stored on a socket is known over HTTP and on other sockets, and the other way round", async () => {
  const { url, sandbox } = await startTestRouter();
  const socket: ClientSocket = await openSocket(url);
  const first = await socket.ask({ input: "The first question." });
  const second = await ask(url, { input: "The second.", previous_response_id: first.id });
  const other = await openSocket(url);
  await other.ask({ input: "The third.", previous_response_id: second.id });
  expect(lastAsked(sandbox)).toMatch(/The first question\..*The second\..*The third\./su);
});

test("without `store` a response on a socket is known there only, and only the latest", async () => {
  const { url } = await startTestRouter();
  const socket = await openSocket(url);
  const first = await socket.ask({ input: "One", store: false });
  const second = await socket.ask({ input: "Two", store: false, previous_response_id: first.id });
  const other = await openSocket(url);
  for (const asked of [
    await other.ask({ input: "Three", previous_response_id: second.id }),
    await socket.ask({ input: "Three", previous_response_id: first.id }),
  ]) {
    expect(asked.last).toMatchObject({ status: 400, error: { code: "previous_response_not_found" } });
  }
  expect(await refusal(url, { input: "Three", previous_response_id: second.id })).toMatchObject(stale);
  const third = await socket.ask({ input: "Three", store: false, previous_response_id: second.id });
  expect(third.last.type).toBe("response.completed");
});

test("clients that store a lot do not make those on sockets start over", async () => {
  const { url } = await startTestRouter({ responses: { maxBytes: 20_000 } });
  const socket = await openSocket(url);
  const first = await socket.ask({ input: "One", store: false });
  for (let index = 0; index < 4; index += 1) await ask(url, { input: "x".repeat(9_000) });
  const second = await socket.ask({ input: "Two", store: false, previous_response_id: first.id });
  expect(second.last.type).toBe("response.completed");
});
