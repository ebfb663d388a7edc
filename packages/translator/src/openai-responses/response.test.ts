import { type FinishReason, type JsonObject, type ModelResponse, RouterError } from "@turnout/core";
import { describe, expect, test } from "vitest";

import type { AnswerContext } from "../codec.ts";
import { decodeRequest } from "./request-decode.ts";
import { decodeResponse } from "./response.ts";
import { encodeResponse } from "./response-encode.ts";

const context: AnswerContext = {
  request: decodeRequest({ model: "alias", input: "Hi" }).value,
  model: "alias",
  createdAt: 7,
  idSeed: "0123456789abcdef".repeat(3),
};

function codeOf(body: unknown): string | undefined {
  try {
    decodeResponse(body);
    return undefined;
  } catch (error) {
    return RouterError.is(error) ? error.code : "not a RouterError";
  }
}

describe("decodeResponse()", () => {
  test.each([
    ["nothing", undefined, "upstream-malformed"],
    ["a text", "oops", "upstream-malformed"],
    ["an answer of another format", { choices: [] }, "upstream-malformed"],
    ["an error", { error: { code: "context_length_exceeded", message: "Too long" } }, "context-too-long"],
    ["an error as text", { error: "Oops" }, "upstream-failed"],
    [
      "a failed response",
      { status: "failed", output: [], error: { code: "server_error", message: "Oops" } },
      "upstream-failed",
    ],
  ])("%s is a failure", (_what, body, code) => {
    expect(codeOf(body)).toBe(code);
  });

  test("an item of a known type and an unknown shape travels whole instead of failing (T112)", () => {
    const odd = { type: "function_call", name: 7 };
    const { blocks } = decodeResponse({ output: [odd, "text", { type: "message", content: [{ type: "new" }] }] }).value;
    expect(blocks.map((block) => block.type)).toEqual(["opaque", "opaque"]);
  });

  test("a call with broken arguments is incomplete, its text kept (T112)", () => {
    const call = { type: "function_call", call_id: "c", name: "f", arguments: '{"a' };
    expect(decodeResponse({ output: [call] }).value.blocks).toMatchObject([{ arguments: '{"a', incomplete: true }]);
  });
});

const finishes: [FinishReason, JsonObject][] = [
  ["stop", { status: "completed", incomplete_details: null }],
  ["stop-sequence", { status: "completed", incomplete_details: null }],
  ["length", { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }],
  ["context-full", { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }],
  ["content-filter", { status: "incomplete", incomplete_details: { reason: "content_filter" } }],
  ["refusal", { status: "incomplete", incomplete_details: { reason: "content_filter" } }],
  ["pause", { status: "completed", incomplete_details: null }],
  ["other", { status: "completed", incomplete_details: null }],
  ["error", { status: "failed" }],
];

describe("encodeResponse() of another format's answer", () => {
  const answer: ModelResponse = {
    id: "chatcmpl-1",
    model: "upstream-model",
    blocks: [
      { type: "text", text: "Hi" },
      { type: "tool-call", callId: "call_1", name: "f", kind: "function", arguments: "" },
    ],
    finish: "tool-calls",
    usage: { inputFresh: 1, output: 2 },
  };

  test("is the response its stream would end with", () => {
    expect(encodeResponse(answer, context).value).toMatchObject({
      id: `resp_${context.idSeed}`,
      object: "response",
      created_at: 7,
      status: "completed",
      model: "alias",
      output: [
        { type: "message", content: [{ type: "output_text", text: "Hi", annotations: [] }] },
        { type: "function_call", call_id: "call_1", arguments: "{}" },
      ],
      usage: { total_tokens: 3 },
      tools: [],
      metadata: {},
    });
  });

  test.each(finishes)("finish %s is told as %j (T96, T97, T98)", (finish, expected) => {
    expect(encodeResponse({ ...answer, finish }, context).value).toMatchObject(expected);
  });

  test("the same answer gives the same bytes (law 10)", () => {
    const write = () => JSON.stringify(encodeResponse(answer, context).value);
    expect(write()).toBe(write());
  });

  test("an answer that says nothing is legal (T104)", () => {
    const empty = encodeResponse({ ...answer, blocks: [], finish: "stop" }, context).value;
    expect(empty).toMatchObject({ status: "completed", output: [] });
  });
});

test("encodeResponse() of a Responses answer changes the model's name alone", () => {
  const body = {
    id: "resp_1",
    object: "response",
    model: "gpt-5.4-2026-03-05",
    status: "completed",
    output: [{ type: "web_search_call", id: "ws_1" }],
    usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2, future: 1 },
    future: [1],
  };
  expect(encodeResponse(decodeResponse(body).value, context).value).toEqual({ ...body, model: "alias" });
});
