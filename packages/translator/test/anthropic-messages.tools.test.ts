import { type JsonObject } from "@turnout/core";
import { openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import {
  sonnet45,
  sonnet5,
  fromChat,
  fromResponses,
  decode,
  toChat,
  list,
  blocksOf,
  pathOf,
  user,
  tool,
} from "./anthropic-requests.ts";

describe("tools", () => {
  const named = (name: string, parameters: JsonObject = { type: "object", properties: {} }) => ({
    type: "function",
    function: { name, description: "d", parameters, strict: null },
  });

  test("T38 T39 the shape is Anthropic's and nothing else is in it", () => {
    const { value } = fromChat({ messages: [user], tools: [named("wait")] });
    expect(value["tools"]).toEqual([
      { name: "wait", description: "d", input_schema: { type: "object", properties: {} } },
    ]);
  });

  test("T27 alternatives at the top of a schema are merged", () => {
    const schema = {
      anyOf: [
        { type: "object", properties: { a: { type: "string" }, b: { type: "string" } }, required: ["a", "b"] },
        { type: "object", properties: { a: { type: "number" } }, required: ["a"] },
      ],
    };
    const { value } = fromChat({ messages: [user], tools: [named("wait", schema)] });
    expect(list(value["tools"])[0]?.["input_schema"]).toEqual({
      type: "object",
      properties: { a: { anyOf: [{ type: "string" }, { type: "number" }] }, b: { type: "string" } },
      required: ["a"],
    });
  });

  test("T32 fields only Anthropic knows do not leak", () => {
    const { value, report } = toChat({
      messages: [user],
      tools: [
        {
          name: "wait",
          input_schema: { type: "object" },
          cache_control: { type: "ephemeral" },
          defer_loading: true,
          eager_input_streaming: true,
        },
      ],
    });
    expect(value["tools"]).toEqual([{ type: "function", function: { name: "wait", parameters: { type: "object" } } }]);
    expect(report.dropped.map((loss) => loss.path)).toEqual([
      "tools[0].cache_control",
      "tools[0].defer_loading",
      "tools[0].eager_input_streaming",
    ]);
  });

  test("T35 T37 one declaration a name, in the client's order", () => {
    const { value } = fromChat({ messages: [user], tools: [named("b"), named("a"), named("b")] });
    expect(list(value["tools"]).map((entry) => entry["name"])).toEqual(["b", "a"]);
  });

  test("T41 no choice without tools", () => {
    const { value } = fromChat({ messages: [user], tools: [], tool_choice: "auto", parallel_tool_calls: false });
    expect(value).not.toHaveProperty("tool_choice");
    expect(value).not.toHaveProperty("tools");
  });

  test("T42 T43 the choice and the switch for parallel calls", () => {
    const choice = (fields: JsonObject) =>
      fromChat({ messages: [user], tools: [tool], ...fields }).value["tool_choice"];
    expect(choice({})).toBeUndefined();
    expect(choice({ tool_choice: "none" })).toEqual({ type: "none" });
    expect(choice({ tool_choice: "required" })).toEqual({ type: "any" });
    expect(choice({ tool_choice: { type: "function", function: { name: "wait" } } })).toEqual({
      type: "tool",
      name: "wait",
    });
    expect(choice({ parallel_tool_calls: false })).toEqual({ type: "auto", disable_parallel_tool_use: true });
    expect(choice({ parallel_tool_calls: true })).toBeUndefined();
    const decoded = decode({
      messages: [user],
      tools: [{ name: "wait", input_schema: {} }],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
    });
    expect(openaiChat.encodeRequest(decoded).value).toMatchObject({
      tool_choice: "required",
      parallel_tool_calls: false,
    });
  });

  test("a subset of tools is all that is sent", () => {
    const tools = [named("a"), named("b")];
    const allowed_tools = { mode: "required", tools: [{ type: "function", function: { name: "b" } }] };
    const { value } = fromChat({ messages: [user], tools, tool_choice: { type: "allowed_tools", allowed_tools } });
    expect(list(value["tools"]).map((entry) => entry["name"])).toEqual(["b"]);
    expect(value["tool_choice"]).toEqual({ type: "any" });
  });

  test("T20 a forced tool goes before budget thinking", () => {
    const { value, report } = fromChat({
      messages: [user],
      tools: [tool],
      tool_choice: "required",
      reasoning_effort: "high",
    });
    expect(value["thinking"]).toEqual({ type: "disabled" });
    expect(report.dropped.map((loss) => loss.path)).toContain("reasoning_effort");
  });

  test("T20 a model that takes no forcing is left the wanted tool alone", () => {
    const tools = [named("a"), named("b")];
    const tool_choice = { type: "function", function: { name: "b" } };
    const { value } = fromChat({ messages: [user], tools, tool_choice }, "claude-fable-5");
    expect(value["tool_choice"]).toEqual({ type: "auto" });
    expect(list(value["tools"]).map((entry) => entry["name"])).toEqual(["b"]);
  });

  test("T36 a free-text tool becomes a function, its calls too, and the grammar is told", () => {
    const { value } = fromResponses({
      input: [
        { type: "message", role: "user", content: "hi" },
        { type: "custom_tool_call", call_id: "a", name: "patch", input: "*** Begin" },
        { type: "custom_tool_call_output", call_id: "a", output: "ok" },
      ],
      tools: [{ type: "custom", name: "patch", format: { type: "grammar", syntax: "lark", definition: "start: x" } }],
    });
    expect(list(value["tools"])[0]).toMatchObject({ name: "patch", input_schema: { required: ["input"] } });
    expect(list(value["tools"])[0]?.["description"]).toContain("start: x");
    expect(blocksOf(list(value["messages"])[1])[0]?.["input"]).toEqual({ input: "*** Begin" });
  });

  test("T40 web search is translated, other server tools are refused or dropped by name", () => {
    const { value } = fromResponses({
      input: "hi",
      tools: [
        {
          type: "web_search",
          filters: { allowed_domains: ["a.com"] },
          user_location: { type: "approximate", city: "Bern" },
        },
      ],
    });
    expect(value["tools"]).toEqual([
      {
        type: "web_search_20250305",
        name: "web_search",
        allowed_domains: ["a.com"],
        user_location: { type: "approximate", city: "Bern" },
      },
    ]);
    const search = { type: "file_search", vector_store_ids: ["v"] };
    expect(pathOf(() => fromResponses({ input: "hi", tools: [search] }))).toBe("tools[0]");
    const other = { type: "function", name: "wait", parameters: { type: "object" } };
    const { report } = fromResponses({ input: "hi", tools: [search, other] });
    expect(report.dropped).toContainEqual({ path: "tools[0]", reason: "server-tool:file_search" });
  });
});

describe("thinking", () => {
  const effort = (reasoning_effort: string, model: string, rest: JsonObject = {}) => {
    const { value } = fromChat({ messages: [user], reasoning_effort, ...rest }, model);
    return { thinking: value["thinking"], config: value["output_config"] };
  };

  test.for([
    ["minimal", 1024],
    ["low", 2048],
    ["medium", 8192],
    ["high", 16_384],
    ["xhigh", 32_768],
  ] as const)("T18 effort %s is %d tokens on a budget model, and back", ([name, budget]) => {
    expect(effort(name, sonnet45).thinking).toEqual({ type: "enabled", budget_tokens: budget });
    const request = decode({ messages: [user], thinking: { type: "enabled", budget_tokens: budget } });
    expect(openaiResponses.encodeRequest(request).value["reasoning"]).toMatchObject({ effort: name });
  });

  test("T18 effort on adaptive models, the nearest where it is not offered", () => {
    expect(effort("low", sonnet5)).toEqual({
      thinking: { type: "adaptive", display: "summarized" },
      config: { effort: "low" },
    });
    expect(effort("minimal", sonnet5).config).toEqual({ effort: "low" });
    expect(effort("xhigh", sonnet5).config).toEqual({ effort: "xhigh" });
    expect(effort("xhigh", "claude-sonnet-4-6").config).toEqual({ effort: "max" });
    expect(effort("none", sonnet5)).toEqual({ thinking: { type: "disabled" }, config: undefined });
  });

  test("T18 T19 the effort and the wish to see thoughts of an Anthropic client are two things", () => {
    const reasoning = (thinking: JsonObject, output_config: JsonObject = {}) =>
      openaiResponses.encodeRequest(decode({ messages: [user], thinking, output_config })).value["reasoning"];
    expect(reasoning({ type: "adaptive", display: "omitted" }, { effort: "high" })).toEqual({ effort: "high" });
    expect(reasoning({ type: "adaptive" }, { effort: "low" })).toEqual({ effort: "low", summary: "auto" });
    expect(reasoning({ type: "adaptive" })).toEqual({ summary: "auto" });
    expect(reasoning({ type: "disabled" }, { effort: "high" })).toEqual({ effort: "none" });
  });

  test("T21 the budget stays below the limit of the answer, or thinking is off", () => {
    expect(effort("high", sonnet45, { max_tokens: 4000 }).thinking).toEqual({ type: "enabled", budget_tokens: 3999 });
    expect(effort("high", sonnet45, { max_tokens: 1024 }).thinking).toEqual({ type: "disabled" });
    expect(effort("max", sonnet45, { max_tokens: 4000 }).thinking).toEqual({ type: "enabled", budget_tokens: 3999 });
  });

  test("T22 temperature, top_p and top_k go while the model thinks, and always on the newest", () => {
    const sampling = { temperature: 0.3, top_k: 5 };
    const thinking = fromChat({ messages: [user], reasoning_effort: "low", ...sampling });
    expect(thinking.value).not.toHaveProperty("temperature");
    expect(thinking.value).not.toHaveProperty("top_k");
    expect(thinking.report.dropped.map((loss) => loss.path)).toEqual(["temperature", "top_k"]);
    expect(fromChat({ messages: [user], ...sampling }).value).toMatchObject(sampling);
    expect(fromChat({ messages: [user], ...sampling, temperature: 1.5 }).value["temperature"]).toBe(1);
    expect(fromChat({ messages: [user], ...sampling }, sonnet5).value).not.toHaveProperty("temperature");
    expect(fromChat({ messages: [user], temperature: 0, top_p: 0.5 }).value).not.toHaveProperty("top_p");
  });
});
