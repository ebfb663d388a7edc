import type { JsonObject, StreamEvent, WireEvent } from "@turnout/core";
import { createSseDecoder, fold, formatSse, openaiChat } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { blocksOf, chunk, decode, done, finish, toolDelta } from "./chat-streams.ts";
import { contextFor, decodeStream } from "./laws.ts";

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
