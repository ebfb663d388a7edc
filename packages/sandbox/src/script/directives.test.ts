import { describe, expect, test } from "vitest";
import { parseDirectives } from "./directives.ts";

describe("parseDirectives()", () => {
  test("reads them in their order", () => {
    const text = "Please [[think: hard]] then [[say: hello there]] [[slow: 5]] [[long:3]] [[json]] [[fault: cut]]";
    expect(parseDirectives(text)).toEqual([
      { type: "think", text: "hard" },
      { type: "say", text: "hello there" },
      { type: "slow", milliseconds: 5 },
      { type: "long", words: 3 },
      { type: "json" },
      { type: "fault", name: "cut" },
    ]);
  });

  test("finds the end of a tool's JSON, brackets and quotes inside", () => {
    const json = '{"matrix":[[1,2],[3]],"text":"a ]] b \\" }"}';
    expect(parseDirectives(`[[tool: shell ${json}]] after`)).toEqual([{ type: "tool", name: "shell", text: json }]);
  });

  test.each([
    ["[[tool: shell]]", { type: "tool", name: "shell", text: "{}" }],
    ["[[tool: functions.exec some code]]", { type: "tool", name: "functions.exec", text: "some code" }],
    ["[[long: 10000000]]", { type: "long", words: 100_000 }],
    ["[[slow: 10000000]]", { type: "slow", milliseconds: 60_000 }],
  ])("reads %s", (text, expected) => {
    expect(parseDirectives(text)).toEqual([expected]);
  });

  test.each([
    "plain",
    "[[unknown: x]]",
    "[[say: never ends",
    "[[slow: soon]]",
    "[[long: 0]]",
    '[[tool: shell {"a":1]]',
    "[[]]",
    "[[says: x]]",
  ])("takes %s as text", (text) => {
    expect(parseDirectives(text)).toEqual([]);
  });

  test("stops at 32", () => {
    expect(parseDirectives("[[json]]".repeat(100))).toHaveLength(32);
  });
});
