import { expect, test } from "vitest";
import { slope } from "./slope.ts";

test("slope() is that of the line, noise that cancels out aside", () => {
  expect(
    slope([
      { x: 1, y: 13 },
      { x: 2, y: 14 },
      { x: 3, y: 16 },
      { x: 4, y: 19 },
    ]),
  ).toBeCloseTo(2);
});

test("slope() of one point is refused", () => {
  expect(() => slope([{ x: 1, y: 1 }])).toThrow("too few points");
});
