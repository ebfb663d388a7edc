import { type JsonObject, type ModelRequest, type StreamEvent, type WireEvent } from "@turnout/core";
import { anthropicMessages, fold, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import {
  begin,
  callBlock,
  contentOf,
  decode,
  delta,
  done,
  emptyRequest,
  encode,
  end,
  event,
  finish,
  foldOf,
  message,
  start,
  stop,
  textBlock,
  wire,
} from "./anthropic-events.ts";
import { parseEvent } from "./anthropic-grammar.ts";
import { contextFor, decodeStream } from "./laws.ts";

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

  test.each([
    ["side by side", [0, 1]],
    ["under one index", [0, 0]],
  ])("calls that are open %s both end", (_how, [first = 0, second = 0]) => {
    const call = (index: number, id: string) => start(index, { type: "tool_use", id, name: "wait", input: {} });
    const events = [message(), call(first, "a"), call(second, "b"), stop(first), stop(second), end("tool_use"), done];
    const { blocks } = foldOf(...events);
    expect(blocks).toMatchObject([
      { type: "tool-call", callId: "a" },
      { type: "tool-call", callId: "b" },
    ]);
    for (const block of blocks) expect(block).not.toHaveProperty("incomplete");
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

  test("T96 so is the last call of a whole answer", () => {
    const content = ["a", "b"].map((id) => ({ type: "tool_use", id, name: "wait", input: {} }));
    const { blocks } = anthropicMessages.decodeResponse({ type: "message", content, stop_reason: "max_tokens" }).value;
    expect(blocks).toMatchObject([{ callId: "a" }, { callId: "b", incomplete: true }]);
    expect(blocks[0]).not.toHaveProperty("incomplete");
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
