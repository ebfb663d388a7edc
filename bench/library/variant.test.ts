import { expect, test } from "vitest";
import { inRounds, type Variant } from "./variant.ts";

const target = { origin: "http://localhost", path: "/", headers: {}, body: "", ending: "" };

test("inRounds() measures every variant once per round, and turns the order", async () => {
  const order: string[] = [];
  const variants: Variant[] = ["a", "b", "c"].map((name) => ({ name, target }));
  const results = await inRounds(variants, 3, async ({ name }) => order.push(name));
  expect(order.join("")).toBe("abcbcacab");
  expect(results.get("a")).toEqual([1, 6, 8]);
});
