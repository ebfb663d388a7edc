import {
  isJsonObject,
  type JsonObject,
  type ModelRequest,
  RouterError,
  type StreamEvent,
  type WireEvent,
} from "@turnout/core";
import { type AnswerContext, anthropicMessages, fold, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { unwrapPayload } from "../src/payload-envelope.ts";
import { checkAnthropicGrammar, parseEvent } from "./anthropic-grammar.ts";
import { contextFor, decodeStream } from "./laws.ts";

const wire = "anthropic-messages";

function event(type: string, fields: JsonObject = {}): WireEvent {
  return { type, data: JSON.stringify({ type, ...fields }) };
}

const message = (fields: JsonObject = {}) =>
  event("message_start", {
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      content: [],
      model: "claude",
      stop_reason: null,
      usage: { input_tokens: 10, output_tokens: 1 },
      ...fields,
    },
  });
const start = (index: number, content_block: JsonObject) => event("content_block_start", { index, content_block });
const delta = (index: number, fields: JsonObject) => event("content_block_delta", { index, delta: fields });
const stop = (index: number) => event("content_block_stop", { index });
const end = (stop_reason: string | null, usage: JsonObject = { output_tokens: 5 }, more: JsonObject = {}) =>
  event("message_delta", { delta: { stop_reason, stop_sequence: null, ...more }, usage });
const done = event("message_stop");

const textBlock = (index: number, text: string) => [
  start(index, { type: "text", text: "" }),
  delta(index, { type: "text_delta", text }),
  stop(index),
];
const callBlock = (index: number, json: string, id = `toolu_${index}`) => [
  start(index, { type: "tool_use", id, name: "wait", input: {} }),
  delta(index, { type: "input_json_delta", partial_json: "" }),
  delta(index, { type: "input_json_delta", partial_json: json }),
  stop(index),
];

function decode(...events: readonly (WireEvent | readonly WireEvent[])[]) {
  return decodeStream(anthropicMessages, events.flat());
}

function foldOf(...events: readonly (WireEvent | readonly WireEvent[])[]) {
  const { events: decoded, failure } = decode(...events);
  if (failure !== undefined) throw failure;
  return fold(decoded);
}

const emptyRequest: ModelRequest = { model: "m", stream: true, turns: [], tools: [], sampling: {} };

function encode(events: readonly StreamEvent[], context: AnswerContext = contextFor("client-model")) {
  const encoder = anthropicMessages.createEventEncoder(context);
  const written: WireEvent[] = [];
  for (const entry of events) encoder.encode(entry, written);
  return { written, report: encoder.report };
}

const begin: StreamEvent = { type: "start", responseId: "resp_1", model: "m" };
const finish = (
  reason: "stop" | "tool-calls" | "length" | "refusal" | "content-filter" | "pause" | "error",
): StreamEvent => ({
  type: "finish",
  reason,
  usage: { inputFresh: 7, cacheRead: 3, cacheWrite: 2, output: 5, reasoning: 4 },
});
const openCall = (
  block: number,
  callId = `call_${block}`,
  toolKind: "function" | "custom" = "function",
): StreamEvent => ({
  type: "block-start",
  block,
  opening: { kind: "tool-call", callId, name: "wait", toolKind },
});
const openText = (block: number): StreamEvent => ({ type: "block-start", block, opening: { kind: "text" } });
const openThought = (block: number, itemId?: string): StreamEvent => ({
  type: "block-start",
  block,
  opening: { kind: "reasoning", ...(itemId !== undefined && { itemId }) },
});
const text = (block: number, piece: string): StreamEvent => ({ type: "text-delta", block, delta: piece });
const thought = (block: number, piece: string, part = 0): StreamEvent => ({
  type: "reasoning-delta",
  block,
  part,
  form: "summary",
  delta: piece,
});
const args = (block: number, argumentsDelta: string): StreamEvent => ({
  type: "tool-call-delta",
  block,
  argumentsDelta,
});
const closed = (block: number, more: Partial<Extract<StreamEvent, { type: "block-stop" }>> = {}): StreamEvent => ({
  type: "block-stop",
  block,
  ...more,
});

/** The content blocks that the written stream tells. */
function contentOf(written: readonly WireEvent[]) {
  checkAnthropicGrammar(written);
  const collector = anthropicMessages.createDocumentCollector();
  for (const entry of written) collector.add(entry);
  const { content, ...rest } = collector.end();
  return { content: Array.isArray(content) ? content.filter(isJsonObject) : [], rest };
}

describe("createEventDecoder()", () => {
  test("T03 T04 the signature belongs to its own block, the last one counts, and empty thoughts are kept", () => {
    const answer = foldOf(
      message(),
      start(0, { type: "thinking", thinking: "", signature: "" }),
      delta(0, { type: "signature_delta", signature: "old" }),
      delta(0, { type: "signature_delta", signature: "sig" }),
      stop(0),
      start(1, { type: "redacted_thinking", data: "data" }),
      stop(1),
      textBlock(2, "hi"),
      end("end_turn"),
      done,
    );
    expect(answer.blocks).toMatchObject([
      { type: "reasoning", parts: [], payload: "sig", provenance: { wire, model: "claude" } },
      { type: "reasoning", parts: [], payload: "data", redacted: true },
      { type: "text", text: "hi" },
    ]);
    expect(answer.blocks[0]).not.toHaveProperty("redacted");
  });

  test("T12 every run of thoughts is a block of its own", () => {
    const think = (index: number) => [
      start(index, { type: "thinking", thinking: "" }),
      delta(index, { type: "thinking_delta", thinking: `t${index}` }),
      stop(index),
    ];
    const { blocks } = foldOf(message(), think(0), textBlock(1, "a"), think(2), end("end_turn"), done);
    expect(blocks.map((block) => block.type)).toEqual(["reasoning", "text", "reasoning"]);
  });

  test("T84 an input that is there from the start is the arguments", () => {
    const { blocks } = foldOf(
      message(),
      start(0, { type: "tool_use", id: "a", name: "wait", input: { n: 1 } }),
      stop(0),
      end("tool_use"),
      done,
    );
    expect(blocks).toMatchObject([{ type: "tool-call", callId: "a", arguments: '{"n":1}' }]);
  });

  test("text that is there from the start is emitted, and a delta without a start opens its block", () => {
    const { blocks } = foldOf(
      message(),
      start(0, { type: "text", text: "al" }),
      delta(0, { type: "text_delta", text: "so" }),
      stop(0),
      delta(1, { type: "text_delta", text: "bare" }),
      end("end_turn"),
      done,
    );
    expect(blocks).toMatchObject([{ text: "also" }, { text: "bare" }]);
  });

  test("T94 T95 calls decide over the upstream's word", () => {
    expect(foldOf(message(), callBlock(0, "{}"), end("end_turn"), done).finish).toBe("tool-calls");
    expect(foldOf(message(), end("tool_use"), end("end_turn"), done).finishRaw).toBe("tool_use");
  });

  test("T96 a call in which the model was cut off is not whole, whatever its text", () => {
    for (const json of ['{"a', "{}"]) {
      const answer = foldOf(message(), callBlock(0, "{}"), callBlock(1, json), end("max_tokens"), done);
      expect(answer.finish).toBe("length");
      expect(answer.blocks).toMatchObject([{ callId: "toolu_0" }, { callId: "toolu_1", incomplete: true }]);
      expect(answer.blocks[0]).not.toHaveProperty("incomplete");
    }
  });

  test("T112 a call with broken arguments does not spoil the rest", () => {
    const { blocks } = foldOf(message(), textBlock(0, "ok"), callBlock(1, "{broken"), end("tool_use"), done);
    expect(blocks).toMatchObject([{ text: "ok" }, { incomplete: true, arguments: "{broken" }]);
  });

  test("T97 a refusal is one, with its words", () => {
    const stop_details = { type: "refusal", category: "cyber", explanation: "No." };
    const answer = foldOf(message(), textBlock(0, "par"), end("refusal", {}, { stop_details }), done);
    expect(answer).toMatchObject({ finish: "refusal", refusal: { category: "cyber", explanation: "No." } });
    expect(answer.blocks.at(-1)).toMatchObject({ type: "refusal", text: "No." });
    const chat = openaiChat.encodeResponse(answer, contextFor("m")).value;
    expect(chat["choices"]).toMatchObject([{ finish_reason: "content_filter", message: { refusal: "No." } }]);
    expect(openaiResponses.encodeResponse(answer, contextFor("m")).value["status"]).toBe("completed");
  });

  test("the matched stop sequence is told", () => {
    expect(foldOf(message(), end("stop_sequence", {}, { stop_sequence: "END" }), done)).toMatchObject({
      finish: "stop-sequence",
      stopSequence: "END",
    });
  });

  test("T98 unknown reasons are an end like others", () => {
    expect(foldOf(message(), end("sunset"), done).finish).toBe("other");
    expect(foldOf(message(), end("model_context_window_exceeded"), done).finish).toBe("context-full");
    expect(foldOf(message(), end("pause_turn"), done).finish).toBe("pause");
  });

  test("T102 an end without a reason is a plain one, or one with calls", () => {
    expect(foldOf(message(), textBlock(0, "a"), done).finish).toBe("stop");
    expect(foldOf(message(), callBlock(0, "{}"), done).finish).toBe("tool-calls");
  });

  test("T103 a stream that ends early is a failure, and after its reason a legal end", () => {
    expect(decode(message(), textBlock(0, "a")).failure).toMatchObject({
      code: "upstream-unavailable",
      details: { requestSent: true },
    });
    expect(decode(message(), textBlock(0, "a"), end("end_turn")).events.at(-1)).toMatchObject({ reason: "stop" });
  });

  test.for([
    ["overloaded_error", "upstream-overloaded"],
    ["rate_limit_error", "rate-limited"],
    ["api_error", "upstream-failed"],
    ["authentication_error", "credential-rejected"],
    ["permission_error", "forbidden"],
    ["not_found_error", "not-found"],
    ["request_too_large", "too-large"],
    ["billing_error", "billing-required"],
    ["timeout_error", "upstream-unavailable"],
    ["invalid_request_error", "request-invalid"],
  ])("T109 an error of type %s is the failure %s", ([type, code]) => {
    const { failure } = decode(message(), event("error", { error: { type, message: "so" } }));
    expect(failure).toMatchObject({ code, upstream: { type } });
  });

  test("a second start: the same one is ignored, another one in the midst is a failure", () => {
    expect(foldOf(message(), message(), textBlock(0, "a"), end("end_turn"), done).id).toBe("msg_1");
    expect(foldOf(message(), message({ id: "msg_2" }), textBlock(0, "a"), end("end_turn"), done).blocks).toHaveLength(
      1,
    );
    expect(decode(message(), textBlock(0, "a"), message({ id: "msg_2" })).failure?.code).toBe("upstream-malformed");
  });

  test("T120 blocks only Anthropic knows come whole, unknown events and deltas are named", () => {
    const decoder = anthropicMessages.createEventDecoder();
    const out: StreamEvent[] = [];
    for (const entry of [
      message(),
      start(0, { type: "server_tool_use", id: "s", name: "web_search", input: {} }),
      delta(0, { type: "input_json_delta", partial_json: '{"query":' }),
      delta(0, { type: "input_json_delta", partial_json: '"x"}' }),
      stop(0),
      start(1, { type: "compaction", content: null }),
      delta(1, { type: "compaction_delta", content: "short" }),
      stop(1),
      start(2, { type: "text", text: "" }),
      delta(2, { type: "sparkle_delta", sparkle: 1 }),
      stop(2),
      event("confetti"),
      event("ping"),
      end("end_turn"),
      done,
    ]) {
      decoder.decode(entry, out);
    }
    decoder.end(out);
    const raw = out.filter((entry) => entry.type === "raw").map((entry) => entry.value);
    expect(raw).toEqual([
      { type: "server_tool_use", id: "s", name: "web_search", input: { query: "x" } },
      { type: "compaction", content: "short" },
    ]);
    expect(decoder.report.dropped.map((loss) => loss.reason)).toEqual([
      "a delta of type `sparkle_delta`",
      "unknown event `confetti`",
    ]);
    expect(fold(out).finish).toBe("stop");
  });

  test("truncated JSON is a failure, not a skip", () => {
    const broken = { type: "content_block_delta", data: '{"type":"content_block_delta","ind' };
    expect(decode(message(), broken).failure?.code).toBe("upstream-malformed");
  });

  test("a free-text tool that was sent as a function comes back as what it was", () => {
    const request: ModelRequest = { ...emptyRequest, tools: [{ type: "custom", name: "wait" }] };
    const decoder = anthropicMessages.createEventDecoder({ request });
    const out: StreamEvent[] = [];
    for (const entry of [message(), ...callBlock(0, '{"input":"*** Begin\\n"}'), end("tool_use"), done])
      decoder.decode(entry, out);
    expect(fold(out).blocks).toMatchObject([{ kind: "custom", name: "wait", arguments: "*** Begin\n" }]);
    const content = [{ type: "tool_use", id: "a", name: "wait", input: { input: "x" } }];
    const whole = anthropicMessages.decodeResponse({ type: "message", content, stop_reason: "tool_use" }, { request });
    expect(whole.value.blocks).toMatchObject([{ kind: "custom", arguments: "x" }]);
  });

  test("the tool behind an emulated schema is the text of the answer", () => {
    const block = [
      start(0, { type: "tool_use", id: "a", name: "turnout_json_answer", input: {} }),
      delta(0, { type: "input_json_delta", partial_json: '{"n":' }),
      delta(0, { type: "input_json_delta", partial_json: "1}" }),
      stop(0),
    ];
    const streamed = foldOf(message(), block, end("tool_use"), done);
    expect(streamed).toMatchObject({ finish: "stop", blocks: [{ type: "text", text: '{"n":1}' }] });
    const content = [{ type: "tool_use", id: "a", name: "turnout_json_answer", input: { n: 1 } }];
    const whole = anthropicMessages.decodeResponse({ type: "message", content, stop_reason: "tool_use" }).value;
    expect(whole).toMatchObject({ finish: "stop", blocks: [{ type: "text", text: '{"n":1}' }] });
  });

  test("citations span their block, in the same way in stream and document", () => {
    const citation = {
      type: "web_search_result_location",
      url: "https://a",
      title: "A",
      cited_text: "x",
      encrypted_index: "e",
    };
    const streamed = foldOf(
      message(),
      start(0, { type: "text", text: "", citations: [] }),
      delta(0, { type: "citations_delta", citation }),
      delta(0, { type: "text_delta", text: "four" }),
      stop(0),
      end("end_turn"),
      done,
    );
    const content = [{ type: "text", text: "four", citations: [citation] }];
    const whole = anthropicMessages.decodeResponse({ type: "message", content, stop_reason: "end_turn" }).value;
    expect(streamed.blocks).toMatchObject([{ citations: [{ kind: "url", url: "https://a", start: 0, end: 4 }] }]);
    expect(whole.blocks).toMatchObject(streamed.blocks);
    const chat = openaiChat.encodeResponse(
      { ...streamed, blocks: [{ type: "text", text: "ab" }, ...streamed.blocks] },
      contextFor("m"),
    );
    expect(chat.value["choices"]).toMatchObject([
      { message: { annotations: [{ url_citation: { url: "https://a", start_index: 2, end_index: 6 } }] } },
    ]);
  });
});

describe("usage", () => {
  const big = { input_tokens: 10, cache_read_input_tokens: 100, cache_creation_input_tokens: 20, output_tokens: 1 };

  test("T113 T116 a later report replaces an earlier one, and what it leaves out stays", () => {
    const { usage } = foldOf(
      message({ usage: big }),
      end("end_turn", { output_tokens: 9, cache_read_input_tokens: null }),
      done,
    );
    expect(usage).toMatchObject({ inputFresh: 10, cacheRead: 100, cacheWrite: 20, output: 9 });
    const again = foldOf(message({ usage: big }), end("end_turn", { ...big, output_tokens: 9 }), done);
    expect(again.usage).toMatchObject({ inputFresh: 10, cacheRead: 100, cacheWrite: 20, output: 9 });
  });

  test("T114 T119 the counters in Chat and Responses", () => {
    const usage = { ...big, output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } };
    const answer = anthropicMessages.decodeResponse({
      type: "message",
      content: [],
      stop_reason: "end_turn",
      usage,
    }).value;
    expect(openaiChat.encodeResponse(answer, contextFor("m")).value["usage"]).toEqual({
      prompt_tokens: 130,
      completion_tokens: 9,
      total_tokens: 139,
      prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 20 },
      completion_tokens_details: { reasoning_tokens: 4 },
    });
    expect(openaiResponses.encodeResponse(answer, contextFor("m")).value["usage"]).toMatchObject({
      input_tokens: 130,
      input_tokens_details: { cached_tokens: 100, cache_write_tokens: 20 },
      output_tokens_details: { reasoning_tokens: 4 },
    });
  });

  test("what was written for an hour is told apart", () => {
    const cache_creation = { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 15 };
    const { usage } = foldOf(message({ usage: { ...big, cache_creation } }), end("end_turn"), done);
    expect(usage).toMatchObject({ cacheWrite: 20, cacheWrite1h: 15 });
  });

  test("T117 all counters are in message_delta, none doubled", () => {
    const { written } = encode([begin, finish("stop")]);
    expect(parseEvent(written[1] ?? written[0]!)["usage"]).toEqual({
      input_tokens: 7,
      cache_creation_input_tokens: 2,
      cache_read_input_tokens: 3,
      output_tokens: 5,
      output_tokens_details: { thinking_tokens: 4 },
    });
  });

  test("T115 T118 fresh tokens of a Chat upstream are what is left, never below zero", () => {
    const chunk = (fields: JsonObject): WireEvent => ({
      type: "",
      data: JSON.stringify({ id: "c", model: "m", choices: [], ...fields }),
    });
    const usage = { prompt_tokens: 50, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 80 } };
    const { events } = decodeStream(openaiChat, [
      chunk({ choices: [{ index: 0, delta: { content: "a" }, finish_reason: "stop" }] }),
      chunk({ usage }),
    ]);
    const { rest } = contentOf(encode(events).written);
    expect(rest["usage"]).toMatchObject({ input_tokens: 0, cache_read_input_tokens: 80, output_tokens: 5 });
  });
});

describe("createEventEncoder()", () => {
  test("T09 T10 T11 thoughts, their signature, their end, and then the call", () => {
    const { written } = encode([
      begin,
      openThought(0, "rs_1"),
      thought(0, "hm"),
      closed(0, { payload: "gAAA", provenance: { wire: "openai-responses", model: "gpt" } }),
      openCall(1),
      args(1, '{"a":1}'),
      closed(1),
      finish("tool-calls"),
    ]);
    const { content, rest } = contentOf(written);
    expect(rest["stop_reason"]).toBe("tool_use");
    expect(content).toMatchObject([
      { type: "thinking", thinking: "hm" },
      { type: "tool_use", id: "call_1", name: "wait", input: { a: 1 } },
    ]);
    expect(unwrapPayload(String(content[0]?.["signature"]))).toMatchObject({
      provenance: { wire: "openai-responses", model: "gpt" },
      payload: "gAAA",
      itemId: "rs_1",
    });
  });

  test("T09 T10 thoughts of a payload alone, and of a text alone", () => {
    const { written } = encode([
      begin,
      openThought(0),
      closed(0, { payload: "gAAA", provenance: { wire: "openai-responses" } }),
      openThought(1),
      closed(1, { payload: "sig", provenance: { wire } }),
      openThought(2),
      thought(2, "bare"),
      closed(2),
      openThought(3),
      closed(3),
      finish("stop"),
    ]);
    const { content } = contentOf(written);
    expect(content).toMatchObject([
      { type: "redacted_thinking" },
      { type: "thinking", thinking: "", signature: "sig" },
      // Clients discard what is not signed, so there is an envelope even around nothing.
      { type: "thinking", thinking: "bare", signature: expect.stringMatching(/^rs1\./u) },
    ]);
    expect(unwrapPayload(String(content[0]?.["data"]))?.payload).toBe("gAAA");
  });

  test("parts of one thought are joined with a blank line and told apart again", () => {
    const stopped = closed(0, { payload: "p", provenance: { wire: "openai-responses" } });
    const { written } = encode([
      begin,
      openThought(0),
      thought(0, "one"),
      thought(0, "two", 1),
      stopped,
      finish("stop"),
    ]);
    const { content } = contentOf(written);
    expect(content[0]?.["thinking"]).toBe("one\n\ntwo");
    expect(fold(decodeStream(anthropicMessages, written).events).blocks).toMatchObject([{ payload: "p" }]);
    const again = anthropicMessages.decodeResponse({ type: "message", content, stop_reason: "end_turn" }).value.blocks;
    expect(again).toMatchObject([{ parts: [{ text: "one" }, { text: "two" }] }]);
  });

  test("T85 T110 blocks that are open at once are written one after another, in the order of their opening", () => {
    const { written } = encode([
      begin,
      openCall(0),
      args(0, '{"a":'),
      openCall(1),
      args(1, '{"b":'),
      openText(2),
      text(2, "late"),
      args(0, "1}"),
      args(1, "2}"),
      closed(1),
      closed(0),
      closed(2),
      finish("tool-calls"),
    ]);
    const { content } = contentOf(written);
    expect(content).toMatchObject([
      { type: "tool_use", input: { a: 1 } },
      { type: "tool_use", input: { b: 2 } },
      { type: "text", text: "late" },
    ]);
    // What belongs to the open block is passed on at once.
    const first = encode([begin, openCall(0), args(0, '{"a":')]).written;
    expect(first.at(-1)?.data).toContain("partial_json");
  });

  test("T86 T87 one start a call, with id and name", () => {
    const nameless: StreamEvent = {
      type: "block-start",
      block: 0,
      opening: { kind: "tool-call", callId: "", name: "", toolKind: "function" },
    };
    const { content } = contentOf(encode([begin, nameless, args(0, "{}"), closed(0), finish("stop")]).written);
    expect(content).toMatchObject([{ type: "tool_use", id: expect.stringMatching(/^toolu_/u), name: "tool_0" }]);
  });

  test("T94 calls make the reason tool_use, T96 unless the model was cut off", () => {
    const call = [begin, openCall(0), args(0, "{}"), closed(0)];
    expect(contentOf(encode([...call, finish("stop")]).written).rest["stop_reason"]).toBe("tool_use");
    expect(contentOf(encode([...call, finish("length")]).written).rest["stop_reason"]).toBe("max_tokens");
  });

  test("T96 an unfinished call is not offered in a whole answer", () => {
    const answer = fold([
      begin,
      openText(0),
      text(0, "a"),
      closed(0),
      openCall(1),
      args(1, '{"a'),
      closed(1, { incomplete: true }),
      finish("length"),
    ]);
    const { value, report } = anthropicMessages.encodeResponse(answer, contextFor("m"));
    expect(value).toMatchObject({ stop_reason: "max_tokens", content: [{ type: "text", text: "a" }] });
    expect(report.dropped).toHaveLength(1);
  });

  test("T97 refusals and filtered answers are refusals", () => {
    const refusal: StreamEvent[] = [
      { type: "block-start", block: 0, opening: { kind: "refusal" } },
      { type: "refusal-delta", block: 0, delta: "I will not." },
      closed(0),
    ];
    expect(contentOf(encode([begin, ...refusal, finish("stop")]).written)).toMatchObject({
      content: [],
      rest: { stop_reason: "refusal", stop_details: { type: "refusal", category: null, explanation: "I will not." } },
    });
    expect(contentOf(encode([begin, finish("content-filter")]).written).rest["stop_reason"]).toBe("refusal");
  });

  test("T101 T104 one message_delta and one message_stop at the end, also of an empty answer", () => {
    const { written } = encode([
      begin,
      { type: "usage", usage: { output: 1 } },
      finish("stop"),
      finish("stop"),
      text(0, "late"),
    ]);
    expect(written.map((entry) => entry.type)).toEqual(["message_start", "message_delta", "message_stop"]);
    expect(contentOf(written)).toMatchObject({ content: [], rest: { stop_reason: "end_turn", model: "client-model" } });
  });

  test("T61 empty texts and texts of no piece are not written", () => {
    const { content } = contentOf(
      encode([begin, openText(0), text(0, ""), closed(0), openText(1), text(1, "a"), closed(1), finish("stop")])
        .written,
    );
    expect(content).toEqual([{ type: "text", text: "a" }]);
  });

  test("what was not closed is closed at the end", () => {
    const { content } = contentOf(
      encode([begin, openText(0), text(0, "a"), openText(1), text(1, "b"), finish("stop")]).written,
    );
    expect(content).toMatchObject([{ text: "a" }, { text: "b" }]);
  });

  test("the signature of a call follows it in a block of its own", () => {
    const { content } = contentOf(
      encode([
        begin,
        openCall(0, "call_a"),
        args(0, "{}"),
        closed(0, { payload: "sig", provenance: { wire: "gemini" } }),
        finish("stop"),
      ]).written,
    );
    expect(content.map((block) => block["type"])).toEqual(["tool_use", "redacted_thinking"]);
    expect(unwrapPayload(String(content[1]?.["data"]))).toMatchObject({ callId: "call_a", payload: "sig" });
  });

  test("names of tools come back as the client knows them", () => {
    const request: ModelRequest = { ...emptyRequest, tools: [{ type: "function", name: "a.b" }] };
    const open: StreamEvent = {
      type: "block-start",
      block: 0,
      opening: { kind: "tool-call", callId: "x", name: "a_b", toolKind: "function" },
    };
    const { written } = encode([begin, open, closed(0), finish("stop")], { ...contextFor("m"), request });
    expect(contentOf(written).content).toMatchObject([{ name: "a.b" }]);
  });

  test("free text of a custom call is the one argument of a function", () => {
    const events = [begin, openCall(0, "a", "custom"), args(0, 'say "x"\n'), args(0, "\\"), closed(0), finish("stop")];
    expect(contentOf(encode(events).written).content).toMatchObject([{ input: { input: 'say "x"\n\\' } }]);
  });

  test("a citation of another format goes with its text; in a whole answer it gets its span", () => {
    const citation = { kind: "url", url: "https://a", title: "A", start: 2, end: 4 } as const;
    const events = [
      begin,
      openText(0),
      text(0, "abcdef"),
      { type: "citation", block: 0, citation } as const,
      closed(0),
      finish("stop"),
    ];
    const cited = { type: "web_search_result_location", url: "https://a", title: "A" };
    expect(contentOf(encode(events).written).content).toMatchObject([{ text: "abcdef", citations: [cited] }]);
    const whole = anthropicMessages.encodeResponse(fold(events), contextFor("m")).value;
    expect(whole["content"]).toMatchObject([{ text: "ab" }, { text: "cd", citations: [cited] }, { text: "ef" }]);
  });

  test("T109 a failure is an error event and the last word", () => {
    const encoder = anthropicMessages.createEventEncoder(contextFor("m"));
    const out: WireEvent[] = [];
    encoder.encode(begin, out);
    const failure = RouterError.from(new RouterError("upstream-overloaded", "Busy", { retryAfterMs: undefined }));
    const last = encoder.fail(failure, "req_1");
    expect(last.map(parseEvent)).toEqual([
      { type: "error", error: { type: "overloaded_error", message: "Busy" }, request_id: "req_1" },
    ]);
    expect(encoder.fail(failure, "req_1")).toEqual([]);
    encoder.encode(finish("stop"), out);
    expect(out).toHaveLength(1);
    expect(encoder.keepAlive()).toBeUndefined();
  });

  test("T108 a ping keeps the stream alive at any moment", () => {
    const encoder = anthropicMessages.createEventEncoder(contextFor("m"));
    expect(encoder.keepAlive()).toEqual({ type: "ping", data: '{"type": "ping"}' });
  });
});

describe("errors", () => {
  test.for([
    ["upstream-overloaded", 529, "overloaded_error"],
    ["rate-limited", 429, "rate_limit_error"],
    ["upstream-unavailable", 529, "overloaded_error"],
  ] as const)("%s is %d %s", ([code, status, type]) => {
    const error = RouterError.from(
      new RouterError(code, "So", { retryAfterMs: 1200, status: undefined, requestSent: true }),
    );
    const encoded = anthropicMessages.encodeError(error, "req_1");
    expect(encoded).toMatchObject({ status, body: { type: "error", error: { type }, request_id: "req_1" } });
    expect(encoded.headers).toMatchObject({ "request-id": "req_1", "retry-after": "2" });
  });

  test("a conversation that is too long is told in the words clients look for", () => {
    const error = RouterError.from(new RouterError("context-too-long", "Upstream answered 400: too many tokens", {}));
    const { body } = anthropicMessages.encodeError(error, "req_1");
    expect(body["error"]).toMatchObject({
      type: "invalid_request_error",
      message: expect.stringContaining("prompt is too long"),
    });
  });

  test.for([
    ["prompt is too long: 3 tokens > 2 maximum", 400, "invalid_request_error", "context-too-long"],
    [
      "messages.1.content.0: Invalid `signature` in `thinking` block",
      400,
      "invalid_request_error",
      "reasoning-invalid",
    ],
    ["model: claude-9", 404, "not_found_error", "not-found"],
    ["Overloaded", 529, "overloaded_error", "upstream-overloaded"],
    ["Your credit is used up", 402, "billing_error", "billing-required"],
  ] as const)("%s is read", ([text, status, type, code]) => {
    const body = JSON.stringify({ type: "error", error: { type, message: text } });
    const error = anthropicMessages.decodeError(status, body);
    expect(error.code).toBe(code);
    if (code === "not-found") expect(error.details).toEqual({ path: "model" });
  });
});

describe("createStreamObserver()", () => {
  test("opening, content, one terminal, and nothing after it", () => {
    const observer = anthropicMessages.createStreamObserver(contextFor("m"));
    const events = [message(), event("ping"), ...callBlock(0, "{}"), end("tool_use"), done, done];
    expect(events.map((entry) => observer.observe(entry))).toEqual([
      "opening",
      "opening",
      "content",
      "content",
      "content",
      "content",
      "content",
      "terminal",
      "private",
    ]);
    expect(observer.finish).toBe("tool-calls");
    expect(observer.usage).toMatchObject({ inputFresh: 10, output: 5 });
  });

  test("a failure is reported once", () => {
    const observer = anthropicMessages.createStreamObserver(contextFor("m"));
    expect(observer.observe(event("error", { error: { type: "overloaded_error", message: "x" } }))).toBe("failed");
    expect(observer.failure?.code).toBe("upstream-overloaded");
  });
});
