import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createToolCallIds, makeItemId, mapToolCallId } from "./ids.ts";

const anyId = fc.oneof(fc.string({ minLength: 1 }), fc.string({ minLength: 60, maxLength: 2000 }));

describe("mapToolCallId()", () => {
  test("leaves an id that fits as it is", () => {
    expect(mapToolCallId("call_00a6", "openai-responses")).toBe("call_00a6");
    expect(mapToolCallId("functions.name:0", "openai-chat")).toBe("functions.name:0");
  });

  test("a result of Responses is at most 64 of its characters and ends with no underscore (T44, T47)", () => {
    fc.assert(
      fc.property(anyId, (id) => {
        const mapped = mapToolCallId(id, "openai-responses");
        expect(mapped).toMatch(/^[a-zA-Z0-9_-]{1,64}$/u);
        expect(mapped.endsWith("_")).toBe(false);
        expect(mapToolCallId(mapped, "openai-responses")).toBe(mapped);
      }),
    );
    expect(mapToolCallId("call_a_", "openai-responses")).toMatch(/^call_[a-zA-Z0-9]{24}$/u);
  });

  test("a long id becomes 29 characters towards Chat clients (T45)", () => {
    expect(mapToolCallId("x".repeat(1324), "openai-chat")).toHaveLength(29);
  });

  test("ids of other formats fit Anthropic's pattern (T46)", () => {
    expect(mapToolCallId("call|fc:1.2", "anthropic-messages")).toMatch(/^toolu_[a-zA-Z0-9]{24}$/u);
  });

  test("the same id gives the same result, another id another one", () => {
    fc.assert(
      fc.property(anyId, anyId, (one, other) => {
        const [first, second] = [mapToolCallId(one, "openai-responses"), mapToolCallId(other, "openai-responses")];
        expect(first === second).toBe(one === other);
      }),
    );
  });
});

describe("createToolCallIds()", () => {
  test("the same id twice in one turn gives two, and their results pair by order (T48)", () => {
    const ids = createToolCallIds("openai-responses");
    ids.nextTurn();
    expect([ids.call("a"), ids.call("a"), ids.call("b")]).toEqual(["a", "a_2", "b"]);
    expect([ids.result("a"), ids.result("b"), ids.result("a")]).toEqual(["a", "b", "a_2"]);
  });

  test("a result sent twice for one call keeps its id (T56)", () => {
    const ids = createToolCallIds("openai-responses");
    ids.nextTurn();
    ids.call("a");
    expect([ids.result("a"), ids.result("a")]).toEqual(["a", "a"]);
  });

  test("empty ids pair by order, and differently in each turn", () => {
    const ids = createToolCallIds("openai-chat");
    ids.nextTurn();
    const calls = [ids.call(""), ids.call("")];
    expect([ids.result(""), ids.result("")]).toEqual(calls);
    ids.nextTurn();
    expect(calls).not.toContain(ids.call(""));
    expect(new Set(calls).size).toBe(2);
  });
});

test("makeItemId() is the prefix and 48 hex digits, another one for each item", () => {
  const seed = "0123456789abcdef".repeat(3);
  const ids = [-1, 0, 1, 65_535].map((index) => makeItemId("msg_", seed, index));
  for (const id of ids) expect(id).toMatch(/^msg_[0-9a-f]{48}$/u);
  expect(new Set(ids).size).toBe(ids.length);
});
