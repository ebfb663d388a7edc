import { type JsonObject } from "@turnout/core";
import { anthropicMessages } from "@turnout/translator";
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
  calls,
  result,
} from "./anthropic-requests.ts";

describe("decodeRequest() is strict and names the field", () => {
  test.for<readonly [string, JsonObject]>([
    ["messages", { messages: [] }],
    ["messages[0].role", { messages: [{ role: "tool", content: "x" }] }],
    ["messages[0].content", { messages: [{ role: "user", content: 1 }] }],
    [
      "messages[0].content[1].text",
      { messages: [{ role: "user", content: [{ type: "text", text: "a" }, { type: "text" }] }] },
    ],
    ["messages[0].content[0].type", { messages: [{ role: "user", content: [{ text: "a" }] }] }],
    ["messages[0].content[0].source", { messages: [{ role: "user", content: [{ type: "image" }] }] }],
    [
      "messages[0].content[0].source.type",
      { messages: [{ role: "user", content: [{ type: "image", source: { type: "x" } }] }] },
    ],
    ["messages[0].content[0].tool_use_id", { messages: [{ role: "user", content: [{ type: "tool_result" }] }] }],
    [
      "messages[0].content[0].name",
      { messages: [{ role: "assistant", content: [{ type: "tool_use", id: "a", input: {} }] }] },
    ],
    [
      "messages[0].content[0].content[0].source",
      {
        messages: [
          { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: [{ type: "image" }] }] },
        ],
      },
    ],
    ["system[0].text", { messages: [user], system: [{ type: "text" }] }],
    ["tools[0].input_schema", { messages: [user], tools: [{ name: "a" }] }],
    ["tool_choice.name", { messages: [user], tool_choice: { type: "tool" } }],
    ["tool_choice.type", { messages: [user], tool_choice: { type: "required" } }],
    ["thinking.budget_tokens", { messages: [user], thinking: { type: "enabled" } }],
    ["max_tokens", { messages: [user], max_tokens: "many" }],
    ["temperature", { messages: [user], temperature: "hot" }],
  ])("%s", ([path, body]) => {
    expect(pathOf(() => decode(body))).toBe(path);
  });

  test("max_tokens is required, except to count tokens", () => {
    const body = { model: "claude", messages: [user] };
    expect(pathOf(() => anthropicMessages.decodeRequest(body))).toBe("max_tokens");
    expect(anthropicMessages.counting?.decodeRequest(body).value.turns).toHaveLength(1);
    expect(anthropicMessages.counting?.encodeCount(7)).toEqual({ input_tokens: 7 });
  });
});

describe("system texts", () => {
  test("T72 developer and system messages at the head become `system`, with their cache marks", () => {
    const { value } = fromChat({
      messages: [
        { role: "developer", content: [{ type: "text", text: "a", cache_control: { type: "ephemeral", ttl: "1h" } }] },
        { role: "system", content: "b" },
        user,
      ],
    });
    expect(value["system"]).toEqual([
      { type: "text", text: "a", cache_control: { type: "ephemeral", ttl: "1h" } },
      { type: "text", text: "b" },
    ]);
    expect(value["messages"]).toEqual([user]);
  });

  test("a system message amid the history goes into the next user turn, or stays where the model takes it", () => {
    const body = { messages: [user, { role: "system", content: "be brief" }, { role: "user", content: "go" }] };
    const older = fromChat(body);
    expect(older.value["messages"]).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "hi" },
          { type: "text", text: "go" },
          { type: "text", text: "<system>\nbe brief\n</system>" },
        ],
      },
    ]);
    expect(older.report.approximated).toHaveLength(1);
    const newer = fromChat(body, sonnet5);
    expect(list(newer.value["messages"]).map((message) => message["role"])).toEqual(["user", "system", "user"]);
  });

  test("a system message between a call and its result does not part them", () => {
    const { value } = fromChat({
      messages: [user, calls("a"), { role: "system", content: "s" }, result("a"), user],
      tools: [tool],
    });
    const messages = list(value["messages"]);
    expect(messages.map((message) => message["role"])).toEqual(["user", "assistant", "user"]);
    expect(blocksOf(messages[2]).map((block) => block["type"])).toEqual(["tool_result", "text", "text"]);
  });

  test("a request of system texts alone gets a turn of the user", () => {
    const { value, report } = fromChat({ messages: [{ role: "system", content: "s" }] });
    expect(value["messages"]).toEqual([{ role: "user", content: "." }]);
    expect(report.approximated.map((loss) => loss.path)).toEqual(["messages"]);
  });

  test("system texts and turns of Claude Code reach Chat in their places", () => {
    const { value } = toChat({
      system: [{ type: "text", text: "a", cache_control: { type: "ephemeral" } }],
      messages: [user, { role: "system", content: "env" }],
    });
    expect(value["messages"]).toEqual([{ role: "system", content: "a" }, user, { role: "system", content: "env" }]);
  });
});

describe("the beginning of an answer", () => {
  const body = { messages: [user, { role: "assistant", content: "The answer is " }] };

  test("T74 is kept for models that go on from it, without blanks at its end", () => {
    expect(list(fromChat(body).value["messages"]).at(-1)).toEqual({ role: "assistant", content: "The answer is" });
  });

  test("T74 is followed by a request to go on for models that do not, and while thinking", () => {
    for (const { value, report } of [fromChat(body, sonnet5), fromChat({ ...body, reasoning_effort: "low" })]) {
      expect(list(value["messages"]).map((message) => message["role"])).toEqual(["user", "assistant", "user"]);
      expect(report.approximated.map((loss) => loss.path)).toContain("messages");
    }
  });

  test("T74 is left out when it is blank", () => {
    const { value } = fromChat({ messages: [user, { role: "assistant", content: " " }] }, sonnet5);
    expect(value["messages"]).toEqual([user]);
  });
});

describe("the rest of a request", () => {
  test("T75 the limit: the client's, within the model's, or the model's own", () => {
    const limit = (fields: JsonObject, model: string) =>
      fromChat({ messages: [user], ...fields }, model).value["max_tokens"];
    expect(limit({}, sonnet45)).toBe(64_000);
    expect(limit({}, "claude-3-haiku-20240307")).toBe(4096);
    expect(limit({}, "anthropic/claude-opus-4.1")).toBe(32_000);
    expect(limit({ max_completion_tokens: 10 }, sonnet45)).toBe(10);
    expect(limit({ max_tokens: 999_999 }, sonnet45)).toBe(64_000);
  });

  test("T78 stop sequences: always a list, without blank ones", () => {
    expect(fromChat({ messages: [user], stop: "x" }).value["stop_sequences"]).toEqual(["x"]);
    const { value, report } = fromChat({ messages: [user], stop: ["\n", "x"] });
    expect(value["stop_sequences"]).toEqual(["x"]);
    expect(report.dropped.map((loss) => loss.path)).toEqual(["stop"]);
  });

  test("T80 a schema for the answer: closed objects, limits told in words", () => {
    const schema = { type: "object", properties: { n: { type: "integer", minimum: 1, description: "count" } } };
    const response_format = { type: "json_schema", json_schema: { name: "x", schema } };
    expect(fromChat({ messages: [user], response_format }).value["output_config"]).toEqual({
      format: {
        type: "json_schema",
        schema: {
          type: "object",
          properties: { n: { type: "integer", description: "count (minimum: 1)" } },
          additionalProperties: false,
        },
      },
    });
  });

  test("a schema for a model without structured output is a forced tool", () => {
    const response_format = { type: "json_schema", json_schema: { name: "x", schema: { type: "object" } } };
    const { value, report } = fromChat({ messages: [user], response_format }, "claude-3-7-sonnet-latest");
    expect(value["tool_choice"]).toEqual({
      type: "tool",
      name: "turnout_json_answer",
      disable_parallel_tool_use: true,
    });
    expect(report.approximated.map((loss) => loss.path)).toEqual(["response_format"]);
  });

  test("T79 JSON without a schema is asked for in words", () => {
    const { value } = fromChat({ messages: [user], response_format: { type: "json_object" } });
    expect(JSON.stringify(value["system"])).toContain("JSON object");
  });

  test("the schema of an Anthropic client reaches Chat", () => {
    const schema = { type: "object", properties: {} };
    const { value } = toChat({ messages: [user], output_config: { format: { type: "json_schema", schema } } });
    expect(value["response_format"]).toEqual({ type: "json_schema", json_schema: { name: "response", schema } });
  });

  test("what would change the meaning is refused by name", () => {
    expect(pathOf(() => fromChat({ messages: [user], n: 2 }))).toBe("n");
    expect(pathOf(() => fromChat({ messages: [user], logprobs: true }))).toBe("logprobs");
    expect(pathOf(() => fromResponses({ input: "hi", previous_response_id: "resp_1" }))).toBe("previous_response_id");
    expect(pathOf(() => fromChat({ messages: [user], tools: [], tool_choice: "required" }))).toBe("tool_choice");
  });

  test("what tunes the style is dropped and named", () => {
    const { report } = fromChat({
      messages: [user],
      seed: 1,
      presence_penalty: 0,
      verbosity: "low",
      service_tier: "flex",
    });
    expect(report.dropped.map((loss) => loss.path)).toEqual(["seed", "presence_penalty", "verbosity", "service_tier"]);
  });

  test("the end user and the tier are carried over", () => {
    const { value } = fromChat({ messages: [user], user: "u", service_tier: "default" });
    expect(value).toMatchObject({ metadata: { user_id: "u" }, service_tier: "standard_only" });
    expect(toChat({ messages: [user], metadata: { user_id: "u" } }).value["safety_identifier"]).toBe("u");
  });

  test("fields only Anthropic knows are named when they are left out", () => {
    const { report } = toChat({
      messages: [user],
      context_management: { edits: [{ type: "clear_thinking_20251015" }] },
      container: "c",
      mcp_servers: [{ type: "url", url: "https://a", name: "a" }],
    });
    expect(report.dropped.map((loss) => loss.path)).toEqual(["context_management", "container", "mcp_servers"]);
  });

  test("T82 four cache marks at most, of an hour before those of five minutes", () => {
    const part = (ttl: string) => ({ type: "text", text: "x", cache_control: { type: "ephemeral", ttl } });
    const content = ["5m", "1h", "5m", "5m", "5m"].map(part);
    const { value, report } = fromChat({
      messages: [
        { role: "system", content: [part("1h")] },
        { role: "user", content },
      ],
    });
    const marks = blocksOf(list(value["messages"])[0]).map((block) => block["cache_control"]);
    expect(JSON.stringify(value).match(/"cache_control"/gu)).toHaveLength(4);
    expect(marks.at(-1)).toEqual({ type: "ephemeral", ttl: "5m" });
    expect(report.dropped.map((loss) => loss.path)).toEqual(["cache_control"]);
  });
});
