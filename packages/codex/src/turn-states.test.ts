import { createExecuteContext } from "@turnout/testing";
import { describe, expect, test } from "vitest";

import { createTurnStates, turnStateNotices } from "./turn-states.ts";

const context = createExecuteContext({ credential: { accountKey: "first", kind: "oauth", secret: "s" } });

function tell(type: string, data: string) {
  const states = createTurnStates();
  for (const notice of turnStateNotices(states)) if (notice.type === type) notice.read({ type, data }, context);
  return states;
}

describe("createTurnStates()", () => {
  test("knows whom a state was given to", () => {
    const states = createTurnStates();
    states.remember("ts_1", "first");
    expect([states.isOf("ts_1", "first"), states.isOf("ts_1", "second"), states.isOf("ts_2", "first")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("forgets the oldest beyond its limit", () => {
    const states = createTurnStates(1);
    states.remember("ts_1", "first");
    states.remember("ts_2", "first");
    expect([states.isOf("ts_1", "first"), states.isOf("ts_2", "first")]).toEqual([false, true]);
  });
});

describe("turnStateNotices()", () => {
  test.each(["response.metadata", "codex.response.metadata"])("reads the state in a %s event", (type) => {
    const states = tell(type, JSON.stringify({ type, headers: { "x-codex-turn-state": "ts_1" } }));
    expect(states.isOf("ts_1", "first")).toBe(true);
    expect(states.isOf("ts_1", "second")).toBe(false);
  });

  test.each(["not json", "{}", '{"headers":{"x-codex-turn-state":1}}'])("takes nothing from %s", (data) => {
    expect(() => tell("response.metadata", data)).not.toThrow();
  });
});
