import { expect, test } from "vitest";
import { plainText, renderClock, renderDuration, renderTable } from "./table.ts";

test("renderTable() lines columns up by what is seen, colours left out", () => {
  expect(
    renderTable([
      ["A", "BB"],
      ["\u001B[32mlong\u001B[39m", "x"],
      ["ü", ""],
    ]),
  ).toEqual(["A     BB", "\u001B[32mlong\u001B[39m  x", "ü"]);
});

test("plainText() lets nothing through that moves a cursor", () => {
  expect(plainText("a\u001B[2Jb\r\nc\u0007")).toBe("ab  c ");
});

test.each([
  [-5, "0s"],
  [1, "1s"],
  [59_000, "59s"],
  [60_000, "1m"],
  [3_599_000, "59m"],
  [12_000_000, "3h 20m"],
  [864_000_000, "10d"],
  [90_000_000, "1d 1h"],
])("renderDuration(%i) is %s", (milliseconds, text) => {
  expect(renderDuration(milliseconds)).toBe(text);
});

test("renderClock() counts minutes and seconds", () => {
  expect([900_000, 59_001, 1, -1].map(renderClock)).toEqual(["15:00", "1:00", "0:01", "0:00"]);
});
