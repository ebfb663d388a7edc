import { type AnyRouterError, type JsonObject, RouterError, type StreamEvent, type WireEvent } from "@turnout/core";
import { describe, expect, test } from "vitest";

import type { AnswerContext } from "../codec.ts";
import { createEventEncoder } from "./event-encoder.ts";
import { decodeRequest } from "./request-decode.ts";

const start: StreamEvent = { type: "start", responseId: "chatcmpl-1", model: "upstream-model", createdAt: 5 };
const stop: StreamEvent = { type: "finish", reason: "stop", usage: { inputFresh: 6, cacheRead: 4, output: 3 } };

function contextOf(fields: Record<string, unknown> = {}): AnswerContext {
  const request = decodeRequest({ model: "alias", input: "Hi", ...fields }).value;
  return { request, model: "alias", createdAt: 7, idSeed: "0123456789abcdef".repeat(3) };
}

function write(events: readonly StreamEvent[], context = contextOf()): JsonObject[] {
  const encoder = createEventEncoder(context);
  const out: WireEvent[] = [];
  for (const event of events) encoder.encode(event, out);
  return out.map((event) => JSON.parse(event.data));
}

function types(events: readonly JsonObject[]): unknown[] {
  return events.map((event) => event["type"]);
}

function text(block: number, ...deltas: string[]): StreamEvent[] {
  return [
    { type: "block-start", block, opening: { kind: "text" } },
    ...deltas.map((delta): StreamEvent => ({ type: "text-delta", block, delta })),
    { type: "block-stop", block },
  ];
}

function call(block: number, name: string, args: string, incomplete = false): StreamEvent[] {
  return [
    { type: "block-start", block, opening: { kind: "tool-call", callId: `call_${block}`, name, toolKind: "function" } },
    ...(args === "" ? [] : [{ type: "tool-call-delta", block, argumentsDelta: args } as const]),
    { type: "block-stop", block, ...(incomplete && { incomplete }) },
  ];
}

describe("createEventEncoder()", () => {
  test("text comes in the order of the API, each `done` with the whole text (4.2)", () => {
    const events = write([start, ...text(0, "He", "llo"), stop]);
    expect(types(events)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map((event) => event["sequence_number"])).toEqual(events.map((_, index) => index));
    expect(events[6]).toMatchObject({ text: "Hello", content_index: 0, output_index: 0 });
    const item = events[8]?.["item"];
    expect(item).toMatchObject({
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: "Hello", annotations: [], logprobs: [] }],
    });
    expect(events[9]).toMatchObject({ response: { status: "completed", output: [item] } });
  });

  test("the response object has every field strict clients read, with the client's own words (T106)", () => {
    const tools = [{ type: "function", name: "f", parameters: { type: "object" }, strict: null }];
    const context = contextOf({
      instructions: "Be brief",
      tools,
      tool_choice: "required",
      temperature: 0,
      metadata: { a: "b" },
      store: false,
      truncation: "auto",
      reasoning: { effort: "low" },
      text: { verbosity: "high" },
      max_output_tokens: 99,
    });
    const events = write([start, stop], context);
    const echoed = {
      object: "response",
      created_at: 5,
      model: "alias",
      error: null,
      incomplete_details: null,
      instructions: "Be brief",
      tools,
      tool_choice: "required",
      temperature: 0,
      top_p: null,
      metadata: { a: "b" },
      store: false,
      truncation: "auto",
      reasoning: { effort: "low", summary: null },
      text: { format: { type: "text" }, verbosity: "high" },
      max_output_tokens: 99,
      parallel_tool_calls: true,
      previous_response_id: null,
      user: null,
    };
    expect(events[0]?.["response"]).toMatchObject({ ...echoed, status: "in_progress", usage: null, output: [] });
    expect(events.at(-1)?.["response"]).toMatchObject({
      ...echoed,
      usage: {
        input_tokens: 10,
        input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
        output_tokens: 3,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 13,
      },
    });
  });

  test("ids are the upstream's where they are of this format, else made of the seed; time of the context where none", () => {
    expect(write([start])[0]?.["response"]).toMatchObject({ id: `resp_${"0123456789abcdef".repeat(3)}` });
    const native: StreamEvent = { type: "start", responseId: "resp_native", model: "m" };
    expect(write([native])[0]?.["response"]).toMatchObject({ id: "resp_native", created_at: 7 });
  });

  test("one counter of indexes for text, reasoning and calls, also interleaved (T91)", () => {
    const events = write([
      start,
      { type: "block-start", block: 0, opening: { kind: "reasoning" } },
      ...text(1, "Hi"),
      { type: "reasoning-delta", block: 0, part: 0, form: "summary", delta: "hm" },
      { type: "block-stop", block: 0, payload: "gAAAA", provenance: { wire: "openai-responses" } },
      ...call(2, "f", "{}"),
      ...call(3, "g", ""),
      stop,
    ]);
    const added = events.filter((event) => event["type"] === "response.output_item.added");
    expect(added.map((event) => event["output_index"])).toEqual([0, 1, 2, 3]);
    expect(events.at(-1)?.["response"]).toMatchObject({
      output: [
        { type: "reasoning", summary: [{ type: "summary_text", text: "hm" }], encrypted_content: "gAAAA" },
        { type: "message" },
        { type: "function_call", arguments: "{}", status: "completed" },
        { type: "function_call", arguments: "{}", status: "completed" },
      ],
    });
  });

  test("several thoughts of one item are its parts, each added and done", () => {
    const events = write([
      start,
      { type: "block-start", block: 0, opening: { kind: "reasoning", itemId: "rs_native" } },
      { type: "reasoning-delta", block: 0, part: 0, form: "summary", delta: "one" },
      { type: "reasoning-delta", block: 0, part: 1, form: "summary", delta: "two" },
      { type: "reasoning-delta", block: 0, part: 2, form: "raw", delta: "three" },
      { type: "block-stop", block: 0 },
      stop,
    ]);
    expect(types(events).slice(3, -2)).toEqual([
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.content_part.added",
      "response.reasoning_text.delta",
      "response.reasoning_text.done",
      "response.content_part.done",
    ]);
    expect(events.at(-2)?.["item"]).toEqual({
      id: "rs_native",
      type: "reasoning",
      summary: [
        { type: "summary_text", text: "one" },
        { type: "summary_text", text: "two" },
      ],
      content: [{ type: "reasoning_text", text: "three" }],
    });
  });

  test("a refusal after text is the second part of the same message (4.5)", () => {
    const events = write([
      start,
      ...text(0, "Well"),
      { type: "block-start", block: 1, opening: { kind: "refusal" } },
      { type: "refusal-delta", block: 1, delta: "No" },
      { type: "block-stop", block: 1 },
      { type: "finish", reason: "refusal" },
    ]);
    expect(events.at(-1)).toMatchObject({
      type: "response.completed",
      response: {
        output: [
          {
            content: [
              { type: "output_text", text: "Well" },
              { type: "refusal", refusal: "No" },
            ],
          },
        ],
      },
    });
  });

  test("a refusal told beside the answer becomes a part of it (3.4)", () => {
    const refusal = { explanation: "I will not" };
    const events = write([start, ...text(0, "Well"), { type: "finish", reason: "refusal", refusal }]);
    expect(events.at(-1)).toMatchObject({
      type: "response.completed",
      response: { output: [{ content: [{ type: "output_text" }, { type: "refusal", refusal: "I will not" }] }] },
    });
    expect(write([start, { type: "finish", reason: "refusal" }]).at(-1)).toMatchObject({ type: "response.incomplete" });
  });

  test("names of namespaced tools are turned back (T33, T36)", () => {
    const context = contextOf({
      tools: [{ type: "namespace", name: "ns", tools: [{ type: "function", name: "run", parameters: {} }] }],
    });
    const events = write([start, ...call(0, "ns__run", "{}"), stop], context);
    expect(events.at(-1)).toMatchObject({ response: { output: [{ name: "run", namespace: "ns" }] } });
  });

  test("a call that was cut off is never completed (T96)", () => {
    const events = write([start, ...call(0, "f", '{"a', true), { type: "finish", reason: "length" }]);
    expect(types(events)).not.toContain("response.function_call_arguments.done");
    expect(events.at(-1)).toMatchObject({
      type: "response.incomplete",
      response: {
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
        output: [{ type: "function_call", status: "incomplete", arguments: '{"a' }],
      },
    });
  });

  test("what is open at the end is closed, a message cut by the limit as incomplete", () => {
    const events = write([
      start,
      { type: "block-start", block: 0, opening: { kind: "text" } },
      { type: "text-delta", block: 0, delta: "Hal" },
      { type: "finish", reason: "length" },
    ]);
    expect(types(events)).toContain("response.output_item.done");
    expect(events.at(-1)).toMatchObject({ response: { output: [{ type: "message", status: "incomplete" }] } });
  });

  test("usage that comes in pieces is one usage, the later snapshot counts (T99)", () => {
    const events = write([
      start,
      { type: "usage", usage: { inputFresh: 1, output: 1 } },
      { type: "finish", reason: "stop", usage: { output: 5 } },
    ]);
    expect(events.at(-1)).toMatchObject({
      response: { usage: { input_tokens: 1, output_tokens: 5, total_tokens: 6 } },
    });
  });

  test("items of other formats are dropped and named; own ones travel whole", () => {
    const encoder = createEventEncoder(contextOf());
    const out: WireEvent[] = [];
    const search = { type: "web_search_call", id: "ws_1" };
    encoder.encode(start, out);
    encoder.encode({ type: "raw", wire: "openai-responses", value: search }, out);
    encoder.encode({ type: "raw", wire: "gemini", value: {} }, out);
    encoder.encode(stop, out);
    expect(JSON.parse(out.at(-1)?.data ?? "")).toMatchObject({ response: { output: [search] } });
    expect(encoder.report.dropped).toHaveLength(1);
  });

  function failed(error: AnyRouterError, before: readonly StreamEvent[]): JsonObject[] {
    const encoder = createEventEncoder(contextOf());
    const out: WireEvent[] = [];
    for (const event of before) encoder.encode(event, out);
    const events = encoder.fail(error, "request-1");
    encoder.encode(stop, events);
    return [...out, ...events].map((event) => JSON.parse(event.data));
  }

  test("a failure is response.failed, the last event, legal before the start too (T103, T109)", () => {
    const error = RouterError.from(new RouterError("rate-limited", "Slow down", { retryAfterMs: 1500 }));
    const early = failed(error, []);
    expect(types(early)).toEqual(["response.created", "response.in_progress", "response.failed"]);
    const late = failed(error, [start, ...call(0, "f", '{"a').slice(0, 2)]);
    expect(types(late).slice(-1)).toEqual(["response.failed"]);
    expect(types(late)).not.toContain("response.output_item.done");
    expect(late.at(-1)).toMatchObject({
      sequence_number: late.length - 1,
      response: {
        status: "failed",
        error: { code: "rate_limit_exceeded", message: "Slow down. Please try again in 1.5s." },
      },
    });
  });

  test("nothing follows the end", () => {
    const encoder = createEventEncoder(contextOf());
    const out: WireEvent[] = [];
    for (const event of [start, stop, start, ...text(0, "x")]) encoder.encode(event, out);
    expect(out).toHaveLength(3);
    expect(encoder.fail(new RouterError("internal", "Oops", {}), "request-1")).toEqual([]);
    expect(encoder.keepAlive()).toBeUndefined();
  });

  test("keepAlive() is a numbered event once the answer has begun", () => {
    const encoder = createEventEncoder(contextOf());
    expect(encoder.keepAlive()).toBeUndefined();
    encoder.encode(start, []);
    expect(encoder.keepAlive()).toEqual({ type: "keepalive", data: '{"type":"keepalive","sequence_number":2}' });
  });
});
