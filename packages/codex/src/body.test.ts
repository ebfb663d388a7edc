import type { JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { prepareCodexBody, type PrepareCodexBodyOptions } from "./body.ts";

const backend = { transport: "http", rules: "backend" } as const;

function prepare(body: JsonObject, options: Partial<PrepareCodexBodyOptions> = {}) {
  const { value, report } = prepareCodexBody({ model: "gpt-5.4", input: [], ...body }, { ...backend, ...options });
  return {
    value,
    dropped: report.dropped.map((loss) => loss.path),
    approximated: report.approximated.map((loss) => loss.path),
  };
}

test("prepareCodexBody() makes the smallest body one the backend takes (T77)", () => {
  expect(prepareCodexBody({ model: "gpt-5.4", input: "Hi" }, backend)).toEqual({
    value: {
      model: "gpt-5.4",
      input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }] }],
      instructions: "",
      store: false,
      stream: true,
      include: ["reasoning.encrypted_content"],
    },
    report: { approximated: [], dropped: [] },
  });
});

test("prepareCodexBody() copies no more than the top level of what is fine, and changes nothing given", () => {
  const input = [{ type: "message", id: "msg_1", role: "user", content: [{ type: "input_text", text: "Hi" }] }];
  const tools = [{ type: "function", name: "f", parameters: {} }];
  const body = { model: "gpt-5.4", instructions: "Be kind", input, tools, stream: false, text: { verbosity: "low" } };
  const before = JSON.stringify(body);
  const { value, dropped, approximated } = prepare(body);
  expect(value["input"]).toBe(input);
  expect(value["tools"]).toBe(tools);
  expect(value["text"]).toBe(body.text);
  expect(value["instructions"]).toBe("Be kind");
  expect([...dropped, ...approximated]).toEqual([]);
  expect(JSON.stringify(body)).toBe(before);
});

test("prepareCodexBody() leaves out what the backend refuses and reports each (T76)", () => {
  const refused = {
    max_output_tokens: 5,
    max_completion_tokens: 5,
    max_tool_calls: 1,
    temperature: 0,
    top_p: 1,
    top_logprobs: 2,
    truncation: "auto",
    user: "u",
    safety_identifier: "s",
    prompt_cache_retention: "24h",
    prompt_cache_options: {},
    context_management: [],
    metadata: { a: "b" },
    background: true,
    stream_id: "lane",
  };
  const { value, dropped } = prepare({ ...refused, store: true });
  expect(dropped.toSorted()).toEqual([...Object.keys(refused), "store"].toSorted());
  for (const name of Object.keys(refused)) expect(value).not.toHaveProperty(name);
  expect(value["store"]).toBe(false);
});

test("prepareCodexBody() leaves out nulls and defaults without a word", () => {
  const { value, dropped } = prepare({ temperature: null, tools: null, background: false, truncation: "disabled" });
  expect(dropped).toEqual([]);
  expect(Object.keys(value).toSorted()).toEqual(["include", "input", "instructions", "model", "store", "stream"]);
});

test.each(["conversation", "prompt"])("prepareCodexBody() refuses %s, which names something stored", (name) => {
  expect(() => prepare({ [name]: { id: "x" } })).toThrow(
    expect.objectContaining({ code: "request-invalid", details: { path: name } }),
  );
});

test("prepareCodexBody() reports other things to include", () => {
  const include = ["message.output_text.logprobs", "reasoning.encrypted_content"];
  const { value, dropped } = prepare({ include });
  expect(dropped).toEqual(["include[0]"]);
  expect(value["include"]).toEqual(["reasoning.encrypted_content"]);
});

describe("previous_response_id and generate", () => {
  test("over HTTP the first cannot be answered and the second is left out", () => {
    expect(() => prepare({ previous_response_id: "resp_1" })).toThrow(
      expect.objectContaining({ code: "not-found", details: { path: "previous_response_id" } }),
    );
    expect(prepare({ generate: false }).dropped).toEqual(["generate"]);
  });

  test("over a WebSocket both go through", () => {
    const { value } = prepare({ previous_response_id: "resp_1", generate: false }, { transport: "ws" });
    expect(value).toMatchObject({ previous_response_id: "resp_1", generate: false });
  });
});

describe("service_tier", () => {
  test.each([
    ["priority", "priority", "dropped", []],
    ["ultrafast", "ultrafast", "dropped", []],
    ["auto", undefined, "dropped", []],
    ["default", undefined, "dropped", []],
    ["flex", undefined, "dropped", ["service_tier"]],
    ["fast", "priority", "approximated", ["service_tier"]],
  ] as const)("%s becomes %s", (given, expected, kind, paths) => {
    const prepared = prepare({ service_tier: given });
    expect(prepared.value["service_tier"]).toBe(expected);
    expect(prepared[kind]).toEqual(paths);
  });
});

describe("prompt_cache_key", () => {
  test("a long one is cut, a missing one follows the session", () => {
    const long = prepare({ prompt_cache_key: "k".repeat(100) });
    expect(long.value["prompt_cache_key"]).toBe("k".repeat(64));
    expect(long.approximated).toEqual(["prompt_cache_key"]);
    expect(prepare({}, { sessionId: "s1" }).value["prompt_cache_key"]).toBe("s1");
    expect(prepare({ prompt_cache_key: "k" }, { sessionId: "s1" }).value["prompt_cache_key"]).toBe("k");
  });
});

test.each([
  ["gpt-5.4", "minimal", "low"],
  ["gpt-5.4", "none", "low"],
  ["gpt-5.4", "xhigh", "xhigh"],
  ["gpt-6-sol", "none", "none"],
  ["unheard-of", "minimal", "minimal"],
])("effort of %s: %s becomes %s", (model, effort, expected) => {
  const { value, approximated } = prepare({ model, reasoning: { effort, summary: "auto" } });
  expect(value["reasoning"]).toEqual({ effort: expected, summary: "auto" });
  expect(approximated).toEqual(effort === expected ? [] : ["reasoning.effort"]);
});

test("prepareCodexBody() calls the search preview by its present name", () => {
  const tools = [
    { type: "web_search_preview_2025_03_11", x: 1 },
    { type: "function", name: "f" },
  ];
  const { value, approximated } = prepare({ tools });
  expect(value["tools"]).toEqual([{ type: "web_search", x: 1 }, tools[1]]);
  expect(approximated).toEqual(["tools[0].type"]);
});

test("prepareCodexBody() keeps the one stream option the backend knows", () => {
  const given = { include_obfuscation: false, reasoning_summary_delivery: "sequential_cutoff" };
  const { value, dropped } = prepare({ stream_options: given });
  expect(value["stream_options"]).toEqual({ reasoning_summary_delivery: "sequential_cutoff" });
  expect(dropped).toEqual(["stream_options.include_obfuscation"]);
});

describe("client_metadata", () => {
  const marker = "ws_request_header_x_openai_internal_codex_responses_lite";

  test("carries the Lite marker on a WebSocket, and not over HTTP", () => {
    const ws = prepare({ client_metadata: { a: "b" } }, { transport: "ws", lite: true });
    expect(ws.value["client_metadata"]).toEqual({ a: "b", [marker]: "true" });
    const http = prepare({ client_metadata: { a: "b", [marker]: "true" } }, { lite: true });
    expect(http.value["client_metadata"]).toEqual({ a: "b" });
  });

  test("carries a turn state only to the account it was given to", () => {
    const client_metadata = { a: "b", "x-codex-turn-state": "ts_1" };
    const own = prepare({ client_metadata }, { isOwnTurnState: (state) => state === "ts_1" });
    expect(own.value["client_metadata"]).toBe(client_metadata);
    const foreign = prepare({ client_metadata }, { isOwnTurnState: () => false });
    expect(foreign.value["client_metadata"]).toEqual({ a: "b" });
    expect(foreign.dropped).toEqual(["client_metadata.x-codex-turn-state"]);
  });
});

describe("input", () => {
  test("system becomes developer", () => {
    const { value } = prepare({ input: [{ role: "system", content: "Be kind" }] });
    expect(value["input"]).toEqual([{ role: "developer", content: "Be kind" }]);
  });

  test("ids the server did not make, and ids that come twice, are left out", () => {
    const { value, dropped } = prepare({
      input: [
        { type: "message", id: "msg_1", role: "assistant", content: [] },
        { type: "message", id: "msg_1", role: "assistant", content: [] },
        { role: "user", id: "chatcmpl-1", content: "Hi" },
        { type: "function_call", id: "call_1", call_id: "call_1", name: "f", arguments: "{}" },
        { type: "function_call_output", id: "fc_9", call_id: "call_1", output: "" },
        { type: "tool_search_call", id: "whatever" },
        { type: "message", id: null, role: "user", content: "Hi" },
      ],
    });
    expect(value["input"]).toEqual([
      { type: "message", id: "msg_1", role: "assistant", content: [] },
      { type: "message", role: "assistant", content: [] },
      { role: "user", content: "Hi" },
      { type: "function_call", call_id: "call_1", name: "f", arguments: "{}" },
      { type: "function_call_output", id: "fc_9", call_id: "call_1", output: "" },
      { type: "tool_search_call", id: "whatever" },
      { type: "message", role: "user", content: "Hi" },
    ]);
    expect(dropped).toEqual(["input[1].id", "input[2].id", "input[3].id"]);
  });

  test("reasoning without its payload, or with another provider's, is left out", () => {
    const kept = { type: "reasoning", id: "rs_2", summary: [], encrypted_content: "x" };
    const foreign = { type: "reasoning", id: "rs_3", summary: [], encrypted_content: "rs1.e30" };
    const { value, dropped } = prepare({ input: [{ type: "reasoning", id: "rs_1", summary: [] }, kept, foreign] });
    expect(value["input"]).toEqual([kept]);
    expect(dropped).toEqual(["input[0]", "input[2]"]);
  });

  test("marks for a prompt cache inside content are left out", () => {
    const mark = { prompt_cache_breakpoint: { ttl: "5m" } };
    const { value, dropped } = prepare({
      input: [
        { role: "user", content: [{ type: "input_text", text: "a", ...mark }] },
        { type: "function_call_output", call_id: "c", output: [{ type: "input_text", text: "b", ...mark }] },
      ],
    });
    expect(value["input"]).toEqual([
      { role: "user", content: [{ type: "input_text", text: "a" }] },
      { type: "function_call_output", call_id: "c", output: [{ type: "input_text", text: "b" }] },
    ]);
    expect(dropped).toEqual([
      "input[0].content[0].prompt_cache_breakpoint",
      "input[1].output[0].prompt_cache_breakpoint",
    ]);
  });
});

test("the rules `public` force a stream and touch nothing else", () => {
  const body = { model: "m", input: "Hi", temperature: 0.5, store: true, previous_response_id: "resp_1", user: null };
  const { value, report } = prepareCodexBody(body, { transport: "http", rules: "public" });
  expect(value).toEqual({ ...body, stream: true });
  expect(report).toEqual({ approximated: [], dropped: [] });
});
