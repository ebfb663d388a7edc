import type { JsonObject, WireEvent } from "@turnout/core";
import { expect, test } from "vitest";
import { createAnswerRecorder, type RecordedAnswer } from "./answer-recorder.ts";

const message = { type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: "Hi" }] };
const call = { type: "function_call", id: "fc_1", call_id: "c1", name: "f", arguments: "{}" };

function event(body: JsonObject & { readonly type: string }, named = true): WireEvent {
  return { type: named ? body.type : "", data: JSON.stringify(body) };
}

function done(item: JsonObject, index?: number) {
  return { type: "response.output_item.done", ...(index === undefined ? {} : { output_index: index }), item };
}

function end(type: string, response: JsonObject) {
  return { type, sequence_number: 9, response };
}

function record(batches: readonly (readonly WireEvent[])[]): RecordedAnswer[] {
  const answers: RecordedAnswer[] = [];
  const recorder = createAnswerRecorder((answer) => answers.push(answer));
  for (const batch of batches) recorder.observe(batch);
  return answers;
}

test.each(["response.completed", "response.incomplete", "response.done"])(
  "an answer that ends with %s is told once, with its items",
  (type) => {
    const last = event(end(type, { id: "resp_1", output: [] }));
    expect(record([[event(done(message))], [event(done(call)), last], [last]])).toEqual([
      { responseId: "resp_1", output: [message, call] },
    ]);
  },
);

test("items stand in the order of the answer, not in that in which they were finished", () => {
  const last = event(end("response.completed", { id: "resp_1" }));
  expect(record([[event(done(call, 1)), event(done(message, 0)), last]])[0]?.output).toEqual([message, call]);
});

test("events without a name are read by their data", () => {
  const last = event(end("response.completed", { id: "resp_1" }), false);
  expect(record([[event(done(message), false), last]])).toEqual([{ responseId: "resp_1", output: [message] }]);
});

test("items that only the last event tells of count when there were no others", () => {
  const last = event(end("response.completed", { id: "resp_1", output: [message] }));
  expect(record([[last]])).toEqual([{ responseId: "resp_1", output: [message] }]);
});

test("the id is found wherever it stands in the response, and never in what the response repeats", () => {
  const tools = [{ type: "function", name: "f", parameters: { properties: { response: { id: "not this" } } } }];
  const last = event(end("response.completed", { tools, id: "resp_1" }));
  expect(record([[event(done(message)), last]])[0]?.responseId).toBe("resp_1");
});

test.each([
  ["a failed one", [event(done(message)), event(end("response.failed", { id: "resp_1" }))]],
  ["one that was cut", [event(done(message))]],
  ["one without an id", [event(done(message)), event(end("response.completed", { output: [] }))]],
  ["one whose last event is broken", [{ type: "response.completed", data: '{"type":"resp' }]],
  [
    "one with an item that cannot be read",
    [
      { type: "response.output_item.done", data: '{"item":' },
      event(done(message)),
      event(end("response.completed", { id: "resp_1" })),
    ],
  ],
])("nothing is told of %s", (_what, events) => {
  expect(record([events])).toEqual([]);
});

test("a document is told with its output; one that is no answer is not", () => {
  const answers: RecordedAnswer[] = [];
  const recorder = createAnswerRecorder((answer) => answers.push(answer));
  recorder.document({ output: [message] });
  recorder.document({ id: "resp_1", output: [message, call] });
  expect(answers).toEqual([{ responseId: "resp_1", output: [message, call] }]);
});
