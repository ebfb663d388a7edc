import { describe, expect, test } from "vitest";
import { tool, start, problemOf, user, call, calls, result, image, withTool } from "../../test/chat-client.ts";
import { dig } from "../../test/wire-harness.ts";

describe("rules", () => {
  test.each<[string, object, string]>([
    ["an unknown field", { foo: 1 }, "Unrecognized request argument supplied: foo"],
    [
      "an unknown field of a message",
      { messages: [{ ...user("a"), cache_control: {} }] },
      "Unknown parameter: 'messages[0].cache_control'.",
    ],
    [
      "no messages",
      { messages: [] },
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ],
    ["messages missing", { messages: undefined }, "Missing required parameter: 'messages'."],
    [
      "a wrong type",
      { messages: [user(7)] },
      "Invalid type for 'messages[0].content': expected one of a string or array of objects, but got an integer instead.",
    ],
    ["an unknown role", { messages: [{ role: "model", content: "a" }] }, "Invalid value: 'model'."],
    [
      "a part of another language",
      { messages: [user([{ type: "input_text", text: "a" }])] },
      "Invalid value: 'input_text'.",
    ],
    [
      "a system turn where there is none",
      { model: "o1-mini", messages: [{ role: "system", content: "a" }] },
      "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
    ],
    [
      "developer at another vendor",
      { model: "deepseek-chat", messages: [{ role: "developer", content: "a" }] },
      "does not support 'developer' with this model.",
    ],
    [
      "an assistant that says nothing",
      { messages: [user("a"), { role: "assistant", content: null }] },
      "Invalid value for 'content': expected a string, got null.",
    ],
    [
      "no calls",
      { messages: [user("a"), { role: "assistant", content: "b", tool_calls: [] }] },
      "Invalid 'messages[1].tool_calls': empty array.",
    ],
    [
      "a result without call",
      { messages: [user("a"), result("c1")] },
      "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
    ],
    [
      "a result of another call",
      { messages: [user("a"), calls("c1"), result("c2")] },
      "'tool_call_id' of 'c2' not found in 'tool_calls' of previous message.",
    ],
    [
      "a call without result",
      { messages: [user("a"), calls("c1", "c2"), result("c1"), user("b")] },
      "The following tool_call_ids did not have response messages: c2",
    ],
    ["a user between", { messages: [user("a"), calls("c1"), user("b"), result("c1")] }, "tool"],
    ["a call at the end", { messages: [user("a"), calls("c1")] }, "did not have response messages: c1"],
    [
      "a long id",
      { messages: [user("a"), calls("c".repeat(41)), result("c".repeat(41))] },
      "Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string with maximum length 40, but got a string with length 41 instead.",
    ],
    [
      "an image of a tool",
      { messages: [user("a"), calls("c1"), result("c1", [image])] },
      "Image URLs are only allowed for messages with role 'user', but this message with role 'tool' contains an image URL.",
    ],
    [
      "an image type",
      { messages: [user([{ type: "image_url", image_url: { url: "data:image/bmp;base64,AAAA" } }])] },
      "You uploaded an unsupported image.",
    ],
    [
      "arguments that are no text",
      {
        messages: [
          user("a"),
          { role: "assistant", tool_calls: [{ ...call("c"), function: { name: "f", arguments: {} } }] },
        ],
      },
      "Invalid type for 'messages[1].tool_calls[0].function.arguments': expected a string, but got an object instead.",
    ],
    ["no tools", { tools: [] }, "Invalid 'tools': empty array."],
    ["a tool name", withTool({ name: "a b" }), "Invalid 'tools[0].function.name': string does not match pattern."],
    ["a long tool name", withTool({ name: "a".repeat(65) }), "Invalid 'tools[0].function.name': string too long."],
    [
      "parameters that are no object",
      withTool({ parameters: { type: "string" } }),
      `Invalid schema for function 'f': schema must be a JSON Schema of 'type: "object"', got 'type: "string"'.`,
    ],
    [
      "an array without items",
      withTool({ parameters: { type: "object", properties: { a: { type: "array" } } } }),
      "In context=('properties', 'a'), array schema missing items.",
    ],
    [
      "a strict schema that is open",
      withTool({ strict: true, parameters: { type: "object", properties: {} } }),
      "In context=(), 'additionalProperties' is required to be supplied and to be false.",
    ],
    [
      "a strict schema with optional fields",
      withTool({
        strict: true,
        parameters: {
          type: "object",
          additionalProperties: false,
          required: [],
          properties: { a: { type: "string" } },
        },
      }),
      "Missing 'a'.",
    ],
    [
      "a flat tool of Responses",
      { tools: [{ type: "function", name: "f" }] },
      "Missing required parameter: 'tools[0].function'.",
    ],
    ["a choice without tools", { tool_choice: "auto" }, "'tool_choice' is only allowed when 'tools' are specified."],
    [
      "parallel without tools",
      { parallel_tool_calls: true },
      "'parallel_tool_calls' is only allowed when 'tools' are specified.",
    ],
    [
      "a choice of no tool",
      { tools: [tool], tool_choice: { type: "function", function: { name: "x" } } },
      "Tool choice 'x' not found in 'tools' parameter.",
    ],
    [
      "max_tokens for a reasoner",
      { model: "gpt-5", max_tokens: 5 },
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    ],
    ["both limits", { max_tokens: 5, max_completion_tokens: 5 }, "at the same time is not supported."],
    ["a large limit", { max_tokens: 100_000 }, "max_tokens is too large: 100000."],
    [
      "an effort for a model that has none",
      { reasoning_effort: "low" },
      "Unrecognized request argument supplied: reasoning_effort",
    ],
    [
      "an effort that the model has not",
      { model: "gpt-5", reasoning_effort: "none" },
      "Unsupported value: 'reasoning_effort' does not support 'none' with this model. Supported values are: 'minimal', 'low', 'medium', and 'high'.",
    ],
    [
      "a temperature for a reasoner",
      { model: "gpt-5", temperature: 0.5 },
      "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported.",
    ],
    [
      "top_p for a reasoner",
      { model: "o3", top_p: 0.5 },
      "Unsupported parameter: 'top_p' is not supported with this model.",
    ],
    [
      "stop for a reasoner",
      { model: "o3", stop: ["x"] },
      "Unsupported parameter: 'stop' is not supported with this model.",
    ],
    [
      "a high temperature",
      { temperature: 3 },
      "Invalid 'temperature': integer above maximum value. Expected a value <= 2, but got 3 instead.",
    ],
    [
      "five stops",
      { stop: ["a", "b", "c", "d", "e"] },
      "Expected an array with maximum length 4, but got an array with length 5 instead.",
    ],
    [
      "stream options without stream",
      { stream_options: { include_usage: true } },
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    ],
    [
      "top_logprobs alone",
      { top_logprobs: 2 },
      "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
    ],
    ["search for another model", { web_search_options: {} }, "Web search options not supported with this model."],
    [
      "json_object without the word",
      { response_format: { type: "json_object" } },
      "'messages' must contain the word 'json' in some form",
    ],
    [
      "a schema without name",
      { response_format: { type: "json_schema", json_schema: { schema: {} } } },
      "Missing required parameter: 'response_format.json_schema.name'.",
    ],
    [
      "a schema's bad name",
      { response_format: { type: "json_schema", json_schema: { name: "a b" } } },
      "Invalid 'response_format.json_schema.name': string does not match pattern.",
    ],
    [
      "a strict answer schema that is open",
      {
        response_format: { type: "json_schema", json_schema: { name: "x", strict: true, schema: { type: "object" } } },
      },
      "Invalid schema for response_format 'x': In context=(), 'additionalProperties'",
    ],
    [
      "metadata without store",
      { metadata: { a: "b" } },
      "The 'metadata' parameter is only allowed when 'store' is enabled.",
    ],
  ])("%s is refused", async (_what, body, message) => {
    const { send, sandbox } = await start();
    const answered = await send(body);
    expect(problemOf(answered)).toContain(message);
    expect(answered.status).toBe(400);
    expect(dig(answered.json, "error", "type")).toBe("invalid_request_error");
    expect(sandbox.requests[0]?.outcome).toBe("refused");
  });

  test("an unknown model is 404", async () => {
    const { send } = await start();
    const answered = await send({ model: "gpt-5.2-proo" });
    expect(answered.status).toBe(404);
    expect(dig(answered.json, "error")).toEqual({
      message: "The model `gpt-5.2-proo` does not exist or you do not have access to it.",
      type: "invalid_request_error",
      param: null,
      code: "model_not_found",
    });
  });

  test("what is allowed passes", async () => {
    const { send } = await start();
    const good: object[] = [
      {
        messages: [
          user("a"),
          {
            ...calls("c"),
            parsed: null,
            tool_calls: [{ ...call("c"), function: { name: "f", arguments: "{}", parsed_arguments: {} } }],
          },
          result("c"),
        ],
      },
      { messages: [user("a"), calls("c1", "c2"), result("c2"), result("c1", [{ type: "text", text: "b" }])] },
      { messages: [{ role: "developer", content: "a" }, user([image])], model: "gpt-5" },
      { model: "gpt-5.2", reasoning_effort: "none", temperature: 0.2 },
      {
        tools: [tool, { type: "custom", custom: { name: "c", format: { type: "text" } } }],
        parallel_tool_calls: false,
      },
      { stop: "x", seed: 1, temperature: 0.2, top_p: 0.9, user: "u", store: true, metadata: { a: "b" } },
      { model: "gpt-5", messages: [user("a"), calls("c".repeat(60)), result("c".repeat(60))] },
    ];
    for (const body of good) expect((await send(body)).json).toMatchObject({ object: "chat.completion" });
  });
});
