import type { JsonObject } from "@turnout/core";
import { expect, test } from "vitest";

import type { PrepareCodexBodyOptions } from "./body.ts";
import { prepareCodexCompactBody } from "./compact-body.ts";

const backend: PrepareCodexBodyOptions = { transport: "http", rules: "backend" };
const conversation = { model: "gpt-5.4", input: "Hi", instructions: "Be kind" } satisfies JsonObject;

test("prepareCodexCompactBody() keeps what compaction takes, by the rules of the backend", () => {
  const body = {
    ...conversation,
    tools: [{ type: "web_search_preview" }],
    reasoning: { effort: "high" },
    service_tier: "fast",
    // What a client that reuses its ordinary body sends along.
    stream: true,
    store: true,
    include: ["file_search_call.results"],
    tool_choice: "auto",
    metadata: null,
  };
  const { value, report } = prepareCodexCompactBody(body, { ...backend, sessionId: "session" });
  expect(value).toEqual({
    ...conversation,
    input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }] }],
    tools: [{ type: "web_search" }],
    reasoning: { effort: "high" },
    service_tier: "priority",
    prompt_cache_key: "session",
  });
  expect(report.approximated.map(({ path }) => path)).toEqual(["service_tier", "tools[0].type"]);
  expect(report.dropped.map(({ path }) => path)).toEqual([]);
});

test("prepareCodexCompactBody() reports what the backend or compaction does not take", () => {
  const body = { ...conversation, temperature: 1, client_metadata: { a: "b" }, something: 1 };
  const { report } = prepareCodexCompactBody(body, backend);
  expect(report.dropped.map(({ path }) => path)).toEqual(["temperature", "client_metadata", "something"]);
});

test("prepareCodexCompactBody() leaves a body for the public API as it is, its stream aside", () => {
  const { value } = prepareCodexCompactBody(
    { ...conversation, temperature: 1, stream: true },
    { ...backend, rules: "public" },
  );
  expect(value).toEqual({ ...conversation, temperature: 1 });
});
