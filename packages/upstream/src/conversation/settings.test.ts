import type { JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { differingSetting, settingsOf } from "./settings.ts";

const body: JsonObject = {
  type: "response.create",
  model: "gpt-5.4",
  instructions: "Be brief. ".repeat(20),
  input: [{ role: "user", content: "Hi" }],
  tools: [{ type: "function", name: "f", parameters: { type: "object", properties: { a: {}, b: {} } } }],
  tool_choice: "auto",
  parallel_tool_calls: true,
  reasoning: { effort: "low", summary: "auto" },
  store: false,
  stream: true,
  include: ["reasoning.encrypted_content"],
  service_tier: "priority",
  prompt_cache_key: "thread",
  text: { verbosity: "low" },
};

function differing(change: JsonObject): string | undefined {
  return differingSetting(settingsOf(body), settingsOf({ ...body, ...change }));
}

// The list of codex.md 4.4, read 2026-11-25.
describe("differingSetting()", () => {
  test.each<[string, JsonObject]>([
    ["model", { model: "gpt-5.5" }],
    ["instructions", { instructions: `${"Be brief. ".repeat(20)} ` }],
    ["tools", { tools: [] }],
    [
      "tools",
      { tools: [{ type: "function", name: "f", parameters: { type: "object", properties: { b: {}, a: {} } } }] },
    ],
    ["tool_choice", { tool_choice: "required" }],
    ["parallel_tool_calls", { parallel_tool_calls: false }],
    ["parallel_tool_calls", { parallel_tool_calls: "true" }],
    ["reasoning", { reasoning: { effort: "high", summary: "auto" } }],
    ["store", { store: true }],
    ["include", { include: [] }],
    ["service_tier", { service_tier: "ultrafast" }],
    ["prompt_cache_key", { prompt_cache_key: "other" }],
    ["text", { text: { verbosity: "high" } }],
    ["future_field", { future_field: 1 }],
  ])("names %s", (name, change) => {
    expect(differing(change)).toBe(name);
  });

  test.each(Object.keys(body).filter((name) => !["type", "input", "stream"].includes(name)))(
    "names %s when it is gone",
    (name) => {
      const { [name]: _gone, ...rest } = body;
      expect(differingSetting(settingsOf(body), settingsOf(rest))).toBe(name);
      expect(differingSetting(settingsOf(rest), settingsOf(body))).toBe(name);
    },
  );

  test.each<[string, JsonObject]>([
    ["nothing", {}],
    ["input", { input: [] }],
    ["client_metadata", { client_metadata: { turn: "1" } }],
    ["stream_options", { stream_options: { reasoning_summary_delivery: "x" } }],
    ["access_programs", { access_programs: ["x"] }],
    ["previous_response_id", { previous_response_id: "resp_1" }],
    ["generate", { generate: false }],
  ])("is undefined when %s differs", (_name, change) => {
    expect(differing(change)).toBeUndefined();
  });

  test("the order of the fields does not matter", () => {
    const reversed = Object.fromEntries(Object.entries(body).toReversed());
    expect(differingSetting(settingsOf(body), settingsOf(reversed))).toBeUndefined();
  });

  test("long settings are remembered by a digest", () => {
    const longest = Math.max(...[...settingsOf(body).values()].map(({ length }) => length));
    expect(longest).toBeLessThanOrEqual(64);
  });
});
