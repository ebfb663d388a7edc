import { type ModelResponse, RouterError, type StreamEvent } from "@turnout/core";
import { expect, test } from "vitest";

import { fold, mergeUsage } from "./fold.ts";
import { unfold } from "./unfold.ts";

const answer: ModelResponse = {
  id: "resp_1",
  model: "m",
  createdAt: 1,
  serviceTier: "default",
  blocks: [
    {
      type: "reasoning",
      parts: [
        { form: "summary", text: "one" },
        { form: "summary", text: "" },
      ],
      payload: "opaque",
      provenance: { wire: "openai-responses", model: "m" },
      itemId: "rs_1",
    },
    { type: "reasoning", parts: [], payload: "no text" },
    { type: "text", text: "Hi", citations: [{ kind: "url", url: "https://example.com", start: 0, end: 2 }] },
    { type: "text", text: "" },
    { type: "refusal", text: "No", extras: { wire: "openai-responses", fields: { a: 1 } } },
    { type: "opaque", wire: "openai-responses", value: { type: "web_search_call" } },
    {
      type: "tool-call",
      callId: "call_1",
      itemId: "fc_1",
      name: "f",
      namespace: "n",
      kind: "function",
      arguments: "{}",
    },
    {
      type: "tool-call",
      callId: "call_2",
      name: "g",
      kind: "custom",
      arguments: "half",
      incomplete: true,
      payload: "s",
    },
  ],
  finish: "tool-calls",
  finishRaw: "completed",
  usage: { inputFresh: 1, output: 2 },
};

test("fold() of unfold() is the answer", () => {
  expect(fold(unfold(answer))).toEqual(answer);
});

test("fold() joins deltas of interleaved blocks in the order in which the blocks were opened (T111)", () => {
  const events: StreamEvent[] = [
    { type: "start", responseId: "r", model: "m" },
    { type: "block-start", block: 7, opening: { kind: "text" } },
    { type: "block-start", block: 3, opening: { kind: "text" } },
    { type: "text-delta", block: 3, delta: "b" },
    { type: "text-delta", block: 7, delta: "a" },
    { type: "text-delta", block: 3, delta: "b" },
    { type: "block-stop", block: 3 },
    { type: "block-stop", block: 7 },
    { type: "finish", reason: "stop" },
  ];
  expect(fold(events).blocks).toEqual([
    { type: "text", text: "a" },
    { type: "text", text: "bb" },
  ]);
});

test("fold() marks a call that never stopped as incomplete (T96)", () => {
  const events: StreamEvent[] = [
    { type: "start", responseId: "r", model: "m" },
    { type: "block-start", block: 0, opening: { kind: "tool-call", callId: "c", name: "f", toolKind: "function" } },
    { type: "tool-call-delta", block: 0, argumentsDelta: '{"a' },
    { type: "finish", reason: "length" },
  ];
  expect(fold(events).blocks).toMatchObject([{ arguments: '{"a', incomplete: true }]);
});

test.each([
  ["start", [{ type: "finish", reason: "stop" }]],
  ["finish", [{ type: "start", responseId: "r", model: "m" }]],
] as [string, StreamEvent[]][])("fold() throws upstream-malformed without %s", (_missing, events) => {
  expect(() => fold(events)).toThrow(RouterError);
  expect(() => fold(events)).toThrow(_missing);
});

test("mergeUsage() takes the last snapshot field by field and never adds (T113, T116)", () => {
  const first = { inputFresh: 10, cacheRead: 5 };
  expect(mergeUsage(first, { output: 3, inputFresh: 10 })).toEqual({ inputFresh: 10, cacheRead: 5, output: 3 });
  expect(mergeUsage(undefined, first)).toBe(first);
});
