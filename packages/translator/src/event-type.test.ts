import fc from "fast-check";
import { expect, test } from "vitest";

import { sniffEventType } from "./event-type.ts";

test.each([
  ['{"type":"response.created","x":1}', "response.created"],
  ['{"type": "response.created"}', "response.created"],
  ['{"x":{"type":"inner"},"type":"outer"}', "outer"],
  ['{"x":{"type":"inner"}}', ""],
  ['{"type":"a\\"b"}', 'a"b'],
  ['{"type":7}', ""],
  ["[DONE]", ""],
  ["", ""],
  ["null", ""],
])("sniffEventType(%s) is %j", (data, type) => {
  expect(sniffEventType(data)).toBe(type);
});

test("sniffEventType() agrees with JSON.parse wherever the type stands", () => {
  fc.assert(
    fc.property(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (type, rest) => {
      const { type: _type, ...other } = rest;
      expect(sniffEventType(JSON.stringify({ type, ...other }))).toBe(type);
      expect(sniffEventType(JSON.stringify({ ...other, type }))).toBe(type);
    }),
  );
});
