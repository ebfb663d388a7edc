import { describe, expect, test } from "vitest";

import { createFlatReasoning } from "./flat-reasoning.ts";

const delta = (block: number, part: number, text: string) =>
  ({ type: "reasoning-delta", block, part, form: "summary", delta: text }) as const;

describe("createFlatReasoning()", () => {
  test("separates parts and blocks, and nothing else", () => {
    const reasoning = createFlatReasoning();
    const pieces = [delta(0, 0, "a"), delta(0, 0, "b"), delta(0, 1, "c"), delta(1, 1, "d"), delta(1, 1, "")];
    expect(pieces.map((piece) => reasoning.add(piece))).toEqual(["a", "b", "\n\nc", "\n\nd", ""]);
  });

  test("what comes after a break stands alone", () => {
    const reasoning = createFlatReasoning();
    reasoning.add(delta(0, 0, "a"));
    reasoning.breakOff();
    expect(reasoning.add(delta(1, 0, "b"))).toBe("b");
  });

  test("tells a block and what was shown of it once, without separators", () => {
    const reasoning = createFlatReasoning();
    const opening = { kind: "reasoning", itemId: "rs_1" } as const;
    reasoning.open(0, opening);
    reasoning.add(delta(0, 0, "a"));
    reasoning.add(delta(0, 1, "b"));
    const closed = reasoning.close(0);
    expect(closed?.opening).toBe(opening);
    expect(closed?.shown.carried("anthropic-messages")).toBe("ab");
    expect(reasoning.close(0)).toBeUndefined();
    expect(reasoning.close(1)).toBeUndefined();
  });
});
