import { type JsonObject, RouterError, type StreamEvent, type WireEvent } from "@turnout/core";
import { fold, openaiChat, unfold } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { checkChatGrammar, deltaOf, firstChoice, parseChunk } from "./chat-grammar.ts";
import { chunk, decode, done, encode, finish, start, stop, text, toolCall, toolDelta } from "./chat-streams.ts";
import { contextFor } from "./laws.ts";

describe("createEventEncoder()", () => {
  test("role first, whatever comes first (T93); one finish; usage last; ids and model of the client's answer", () => {
    const usage = { type: "usage", usage: { inputFresh: 1, cacheRead: 2, output: 3, reasoning: 1 } } as const;
    const written = encode([start, usage, ...text(0, "Hi"), stop]);
    checkChatGrammar([...written, done]);
    expect(written.map(parseChunk)).toMatchObject([
      { id: "chatcmpl-abc", object: "chat.completion.chunk", model: "client-model", usage: null },
      { choices: [{ index: 0, delta: { content: "Hi" }, finish_reason: null }] },
      { choices: [{ delta: {}, finish_reason: "stop" }] },
      {
        choices: [],
        usage: {
          prompt_tokens: 3,
          completion_tokens: 3,
          total_tokens: 6,
          prompt_tokens_details: { cached_tokens: 2 },
          completion_tokens_details: { reasoning_tokens: 1 },
        },
      },
    ]);
    expect(deltaOf(parseChunk(encode([...text(0, "x"), stop])[0] ?? done))).toMatchObject({ role: "assistant" });
  });

  test("usage only when the client asked for it (T99)", () => {
    const written = encode([start, { type: "usage", usage: { output: 3 } }, stop], false);
    expect(written.map((event) => event.data).join("")).not.toContain("usage");
    expect(encode([start, stop]).some((event) => parseChunk(event)["usage"] !== null)).toBe(false);
  });

  test("an empty answer is a role and a finish (T104)", () => {
    expect(encode([start, stop])).toHaveLength(2);
  });

  test("calls are counted from 0 in order of opening, text blocks do not count (T90); pieces may interleave", () => {
    const [openA, deltaA, stopA] = toolCall(1, "a", "f", '{"x":1}');
    const [openB, deltaB, stopB] = toolCall(5, "b", "g", "{}");
    if (!openA || !openB || !deltaA || !deltaB || !stopA || !stopB) throw new Error("Incomplete");
    const written = encode([
      start,
      ...text(0, "So"),
      openA,
      openB,
      deltaB,
      deltaA,
      stopA,
      stopB,
      { type: "finish", reason: "tool-calls" },
    ]);
    checkChatGrammar([...written, done]);
    const entries = written.flatMap((event) => (deltaOf(parseChunk(event))["tool_calls"] ?? []) as JsonObject[]);
    expect(entries).toEqual([
      { index: 0, id: "a", type: "function", function: { name: "f", arguments: "" } },
      { index: 1, id: "b", type: "function", function: { name: "g", arguments: "" } },
      { index: 1, function: { arguments: "{}" } },
      { index: 0, function: { arguments: '{"x":1}' } },
    ]);
  });

  test("calls decide the finish (T94), except over a cut (T96)", () => {
    const finishOf = (reason: "stop" | "length" | "pause" | "content-filter") =>
      firstChoice(
        parseChunk(encode([start, ...toolCall(0, "a", "f", "{}"), { type: "finish", reason }]).at(-1) ?? done),
      )?.["finish_reason"];
    expect(finishOf("stop")).toBe("tool_calls");
    expect(finishOf("pause")).toBe("tool_calls");
    expect(finishOf("length")).toBe("length");
    expect(finishOf("content-filter")).toBe("content_filter");
  });

  test("reasoning is told in reasoning_content, its parts apart, its payload in details", () => {
    const events: StreamEvent[] = [
      start,
      { type: "block-start", block: 0, opening: { kind: "reasoning", itemId: "rs_1" } },
      { type: "reasoning-delta", block: 0, part: 0, form: "summary", delta: "One" },
      { type: "reasoning-delta", block: 0, part: 1, form: "summary", delta: "Two" },
      { type: "block-stop", block: 0, payload: "enc", provenance: { wire: "openai-responses" } },
      stop,
    ];
    const deltas = encode(events).map((event) => deltaOf(parseChunk(event)));
    expect(deltas.slice(1, 4)).toEqual([
      { reasoning_content: "One" },
      { reasoning_content: "\n\nTwo" },
      {
        reasoning_details: [
          { type: "reasoning.encrypted", data: "enc", format: "openai-responses-v1", id: "rs_1", index: 0 },
        ],
      },
    ]);
  });

  test("a refusal without words gets some, one with words keeps its own (3.4)", () => {
    const refusals = (events: StreamEvent[]) =>
      encode(events)
        .map((event) => deltaOf(parseChunk(event))["refusal"])
        .filter(Boolean);
    expect(refusals([start, { type: "finish", reason: "refusal", refusal: { explanation: "Not that." } }])).toEqual([
      "Not that.",
    ]);
    const told: StreamEvent[] = [
      { type: "block-start", block: 0, opening: { kind: "refusal" } },
      { type: "refusal-delta", block: 0, delta: "No." },
      { type: "block-stop", block: 0 },
    ];
    expect(refusals([start, ...told, { type: "finish", reason: "refusal" }])).toEqual(["No."]);
  });

  test("long ids are mapped and names are the client's own (T33, T45)", () => {
    const context = contextFor("m");
    const tools = [{ type: "function", name: "a.b" }] as const;
    const encoder = openaiChat.createEventEncoder({ ...context, request: { ...context.request, tools } });
    const written: WireEvent[] = [];
    for (const event of [start, ...toolCall(0, "x".repeat(69), "a_b", "{}")]) encoder.encode(event, written);
    const [entry] = deltaOf(parseChunk(written[1] ?? done))["tool_calls"] as readonly JsonObject[];
    expect(entry).toMatchObject({ id: expect.stringMatching(/^call_.{24}$/u), function: { name: "a.b" } });
  });

  test("citations count from the beginning of the whole text", () => {
    const citation = { kind: "url", url: "https://x.test", start: 0, end: 2 } as const;
    const [open, delta, close] = text(1, "cd");
    if (!open || !delta || !close) throw new Error("Incomplete");
    const written = encode([
      start,
      ...text(0, "ab"),
      open,
      delta,
      { type: "citation", block: 1, citation },
      close,
      stop,
    ]);
    expect(written.map((event) => deltaOf(parseChunk(event))["annotations"]).filter(Boolean)).toEqual([
      [{ type: "url_citation", url_citation: { start_index: 2, end_index: 4, url: "https://x.test" } }],
    ]);
  });

  test("what only another format knows is told in the report", () => {
    const encoder = openaiChat.createEventEncoder(contextFor("m"));
    encoder.encode({ type: "raw", wire: "openai-responses", value: { type: "web_search_call" } }, []);
    expect(encoder.report.dropped.map((loss) => loss.path)).toEqual(["web_search_call"]);
  });

  test("a failure is the last thing, also before the start, and nothing follows it", () => {
    const error = new RouterError("upstream-unavailable", "Gone", { status: undefined, requestSent: true });
    const encoder = openaiChat.createEventEncoder(contextFor("m"));
    const written: WireEvent[] = [];
    encoder.encode(start, written);
    const last = encoder.fail(error, "request-1");
    encoder.encode({ type: "finish", reason: "stop" }, written);
    expect(written).toHaveLength(1);
    expect(last.map(parseChunk)).toEqual([
      { error: { message: "Gone", type: "server_error", param: null, code: "server_error" } },
    ]);
    expect(openaiChat.createEventEncoder(contextFor("m")).fail(error, "request-1")).toHaveLength(1);
  });

  test("keepAlive() is a chunk of the stream itself, and before the start it is its first", () => {
    const encoder = openaiChat.createEventEncoder(contextFor("m"));
    const written: WireEvent[] = [];
    encoder.encode(start, written);
    const beat = encoder.keepAlive();
    expect(beat && parseChunk(beat)).toMatchObject({
      id: "chatcmpl-abc",
      choices: [{ delta: {}, finish_reason: null }],
    });
    const early = openaiChat.createEventEncoder(contextFor("m"));
    const all: WireEvent[] = [];
    const first = early.keepAlive();
    if (first !== undefined) all.push(first);
    for (const event of [start, ...text(0, "x"), stop]) early.encode(event, all);
    checkChatGrammar([...all, done]);
  });

  test("order of blocks is the same from a stream and from a whole answer (T111)", () => {
    const answer = decode(
      chunk({ reasoning_content: "Hm" }),
      chunk({ content: "x" }),
      toolDelta({ index: 0, id: "a", function: { name: "f", arguments: "{}" } }),
      finish("tool_calls"),
      done,
    );
    expect(fold(unfold(answer))).toEqual(answer);
    const whole = openaiChat.decodeResponse(openaiChat.encodeResponse(answer, contextFor("m")).value).value;
    expect(whole.blocks.map((block) => block.type)).toEqual(answer.blocks.map((block) => block.type));
  });
});
