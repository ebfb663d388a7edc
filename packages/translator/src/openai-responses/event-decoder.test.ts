import { type JsonObject, RouterError, type StreamEvent } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { fold } from "../fold.ts";
import { createEventDecoder } from "./event-decoder.ts";

type Event = JsonObject & { readonly type: string };

const created: Event = { type: "response.created", response: { id: "resp_1", model: "m", created_at: 1 } };
const usage = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 3,
  output_tokens_details: { reasoning_tokens: 1 },
  total_tokens: 13,
};

function completed(fields: JsonObject = {}): Event {
  return {
    type: "response.completed",
    response: { id: "resp_1", model: "m", status: "completed", output: [], usage, ...fields },
  };
}

function decode(events: readonly Event[], names = true): StreamEvent[] {
  const decoder = createEventDecoder();
  const out: StreamEvent[] = [];
  for (const event of events) decoder.decode({ type: names ? event.type : "", data: JSON.stringify(event) }, out);
  decoder.end(out);
  return out;
}

function answer(events: readonly Event[]) {
  return fold(decode([created, ...events]));
}

function failure(events: readonly Event[]) {
  try {
    decode(events);
    return undefined;
  } catch (error) {
    return RouterError.is(error) ? error : undefined;
  }
}

function deltas(events: readonly StreamEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === "text-delta" || event.type === "refusal-delta") return [event.delta];
    return event.type === "tool-call-delta" ? [event.argumentsDelta] : [];
  });
}

const message = { id: "msg_1", type: "message", role: "assistant", status: "completed" };
const part = (text: string) => ({ type: "output_text", text, annotations: [] });
const at = { item_id: "msg_1", output_index: 0, content_index: 0 };
const added: Event = { type: "response.output_item.added", output_index: 0, item: { ...message, content: [] } };
const textDelta = (delta: string): Event => ({ type: "response.output_text.delta", ...at, delta });
const textDone = (text: string): Event => ({ type: "response.output_text.done", ...at, text });
const itemDone = (text: string): Event => ({
  type: "response.output_item.done",
  output_index: 0,
  item: { ...message, content: [part(text)] },
});

const call = { id: "fc_1", type: "function_call", call_id: "c1", name: "f", arguments: '{"a":1}', status: "completed" };
const callAdded: Event = {
  type: "response.output_item.added",
  output_index: 0,
  item: { ...call, arguments: "", status: "in_progress" },
};
const argumentsDelta = (delta: string): Event => ({
  type: "response.function_call_arguments.delta",
  item_id: "fc_1",
  output_index: 0,
  delta,
});
const argumentsDone: Event = {
  type: "response.function_call_arguments.done",
  item_id: "fc_1",
  output_index: 0,
  arguments: call.arguments,
};
const callDone: Event = { type: "response.output_item.done", output_index: 0, item: call };

describe("createEventDecoder()", () => {
  test("text in deltas is emitted once, whatever repeats it (T88)", () => {
    const events = decode([
      created,
      added,
      textDelta("He"),
      textDelta("llo"),
      textDone("Hello"),
      itemDone("Hello"),
      completed(),
    ]);
    expect(deltas(events)).toEqual(["He", "llo"]);
  });

  test.each([
    ["output_text.done", [added, textDone("Hello"), itemDone("Hello"), completed()]],
    ["content_part.done", [added, { type: "response.content_part.done", ...at, part: part("Hello") }, completed()]],
    ["output_item.done", [itemDone("Hello"), completed()]],
    ["the terminal output", [completed({ output: [{ ...message, content: [part("Hello")] }] })]],
    ["a done that completes lost deltas", [added, textDelta("Hel"), itemDone("Hello"), completed()]],
  ] as [string, Event[]][])("text only in %s is found (T89, T107)", (_where, events) => {
    expect(answer(events).blocks).toMatchObject([{ type: "text", text: "Hello" }]);
  });

  test.each([
    ["arguments.done", [callAdded, argumentsDone, callDone, completed()]],
    ["output_item.done", [callAdded, callDone, completed()]],
    ["output_item.done without added", [callDone, completed()]],
    ["the terminal output", [completed({ output: [call] })]],
    ["deltas", [callAdded, argumentsDelta('{"a"'), argumentsDelta(":1}"), argumentsDone, callDone, completed()]],
    ["deltas alone", [callAdded, argumentsDelta('{"a":1}'), completed()]],
  ] as [string, Event[]][])("arguments in %s come once (T88, T89)", (_where, events) => {
    const { blocks, finish } = answer(events);
    expect(blocks).toMatchObject([{ type: "tool-call", callId: "c1", name: "f", arguments: '{"a":1}' }]);
    expect(blocks[0]).not.toHaveProperty("incomplete");
    expect(finish).toBe("tool-calls");
  });

  test("when done differs from the deltas, the deltas stay and the report says so", () => {
    const decoder = createEventDecoder();
    const out: StreamEvent[] = [];
    for (const event of [created, added, textDelta("Hi"), textDone("Ho"), completed()]) {
      decoder.decode({ type: event.type, data: JSON.stringify(event) }, out);
    }
    expect(deltas(out)).toEqual(["Hi"]);
    expect(decoder.report.approximated).toHaveLength(1);
  });

  test("ids that change from event to event do not matter (T92)", () => {
    const moved = { ...textDelta("Hello"), item_id: "other" };
    const done = { ...itemDone("Hello"), item: { ...message, id: "third", content: [part("Hello")] } };
    expect(answer([added, moved, done, completed()]).blocks).toMatchObject([{ text: "Hello" }]);
  });

  test("events without output_index belong to their item_id, else to the last item (T92)", () => {
    const { output_index: _index, item_id: _id, ...bare } = textDelta("Hello");
    const events = decode([created, added, bare, itemDone("Hello"), completed()]);
    expect(deltas(events)).toEqual(["Hello"]);
  });

  test("interleaved items of different indexes stay apart, also under one constant index (T91)", () => {
    const second = { ...call, id: "fc_2", call_id: "c2", arguments: '{"b":2}' };
    for (const index of [1, 0]) {
      const { blocks } = answer([
        callAdded,
        { ...callAdded, output_index: index, item: { ...second, arguments: "" } },
        { ...argumentsDone, item_id: "fc_2", output_index: index, arguments: second.arguments },
        callDone,
        { ...callDone, output_index: index, item: second },
        completed(),
      ]);
      expect(blocks).toMatchObject([
        { callId: "c1", arguments: '{"a":1}' },
        { callId: "c2", arguments: '{"b":2}' },
      ]);
    }
  });

  test("reasoning is one block with parts; its payload is the one of output_item.done (T08, T09)", () => {
    const reasoning = { id: "rs_1", type: "reasoning", summary: [], encrypted_content: "early" };
    const summaryAt = { item_id: "rs_1", output_index: 0 };
    const done = {
      ...reasoning,
      summary: [
        { type: "summary_text", text: "one" },
        { type: "summary_text", text: "two" },
      ],
      encrypted_content: "final",
    };
    const { blocks } = answer([
      { type: "response.output_item.added", output_index: 0, item: reasoning },
      { type: "response.reasoning_summary_text.delta", ...summaryAt, summary_index: 0, delta: "one" },
      { type: "response.reasoning_summary_text.done", ...summaryAt, summary_index: 0, text: "one" },
      { type: "response.reasoning_summary_text.delta", ...summaryAt, summary_index: 1, delta: "two" },
      { type: "response.output_item.done", output_index: 0, item: done },
      { ...callAdded, output_index: 1 },
      { ...callDone, output_index: 1 },
      completed(),
    ]);
    expect(blocks).toMatchObject([
      {
        type: "reasoning",
        parts: [
          { form: "summary", text: "one" },
          { form: "summary", text: "two" },
        ],
        payload: "final",
        provenance: { wire: "openai-responses", model: "m" },
      },
      { type: "tool-call" },
    ]);
  });

  test("custom calls, refusals and citations", () => {
    const custom = { type: "custom_tool_call", id: "ctc_1", call_id: "c", name: "patch", input: "*** Begin" };
    const annotation = { type: "url_citation", url: "https://example.com", title: "T", start_index: 0, end_index: 2 };
    const { blocks, finish } = answer([
      added,
      textDelta("Hi"),
      { type: "response.output_text.annotation.added", ...at, annotation_index: 0, annotation },
      { type: "response.refusal.delta", ...at, content_index: 1, delta: "No" },
      {
        type: "response.output_item.done",
        output_index: 0,
        item: {
          ...message,
          content: [
            { ...part("Hi"), annotations: [annotation] },
            { type: "refusal", refusal: "No" },
          ],
        },
      },
      { type: "response.output_item.added", output_index: 1, item: { ...custom, input: "" } },
      { type: "response.custom_tool_call_input.delta", item_id: "ctc_1", output_index: 1, delta: "*** " },
      { type: "response.custom_tool_call_input.done", item_id: "ctc_1", output_index: 1, input: custom.input },
      { type: "response.output_item.done", output_index: 1, item: custom },
      completed(),
    ]);
    expect(blocks).toMatchObject([
      { type: "text", text: "Hi", citations: [{ kind: "url", url: "https://example.com", start: 0, end: 2 }] },
      { type: "refusal", text: "No" },
      { type: "tool-call", kind: "custom", arguments: "*** Begin" },
    ]);
    expect(finish).toBe("tool-calls");
  });

  test("a refusal is not a normal end (T97)", () => {
    const refused = { ...message, content: [{ type: "refusal", refusal: "No" }] };
    expect(answer([completed({ output: [refused] })]).finish).toBe("refusal");
  });

  test("tools the provider runs itself are carried whole and are no calls of the client (3.2 law 3)", () => {
    const search = { type: "web_search_call", id: "ws_1", status: "completed", name: "web_search", call_id: "x" };
    const { blocks, finish } = answer([
      { type: "response.output_item.added", output_index: 0, item: search },
      { type: "response.web_search_call.searching", output_index: 0, item_id: "ws_1" },
      { type: "response.output_item.done", output_index: 0, item: search },
      completed(),
    ]);
    expect(blocks).toEqual([{ type: "opaque", wire: "openai-responses", value: search }]);
    expect(finish).toBe("stop");
  });

  test("an answer cut by the limit is `length`, and a call cut in the middle is incomplete (T96)", () => {
    const cut = { ...call, arguments: '{"a', status: "incomplete" };
    const end: Event = {
      type: "response.incomplete",
      response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, output: [] },
    };
    for (const events of [
      [callAdded, argumentsDelta('{"a'), end],
      [callAdded, argumentsDelta('{"a'), { ...callDone, item: cut }, end],
      [callAdded, end],
    ]) {
      const { blocks, finish, finishRaw } = answer(events);
      expect([finish, finishRaw]).toEqual(["length", "max_output_tokens"]);
      expect(blocks.every((block) => block.type === "tool-call" && block.incomplete === true)).toBe(true);
    }
  });

  test("response.completed with status incomplete: the status counts; response.done is an end too", () => {
    const fields = { status: "incomplete", incomplete_details: { reason: "content_filter" } };
    expect(answer([completed(fields)]).finish).toBe("content-filter");
    expect(answer([{ ...completed(), type: "response.done" }]).finish).toBe("stop");
  });

  test("usage counters are disjoint, and absent where unknown (T99)", () => {
    expect(answer([completed()]).usage).toEqual({ inputFresh: 6, cacheRead: 4, output: 3, reasoning: 1, raw: usage });
    expect(answer([completed({ usage: null })])).not.toHaveProperty("usage");
  });

  test("names come from the data where SSE has no event line, and nothing after the end counts (T102)", () => {
    const events = decode([created, added, textDelta("Hi"), completed(), textDelta("late"), created], false);
    expect(deltas(events)).toEqual(["Hi"]);
    expect(events.at(-1)?.type).toBe("finish");
  });

  test("an answer without events of its own is legal (T104)", () => {
    expect(decode([completed()]).map((event) => event.type)).toEqual(["start", "finish"]);
  });

  test("an end without a terminal event is a failure, whatever came before (T103)", () => {
    for (const events of [[], [created], [created, added, textDelta("Hi"), itemDone("Hi")]]) {
      expect(failure(events)).toMatchObject({
        code: "upstream-unavailable",
        details: { status: undefined, requestSent: true },
      });
    }
  });

  test("a truncated frame is a failure, not a skip", () => {
    const decoder = createEventDecoder();
    expect(() => decoder.decode({ type: "response.output_text.delta", data: '{"type":"resp' }, [])).toThrow(
      "not valid JSON",
    );
  });

  test.each([
    [
      "a nested error event",
      { type: "error", error: { type: "invalid_request_error", code: "context_length_exceeded", message: "Too long" } },
      "context-too-long",
    ],
    [
      "a flat error event",
      { type: "error", code: "rate_limit_exceeded", message: "Slow", param: null },
      "rate-limited",
    ],
    [
      "an error event of the ChatGPT backend",
      { type: "error", status: 429, error: { type: "usage_limit_reached", message: "Used", resets_at: 5 } },
      "usage-limited",
    ],
    [
      "response.failed",
      {
        type: "response.failed",
        response: { status: "failed", error: { code: "server_is_overloaded", message: "Busy" } },
      },
      "upstream-overloaded",
    ],
    [
      "response.failed of unknown code",
      { type: "response.failed", response: { status: "failed", error: { code: "server_error", message: "Oops" } } },
      "upstream-failed",
    ],
    [
      "a completed response that failed",
      completed({ status: "failed", error: { message: "Oops" } }),
      "upstream-failed",
    ],
  ] as [string, Event, string][])("%s is thrown as one failure (T109)", (_what, event, code) => {
    expect(failure([created, event])?.code).toBe(code);
  });

  test("bookkeeping and unknown events are ignored, the unknown ones named in the report", () => {
    const decoder = createEventDecoder();
    const out: StreamEvent[] = [];
    for (const event of [
      { type: "codex.rate_limits", rate_limits: {} },
      created,
      { type: "keepalive" },
      { type: "totally.unknown", x: 1 },
      completed(),
    ]) {
      decoder.decode({ type: event.type, data: JSON.stringify(event) }, out);
    }
    expect(out.map((event) => event.type)).toEqual(["start", "finish"]);
    expect(decoder.report.dropped).toEqual([{ path: "stream", reason: "unknown event totally.unknown" }]);
  });
});
