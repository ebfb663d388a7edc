import type { Credential, Executor, JsonObject, WireRequest } from "@turnout/core";
import {
  collectEvents,
  createExecuteContext,
  createFakeRuntime,
  type ScriptedAnswer,
  type ScriptedServer,
  startScriptedServer,
} from "@turnout/testing";
import { afterEach, describe, expect, test } from "vitest";

import { createOpenaiChat } from "./openai-chat.ts";
import type { OpenaiOptionsInput } from "./options.ts";

const credential: Credential = { accountKey: "key", kind: "api-key", secret: "sk-test-secret" };
const chat: JsonObject = { model: "gpt-5.4", messages: [{ role: "user", content: "Hi" }] };
const chunk = (delta: JsonObject, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c1", choices: [{ index: 0, delta, finish_reason: finish }], usage: null })}\n\n`;
const hello = chunk({ role: "assistant", content: "" }) + chunk({ content: "Hello" });
const end = chunk({}, "stop");
const done = "data: [DONE]\n\n";
const document: JsonObject = { id: "c1", choices: [{ index: 0, message: { role: "assistant", content: "Hello" } }] };

const cleanups: (() => Promise<void> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function setUp(
  answer: ScriptedAnswer,
  options: OpenaiOptionsInput = {},
): Promise<{ server: ScriptedServer; executor: Executor }> {
  const server = await startScriptedServer(() => answer);
  const executor = createOpenaiChat({ baseUrl: `${server.url}/v1`, ...options });
  cleanups.push(
    () => executor.close?.(),
    () => server.close(),
  );
  return { server, executor };
}

function ask(stream: boolean, body: JsonObject = {}): WireRequest {
  return { model: "gpt-5.4", body: { ...chat, ...body }, stream };
}

const context = createExecuteContext({ credential, requestId: "req_1" });

describe("createOpenaiChat()", () => {
  test("asks at /chat/completions with key, organization, project and the user's headers, and nothing of the client's", async () => {
    const { server, executor } = await setUp(
      { body: hello + end + done },
      { organization: "org-1", project: "proj-1", headers: { "x-extra": "1" }, userAgent: "mine/1" },
    );
    const session = { headers: { "user-agent": "client/9", "x-stainless-lang": "js" } };
    const { error, events } = await collectEvents(await executor.execute({ ...ask(true), session }, context));
    expect(error).toBeUndefined();
    expect(events.at(-1)).toEqual({ type: "", data: "[DONE]" });
    const [received] = server.requests;
    expect(received).toMatchObject({ method: "POST", path: "/v1/chat/completions" });
    expect(received?.headers).toMatchObject({
      authorization: "Bearer sk-test-secret",
      "openai-organization": "org-1",
      "openai-project": "proj-1",
      "user-agent": "mine/1",
      "x-client-request-id": "req_1",
      "x-extra": "1",
      accept: "text/event-stream",
      "content-type": "application/json",
    });
    expect(received?.headers).not.toHaveProperty("x-stainless-lang");
  });

  test.each([
    ["when the client did not", {}, { include_usage: true }],
    ["when the client refused", { stream_options: { include_usage: false } }, { include_usage: true }],
    [
      "beside what else it wants",
      { stream_options: { include_obfuscation: false } },
      { include_obfuscation: false, include_usage: true },
    ],
  ])("always asks a stream for its usage, %s", async (_when, body: JsonObject, expected) => {
    const { server, executor } = await setUp({ body: hello + end + done });
    await collectEvents(await executor.execute(ask(true, { stream: true, ...body }), context));
    expect(server.requests[0]?.body).toEqual({ ...chat, stream: true, stream_options: expected });
  });

  test("sends a request without stream as one, and answers with the document", async () => {
    const { server, executor } = await setUp({ body: document });
    const body = { ...chat, seed: 1 };
    const response = await executor.execute({ model: "gpt-5.4", body, stream: false }, context);
    expect(response).toMatchObject({ kind: "document", body: document });
    expect(server.requests[0]?.body).toEqual(body);
    expect(server.requests[0]?.headers.accept).toBe("application/json");
  });

  test("waits longer for a document than for the first event of a stream", async () => {
    const runtime = createFakeRuntime();
    const { server, executor } = await setUp({ body: document }, { firstEventTimeoutMs: 10, documentTimeoutMs: 1_000 });
    const response = executor.execute(ask(false), { ...context, runtime });
    await runtime.advance(999);
    expect((await response).kind).toBe("document");
    expect(server.requests).toHaveLength(1);
  });

  test("an end after the finish reason is a clean end, also without [DONE]", async () => {
    const { executor } = await setUp({ body: hello + end });
    const { error, events } = await collectEvents(await executor.execute(ask(true), context));
    expect(error).toBeUndefined();
    expect(events).toHaveLength(3);
  });

  test.each([
    ["an end before the finish reason", { body: hello }],
    ["an end after an empty finish reason", { body: hello + chunk({ content: "" }, "") }],
    ["an end whose text speaks of one", { body: chunk({ content: 'say "finish_reason":"stop"' }) }],
    ["a cut before the finish reason", { body: hello, cut: true }],
  ])("%s is upstream-unavailable", async (_how, answer) => {
    const { executor } = await setUp(answer);
    const { error } = await collectEvents(await executor.execute(ask(true), context));
    expect(error).toMatchObject({ code: "upstream-unavailable", details: { requestSent: true } });
  });

  test("an error chunk is the last event", async () => {
    const failure = 'data: {"error":{"message":"Overloaded","code":"server_error"}}\n\n';
    const { executor } = await setUp({ body: hello + failure + hello });
    const { error, events } = await collectEvents(await executor.execute(ask(true), context));
    expect(error).toBeUndefined();
    expect(events).toHaveLength(3);
  });

  test.each([
    [401, { error: { code: "invalid_api_key", message: "Bad key sk-test-secret" } }, "credential-rejected"],
    [403, { error: { message: "You may not" } }, "credential-rejected"],
    [404, { error: { code: "model_not_found", message: "No such model" } }, "not-found"],
    [429, { error: { code: "rate_limit_exceeded", message: "Slow down" } }, "rate-limited"],
    [429, { error: { code: "insufficient_quota", message: "Pay" } }, "billing-required"],
    [400, { error: { code: "context_length_exceeded", message: "Long" } }, "context-too-long"],
    [503, { error: { code: "server_is_overloaded", message: "Busy" } }, "upstream-overloaded"],
  ])("a refusal %i %j is %s", async (status, body: JsonObject, code) => {
    const { executor } = await setUp({ status, body, headers: { "retry-after": "7" } });
    const failure = executor.execute(ask(true), context);
    await expect(failure).rejects.toMatchObject({ code });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining("sk-test-secret") });
    if (code === "rate-limited") await expect(failure).rejects.toMatchObject({ details: { retryAfterMs: 7_000 } });
  });

  test("a page of an edge says nothing about the account", async () => {
    const { executor } = await setUp({
      status: 403,
      headers: { "content-type": "text/html" },
      body: "<html>No</html>",
    });
    await expect(executor.execute(ask(true), context)).rejects.toMatchObject({ code: "upstream-malformed" });
  });
});
