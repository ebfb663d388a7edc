import type { JsonObject, Turn } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { call, decode, encodeTurns, png, result, roundTrip, text, user } from "./chat-requests.ts";

describe("calls and results", () => {
  const pair = (id: string): Turn[] => [
    { role: "user", blocks: [text("Hi")] },
    { role: "assistant", blocks: [call(id)] },
    { role: "user", blocks: [result(id, "ok")] },
  ];

  test("ids over 40 characters are mapped, the same on call and result, in every request (T44, T45)", () => {
    const [, assistant, tool] = encodeTurns(pair("x".repeat(69))).messages as readonly JsonObject[];
    expect(tool?.["tool_call_id"]).toMatch(/^call_[0-9A-Za-z]{24}$/u);
    expect(assistant).toMatchObject({ tool_calls: [{ id: tool?.["tool_call_id"] }] });
    expect(encodeTurns(pair("x".repeat(69))).messages).toEqual(encodeTurns(pair("x".repeat(69))).messages);
    expect(JSON.stringify(encodeTurns(pair("functions.f:0")).messages)).toContain('"functions.f:0"');
  });

  test("results without an id pair by order", () => {
    const calls = ["a", "b"].map((id) => ({ id, type: "function", function: { name: id, arguments: "{}" } }));
    const messages = [
      user,
      { role: "assistant", content: null, tool_calls: calls },
      { role: "tool", content: "1" },
      { role: "tool", content: "2" },
    ];
    expect(decode({ messages }).turns[2]?.blocks).toMatchObject([
      { callId: "a", name: "a" },
      { callId: "b", name: "b" },
    ]);
  });

  test("results of one step are one turn; each is a message of its own, before the user's words (T53)", () => {
    const { messages } = encodeTurns([
      { role: "user", blocks: [text("Hi")] },
      { role: "assistant", blocks: [call("a"), call("b")] },
      { role: "user", blocks: [result("a", "1"), result("b", "2"), text("Go on")] },
    ]);
    expect(messages).toMatchObject([
      { role: "user" },
      { role: "assistant", content: null },
      { role: "tool", tool_call_id: "a", content: "1" },
      { role: "tool", tool_call_id: "b", content: "2" },
      { role: "user", content: "Go on" },
    ]);
    expect(decode({ messages }).turns.map((turn) => turn.blocks.length)).toEqual([1, 2, 2, 1]);
  });

  test("a call without result gets one when more follows, none at the end (T54)", () => {
    const open: Turn[] = [
      { role: "user", blocks: [text("Hi")] },
      { role: "assistant", blocks: [call("a")] },
    ];
    expect(encodeTurns(open).messages).toHaveLength(2);
    const { messages, report } = encodeTurns([...open, { role: "user", blocks: [text("Never mind")] }]);
    expect(messages).toMatchObject([
      {},
      {},
      { role: "tool", tool_call_id: "a", content: "No result: the call was interrupted" },
      { role: "user" },
    ]);
    expect(report.approximated.some((loss) => loss.reason.includes("without a result"))).toBe(true);
  });

  test("a message between call and result moves behind the result (T54)", () => {
    const { messages } = encodeTurns([
      { role: "user", blocks: [text("Hi")] },
      { role: "assistant", blocks: [call("a")] },
      { role: "system", level: "system", blocks: [text("Be brief")] },
      { role: "user", blocks: [result("a", "1")] },
    ]);
    expect((messages as readonly JsonObject[]).map((message) => message["role"])).toEqual([
      "user",
      "assistant",
      "tool",
      "system",
    ]);
  });

  test("orphan results are dropped (T55), of several the last counts, at the first place (T56)", () => {
    const { messages, report } = encodeTurns([
      { role: "user", blocks: [result("gone", "x"), text("Hi")] },
      { role: "assistant", blocks: [call("a"), call("b")] },
      { role: "user", blocks: [result("a", "old"), result("b", "2"), result("a", "new")] },
    ]);
    expect(messages).toMatchObject([
      { role: "user", content: "Hi" },
      { role: "assistant" },
      { role: "tool", tool_call_id: "a", content: "new" },
      { role: "tool", tool_call_id: "b", content: "2" },
    ]);
    expect(messages).toHaveLength(4);
    expect(report.dropped).toHaveLength(2);
  });

  test("a call that was cut off is left out, and its turn with it (T05)", () => {
    const { messages, report } = encodeTurns([
      { role: "user", blocks: [text("Hi")] },
      { role: "assistant", blocks: [{ ...call("a", "f", '{"x":'), incomplete: true }] },
      { role: "user", blocks: [text("Again")] },
    ]);
    expect((messages as readonly JsonObject[]).map((message) => message["role"])).toEqual(["user", "user"]);
    expect(report.dropped).toHaveLength(1);
  });

  test("media in results follow in one message of the user after all results, never as text (T62 to T65)", () => {
    const { messages, report } = encodeTurns([
      { role: "user", blocks: [text("Hi")] },
      { role: "assistant", blocks: [call("a"), call("b")] },
      {
        role: "user",
        blocks: [{ type: "tool-result", callId: "a", kind: "function", content: [text("see"), png] }, result("b", "2")],
      },
    ]);
    expect(messages).toMatchObject([
      {},
      {},
      { role: "tool", tool_call_id: "a", content: "see" },
      { role: "tool", tool_call_id: "b", content: "2" },
      {
        role: "user",
        content: [
          { type: "text", text: "From the result of tool call a:" },
          { type: "image_url", image_url: { url: "data:image/png;base64,iVBO" } },
        ],
      },
    ]);
    expect(JSON.stringify(messages).split("iVBO")).toHaveLength(2);
    expect(report.approximated).not.toEqual([]);
  });

  test("media of a result come before what the user said after it", () => {
    const { messages } = encodeTurns([
      { role: "user", blocks: [text("Hi")] },
      { role: "assistant", blocks: [call("a")] },
      {
        role: "user",
        blocks: [{ type: "tool-result", callId: "a", kind: "function", content: [png] }, text("Go on")],
      },
    ]);
    expect(messages).toMatchObject([
      {},
      {},
      { role: "tool", content: "" },
      { role: "user", content: [{ type: "text" }, { type: "image_url" }] },
      { role: "user", content: "Go on" },
    ]);
  });

  test("an id used again in a later turn stays; twice in one turn the second is told apart (T48)", () => {
    const turn: Turn[] = [
      { role: "assistant", blocks: [call("a")] },
      { role: "user", blocks: [result("a", "1")] },
    ];
    expect(encodeTurns([...turn, ...turn]).messages).toMatchObject([
      { tool_calls: [{ id: "a" }] },
      { tool_call_id: "a" },
      { tool_calls: [{ id: "a" }] },
      { tool_call_id: "a" },
    ]);
    const twice = encodeTurns([
      { role: "assistant", blocks: [call("a"), call("a")] },
      { role: "user", blocks: [result("a", "1"), result("a", "2")] },
    ]);
    expect(twice.messages).toMatchObject([
      { tool_calls: [{ id: "a" }, { id: "a_2" }] },
      { tool_call_id: "a", content: "1" },
      { tool_call_id: "a_2", content: "2" },
    ]);
  });

  test("parts of a result keep their structure in the same format (T66)", () => {
    const content = [
      { type: "text", text: "a" },
      { type: "image_url", image_url: { url: "https://x.test/a.png" } },
    ];
    const messages = [
      user,
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "a", content },
    ];
    expect(roundTrip({ messages })["messages"]).toEqual(messages);
  });

  test("arguments stay the text they were: primitives (T67), odd spacing; none given means {} (T68)", () => {
    for (const [given, expected] of [
      ["5", "5"],
      ['{ "a":1 }', '{ "a":1 }'],
      ["", ""],
      [undefined, "{}"],
      [null, "{}"],
    ] as const) {
      const called = { name: "f", ...(given !== undefined && { arguments: given }) };
      const messages = [{ role: "assistant", tool_calls: [{ id: "a", type: "function", function: called }] }];
      expect(decode({ messages }).turns[0]?.blocks).toMatchObject([{ arguments: expected }]);
    }
  });

  test("custom calls, nested and in the flat shape, come back as they were", () => {
    const messages = [
      user,
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "a", type: "custom", custom: { name: "shell", input: "ls" } },
          { id: "b", type: "custom", name: "shell", input: "pwd" },
        ],
      },
      { role: "tool", tool_call_id: "a", content: "x" },
      { role: "tool", tool_call_id: "b", content: "/" },
    ];
    expect(decode({ messages }).turns[1]?.blocks).toMatchObject([
      { kind: "custom", name: "shell", arguments: "ls" },
      { kind: "custom", name: "shell", arguments: "pwd" },
    ]);
    expect(decode({ messages }).turns[2]?.blocks).toMatchObject([{ kind: "custom" }, { kind: "custom" }]);
    expect(roundTrip({ messages })["messages"]).toEqual(messages);
  });

  test("the signature of Google's endpoint is read and goes back", () => {
    const extra = { google: { thought_signature: "sig" } };
    const messages = [
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" }, extra_content: extra }],
      },
      { role: "tool", tool_call_id: "a", content: "x" },
    ];
    expect(decode({ messages }).turns[0]?.blocks).toMatchObject([{ payload: "sig" }]);
    expect(roundTrip({ messages })["messages"]).toEqual(messages);
  });
});
