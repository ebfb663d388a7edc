import type { Block, ModelResponse } from "@turnout/core";
import { expect, test } from "vitest";
import { judge } from "./judge.ts";
import type { TurnPlan } from "./turn-plan.ts";

const plan: TurnPlan = {
  mark: "<<c1.2>>",
  text: "",
  call: { mark: "<<c1.2>>" },
  toolOutput: "",
  answer: "<<c1.2>> hello",
  stream: true,
  leavesAfterBytes: undefined,
};

const text = (value: string): Block => ({ type: "text", text: value });
const call = (value: string): Block => ({
  type: "tool-call",
  callId: "a",
  name: "probe",
  kind: "function",
  arguments: value,
});

function reply(blocks: readonly Block[], ends = 1) {
  const response: ModelResponse = { id: "r", model: "m", blocks, finish: "stop" };
  return { kind: "answer", response, ends, way: "http" } as const;
}

test("judge() takes exactly the answer that is due, in one text or several", () => {
  expect(judge(plan, reply([text("<<c1.2>> "), text("hello")]), false).outcome).toBe("right");
  expect(judge(plan, reply([call('{"mark": "<<c1.2>>"}')]), true).outcome).toBe("right");
});

test.each([
  ["another end", reply([text(plan.answer)], 2), false, "doubled"],
  ["no end", reply([text(plan.answer)], 0), false, "lost"],
  ["the answer twice", reply([text(plan.answer + plan.answer)]), false, "doubled"],
  ["another call", reply([call('{"mark":"<<c1.2>>"}'), call('{"mark":"<<c1.2>>"}')]), true, "doubled"],
  ["a part of it", reply([text("<<c1.2>> hel")]), false, "wrong"],
  ["nothing", reply([]), false, "wrong"],
  ["somebody else's", reply([text("<<c3.1>> hello")]), false, "wrong"],
  ["a call instead of a text", reply([call("{}")]), false, "wrong"],
  ["a call cut short", reply([call('{"mark":"<<c1.')]), true, "wrong"],
  ["a text instead of a call", reply([text(plan.answer)]), true, "wrong"],
])("judge() sees %s", (_what, answer, wantsCall, outcome) => {
  expect(judge(plan, answer, wantsCall).outcome).toBe(outcome);
});
