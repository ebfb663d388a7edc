import type { JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { prepareChatBody } from "./body.ts";
import { chatServerOf, openaiCompatibleOptionsSchema } from "./options.ts";
import type { ChatDialect } from "./dialect.ts";
import { chatPresetNames, type ChatPresetName } from "./presets.ts";

const user: JsonObject = { role: "user", content: "Hi" };

function dialectOf(preset: ChatPresetName | undefined, dialect: Partial<ChatDialect> = {}): ChatDialect {
  const baseUrl = "http://127.0.0.1:1/v1";
  return chatServerOf(openaiCompatibleOptionsSchema.parse({ baseUrl, dialect, ...(preset && { preset }) })).dialect;
}

function prepare(body: JsonObject, preset?: ChatPresetName, dialect?: Partial<ChatDialect>, stream = false) {
  const given = { model: "m", messages: [user], ...body };
  const before = JSON.stringify(given);
  const { value, report } = prepareChatBody({ model: "m", body: given, stream }, dialectOf(preset, dialect));
  expect(JSON.stringify(given)).toBe(before);
  return {
    body: value,
    dropped: report.dropped.map((loss) => loss.path),
    approximated: report.approximated.map((loss) => loss.path),
  };
}

const tool = (name: string, more: JsonObject = {}): JsonObject => ({ type: "function", function: { name, ...more } });
const tools = [tool("one"), tool("two")];
const nothingLost = { dropped: [], approximated: [] };

describe("prepareChatBody()", () => {
  test.each(chatPresetNames)("leaves a plain request to %s as it is", (preset) => {
    const plain: JsonObject = {
      model: "m",
      messages: [{ role: "system", content: "Be short" }, user],
      temperature: 0.5,
      tools,
      tool_choice: "auto",
    };
    const { body, ...losses } = prepare(plain, preset);
    if (!dialectOf(preset).reasoningRequired) expect(body).toEqual(plain);
    expect(losses).toEqual(nothingLost);
  });

  test.each<[ChatPresetName | undefined, string]>([
    [undefined, "max_tokens"],
    ["mistral", "max_tokens"],
    ["groq", "max_completion_tokens"],
    ["xai", "max_completion_tokens"],
  ])("%s is told the limit as %s, the newer name winning", (preset, field) => {
    for (const limits of [
      { max_tokens: 5 },
      { max_completion_tokens: 5 },
      { max_tokens: 9, max_completion_tokens: 5 },
    ]) {
      const { body, ...losses } = prepare(limits, preset);
      expect(body).toEqual({ model: "m", messages: [user], [field]: 5 });
      expect(losses).toEqual(nothingLost);
    }
    expect(prepare({ max_tokens: null }, preset).body).not.toHaveProperty(field);
  });

  test("asks for usage in a stream, except of those that tell it anyway and refuse the question", () => {
    expect(prepare({ stream: true }, "groq", {}, true).body).toMatchObject({ stream_options: { include_usage: true } });
    const asked = { stream: true, stream_options: { include_usage: true } };
    const { body } = prepare(asked, "mistral", {}, true);
    expect(body).toEqual({ model: "m", messages: [user], stream: true });
  });

  test("sends role developer as system unless the server takes it", () => {
    const messages = [{ role: "developer", content: "Be short" }, user];
    const sent = prepare({ messages }, "deepseek");
    expect(sent.body["messages"]).toMatchObject([{ role: "system", content: "Be short" }, user]);
    expect(sent.approximated).toEqual(["messages[0].role"]);
    expect(prepare({ messages }, "deepseek", { developerRole: true }).body["messages"]).toEqual(messages);
  });

  test("maps ids of calls to nine characters for mistral, calls and results alike and always the same (T44)", () => {
    const ask = (id: string): JsonObject => ({
      messages: [
        { role: "assistant", content: "", tool_calls: [{ id, ...tool("one", { arguments: "{}" }) }] },
        { role: "tool", tool_call_id: id, content: "1" },
      ],
      tools,
    });
    const long = JSON.stringify(prepare(ask("call_abcdefghijklmnopqrstuvwx"), "mistral").body["messages"]);
    const [first, second, ...rest] = [...long.matchAll(/"(?:id|tool_call_id)":"([^"]*)"/gu)].map((match) => match[1]);
    expect(rest).toEqual([]);
    expect(first).toMatch(/^[a-zA-Z0-9]{9}$/u);
    expect(second).toBe(first);
    expect(JSON.stringify(prepare(ask("call_abcdefghijklmnopqrstuvwx"), "mistral").body["messages"])).toBe(long);
    expect(prepare(ask("abc123XYZ"), "mistral").body["messages"]).toEqual(ask("abc123XYZ")["messages"]);
    expect(prepare(ask("call_1"), "groq").body["messages"]).toEqual(ask("call_1")["messages"]);
  });

  test.each<[ChatPresetName, JsonObject, JsonObject, string[]]>([
    ["deepseek", { reasoning_content: "Hm" }, { reasoning_content: "Hm" }, []],
    ["deepseek", { reasoning: "Hm" }, { reasoning_content: "Hm" }, []],
    ["deepseek", {}, { reasoning_content: "" }, []],
    ["groq", { reasoning_content: "Hm" }, { reasoning: "Hm" }, []],
    ["groq", { reasoning: "Hm", reasoning_details: [{ text: "Hm" }] }, { reasoning: "Hm" }, []],
    ["groq", { reasoning_details: [{ data: "x" }] }, {}, ["messages[0].reasoning_details"]],
    ["mistral", { reasoning_content: "Hm" }, {}, ["messages[0].reasoning_content"]],
    ["mistral", { reasoning_content: null, reasoning_details: [] }, {}, []],
    [
      "openrouter",
      { reasoning: "Hm", reasoning_details: [{ type: "reasoning.encrypted", data: "x" }] },
      { reasoning: "Hm", reasoning_details: [{ type: "reasoning.encrypted", data: "x" }] },
      [],
    ],
  ])("gives %s the thoughts %j back as %j (T17)", (preset, given, expected, dropped) => {
    const assistant = { role: "assistant", content: "Hello" };
    const sent = prepare({ messages: [{ ...assistant, ...given }, user] }, preset);
    expect(sent.body["messages"]).toEqual([{ ...assistant, ...expected }, user]);
    expect(sent.dropped).toEqual(dropped);
  });

  test("calls the forced choice any at mistral, and required everywhere else, whatever the client calls it", () => {
    for (const choice of ["required", "any"]) {
      expect(prepare({ tools, tool_choice: choice }, "mistral").body["tool_choice"]).toBe("any");
      expect(prepare({ tools, tool_choice: choice }, "groq").body["tool_choice"]).toBe("required");
    }
  });

  test("sends only the named tool where no name can be chosen", () => {
    const choice = { type: "function", function: { name: "two" } };
    const sent = prepare({ tools, tool_choice: choice }, "lm-studio");
    expect(sent.body).toMatchObject({ tools: [tool("two")], tool_choice: "required" });
    expect(sent.approximated).toEqual(["tool_choice"]);
    expect(prepare({ tools, tool_choice: choice }, "groq").body).toMatchObject({ tools, tool_choice: choice });
  });

  test.each([
    ["required", "any"],
    ["auto", "auto"],
  ])("sends only the allowed tools, mode %s as %s", (mode, word) => {
    const allowed = { mode, tools: [{ type: "function", function: { name: "one" } }] };
    const sent = prepare({ tools, tool_choice: { type: "allowed_tools", allowed_tools: allowed } }, "mistral");
    expect(sent.body).toMatchObject({ tools: [tool("one")], tool_choice: word });
    expect(sent.approximated).toEqual(["tool_choice"]);
  });

  test("without tools there is no choice and no parallel flag (T41)", () => {
    const { body, ...losses } = prepare({ tools: [], tool_choice: "auto", parallel_tool_calls: false });
    expect(body).toEqual({ model: "m", messages: [user] });
    expect(losses).toEqual(nothingLost);
  });

  test("leaves out strict and the parallel flag where they are not known, and says so when they meant something", () => {
    const sent = prepare(
      { tools: [tool("one", { strict: true }), tool("two", { strict: false })], parallel_tool_calls: false },
      "deepseek",
    );
    expect(sent.body["tools"]).toEqual(tools);
    expect(sent.body).not.toHaveProperty("parallel_tool_calls");
    expect(sent.dropped).toEqual(["tools[0].function.strict", "parallel_tool_calls"]);
    expect(prepare({ tools, parallel_tool_calls: true }, "deepseek").dropped).toEqual([]);
  });

  test.each<[ChatPresetName, string, JsonObject, string[]]>([
    ["groq", "minimal", { reasoning_effort: "low" }, ["reasoning_effort"]],
    ["groq", "high", { reasoning_effort: "high" }, []],
    ["openrouter", "max", { reasoning_effort: "xhigh" }, ["reasoning_effort"]],
    ["deepseek", "xhigh", { reasoning_effort: "max" }, ["reasoning_effort"]],
    ["deepseek", "none", { thinking: { type: "disabled" } }, []],
    ["together", "none", { reasoning: { enabled: false } }, []],
    ["groq", "constructor", { reasoning_effort: "constructor" }, []],
  ])("tells %s the effort %s as %j", (preset, effort, expected, approximated) => {
    const sent = prepare({ reasoning_effort: effort }, preset);
    expect(sent.body).toEqual({ model: "m", messages: [user], ...expected });
    expect(sent.approximated).toEqual(approximated);
  });

  test("says a schema in words where only JSON can be asked for", () => {
    const schema = { type: "object", properties: { city: { type: "string" } } };
    const format = { type: "json_schema", json_schema: { name: "place", schema } };
    const sent = prepare({ response_format: format }, "deepseek");
    expect(sent.body).toMatchObject({
      response_format: { type: "json_object" },
      messages: [{ role: "system", content: expect.stringContaining(JSON.stringify(schema)) }, user],
    });
    expect(sent.approximated).toEqual(["response_format"]);
    expect(prepare({ response_format: format }, "groq").body["response_format"]).toEqual(format);
  });

  test("leaves refused fields out, and reports those that meant something", () => {
    const fields = { store: true, metadata: {}, service_tier: "auto", verbosity: "low", prompt_cache_key: "k" };
    const sent = prepare(fields, "groq");
    expect(sent.body).toEqual({ model: "m", messages: [user] });
    expect(sent.dropped.toSorted()).toEqual(["prompt_cache_key", "store", "verbosity"]);
    expect(prepare({ store: false }).dropped).toEqual([]);
  });

  test("sends seed by mistral's name, and names in messages not to groq", () => {
    expect(prepare({ seed: 7 }, "mistral").body).toEqual({ model: "m", messages: [user], random_seed: 7 });
    const sent = prepare({ messages: [{ ...user, name: "Ann" }] }, "groq");
    expect(sent.body["messages"]).toEqual([user]);
    expect(sent.dropped).toEqual(["messages[0].name"]);
  });

  test("a request nothing is changed in keeps its messages, not a copy of them", () => {
    const messages = [user, { role: "assistant", content: "Hello" }];
    expect(prepare({ messages }, "groq").body["messages"]).toBe(messages);
  });

  test.each<[string, JsonObject]>([
    ["messages that are no list", { messages: "Hi" }],
    ["messages that are no objects", { messages: [1, null, []] }],
    ["calls that are none", { messages: [{ role: "assistant", tool_calls: [1, { id: 2 }], tool_call_id: 3 }] }],
    ["tools that are none", { tools: [1, null, { type: "function" }], tool_choice: { type: "function" } }],
    ["a choice that is none", { tools, tool_choice: { type: "allowed_tools", allowed_tools: 3 } }],
    ["a format that is none", { response_format: { type: "json_schema" } }],
    ["a polluted body", JSON.parse('{"__proto__":{"x":1},"tool_choice":{"__proto__":{"type":"function"}}}')],
  ])("survives %s in every dialect", (_what, body) => {
    for (const preset of chatPresetNames) expect(() => prepare(body, preset)).not.toThrow();
  });
});
