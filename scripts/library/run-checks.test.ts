import { expect, test } from "vitest";
import type { Check } from "./check.ts";
import { commandResult } from "./command.ts";
import { runChecks, selectChecks } from "./run-checks.ts";

const good: Check = { name: "good", title: "passes", run: () => ({ problems: [], notes: ["nearly not"] }) };
const bad: Check = { name: "bad", title: "fails", run: () => ({ problems: ["a.ts:1: is wrong"] }) };
const after: Check = { name: "after", title: "needs bad", needs: ["bad"], run: () => ({ problems: [] }) };
const broken: Check = {
  name: "broken",
  title: "throws",
  run() {
    throw new Error("Cannot read");
  },
};

async function linesOf(checks: readonly Check[]) {
  const lines: string[] = [];
  const passed = await runChecks(checks, ".", (line) => lines.push(line.replace(/\d+\.\d s/u, "0.0 s")));
  return { passed, lines };
}

test("runChecks() passes when every check does, and shows notes", async () => {
  expect(await linesOf([good])).toEqual({
    passed: true,
    lines: ["ok     good             0.0 s   passes", "       note: nearly not", "All 1 checks passed"],
  });
});

test("runChecks() goes on after a failure, but skips what needs it", async () => {
  expect(await linesOf([bad, after, good])).toEqual({
    passed: false,
    lines: [
      "FAIL   bad              0.0 s   fails",
      "       a.ts:1: is wrong",
      "skip   after: needs bad",
      "ok     good             0.0 s   passes",
      "       note: nearly not",
      "Failed: bad, after",
    ],
  });
});

test("runChecks() reports a check that breaks", async () => {
  const { passed, lines } = await linesOf([broken]);
  expect(passed).toBe(false);
  expect(lines[1]).toContain("Cannot read");
});

test("selectChecks() adds what a check needs, in order", () => {
  expect(selectChecks([good, bad, after], ["after"])).toEqual([bad, after]);
  expect(selectChecks([good, bad], undefined)).toEqual([good, bad]);
});

test("selectChecks() refuses a name it does not know", () => {
  expect(() => selectChecks([good, bad], ["god"])).toThrow('Cannot check "god": the checks are good, bad');
});

test("commandResult() holds the output of a failing program, and nothing of a passing one", async () => {
  const root = process.cwd();
  expect(await commandResult(root, [process.execPath, "-e", "console.log('fine')"])).toEqual({ problems: [] });
  const { problems } = await commandResult(root, [process.execPath, "-e", "console.error('why'); process.exit(3)"]);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/ended with 3\nwhy$/u);
});

test("commandResult() reports a program that is not there", async () => {
  const { problems } = await commandResult(process.cwd(), ["no-such-program-anywhere"]);
  expect(problems[0]).toContain("Cannot run no-such-program-anywhere");
});
