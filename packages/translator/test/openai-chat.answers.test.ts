import { type JsonObject, type ModelResponse, RouterError } from "@turnout/core";
import { openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { contextFor } from "./laws.ts";

function document(message: JsonObject, more: JsonObject = {}, choice: JsonObject = {}): JsonObject {
  const choices = [{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop", ...choice }];
  return { id: "chatcmpl-1", object: "chat.completion", created: 7, model: "m", choices, ...more };
}

function roundTrip(body: JsonObject): JsonObject {
  return openaiChat.encodeResponse(openaiChat.decodeResponse(body).value, contextFor("m")).value;
}

function response(fields: Partial<ModelResponse>): ModelResponse {
  return { id: "resp_abc", model: "upstream", blocks: [], finish: "stop", ...fields };
}

function messageOf(fields: Partial<ModelResponse>): JsonObject {
  const { value } = openaiChat.encodeResponse(response(fields), contextFor("client-model"));
  const [choice] = value["choices"] as readonly JsonObject[];
  return choice?.["message"] as JsonObject;
}

const call = { type: "tool-call", callId: "call_1", name: "f", kind: "function", arguments: "{}" } as const;
const text = (value: string) => ({ type: "text", text: value }) as const;

describe("decodeResponse()", () => {
  test("tells text, refusal, calls, finish and usage", () => {
    const calls = [{ id: "call_1", type: "function", function: { name: "f", arguments: '{"a":1}' } }];
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      completion_tokens_details: { reasoning_tokens: 2 },
    };
    const body = document(
      { content: "So", refusal: null, tool_calls: calls },
      { usage, service_tier: "default" },
      { finish_reason: "stop" },
    );
    expect(openaiChat.decodeResponse(body).value).toMatchObject({
      id: "chatcmpl-1",
      createdAt: 7,
      blocks: [text("So"), { type: "tool-call", callId: "call_1", arguments: '{"a":1}' }],
      finish: "tool-calls",
      finishRaw: "stop",
      usage: { inputFresh: 10, output: 5, reasoning: 2 },
      serviceTier: "default",
    });
  });

  test("further choices, logprobs and unknown fields stay for Chat and are named for others", () => {
    const body = document(
      { content: "a", audio: { id: "x" } },
      { provider: "P" },
      { logprobs: { content: [] }, native: 1 },
    );
    (body["choices"] as JsonObject[]).push({
      index: 1,
      message: { role: "assistant", content: "b" },
      finish_reason: "stop",
    });
    expect(roundTrip(body)).toEqual(body);
    const { report } = openaiResponses.encodeResponse(openaiChat.decodeResponse(body).value, contextFor("m"));
    expect(report.dropped.map((loss) => loss.path)).toEqual(
      expect.arrayContaining(["choices", "provider", "choices[0].message.audio", "choices[0].native"]),
    );
  });

  test("xAI counts reasoning beside the completion, DeepSeek the cache at the top", () => {
    const xai = {
      prompt_tokens: 12,
      completion_tokens: 1,
      total_tokens: 241,
      completion_tokens_details: { reasoning_tokens: 228 },
    };
    expect(openaiChat.decodeResponse(document({ content: "x" }, { usage: xai })).value.usage).toMatchObject({
      output: 229,
      reasoning: 228,
    });
    const deepseek = {
      prompt_tokens: 12,
      prompt_cache_hit_tokens: 4,
      prompt_cache_miss_tokens: 8,
      completion_tokens: 1,
    };
    expect(openaiChat.decodeResponse(document({ content: "x" }, { usage: deepseek })).value.usage).toMatchObject({
      inputFresh: 8,
      cacheRead: 4,
    });
  });

  test("a call with broken arguments is marked, the text stays (T112)", () => {
    const calls = [{ id: "a", type: "function", function: { name: "f", arguments: '{"a":' } }];
    const { value } = openaiChat.decodeResponse(
      document({ content: "So", tool_calls: calls }, {}, { finish_reason: "length" }),
    );
    expect(value).toMatchObject({ finish: "length", blocks: [text("So"), { incomplete: true }] });
  });

  test("nothing visible at all is an answer", () => {
    const { value } = openaiChat.decodeResponse(document({ content: null }, {}, { finish_reason: "length" }));
    expect(value).toMatchObject({ blocks: [], finish: "length" });
  });

  test.for<[string, unknown, string]>([
    ["text", "hello", "upstream-malformed"],
    ["no choices", { id: "x" }, "upstream-malformed"],
    ["empty choices", { choices: [] }, "upstream-malformed"],
    ["calls of another type", document({ tool_calls: "x" }), "upstream-malformed"],
    ["an error with status 200", { error: { message: "no", code: 429 } }, "rate-limited"],
    ["finish reason error", document({ content: "x" }, {}, { finish_reason: "error" }), "upstream-failed"],
  ])("refuses %s", ([, body, code]) => {
    let error: unknown;
    try {
      openaiChat.decodeResponse(body);
    } catch (caught) {
      error = caught;
    }
    expect(RouterError.is(error) && error.code).toBe(code);
  });
});

describe("encodeResponse()", () => {
  test("has the envelope of Chat: its own id, the name the client asked for, both null fields", () => {
    const { value } = openaiChat.encodeResponse(response({ blocks: [text("Hi")] }), contextFor("client-model"));
    expect(value).toEqual({
      id: "chatcmpl-abc",
      object: "chat.completion",
      created: 1_700_000_000,
      model: "client-model",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hi", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
    });
  });

  test("content is null beside calls only, empty when nothing was said, texts are joined as they are", () => {
    expect(messageOf({ blocks: [call], finish: "tool-calls" })["content"]).toBeNull();
    expect(messageOf({})["content"]).toBe("");
    expect(messageOf({ blocks: [text("a"), text("b")] })["content"]).toBe("ab");
  });

  test("reasoning never goes into content (T16)", () => {
    const reasoning = {
      type: "reasoning",
      parts: [
        { form: "summary", text: "One" },
        { form: "summary", text: "Two" },
      ],
      payload: "enc",
      provenance: { wire: "openai-responses" },
    } as const;
    expect(messageOf({ blocks: [reasoning, text("Hi")] })).toEqual({
      role: "assistant",
      content: "Hi",
      reasoning_content: "One\n\nTwo",
      reasoning_details: [{ type: "reasoning.encrypted", data: "enc", format: "openai-responses-v1", index: 0 }],
      refusal: null,
    });
  });

  test.for<[ModelResponse["finish"], string]>([
    ["stop", "stop"],
    ["stop-sequence", "stop"],
    ["length", "length"],
    ["context-full", "length"],
    ["tool-calls", "tool_calls"],
    ["content-filter", "content_filter"],
    ["refusal", "content_filter"],
    ["pause", "stop"],
    ["other", "stop"],
  ])("finish %s is %s (T97)", ([finish, expected]) => {
    const { value } = openaiChat.encodeResponse(response({ finish }), contextFor("m"));
    expect(value["choices"]).toMatchObject([{ finish_reason: expected }]);
  });

  test("a refusal stands in its own field", () => {
    expect(messageOf({ blocks: [{ type: "refusal", text: "No." }], finish: "refusal" })).toMatchObject({
      content: null,
      refusal: "No.",
    });
  });

  test("a refusal without words gets the provider's explanation, or a sentence (3.4)", () => {
    expect(messageOf({ finish: "refusal", refusal: { explanation: "Not that." } })["refusal"]).toBe("Not that.");
    expect(messageOf({ finish: "refusal" })["refusal"]).toBe("The model refused to answer.");
  });

  test("counters of another format are put together (T114)", () => {
    const usage = { inputFresh: 5, cacheRead: 3, cacheWrite: 2, output: 4, raw: { input_tokens: 5, output_tokens: 4 } };
    const { value } = openaiChat.encodeResponse(response({ usage }), contextFor("m"));
    expect(value["usage"]).toEqual({
      prompt_tokens: 10,
      completion_tokens: 4,
      total_tokens: 14,
      prompt_tokens_details: { cached_tokens: 3, cache_write_tokens: 2 },
    });
  });

  test("citations are annotations, counted in the joined text; other kinds are named", () => {
    const citations = [
      { kind: "url", url: "https://x.test", title: "X", start: 0, end: 1 },
      { kind: "file", extras: { wire: "openai-responses", fields: {} } },
    ] as const;
    const blocks = [text("ab"), { ...text("cd"), citations }];
    const { value, report } = openaiChat.encodeResponse(response({ blocks }), contextFor("m"));
    expect(value["choices"]).toMatchObject([
      {
        message: {
          annotations: [
            { type: "url_citation", url_citation: { start_index: 2, end_index: 3, url: "https://x.test", title: "X" } },
          ],
        },
      },
    ]);
    expect(report.dropped.map((loss) => loss.path)).toEqual(["blocks[1].citations"]);
  });

  test("ids longer than Chat clients keep are mapped (T45)", () => {
    const message = messageOf({ blocks: [{ ...call, callId: "x".repeat(69) }], finish: "tool-calls" });
    expect(message["tool_calls"]).toMatchObject([{ id: expect.stringMatching(/^call_.{24}$/u) }]);
  });

  test("what a Responses answer repeats of its request is no loss", () => {
    const extras = {
      wire: "openai-responses",
      fields: { tools: [{}], temperature: 1, status: "completed", tool_usage: { x: 1 } },
    } as const;
    const { report } = openaiChat.encodeResponse(response({ extras }), contextFor("m"));
    expect(report.dropped.map((loss) => loss.path)).toEqual(["tool_usage"]);
  });

  test("items only another format knows are named", () => {
    const blocks = [
      { type: "opaque", wire: "openai-responses", value: { type: "web_search_call" } },
      text("Hi"),
    ] as const;
    const { report } = openaiChat.encodeResponse(response({ blocks }), contextFor("m"));
    expect(report.dropped).toEqual([{ path: "blocks[0]", reason: "only its own format can carry this block" }]);
  });
});
