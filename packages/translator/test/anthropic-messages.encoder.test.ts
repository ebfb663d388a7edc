import { type JsonObject, RouterError, type ModelRequest, type StreamEvent, type WireEvent } from "@turnout/core";
import { anthropicMessages, fold } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { unwrapPayload } from "../src/payload-envelope.ts";
import {
  args,
  begin,
  closed,
  contentOf,
  emptyRequest,
  encode,
  finish,
  openCall,
  openText,
  openThought,
  text,
  thought,
  wire,
} from "./anthropic-events.ts";
import { parseEvent } from "./anthropic-grammar.ts";
import { contextFor, decodeStream } from "./laws.ts";

function envelopeIn(block: JsonObject | undefined, field: string) {
  const value = block?.[field];
  return typeof value === "string" ? unwrapPayload(value) : undefined;
}

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
    expect(envelopeIn(content[0], "signature")).toMatchObject({
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
    expect(envelopeIn(content[0], "data")?.payload).toBe("gAAA");
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
    expect(envelopeIn(content[1], "data")).toMatchObject({ callId: "call_a", payload: "sig" });
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
