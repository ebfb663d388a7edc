import { type Block, type JsonObject, RouterError, type StreamEvent, type WireEvent } from "@turnout/core";
import { createSseDecoder, fold, formatSse, openaiChat, unfold } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { checkChatGrammar, deltaOf, firstChoice, parseChunk } from "./chat-grammar.ts";
import { checkCanonical, contextFor, decodeStream } from "./laws.ts";

const done: WireEvent = { type: "", data: "[DONE]" };

function chunk(delta: JsonObject, more: JsonObject = {}, choice: JsonObject = {}): WireEvent {
  const choices = [{ index: 0, delta, finish_reason: null, ...choice }];
  return { type: "", data: JSON.stringify({ id: "chatcmpl-1", created: 7, model: "m", choices, ...more }) };
}

function finish(reason: string | null, more: JsonObject = {}): WireEvent {
  return chunk({}, more, { finish_reason: reason });
}

function toolDelta(...entries: JsonObject[]): WireEvent {
  return chunk({ tool_calls: entries });
}

function decode(...events: WireEvent[]) {
  const { events: decoded, failure } = decodeStream(openaiChat, events);
  if (failure !== undefined) throw failure;
  checkCanonical(decoded);
  return fold(decoded);
}

/** Blocks without the notes of the codec. */
function blocksOf(...events: WireEvent[]): Block[] {
  return decode(...events).blocks.map(({ extras: _extras, ...block }) => block);
}

function encode(events: readonly StreamEvent[], includeUsage = true): WireEvent[] {
  const context = contextFor("client-model");
  const encoder = openaiChat.createEventEncoder({ ...context, request: { ...context.request, includeUsage } });
  const written: WireEvent[] = [];
  for (const event of events) encoder.encode(event, written);
  return written;
}

const start = { type: "start", responseId: "resp_abc", model: "upstream" } as const;
const text = (block: number, delta: string): StreamEvent[] => [
  { type: "block-start", block, opening: { kind: "text" } },
  { type: "text-delta", block, delta },
  { type: "block-stop", block },
];
const toolCall = (block: number, callId: string, name: string, ...deltas: string[]): StreamEvent[] => [
  { type: "block-start", block, opening: { kind: "tool-call", callId, name, toolKind: "function" } },
  ...deltas.map((argumentsDelta) => ({ type: "tool-call-delta", block, argumentsDelta }) as const),
  { type: "block-stop", block },
];
const stop = { type: "finish", reason: "stop" } as const;

describe("createEventDecoder(): reasoning", () => {
  test.for(["reasoning_content", "reasoning", "reasoning_text"])("%s alone opens a block (T11)", (field) => {
    expect(blocksOf(chunk({ [field]: "Hm" }), finish("stop"), done)).toMatchObject([
      { type: "reasoning", parts: [{ form: "raw", text: "Hm" }] },
    ]);
  });

  test("thinking twice makes two blocks, each closed (T12)", () => {
    const blocks = blocksOf(
      chunk({ reasoning_content: "A" }),
      chunk({ content: "x" }),
      chunk({ reasoning_content: "B" }),
      chunk({ content: "y" }),
      finish("stop"),
      done,
    );
    expect(blocks.map((block) => block.type)).toEqual(["reasoning", "text", "reasoning", "text"]);
  });

  test("two fields with the same text are told once; details are kept for the same format", () => {
    const details = [{ type: "reasoning.text", text: "Hm", index: 0 }];
    const signature = [{ type: "reasoning.text", signature: "sig", format: "anthropic-claude-v1", index: 0 }];
    const events = [
      chunk({ reasoning: "Hm", reasoning_details: details }),
      chunk({ reasoning_details: signature }),
      chunk({ content: "x" }),
      finish("stop"),
      done,
    ];
    expect(decode(...events).blocks[0]).toMatchObject({
      parts: [{ text: "Hm" }],
      payload: "sig",
      provenance: { wire: "anthropic-messages" },
      extras: { fields: { reasoning_details: [{ text: "Hm", signature: "sig" }] } },
    });
  });

  test("details that repeat the text of the field before them are no new text", () => {
    const details = [{ type: "reasoning.text", text: "Hm", signature: "sig", index: 0 }];
    const events = [chunk({ reasoning: "Hm" }), chunk({ reasoning_details: details }), finish("stop"), done];
    expect(decode(...events).blocks).toMatchObject([{ parts: [{ text: "Hm" }], payload: "sig" }]);
  });

  test("Mistral's list of parts holds thoughts and text", () => {
    const thinking = { type: "thinking", thinking: [{ type: "text", text: "Hm" }] };
    const blocks = blocksOf(
      chunk({ content: [thinking] }),
      chunk({ content: [{ type: "text", text: "4" }] }),
      finish("stop"),
      done,
    );
    expect(blocks).toMatchObject([
      { type: "reasoning", parts: [{ text: "Hm" }] },
      { type: "text", text: "4" },
    ]);
  });
});

describe("createEventDecoder(): calls", () => {
  const opening = (index: number, id: string, name: string, args = "") => ({
    index,
    id,
    type: "function",
    function: { name, arguments: args },
  });

  test("parallel calls stay apart by index, whatever it counts from (T83)", () => {
    const blocks = blocksOf(
      toolDelta(opening(1, "a", "f")),
      toolDelta(opening(4, "b", "g")),
      toolDelta({ index: 1, function: { arguments: '{"x":' } }, { index: 4, function: { arguments: "{}" } }),
      toolDelta({ index: 1, function: { arguments: "1}" } }),
      finish("tool_calls"),
      done,
    );
    expect(blocks).toMatchObject([
      { callId: "a", name: "f", arguments: '{"x":1}' },
      { callId: "b", name: "g", arguments: "{}" },
    ]);
  });

  test("without an index a name opens a call and a piece without one continues it (T83)", () => {
    const blocks = blocksOf(
      toolDelta({ id: "a", function: { name: "f", arguments: "{" } }),
      toolDelta({ function: { arguments: "}" } }),
      toolDelta({ id: "b", function: { name: "g", arguments: "{}" } }),
      finish("tool_calls"),
      done,
    );
    expect(blocks).toMatchObject([
      { callId: "a", arguments: "{}" },
      { callId: "b", arguments: "{}" },
    ]);
  });

  test("whole parallel calls that all claim index 0 are two calls, an id that changes is not", () => {
    expect(
      blocksOf(
        toolDelta(opening(0, "a", "f", '{"x":1}')),
        toolDelta(opening(0, "b", "f", '{"x":2}')),
        finish("stop"),
        done,
      ),
    ).toMatchObject([{ arguments: '{"x":1}' }, { arguments: '{"x":2}' }]);
    expect(
      blocksOf(toolDelta(opening(0, "a", "f", '{"x":')), toolDelta(opening(0, "b", "f", "2}")), finish("stop"), done),
    ).toMatchObject([{ callId: "a", arguments: '{"x":2}' }]);
  });

  test("several calls in one delta, with whole arguments, beside text (T84, T85)", () => {
    const delta = {
      content: "So: ",
      reasoning_content: "Hm",
      tool_calls: [opening(0, "a", "f", "{}"), opening(1, "b", "g", "[1]")],
    };
    expect(blocksOf(chunk(delta), finish("tool_calls"), done)).toMatchObject([
      { type: "reasoning" },
      { type: "text", text: "So: " },
      { callId: "a", arguments: "{}" },
      { callId: "b", arguments: "[1]" },
    ]);
  });

  test("a name that is repeated or comes late starts one call (T86)", () => {
    const blocks = blocksOf(
      toolDelta({ index: 0, id: "a", function: { arguments: "{" } }),
      toolDelta({ index: 0, id: "a", function: { name: "f", arguments: "}" } }),
      toolDelta({ index: 0, id: "a", function: { name: "f", arguments: "" } }),
      finish("tool_calls"),
      done,
    );
    expect(blocks).toMatchObject([{ name: "f", arguments: "{}" }]);
  });

  test("a call whose name never comes is kept when it has arguments, else dropped and told (T87)", () => {
    expect(
      blocksOf(toolDelta({ index: 3, id: "a", function: { arguments: "{}" } }), finish("tool_calls"), done),
    ).toMatchObject([{ name: "tool_3", arguments: "{}" }]);
    const decoder = openaiChat.createEventDecoder();
    const out: StreamEvent[] = [];
    for (const event of [toolDelta({ index: 0, id: "a" }), finish("stop"), done]) decoder.decode(event, out);
    expect(fold(out).blocks).toEqual([]);
    expect(decoder.report.dropped).toHaveLength(1);
  });

  test("arguments: null is nothing, whole objects are their text", () => {
    expect(
      blocksOf(
        toolDelta({ index: 0, id: "a", function: { name: "f", arguments: null } }),
        toolDelta({ index: 1, id: "b", function: { name: "g", arguments: { x: 1 } } }),
        finish("tool_calls"),
        done,
      ),
    ).toMatchObject([{ arguments: "" }, { arguments: '{"x":1}' }]);
  });

  test("deltas pass through as they come (T110)", () => {
    const decoder = openaiChat.createEventDecoder();
    const out: StreamEvent[] = [];
    decoder.decode(toolDelta(opening(0, "a", "f", '{"x"')), out);
    expect(out.at(-1)).toEqual({ type: "tool-call-delta", block: 0, argumentsDelta: '{"x"' });
  });

  test("a call that was cut off is marked, the text before it stays (T96, T112)", () => {
    for (const reason of ["length", "tool_calls", "content_filter"]) {
      const answer = decode(chunk({ content: "So" }), toolDelta(opening(0, "a", "f", '{"x":')), finish(reason), done);
      expect(answer.blocks).toMatchObject([{ type: "text", text: "So" }, { incomplete: true }]);
    }
    expect(decode(toolDelta(opening(0, "a", "f", '{"x":')), finish("length"), done).finish).toBe("length");
  });

  test("a call without id gets one, the same every time and in a whole answer (T50)", () => {
    const events = [toolDelta({ index: 0, function: { name: "f", arguments: "{}" } }), finish("tool_calls"), done];
    const [block] = blocksOf(...events);
    const message = {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "", type: "function", function: { name: "f", arguments: "{}" } }],
    };
    const whole = openaiChat.decodeResponse({
      id: "chatcmpl-1",
      model: "m",
      choices: [{ index: 0, message, finish_reason: "tool_calls" }],
    });
    expect(block).toMatchObject({ callId: expect.stringMatching(/^call_.{24}$/u) });
    expect(whole.value.blocks).toMatchObject([{ callId: block?.type === "tool-call" ? block.callId : "" }]);
  });

  test("the old function_call is a call", () => {
    expect(
      blocksOf(
        chunk({ function_call: { name: "f", arguments: "" } }),
        chunk({ function_call: { arguments: "{}" } }),
        finish("function_call"),
        done,
      ),
    ).toMatchObject([{ name: "f", arguments: "{}" }]);
  });
});

describe("createEventDecoder(): the end", () => {
  const called = toolDelta({ index: 0, id: "a", function: { name: "f", arguments: "{}" } });

  test.for<[string | null, string]>([
    ["stop", "stop"],
    ["end", "stop"],
    ["eos", "stop"],
    ["length", "length"],
    ["content_filter", "content-filter"],
    ["model_context_window_exceeded", "context-full"],
    ["made_up_tomorrow", "other"],
    [null, "stop"],
  ])("finish reason %j is %j (T97, T98)", ([raw, expected]) => {
    expect(decode(chunk({ content: "x" }), finish(raw), done).finish).toBe(expected);
  });

  test("calls decide over `stop`, whichever came first or last (T94, T95)", () => {
    expect(decode(called, finish("stop"), done).finish).toBe("tool-calls");
    expect(decode(called, finish("tool_calls"), finish("stop"), done)).toMatchObject({
      finish: "tool-calls",
      finishRaw: "tool_calls",
    });
    expect(decode(called, finish("stop"), finish("tool_calls"), done).finishRaw).toBe("tool_calls");
  });

  test("a refusal with `stop` is a refusal", () => {
    expect(decode(chunk({ refusal: "No" }), chunk({ refusal: "." }), finish("stop"), done)).toMatchObject({
      finish: "refusal",
      blocks: [{ type: "refusal", text: "No." }],
    });
  });

  test.for(["error", "insufficient_system_resource"])("finish reason %s is a failure", (reason) => {
    expect(decodeStream(openaiChat, [chunk({ content: "x" }), finish(reason), done]).failure?.code).toBe(
      "upstream-failed",
    );
  });

  test("[DONE] without a finish reason ends the answer; nothing after it is read (T102)", () => {
    expect(decode(called, done, chunk({ content: "late" })).finish).toBe("tool-calls");
    expect(blocksOf(chunk({ content: "x" }), done, chunk({ content: "late" }))).toEqual([{ type: "text", text: "x" }]);
  });

  test("blanks around [DONE] do not hide it", () => {
    const padded = { type: "", data: " [DONE] " };
    expect(blocksOf(chunk({ content: "x" }), padded)).toEqual([{ type: "text", text: "x" }]);
    const observer = openaiChat.createStreamObserver(contextFor("m"));
    expect(observer.observe(padded)).toBe("terminal");
  });

  test("an end without [DONE] after a finish is clean, without one it is a cut (T103)", () => {
    expect(decode(chunk({ content: "x" }), finish("stop")).finish).toBe("stop");
    const { failure } = decodeStream(openaiChat, [chunk({ content: "x" })]);
    expect(failure).toMatchObject({ code: "upstream-unavailable", details: { requestSent: true } });
    expect(decodeStream(openaiChat, []).failure?.code).toBe("upstream-unavailable");
  });

  test("an empty answer is one (T104)", () => {
    expect(decode(chunk({ role: "assistant", content: "" }), finish("stop"), done)).toMatchObject({
      blocks: [],
      finish: "stop",
    });
    expect(decode(done).blocks).toEqual([]);
  });

  test("an error inside a 200 stream is thrown as what it is (T109)", () => {
    const cases: [JsonObject, string][] = [
      [{ error: { message: "Slow down", code: 429 }, choices: [] }, "rate-limited"],
      [{ error: { message: "boom", type: "server_error", code: null } }, "upstream-failed"],
      [{ error: "boom" }, "upstream-failed"],
      [{ object: "error", message: "bad", code: 400 }, "request-invalid"],
      [{ error: { message: "x", code: "context_length_exceeded" } }, "context-too-long"],
    ];
    for (const [document, code] of cases) {
      const { events, failure } = decodeStream(openaiChat, [
        chunk({ content: "x" }),
        { type: "", data: JSON.stringify(document) },
      ]);
      expect(failure?.code).toBe(code);
      expect(JSON.stringify(events)).not.toContain("boom");
    }
  });

  test("broken JSON is a failure, not a skip (T105)", () => {
    expect(decodeStream(openaiChat, [chunk({ content: "x" }), { type: "", data: '{"id":' }]).failure?.code).toBe(
      "upstream-malformed",
    );
  });
});

describe("createEventDecoder(): usage and odd chunks", () => {
  const usage = {
    prompt_tokens: 10,
    completion_tokens: 5,
    total_tokens: 15,
    prompt_tokens_details: { cached_tokens: 4 },
  };

  test.for<[string, WireEvent[]]>([
    ["a chunk without choices", [finish("stop"), { type: "", data: JSON.stringify({ choices: [], usage }) }]],
    ["choices: null", [finish("stop"), { type: "", data: JSON.stringify({ choices: null, usage }) }]],
    ["the finish chunk", [finish("stop", { usage })]],
    ["the choice (T100)", [chunk({}, {}, { finish_reason: "stop", usage })]],
    ["x_groq", [finish("stop", { x_groq: { usage } })]],
    ["an earlier chunk, then null (T99)", [chunk({ content: "y" }, { usage }), finish("stop", { usage: null })]],
    [
      "two places, the last counts (T113)",
      [chunk({}, { usage: { ...usage, prompt_tokens: 1 } }), finish("stop", { usage })],
    ],
  ])("usage is found in %s", ([, events]) => {
    expect(decode(chunk({ content: "x" }), ...events, done).usage).toMatchObject({
      inputFresh: 6,
      cacheRead: 4,
      output: 5,
    });
  });

  test("no usage is no usage, not zeros (T99)", () => {
    expect(decode(finish("stop", { usage: null }), done).usage).toBeUndefined();
  });

  test("Azure's first chunk has no choices and no id: the answer begins after it", () => {
    const filter = {
      type: "",
      data: JSON.stringify({ id: "", model: "", created: 0, choices: [], prompt_filter_results: [] }),
    };
    expect(decode(filter, chunk({ content: "x" }), finish("stop"), done)).toMatchObject({
      id: "chatcmpl-1",
      model: "m",
      createdAt: 7,
    });
  });

  test("further choices and logprobs are dropped and told", () => {
    const decoder = openaiChat.createEventDecoder();
    const out: StreamEvent[] = [];
    decoder.decode(chunk({ content: "a" }, {}, { index: 1 }), out);
    decoder.decode(chunk({ content: "b" }, {}, { logprobs: { content: [] } }), out);
    decoder.decode(done, out);
    expect(fold(out).blocks).toMatchObject([{ text: "b" }]);
    expect(decoder.report.dropped.map((loss) => loss.path)).toEqual(["choices[1]", "choices[0].logprobs"]);
  });

  test("annotations become citations of the text", () => {
    const cited = {
      type: "url_citation",
      url_citation: { start_index: 0, end_index: 1, url: "https://x.test", title: "X" },
    };
    expect(decode(chunk({ content: "x" }), chunk({ annotations: [cited] }), finish("stop"), done).blocks).toMatchObject(
      [{ type: "text", citations: [{ kind: "url", url: "https://x.test", title: "X", start: 0, end: 1 }] }],
    );
  });

  test("any cut of the bytes gives the same answer, also inside a character (T105)", () => {
    const events = [chunk({ content: "Grüße 👋" }), finish("stop"), done];
    const bytes = new TextEncoder().encode(events.map((event) => formatSse(event, false)).join(""));
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const sse = createSseDecoder();
      const parts = [...sse.decode(bytes.subarray(0, cut)), ...sse.decode(bytes.subarray(cut)), ...sse.end()];
      expect(blocksOf(...parts)).toEqual([{ type: "text", text: "Grüße 👋" }]);
    }
  });
});

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

describe("createStreamObserver()", () => {
  const observe = (...events: WireEvent[]) => {
    const observer = openaiChat.createStreamObserver(contextFor("client-model"));
    return { observer, roles: events.map((event) => observer.observe(event)) };
  };

  test("announces, tells and ends", () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    const { observer, roles } = observe(
      chunk({ role: "assistant", content: "", refusal: null }),
      chunk({ content: 'say "usage":{ "finish_reason":"x"' }),
      finish("length"),
      { type: "", data: JSON.stringify({ choices: [], usage }) },
      done,
    );
    expect(roles).toEqual(["opening", "content", "content", "content", "terminal"]);
    expect(observer.usage).toMatchObject({ inputFresh: 1, output: 2 });
    expect(observer.finish).toBe("length");
  });

  test("calls count as content and decide the finish", () => {
    const { observer, roles } = observe(
      toolDelta({ index: 0, id: "a", function: { name: "f", arguments: "" } }),
      finish("stop"),
      done,
    );
    expect(roles[0]).toBe("content");
    expect(observer.finish).toBe("tool-calls");
  });

  test("an error chunk and broken JSON are failures", () => {
    const broken = observe({ type: "", data: "{" });
    expect(broken.roles).toEqual(["failed"]);
    expect(broken.observer.failure?.code).toBe("upstream-malformed");
    const failed = observe(chunk({ content: "x" }), { type: "", data: '{"error":{"message":"no","code":429}}' });
    expect(failed.roles).toEqual(["content", "failed"]);
    expect(failed.observer.failure?.code).toBe("rate-limited");
  });

  test("speaks with the ids of the stream", () => {
    const { observer } = observe(chunk({ role: "assistant" }));
    const beat = observer.keepAlive();
    expect(beat && parseChunk(beat)).toMatchObject({
      id: "chatcmpl-1",
      model: "m",
      created: 7,
      choices: [{ delta: {} }],
    });
  });
});

describe("createDocumentCollector()", () => {
  const collect = (...events: WireEvent[]): JsonObject => {
    const collector = openaiChat.createDocumentCollector();
    for (const event of events) collector.add(event);
    return collector.end();
  };

  test("makes one answer of the chunks; unknown fields stay, padding does not", () => {
    const document = collect(
      chunk({ role: "assistant", content: "" }, { system_fingerprint: "fp", obfuscation: "abc" }),
      chunk({ content: "So" }),
      toolDelta({ index: 1, id: "a", type: "function", function: { name: "f", arguments: "{" } }),
      toolDelta({ index: 1, function: { arguments: "}" } }),
      finish("tool_calls", { usage: null }),
      { type: "", data: JSON.stringify({ choices: [], usage: { prompt_tokens: 1 }, x: 1 }) },
      done,
    );
    expect(document).toEqual({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 7,
      model: "m",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: "So",
            tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }],
          },
          finish_reason: "tool_calls",
        },
      ],
      usage: { prompt_tokens: 1 },
      system_fingerprint: "fp",
      x: 1,
    });
  });

  test("keeps every choice apart", () => {
    const document = collect(
      chunk({ content: "a" }),
      chunk({ content: "b" }, {}, { index: 1 }),
      chunk({ content: "A" }),
      chunk({}, {}, { index: 1, finish_reason: "length" }),
      finish("stop"),
      done,
    );
    expect(document["choices"]).toMatchObject([
      { index: 0, message: { content: "aA" }, finish_reason: "stop" },
      { index: 1, message: { content: "b" }, finish_reason: "length" },
    ]);
  });

  test("a stream that was cut is no answer", () => {
    expect(() => collect(chunk({ content: "x" }))).toThrow(/ended before/u);
    expect(() => collect({ type: "", data: '{"error":{"message":"no"}}' })).toThrow(/no/u);
  });
});
