import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createCustomInputReader } from "./custom-input.ts";

/** What the reader tells of a JSON text that comes in these pieces. */
function read(pieces: readonly string[]): string {
  const reader = createCustomInputReader();
  const told = pieces.map((piece) => reader.add(piece)).join("");
  return told + reader.end(pieces.join(""));
}

describe("createCustomInputReader()", () => {
  test("tells any text, however its JSON is cut and escaped", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom('"', "\\", "\n", "é", "\u{1f600}", "a", "/") }),
    );
    fc.assert(
      fc.property(text, fc.boolean(), fc.array(fc.nat(60), { maxLength: 8 }), (value, isAscii, cuts) => {
        const plain = JSON.stringify({ input: value });
        const json = isAscii
          ? plain.replaceAll(
              /[\u0080-\uffff]/gu,
              (unit) => `\\u${(unit.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
            )
          : plain;
        const borders = [0, ...cuts.map((cut) => cut % (json.length + 1)), json.length].toSorted(
          (left, right) => left - right,
        );
        const pieces = borders.slice(1).map((border, index) => json.slice(borders[index], border));
        expect(read(pieces)).toBe(value);
      }),
    );
  });

  test("T110 tells a piece as soon as it is there", () => {
    const reader = createCustomInputReader();
    expect(['{"in', 'put": "ab', "c\\", 'n"', "}"].map((piece) => reader.add(piece))).toEqual([
      "",
      "ab",
      "c",
      "\n",
      "",
    ]);
  });

  test("tells an input of another shape whole, at the end", () => {
    expect(read(['{"text":', '"x"}'])).toBe('{"text":"x"}');
    expect(read(['{"a":1,', '"input":"x"}'])).toBe("x");
  });
});
