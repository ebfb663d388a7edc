import { expect, test } from "vitest";
import { exactJson } from "./exact-json.ts";

test.each([
  [' { "b" : [ 1.0 , true ] , "a" : "x" } ', '{"a":"x","b":[1,true]}'],
  ["1e2", "100"],
  ["-0.50", "-5e-1"],
  ["0.0", "-0"],
  ['"\\u0041\\/"', '"A/"'],
  ['{"a":1,"a":2}', '{"a":2}'],
  ["[]", "[ ]"],
  ["{}", "{ }"],
  ['{"__proto__":1}', '{ "__proto__":1.0}'],
])("exactJson() takes %s and %s for the same", (left, right) => {
  expect(exactJson(left)).toBe(exactJson(right));
  expect(exactJson(left)).toBeDefined();
});

test.each([
  ["12345678901234567890", "12345678901234567000"],
  ["0.1", "0.10000000000000001"],
  ["1", '"1"'],
  ["[1,2]", "[2,1]"],
  ['{"a":null}', "{}"],
  ["1", "-1"],
])("exactJson() takes %s and %s for two things", (left, right) => {
  expect(exactJson(left)).not.toBe(exactJson(right));
});

test("exactJson() has nothing to say of what is not JSON", () => {
  expect(exactJson('{"a":')).toBeUndefined();
  expect(exactJson("")).toBeUndefined();
});
