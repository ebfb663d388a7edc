import type { JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { at, read, wireEvents, write } from "./translate.ts";

// Streams: what is told in another place, in another order or more than once than expected.

function geminiChunk(parts: JsonObject[], more: JsonObject = {}): JsonObject {
  return { candidates: [{ index: 0, content: { role: "model", parts }, ...more }], responseId: "r1" };
}

test("T84 arguments that come whole with the call's name reach every client", () => {
  const { events } = read(
    "gemini",
    wireEvents(
      geminiChunk([{ text: "So: " }, { functionCall: { name: "f", args: { a: 1 } } }]),
      geminiChunk([{ functionCall: { name: "g", args: { b: 2 } } }], { finishReason: "STOP" }),
    ),
  );
  const pieces = write("anthropic-messages", events).flatMap((event) => at(event, "delta.partial_json") ?? []);
  expect(pieces.filter((piece) => piece !== "")).toEqual(['{"a":1}', '{"b":2}']);
});

describe("T89 arguments and texts that come at the end only", () => {
  const created = { type: "response.created", response: { id: "resp_1", model: "m", status: "in_progress" } };
  const item = { type: "function_call", id: "fc_1", call_id: "call_1", name: "f" };
  const done = { ...item, arguments: '{"a":1}', status: "completed" };
  const completed = { type: "response.completed", response: { id: "resp_1", model: "m", status: "completed" } };
  const added = { type: "response.output_item.added", output_index: 0, item: { ...item, arguments: "" } };
  const place = { item_id: "fc_1", output_index: 0 };
  const delta = (text: string) => ({ type: "response.function_call_arguments.delta", ...place, delta: text });
  const argumentsDone = { type: "response.function_call_arguments.done", ...place, arguments: '{"a":1}' };
  const itemDone = { type: "response.output_item.done", output_index: 0, item: done };
  const whole = { ...completed, response: { ...completed.response, output: [done] } };

  test.each([
    ["in deltas", [added, delta('{"a"'), delta(":1}"), argumentsDone, itemDone, completed]],
    ["in `done` alone", [added, argumentsDone, itemDone, completed]],
    ["with the finished item alone", [added, itemDone, completed]],
    ["in deltas of which the last was lost", [added, delta('{"a"'), argumentsDone, itemDone, completed]],
    ["with the terminal event alone", [whole]],
  ])("%s, they are there once", (_where, events) => {
    const { blocks } = read("openai-responses", wireEvents(created, ...events)).answer;
    expect(blocks).toHaveLength(1);
    expect(blocks[0]).toMatchObject({ type: "tool-call", name: "f", arguments: '{"a":1}' });
  });

  test("a text without deltas is there once too", () => {
    const part = { type: "output_text", text: "Hello", annotations: [] };
    const message = { type: "message", id: "msg_1", role: "assistant", status: "completed", content: [part] };
    const events = [
      created,
      { type: "response.output_item.added", output_index: 0, item: { ...message, content: [] } },
      { type: "response.output_item.done", output_index: 0, item: message },
      { ...completed, response: { ...completed.response, output: [message] } },
    ];
    const { blocks } = read("openai-responses", wireEvents(...events)).answer;
    expect(blocks.map((block) => (block.type === "text" ? block.text : block.type))).toEqual(["Hello"]);
  });
});

test.each([
  ["in the choice", { choices: [{ index: 0, delta: {}, finish_reason: "stop", usage: {} }] }],
  ["in `x_groq`", { x_groq: { usage: {} }, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }],
  ["in the finish chunk", { usage: {}, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }],
])("T100 usage of a Chat stream is found %s", (_where, last) => {
  const usage = '{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}';
  const base = { id: "chatcmpl-1", created: 7, model: "m" };
  const first = { ...base, choices: [{ index: 0, delta: { role: "assistant", content: "Hi" }, finish_reason: null }] };
  const final: JsonObject = JSON.parse(JSON.stringify({ ...base, ...last }).replace('"usage":{}', `"usage":${usage}`));
  const { answer } = read("openai-chat", [...wireEvents(first, final), { type: "", data: "[DONE]" }]);
  expect(answer.usage).toMatchObject({ inputFresh: 7, output: 3 });
});
