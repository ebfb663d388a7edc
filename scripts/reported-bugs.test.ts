import path from "node:path";
import { describe, expect, test } from "vitest";
import { reportedBugs, untested } from "./reported-bugs-table.ts";
import { findTests, numbersIn } from "./reported-bugs.ts";

const places = findTests(path.join(import.meta.dirname, ".."));

test("numbersIn() reads single numbers, lists and ranges", () => {
  expect(numbersIn("media (T62 to T65)").toSorted()).toEqual(["T62", "T63", "T64", "T65"]);
  expect(numbersIn("T09 T120 thoughts, T3 is none")).toEqual(["T09", "T120"]);
});

test("the list goes from T01 to T120 without a hole", () => {
  expect(reportedBugs.map(({ number }) => Number(number.slice(1)))).toEqual(
    Array.from({ length: 120 }, (_, index) => index + 1),
  );
});

describe("every reported bug has a test with its number, or a reason why there is none", () => {
  test.for(reportedBugs)("$number: $symptom", ({ number }) => {
    expect([...(places.get(number) ?? []), untested[number]].filter((entry) => entry !== undefined)).not.toEqual([]);
  });

  test("no reason is given for what is tested, and none for what is not on the list", () => {
    const numbers = new Set<string>(reportedBugs.map(({ number }) => number));
    expect(Object.keys(untested).filter((number) => places.has(number) || !numbers.has(number))).toEqual([]);
  });

  test("no test carries a number that is not on the list", () => {
    const numbers = new Set<string>(reportedBugs.map(({ number }) => number));
    expect([...places.keys()].filter((number) => !numbers.has(number))).toEqual([]);
  });
});
