import type { Credential, Executor, JsonObject, WireRequest } from "@turnout/core";
import {
  collectEvents,
  createExecuteContext,
  type ScriptedAnswer,
  type ScriptedServer,
  startScriptedServer,
} from "@turnout/testing";
import { afterEach, describe, expect, test } from "vitest";

import { createGemini, gemini } from "./gemini.ts";
import { type GeminiOptionsInput, geminiOptionsSchema } from "./options.ts";

const apiKey: Credential = { accountKey: "key", kind: "api-key", secret: "AIza-test-secret" };
const context = createExecuteContext({ credential: apiKey });

// CRLF, as the API writes it.
const chunk = (content: JsonObject) => `data: ${JSON.stringify(content)}\r\n\r\n`;
const text = chunk({ candidates: [{ content: { role: "model", parts: [{ text: "Hello" }] }, index: 0 }] });
const end = chunk({ candidates: [{ content: { parts: [{ text: "" }] }, finishReason: "STOP", index: 0 }] });
const usage = chunk({ usageMetadata: { promptTokenCount: 1, totalTokenCount: 2 } });
const call = (args: JsonObject) =>
  chunk({ candidates: [{ content: { role: "model", parts: [{ functionCall: { name: "f", args } }] } }] });

const cleanups: (() => Promise<void> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function setUp(
  answer: ScriptedAnswer,
  options: GeminiOptionsInput = {},
): Promise<{ server: ScriptedServer; executor: Executor }> {
  const server = await startScriptedServer(() => answer);
  const executor = createGemini({ baseUrl: server.url, ...options });
  cleanups.push(
    () => executor.close?.(),
    () => server.close(),
  );
  return { server, executor };
}

const body: JsonObject = { contents: [{ role: "user", parts: [{ text: "Hi" }] }] };
const request: WireRequest = { model: "gemini-3-pro-preview", body, stream: true };

describe("createGemini()", () => {
  test("streams from :streamGenerateContent with alt=sse and the key in its header", async () => {
    const { server, executor } = await setUp({ body: text + end });
    const { error, events } = await collectEvents(await executor.execute(request, context));
    expect(error).toBeUndefined();
    expect(events).toHaveLength(2);
    const [received] = server.requests;
    expect(received).toMatchObject({
      path: "/v1beta/models/gemini-3-pro-preview:streamGenerateContent?alt=sse",
      headers: { "x-goog-api-key": "AIza-test-secret", accept: "text/event-stream" },
    });
    expect(received?.headers).not.toHaveProperty("authorization");
    expect(received?.body).toEqual(body);
  });

  test("answers a request without stream with the document of :generateContent", async () => {
    const document = { candidates: [{ content: { parts: [{ text: "Hello" }] }, finishReason: "STOP" }] };
    const { server, executor } = await setUp({ body: document }, { apiVersion: "v1" });
    const response = await executor.execute({ ...request, stream: false }, context);
    expect(response).toMatchObject({ kind: "document", body: document });
    expect(server.requests[0]?.path).toBe("/v1/models/gemini-3-pro-preview:generateContent");
  });

  test("counts tokens with :countTokens", async () => {
    const { server, executor } = await setUp({ body: { totalTokens: 12 } });
    const asked = { ...request, stream: false, operation: "count-tokens" } as const;
    expect(executor.operations).toContain("count-tokens");
    expect(await executor.execute(asked, context)).toMatchObject({ kind: "document", body: { totalTokens: 12 } });
    expect(server.requests[0]).toMatchObject({ path: "/v1beta/models/gemini-3-pro-preview:countTokens", body });
  });

  test.each([
    ["models/gemini-2.5-pro", "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"],
    ["tunedModels/mine", "/v1beta/tunedModels/mine:streamGenerateContent?alt=sse"],
    ["../../x?y=#z", "/v1beta/models/..%2F..%2Fx%3Fy%3D%23z:streamGenerateContent?alt=sse"],
    ["..", "/v1beta/models/..:streamGenerateContent?alt=sse"],
  ])("a model named %s stays one segment of the path", async (model, path) => {
    const { server, executor } = await setUp({ body: end });
    await collectEvents(await executor.execute({ ...request, model }, context));
    expect(server.requests[0]?.path).toBe(path);
  });

  test("model and stream do not stay in the body, and an oauth credential goes as a bearer token", async () => {
    const { server, executor } = await setUp({ body: end });
    const oauth = createExecuteContext({ credential: { ...apiKey, kind: "oauth" } });
    await collectEvents(
      await executor.execute({ ...request, body: { ...body, model: "gemini-3-pro-preview", stream: true } }, oauth),
    );
    expect(server.requests[0]?.body).toEqual(body);
    expect(server.requests[0]?.headers).toMatchObject({ authorization: "Bearer AIza-test-secret" });
    expect(server.requests[0]?.headers).not.toHaveProperty("x-goog-api-key");
  });

  test.each([
    ["the finish reason", text + end],
    ["usage that comes after it", text + end + usage],
    ["a blocked prompt", chunk({ promptFeedback: { blockReason: "SAFETY" } })],
    ["an error chunk", text + chunk({ error: { code: 503, message: "Busy", status: "UNAVAILABLE" } })],
  ])("an end after %s is clean", async (_what, stream) => {
    const { executor } = await setUp({ body: stream });
    const { error } = await collectEvents(await executor.execute(request, context));
    expect(error).toBeUndefined();
  });

  test.each([
    ["an end before the finish reason", { body: text }],
    ["an end after arguments that speak of one", { body: text + call({ finishReason: "STOP" }) }],
    ["a cut before the finish reason", { body: text, cut: true }],
  ])("%s is upstream-unavailable", async (_how, answer) => {
    const { executor } = await setUp(answer);
    const { error } = await collectEvents(await executor.execute(request, context));
    expect(error).toMatchObject({ code: "upstream-unavailable", details: { requestSent: true } });
  });

  test("RetryInfo tells when to come back", async () => {
    const retryInfo = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.4s" };
    const error = { code: 429, message: "Quota", status: "RESOURCE_EXHAUSTED", details: [retryInfo] };
    const { executor } = await setUp({ status: 429, body: { error } });
    await expect(executor.execute(request, context)).rejects.toMatchObject({
      code: "rate-limited",
      details: { retryAfterMs: 34_400 },
    });
  });

  test.each([
    [400, "INVALID_ARGUMENT", "API_KEY_INVALID", "credential-rejected"],
    [400, "INVALID_ARGUMENT", undefined, "request-invalid"],
    [403, "PERMISSION_DENIED", undefined, "credential-rejected"],
    [404, "NOT_FOUND", undefined, "not-found"],
    [500, "INTERNAL", undefined, "upstream-failed"],
    [503, "UNAVAILABLE", undefined, "upstream-overloaded"],
  ])("a refusal %i %s %s is %s", async (code, status, reason, expected) => {
    const info = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason };
    const error = { code, message: "No", status, details: reason === undefined ? [] : [info] };
    const { executor } = await setUp({ status: code, body: JSON.parse(JSON.stringify({ error })) });
    await expect(executor.execute(request, context)).rejects.toMatchObject({ code: expected });
  });
});

test("gemini makes one executor and knows each model once", () => {
  const executors = gemini.createExecutors(geminiOptionsSchema.parse({}), context.runtime);
  expect(executors).toMatchObject([{ id: "gemini", wire: "gemini", transport: "http" }]);
  expect(new Set(gemini.models.map((model) => model.id)).size).toBe(gemini.models.length);
  expect(gemini.models.every((model) => model.thinking !== undefined)).toBe(true);
});

test.each([
  ["an unknown field", { apiKey: "x" }],
  ["a version that leads elsewhere", { apiVersion: "v1/../x" }],
])("geminiOptionsSchema refuses %s", (_what, options) => {
  expect(geminiOptionsSchema.safeParse(options).success).toBe(false);
});
