import type { JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { createTurnReader, type Turn } from "./turn-reader.ts";

const message = (id: string): JsonObject => ({ id, type: "message", role: "assistant", content: [] });
const created = (id: unknown = "resp_1") => ({ type: "response.created", response: { id } });
const added = (index: number, item: JsonObject) => ({ type: "response.output_item.added", output_index: index, item });
const done = (index: number | undefined, item: unknown) => ({
  type: "response.output_item.done",
  ...(index === undefined ? {} : { output_index: index }),
  item,
});
const completed = (response: JsonObject = { id: "resp_1", output: [] }, type = "response.completed") => ({
  type,
  response,
});

function read(...events: readonly ({ type: string } | string)[]): Turn | undefined {
  const turns: Turn[] = [];
  const reader = createTurnReader((turn) => turns.push(turn));
  for (const event of events) {
    if (typeof event === "string") reader.read({ type: "response.output_item.done", data: event });
    else reader.read({ type: event.type, data: JSON.stringify(event) });
  }
  reader.finished();
  expect(turns).toEqual(reader.turn === undefined ? [] : [reader.turn]);
  return reader.turn;
}

describe("createTurnReader()", () => {
  test("knows the id and the items in the order of their places", () => {
    const turn = read(created(), done(1, message("b")), done(0, message("a")), completed());
    expect(turn).toEqual({ responseId: "resp_1", output: [message("a"), message("b")] });
  });

  test("takes items without places in the order they came", () => {
    expect(read(created(), done(undefined, message("a")), done(undefined, message("b")), completed())?.output).toEqual([
      message("a"),
      message("b"),
    ]);
  });

  test("does without response.created, and knows the old name of response.completed", () => {
    expect(read(completed({ id: "resp_2", output: [] }, "response.done"))).toEqual({
      responseId: "resp_2",
      output: [],
    });
  });

  test.each<[string, readonly ({ type: string } | string)[]]>([
    ["has not ended", [created(), done(0, message("a"))]],
    ["failed", [created(), completed({ id: "resp_1" }, "response.failed")]],
    ["is incomplete", [created(), completed({ id: "resp_1" }, "response.incomplete")]],
    ["ended with an error", [created(), { type: "error" }]],
    ["has no id", [created(""), completed({ output: [] })]],
    ["has an id that is no text", [created(7), completed({ id: 7, output: [] })]],
    ["has two ids", [created(), created("resp_2"), completed()]],
    ["has an item that cannot be read", [created(), '{"type":"response.output_item.done","item":', completed()]],
    ["has an item that is none", [created(), done(0, "text"), completed()]],
    ["has two items in one place", [created(), done(0, message("a")), done(0, message("b")), completed()]],
    [
      "has items with and without places that clash",
      [created(), done(1, message("a")), done(undefined, message("b")), completed()],
    ],
    ["has an item that began and was not told whole", [created(), added(0, message("a")), completed()]],
    ["has items only at its end", [created(), completed({ id: "resp_1", output: [message("a")] })]],
  ])("knows no turn of an answer that %s, or all of it", (_what, events) => {
    const turn = read(...events);
    // Not to know is right; to know less than the upstream does is not.
    if (turn !== undefined) expect(turn.output).toContainEqual(message("a"));
    else expect(turn).toBeUndefined();
  });

  test("deltas may be anything", () => {
    const reader = createTurnReader();
    reader.read({ type: "response.created", data: JSON.stringify(created()) });
    reader.read({ type: "response.output_text.delta", data: "not JSON" });
    reader.read({ type: "response.completed", data: "not JSON" });
    expect(reader.turn).toEqual({ responseId: "resp_1", output: [] });
  });
});
