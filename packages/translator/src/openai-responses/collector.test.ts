import { type JsonObject, RouterError } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { createDocumentCollector } from "./collector.ts";

type Event = JsonObject & { readonly type: string };

function collect(events: readonly Event[]): JsonObject {
  const collector = createDocumentCollector();
  for (const event of events) collector.add({ type: event.type, data: JSON.stringify(event) });
  return collector.end();
}

const created = {
  type: "response.created",
  response: { id: "resp_1", model: "m", status: "in_progress", output: [], new_field: 1 },
};
const first = { id: "msg_1", type: "message", content: [] };
const second = { id: "fc_1", type: "function_call", call_id: "c" };

function done(index: number | undefined, item: JsonObject): Event {
  return { type: "response.output_item.done", ...(index !== undefined && { output_index: index }), item };
}

function completed(response: JsonObject): Event {
  return { type: "response.completed", response };
}

describe("createDocumentCollector()", () => {
  test("the terminal response is the document, unknown fields included", () => {
    const response = { id: "resp_1", status: "completed", output: [first, second], usage: null, future: { a: 1 } };
    expect(collect([created, done(0, first), completed(response)])).toEqual({ model: "m", new_field: 1, ...response });
  });

  test("an empty output is rebuilt from the finished items, by index (T107)", () => {
    const { output } = collect([created, done(1, second), done(0, first), completed({ id: "resp_1", output: [] })]);
    expect(output).toEqual([first, second]);
  });

  test("items without an index, or under one for all, keep their order", () => {
    expect(collect([done(undefined, first), done(undefined, second), completed({})])["output"]).toEqual([
      first,
      second,
    ]);
    expect(collect([done(0, first), done(0, second), completed({})])["output"]).toEqual([first, second]);
  });

  test("the status is that of the event where the response has none", () => {
    expect(collect([created, completed({})])["status"]).toBe("completed");
    expect(collect([created, { type: "response.incomplete", response: {} }])["status"]).toBe("incomplete");
  });

  test.each([
    ["an error event", { type: "error", code: "server_error", message: "Oops" }],
    ["response.failed", { type: "response.failed", response: { error: { message: "Oops" } } }],
    ["a failed status", completed({ status: "failed", error: { message: "Oops" } })],
  ])("%s throws what it reports (T109)", (_what, event) => {
    expect(() => collect([created, event])).toThrow("Oops");
  });

  test("a stream without an end throws (T103)", () => {
    let thrown: unknown;
    try {
      collect([created, done(0, first)]);
    } catch (error) {
      thrown = error;
    }
    expect(RouterError.is(thrown) && thrown.code).toBe("upstream-unavailable");
  });
});
