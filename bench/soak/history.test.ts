import { expect, test } from "vitest";
import { findHistoryFault, markOf, marksIn, userTextOf } from "./history.ts";

const user = (turn: number, before: readonly number[], conversation = 7) => ({
  role: "user",
  content: [{ type: "input_text", text: userTextOf(markOf(conversation, turn), before, "[[say: hello]]") }],
});
const assistant = (turn: number, conversation = 7) => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text: `${markOf(conversation, turn)} hello` }],
});
const call = (turn: number) => ({ type: "function_call", call_id: "a", arguments: `{"mark":"${markOf(7, turn)}"}` });
const output = (turn: number) => ({ type: "function_call_output", call_id: "a", output: `${markOf(7, turn)} done` });
const reasoning = { type: "reasoning", summary: [], encrypted_content: "x" };

const whole = [user(1, []), reasoning, assistant(1), user(2, [1]), call(2), output(2), assistant(2), user(4, [1, 2])];

test("findHistoryFault() finds nothing in what is whole, a turn that was left out included", () => {
  expect(findHistoryFault(whole)).toBeUndefined();
  expect(findHistoryFault([...whole, call(4), output(4)])).toBeUndefined();
});

test.each([
  ["a turn too few", whole.toSpliced(0, 3)],
  ["a turn too many", [user(1, []), assistant(1), user(3, []), assistant(3), user(4, [1])]],
  ["a message of somebody else", whole.with(2, assistant(1, 8))],
  ["an answer twice", whole.toSpliced(2, 0, assistant(1))],
  ["an answer missing", whole.toSpliced(2, 1)],
  ["an output missing", whole.toSpliced(5, 1)],
  ["turns in another order", [user(2, [1]), assistant(2), user(1, []), assistant(1), user(4, [1, 2])]],
  ["nothing at all", []],
])("findHistoryFault() finds %s", (_what, items) => {
  expect(findHistoryFault(items)).toBeTypeOf("string");
});

test("marksIn() tells each mark once", () => {
  expect(marksIn(`a ${markOf(1, 2)} b ${markOf(1, 3)}${markOf(1, 2)}`)).toEqual(["<<c1.2>>", "<<c1.3>>"]);
});
