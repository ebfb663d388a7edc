import { expect, test } from "vitest";
import { median, percentile } from "./statistics.ts";

test("percentile() takes the nearest rank, whatever the order", () => {
  const values = [50, 10, 40, 20, 30];
  expect(percentile(values, 0)).toBe(10);
  expect(percentile(values, 0.5)).toBe(30);
  expect(percentile(values, 0.8)).toBe(40);
  expect(percentile(values, 0.99)).toBe(50);
  expect(percentile(values, 1)).toBe(50);
});

test("median() of nothing is refused", () => {
  expect(() => median([])).toThrow("there are no values");
});
