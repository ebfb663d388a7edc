import { expect, test } from "vitest";
import { readTestTitles } from "./test-titles.ts";

test("readTestTitles() reads what describe, it and test are called with, and nothing else", () => {
  const text = `
    // test("in a comment")
    describe.skipIf(true)("a", () => {
      test("b", () => { expect("no title"); log("test"); });
      it.each([["row"]])("c %s", () => {});
      test.for(rows)(\`d \${name} e\`, () => {});
    });
    const test2 = "test('f')";
  `;
  expect(readTestTitles("x.test.ts", text)).toEqual(["a", "b", "c %s", "d … e"]);
});
