import type { Credential, Executor, JsonObject, WireRequest } from "@turnout/core";
import {
  collectEvents,
  createExecuteContext,
  type ScriptedAnswer,
  type ScriptedServer,
  startScriptedServer,
} from "@turnout/testing";
import { afterEach, describe, expect, test } from "vitest";

import { createOpenaiCompatible, openaiCompatible } from "./openai-compatible.ts";
import { type OpenaiCompatibleOptionsInput, openaiCompatibleOptionsSchema } from "./options.ts";
import { chatPresetNames, chatPresets } from "./presets.ts";

const credential: Credential = { accountKey: "key", kind: "api-key", secret: "gsk_test-secret" };
const context = createExecuteContext({ credential });
const chunk = (delta: JsonObject, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c1", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const answer = chunk({ content: "Hello" }) + chunk({}, "stop") + "data: [DONE]\n\n";

const cleanups: (() => Promise<void> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function setUp(
  answer: ScriptedAnswer,
  options: OpenaiCompatibleOptionsInput = {},
): Promise<{ server: ScriptedServer; executor: Executor }> {
  const server = await startScriptedServer(() => answer);
  const executor = createOpenaiCompatible({ baseUrl: `${server.url}/v1`, ...options });
  cleanups.push(
    () => executor.close?.(),
    () => server.close(),
  );
  return { server, executor };
}

const body: JsonObject = { model: "m", messages: [{ role: "user", content: "Hi" }], max_completion_tokens: 5 };
const request: WireRequest = { model: "m", body, stream: true };

describe("createOpenaiCompatible()", () => {
  test("asks at /chat/completions below baseUrl in the preset's dialect, with the key", async () => {
    const { server, executor } = await setUp({ body: answer }, { preset: "mistral" });
    const response = await executor.execute(request, context);
    const { error, events } = await collectEvents(response);
    expect(error).toBeUndefined();
    expect(events.at(-1)?.data).toBe("[DONE]");
    expect(server.requests[0]).toMatchObject({
      path: "/v1/chat/completions",
      headers: { authorization: "Bearer gsk_test-secret" },
      body: { model: "m", max_tokens: 5, stream: true },
    });
    expect(response.meta.report).toEqual({ approximated: [], dropped: [] });
    expect(executor).toMatchObject({ id: "mistral", wire: "openai-chat", upstreamHost: new URL(server.url).host });
  });

  test("sends no authorization for an empty secret", async () => {
    const { server, executor } = await setUp({ body: answer }, { preset: "ollama" });
    const keyless = createExecuteContext({ credential: { ...credential, secret: "" } });
    await collectEvents(await executor.execute(request, keyless));
    expect(server.requests[0]?.headers).not.toHaveProperty("authorization");
  });

  test("the user's dialect wins over the preset, and leaves the rest of it", async () => {
    const dialect = { streamUsage: "asked" } as const;
    const { server, executor } = await setUp({ body: answer }, { preset: "mistral", dialect });
    await collectEvents(await executor.execute(request, context));
    const { max_completion_tokens: limit, ...rest } = body;
    const stream = { stream: true, stream_options: { include_usage: true } };
    expect(server.requests[0]?.body).toEqual({ ...rest, max_tokens: limit, ...stream });
  });

  test("comments keep a stream alive and are no events", async () => {
    const { executor } = await setUp({ body: `: OPENROUTER PROCESSING\n\n${answer}` }, { preset: "openrouter" });
    const { error, events } = await collectEvents(await executor.execute(request, context));
    expect(error).toBeUndefined();
    expect(events).toHaveLength(3);
  });

  test.each([
    [{ error: { code: 429, message: "Slow down" } }, "rate-limited"],
    [{ error: { code: 502, message: "Model down" } }, "upstream-failed"],
    [{ error: { message: "Oops" } }, "upstream-failed"],
    [{ error: "Oops" }, "upstream-failed"],
  ])("an error told with status 200, %j, is %s", async (document: JsonObject, code) => {
    const { executor } = await setUp({ body: document });
    await expect(executor.execute({ ...request, stream: false }, context)).rejects.toMatchObject({ code });
  });

  test("an answer that says `error: null` is an answer", async () => {
    const document: JsonObject = { id: "c1", error: null, choices: [] };
    const { executor } = await setUp({ body: document });
    const response = await executor.execute({ ...request, stream: false }, context);
    expect(response).toMatchObject({ kind: "document", body: document });
  });

  test.each<[number, JsonObject, string]>([
    [401, { error: { message: "Invalid API Key", code: "invalid_api_key" } }, "credential-rejected"],
    [402, { error: { message: "Insufficient Balance", code: "invalid_request_error" } }, "billing-required"],
    [403, { error: "No access", code: "permission-denied" }, "credential-rejected"],
    [403, { error: { code: 403, message: "Flagged", metadata: { flagged_input: "x" } } }, "content-refused"],
    [403, { code: "permission-denied", error: "Content violates usage guidelines." }, "content-refused"],
    [422, { detail: [{ type: "extra_forbidden", loc: ["body", "x"] }] }, "request-invalid"],
    [429, { message: "Requests rate limit exceeded" }, "rate-limited"],
    [503, { error: { message: "Busy" } }, "upstream-overloaded"],
  ])("a refusal %i %j is %s", async (status, document, code) => {
    const { executor } = await setUp({ status, body: document });
    await expect(executor.execute(request, context)).rejects.toMatchObject({ code });
  });
});

describe("openaiCompatible", () => {
  test.each(chatPresetNames)("makes an executor for preset %s alone", (preset) => {
    const options = openaiCompatibleOptionsSchema.parse({ preset });
    const [executor] = openaiCompatible.createExecutors(options, context.runtime);
    expect(executor).toMatchObject({ id: preset, upstreamHost: new URL(chatPresets[preset].baseUrl).host });
    const isLocal = chatPresets[preset].baseUrl.startsWith("http://127.0.0.1");
    expect(openaiCompatible.auth(options).keyless).toBe(isLocal);
  });

  test("an own server may need no key", () => {
    const baseUrl = "http://127.0.0.1:9000/v1";
    const keyless = (key?: "required" | "none") =>
      openaiCompatible.auth(openaiCompatibleOptionsSchema.parse({ baseUrl, ...(key && { key }) })).keyless;
    expect([keyless(), keyless("required"), keyless("none")]).toEqual([false, false, true]);
  });

  test("all presets are named once", () => {
    expect([...chatPresetNames].toSorted()).toEqual(Object.keys(chatPresets).toSorted());
  });
});

test.each([
  ["neither preset nor baseUrl", {}, "Expected a URL, or the name of a preset"],
  ["an unknown preset", { preset: "acme" }, "Invalid option"],
  ["an unknown word of a dialect", { preset: "groq", dialect: { maxTokens: "x" } }, "maxTokens"],
  ["an unknown field", { preset: "groq", apiKey: "x" }, "apiKey"],
])("openaiCompatibleOptionsSchema refuses %s", (_what, options, message) => {
  expect(openaiCompatibleOptionsSchema.safeParse(options).error?.message).toContain(message);
});
