import { describe, expect, test } from "vitest";
import { checkArguments, readPort } from "./check-arguments.ts";

const definitions = {
  name: { type: "positional", required: true },
  label: { type: "string" },
  json: { type: "boolean" },
} as const;

describe("checkArguments()", () => {
  test.each([
    [["a"]],
    [["a", "--label", "b", "--json"]],
    [["--json", "a", "--label=b"]],
    [["a", "--no-json"]],
    [["--label", "-", "a"]],
  ])("takes %j", (words) => {
    expect(() => checkArguments(words, definitions)).not.toThrow();
  });

  test.each([
    [["a", "b"], 'Cannot use "b": a word too many'],
    [["a", "--lable", "b"], "Cannot use --lable: no such flag; did you mean --label?"],
    [["a", "--json=yes"], "Cannot use --json: it takes no value"],
    [["a", "--label"], "Cannot use --label: its value is missing"],
    [["a", "--label", "--json"], "Cannot use --label: its value is missing"],
    [["a", "--no-label"], "Cannot use --no-label: no such flag"],
    [["a", "-x"], "Cannot use -x: no such flag"],
    [["a", "--zzzzzz", "9"], "Cannot use --zzzzzz: no such flag; see turnout --help"],
    [["a", "--label", "--host", "::1"], "Cannot use --label: its value is missing"],
  ])("refuses %j", (words, message) => {
    expect(() => checkArguments(words, definitions)).toThrow(message);
  });

  test("says so where no words are taken at all", () => {
    expect(() => checkArguments(["a"], {})).toThrow('Cannot use "a": only flags are taken here');
  });
});

test("readPort() refuses what is no port", () => {
  expect(readPort("0")).toBe(0);
  for (const text of ["-1", "65536", "99999", "1e3", ""])
    expect(() => readPort(text)).toThrow("not a number from 0 to 65535");
});
