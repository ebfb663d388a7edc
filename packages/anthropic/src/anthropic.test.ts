import type { Credential, Executor, JsonObject, WireRequest } from "@turnout/core";
import {
  collectEvents,
  createExecuteContext,
  type ReceivedRequest,
  type ScriptedAnswer,
  type ScriptedServer,
  startScriptedServer,
} from "@turnout/testing";
import { afterEach, describe, expect, test } from "vitest";

import { anthropic, createAnthropic } from "./anthropic.ts";
import { type AnthropicOptionsInput, anthropicOptionsSchema } from "./options.ts";

const apiKey: Credential = { accountKey: "key", kind: "api-key", secret: "sk-ant-secret" };
const context = createExecuteContext({ credential: apiKey });

const frame = (event: JsonObject & { readonly type: string }) =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
const start = frame({ type: "message_start", message: { id: "msg_1", content: [], usage: { input_tokens: 1 } } });
const ping = frame({ type: "ping" });
const delta = frame({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } });
const stop = frame({ type: "message_stop" });
const document: JsonObject = { id: "msg_1", type: "message", role: "assistant", content: [], stop_reason: "end_turn" };

const cleanups: (() => Promise<void> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** As strict about the envelope as the API: key, version, required fields. */
function refuse({ headers, body }: ReceivedRequest): ScriptedAnswer | undefined {
  const refusal = (status: number, type: string, message: string) => ({
    status,
    body: { type: "error", error: { type, message }, request_id: "req_a" },
  });
  if (headers["x-api-key"] === undefined && headers.authorization === undefined) {
    return refusal(401, "authentication_error", "x-api-key header is required");
  }
  if (headers["anthropic-version"] === undefined) return refusal(400, "invalid_request_error", "anthropic-version");
  if (body["max_tokens"] === undefined) return refusal(400, "invalid_request_error", "max_tokens: Field required");
  return undefined;
}

async function setUp(
  answer: ScriptedAnswer,
  options: AnthropicOptionsInput = {},
): Promise<{ server: ScriptedServer; executor: Executor }> {
  const server = await startScriptedServer((request) => refuse(request) ?? answer);
  const executor = createAnthropic({ baseUrl: server.url, ...options });
  cleanups.push(
    () => executor.close?.(),
    () => server.close(),
  );
  return { server, executor };
}

const body: JsonObject = {
  model: "claude-sonnet-5",
  max_tokens: 100,
  messages: [{ role: "user", content: "Hi" }],
  stream: true,
};
const request: WireRequest = { model: "claude-sonnet-5", body, stream: true };

describe("createAnthropic()", () => {
  test("asks at /v1/messages with the API key and the version, and sends the body as it is", async () => {
    const { server, executor } = await setUp({
      body: start + ping + delta + stop,
      headers: { "request-id": "req_a", "anthropic-ratelimit-requests-remaining": "9", "x-other": "1" },
    });
    const response = await executor.execute(request, context);
    const { error, events } = await collectEvents(response);
    expect(error).toBeUndefined();
    expect(events.map((event) => event.type)).toEqual(["message_start", "ping", "message_delta", "message_stop"]);
    expect(response.meta.headers).toEqual({ "request-id": "req_a", "anthropic-ratelimit-requests-remaining": "9" });
    const [received] = server.requests;
    expect(received).toMatchObject({
      path: "/v1/messages",
      headers: { "x-api-key": "sk-ant-secret", "anthropic-version": "2023-06-01", "user-agent": "turnout" },
    });
    expect(received?.headers).not.toHaveProperty("authorization");
    expect(received?.headers).not.toHaveProperty("anthropic-beta");
    expect(received?.body).toEqual(body);
  });

  test("counts tokens at a path of its own, the body as it is", async () => {
    const { server, executor } = await setUp({ body: { input_tokens: 12 } });
    const counted = { model: "claude-sonnet-5", max_tokens: 100, messages: [{ role: "user", content: "Hi" }] };
    const asked = { model: "claude-sonnet-5", body: counted, stream: false, operation: "count-tokens" } as const;
    expect(executor.operations).toContain("count-tokens");
    expect(await executor.execute(asked, context)).toMatchObject({ kind: "document", body: { input_tokens: 12 } });
    expect(server.requests[0]).toMatchObject({ path: "/v1/messages/count_tokens", body: counted });
  });

  test("an oauth credential goes as a bearer token", async () => {
    const { server, executor } = await setUp({ body: start + stop });
    const oauth = createExecuteContext({ credential: { ...apiKey, kind: "oauth" } });
    await collectEvents(await executor.execute(request, oauth));
    expect(server.requests[0]?.headers).toMatchObject({ authorization: "Bearer sk-ant-secret" });
    expect(server.requests[0]?.headers).not.toHaveProperty("x-api-key");
  });

  test("the client's betas go up beside the configured ones, each once, without those of its own login", async () => {
    const { server, executor } = await setUp({ body: start + stop }, { beta: ["one-2026-01-01"] });
    const headers = {
      "anthropic-beta": "two-2026-01-01, one-2026-01-01,oauth-2025-04-20, b\u00e4d,,",
      "anthropic-version": "2026-10-21",
      "x-app": "cli",
    };
    await collectEvents(await executor.execute({ ...request, session: { headers } }, context));
    expect(server.requests[0]?.headers["anthropic-beta"]).toBe("one-2026-01-01,two-2026-01-01");
    expect(server.requests[0]?.headers["anthropic-version"]).toBe("2023-06-01");
    expect(server.requests[0]?.headers).not.toHaveProperty("x-app");
  });

  test("a request without stream is answered with the document", async () => {
    const { server, executor } = await setUp({ body: document });
    const { stream: _, ...plain } = body;
    const response = await executor.execute({ ...request, body: plain, stream: false }, context);
    expect(response).toMatchObject({ kind: "document", body: document });
    expect(server.requests[0]?.body).toEqual(plain);
  });

  test("the stream's flag follows the request, not the body", async () => {
    const { server, executor } = await setUp({ body: document });
    await executor.execute({ ...request, stream: false }, context);
    expect(server.requests[0]?.body).toEqual({ ...body, stream: false });
  });

  test("an error event is the last one", async () => {
    const failure = frame({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } });
    const { executor } = await setUp({ body: start + failure + stop });
    const { error, events } = await collectEvents(await executor.execute(request, context));
    expect(error).toBeUndefined();
    expect(events.map((event) => event.type)).toEqual(["message_start", "error"]);
  });

  test.each([
    ["an end", { body: start + delta }],
    ["a cut", { body: start + delta, cut: true }],
  ])("%s before message_stop is upstream-unavailable", async (_how, answer) => {
    const { executor } = await setUp(answer);
    const { error } = await collectEvents(await executor.execute(request, context));
    expect(error).toMatchObject({ code: "upstream-unavailable", details: { requestSent: true } });
  });

  test.each([
    [400, "invalid_request_error", "prompt is too long: 210000 tokens", "context-too-long"],
    [400, "invalid_request_error", "Invalid `signature` in `thinking` block", "reasoning-invalid"],
    [400, "invalid_request_error", "messages: wrong", "request-invalid"],
    [401, "authentication_error", "invalid x-api-key", "credential-rejected"],
    [402, "billing_error", "Pay", "billing-required"],
    [403, "permission_error", "Not yours", "credential-rejected"],
    [404, "not_found_error", "model: claude-0", "not-found"],
    [413, "request_too_large", "Too large", "too-large"],
    [429, "rate_limit_error", "Slow down", "rate-limited"],
    [500, "api_error", "Oops", "upstream-failed"],
    [529, "overloaded_error", "Overloaded", "upstream-overloaded"],
  ])("a refusal %i %s %j is %s", async (status, type, message, code) => {
    const { executor } = await setUp({
      status,
      headers: { "retry-after": "3" },
      body: { type: "error", error: { type, message } },
    });
    const failure = executor.execute(request, context);
    await expect(failure).rejects.toMatchObject({ code });
    if (status === 429 || status === 529) {
      await expect(failure).rejects.toMatchObject({ details: { retryAfterMs: 3_000 } });
    }
  });
});

test("anthropic makes one executor and knows each model once", () => {
  const options = anthropicOptionsSchema.parse({});
  const executors = anthropic.createExecutors(options, context.runtime);
  expect(executors).toMatchObject([{ id: "anthropic", wire: "anthropic-messages", upstreamHost: "api.anthropic.com" }]);
  expect(new Set(anthropic.models.map((model) => model.id)).size).toBe(anthropic.models.length);
  expect(anthropic.models.every((model) => model.thinking !== undefined && model.contextWindow !== undefined)).toBe(
    true,
  );
});

test.each([
  ["an unknown field", { apiKey: "x" }],
  ["a beta with a comma", { beta: ["a,b"] }],
  ["a version with a line break", { version: "2023-06-01\r\nx: y" }],
])("anthropicOptionsSchema refuses %s", (_what, options) => {
  expect(anthropicOptionsSchema.safeParse(options).success).toBe(false);
});
