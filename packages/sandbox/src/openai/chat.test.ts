import { describe, expect, test } from "vitest";
import { answer, say, type SandboxOptions } from "../index.ts";
import { ask, dig, list, startWithKey } from "../../test/wire-harness.ts";

const tool = {
  type: "function",
  function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};
const script = answer(
  say.reasoning("Let me see."),
  say.text("Hi there, how are you?"),
  say.call("get_weather", { city: "Paris" }),
);

const basic = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] };

async function start(options: SandboxOptions = { answer: script }) {
  const { sandbox, apiKey } = await startWithKey(options);
  const headers = { authorization: `Bearer ${apiKey}` };
  const send = (body: object) => ask(`${sandbox.openaiBaseUrl}/chat/completions`, { ...basic, ...body }, { headers });
  return { sandbox, apiKey, headers, send };
}

function problemOf(result: { json: unknown }): unknown {
  return dig(result.json, "error", "message");
}

describe("POST /v1/chat/completions", () => {
  test("streams chunks in OpenAI's order", async () => {
    const { send, sandbox } = await start();
    const { text, events, headers } = await send({ stream: true, stream_options: { include_usage: true } });
    expect(headers["content-type"]).toBe("text/event-stream; charset=utf-8");
    expect(text.endsWith("\n\ndata: [DONE]\n\n")).toBe(true);
    expect(new Set(events.map(({ id }) => id)).size).toBe(1);
    expect(events[0]).toMatchObject({
      object: "chat.completion.chunk",
      model: "gpt-4o",
      choices: [{ index: 0, delta: { role: "assistant", content: "", refusal: null }, finish_reason: null }],
      usage: null,
    });
    expect(events.map((event) => dig(event, "choices", 0, "delta"))).toEqual([
      { role: "assistant", content: "", refusal: null },
      { content: "Hi there, how ar" },
      { content: "e you?" },
      {
        tool_calls: [
          {
            index: 0,
            id: expect.stringMatching(/^call_[0-9a-f]{24}$/),
            type: "function",
            function: { name: "get_weather", arguments: "" },
          },
        ],
      },
      { tool_calls: [{ index: 0, function: { arguments: '{"city":"Paris"}' } }] },
      {},
      undefined,
    ]);
    expect(dig(events, 5, "choices", 0, "finish_reason")).toBe("tool_calls");
    expect(events.at(-1)).toMatchObject({
      choices: [],
      usage: { completion_tokens_details: { reasoning_tokens: 64 } },
    });
    const usage = events.at(-1)?.usage;
    expect(dig(usage, "total_tokens")).toBe(
      Number(dig(usage, "prompt_tokens")) + Number(dig(usage, "completion_tokens")),
    );
    expect(sandbox.requests).toMatchObject([{ kind: "response", outcome: "completed", responseId: events[0]?.id }]);
  });

  test("sends no usage unless it is asked for", async () => {
    const { send } = await start();
    const { events } = await send({ stream: true });
    expect(events.filter((event) => "usage" in event)).toEqual([]);
  });

  test("answers one document with the same content", async () => {
    const { send } = await start();
    const { json } = await send({});
    expect(json).toMatchObject({
      object: "chat.completion",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: "Hi there, how are you?",
            refusal: null,
            tool_calls: [{ type: "function", function: { name: "get_weather", arguments: '{"city":"Paris"}' } }],
          },
          finish_reason: "tool_calls",
        },
      ],
    });
  });

  test("has null for content beside calls only, and a refusal in its own field", async () => {
    const { send, sandbox } = await start({ answer: answer(say.call("get_weather")) });
    expect(dig((await send({})).json, "choices", 0, "message", "content")).toBeNull();
    sandbox.script({ answer: answer(say.refusal("I cannot.")) });
    expect(dig((await send({})).json, "choices", 0)).toMatchObject({
      message: { content: null, refusal: "I cannot." },
      finish_reason: "stop",
    });
  });

  test("numbers parallel calls, and interleaves them when told so", async () => {
    const calls = [say.call("a", { x: 1 }), say.customCall("b", "raw text")];
    const { send } = await start({ answer: answer(say.parallel(calls, { interleaved: true })) });
    const { events } = await send({ stream: true });
    const indexes = events.flatMap((event) => {
      const index = dig(event, "choices", 0, "delta", "tool_calls", 0, "index");
      return index === undefined ? [] : [index];
    });
    expect(indexes).toEqual([0, 1, 0, 1]);
    const { json } = await send({});
    expect(dig(json, "choices", 0, "message", "tool_calls", 1, "custom")).toEqual({ name: "b", input: "raw text" });
  });

  test("shows and wants back the reasoning of a vendor that does so", async () => {
    const { send, sandbox } = await start();
    const model = "deepseek-reasoner";
    const { json } = await send({ model });
    expect(dig(json, "choices", 0, "message", "reasoning_content")).toBe("Let me see.");
    const message = dig(json, "choices", 0, "message");
    const id = dig(message, "tool_calls", 0, "id");
    const call = { role: "assistant", content: "", tool_calls: dig(message, "tool_calls") };
    const loop = (extra: object) => [
      { role: "user", content: "a" },
      { ...call, ...extra },
      { role: "tool", tool_call_id: id, content: "b" },
    ];
    expect(problemOf(await send({ model, messages: loop({}) }))).toContain("Missing `reasoning_content`");
    sandbox.script({ answer: answer(say.text("Fine.")) });
    expect((await send({ model, messages: loop({ reasoning_content: "Let me see." }) })).status).toBe(200);
    expect(problemOf(await send({ messages: loop({ reasoning_content: "x" }) }))).toContain("reasoning_content");
  });

  test("answers with several choices, and with logprobs", async () => {
    const { send } = await start({ answer: answer(say.text("Hi")) });
    const { json } = await send({ n: 3, logprobs: true });
    expect(list(dig(json, "choices")).map((choice) => dig(choice, "index"))).toEqual([0, 1, 2]);
    expect(dig(json, "choices", 2, "logprobs", "content", 0, "token")).toBe("Hi");
  });

  test("ends in every way", async () => {
    const { send, sandbox } = await start();
    for (const [reason, expected] of [
      ["max_output_tokens", "length"],
      ["content_filter", "content_filter"],
    ] as const) {
      sandbox.script({ answer: { finish: { type: "incomplete", reason } } });
      expect(dig((await send({})).json, "choices", 0, "finish_reason")).toBe(expected);
    }
    const failed = { finish: { type: "failed", code: "server_error", message: "No luck" } } as const;
    sandbox.script({ answer: failed, times: 2 });
    const stream = await send({ stream: true });
    expect(stream.text).not.toContain("[DONE]");
    expect(dig(stream.events.at(-1), "error", "message")).toBe("No luck");
    expect((await send({})).status).toBe(500);
  });

  test("obeys directives, forced functions and schemas", async () => {
    const { send } = await start({});
    const word = await send({ messages: [{ role: "user", content: [{ type: "text", text: "[[say: Hello]]" }] }] });
    expect(dig(word.json, "choices", 0, "message", "content")).toBe("Hello");
    const forced = await send({ tools: [tool], tool_choice: "required" });
    expect(dig(forced.json, "choices", 0, "message", "tool_calls", 0, "function", "name")).toBe("get_weather");
    const schema = { type: "object", properties: { ok: { type: "boolean" } } };
    const json = await send({ response_format: { type: "json_schema", json_schema: { name: "x", schema } } });
    expect(JSON.parse(String(dig(json.json, "choices", 0, "message", "content")))).toHaveProperty("ok");
  });
});

describe("keys", () => {
  test("a missing and a wrong one are 401", async () => {
    const { sandbox } = await start();
    const url = `${sandbox.openaiBaseUrl}/chat/completions`;
    const none = await ask(url, basic);
    expect(none.status).toBe(401);
    expect(problemOf(none)).toContain("You didn't provide an API key.");
    const wrong = await ask(url, basic, { headers: { authorization: "Bearer sk-wrong-key" } });
    expect(dig(wrong.json, "error")).toMatchObject({ type: "invalid_request_error", code: "invalid_api_key" });
    expect(wrong.text).not.toContain("sk-wrong-key");
  });
});

const user = (content: unknown) => ({ role: "user", content });
const call = (id: string) => ({ id, type: "function", function: { name: "f", arguments: "{}" } });
const calls = (...ids: string[]) => ({ role: "assistant", content: null, tool_calls: ids.map(call) });
const result = (id: string, content: unknown = "ok") => ({ role: "tool", tool_call_id: id, content });
const image = { type: "image_url", image_url: { url: "https://example.com/a.png" } };
const withTool = (fields: object) => ({ tools: [{ type: "function", function: { name: "f", ...fields } }] });

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

test("GET /v1/models lists and tells one", async () => {
  const { sandbox, headers } = await start();
  const all = await ask(`${sandbox.openaiBaseUrl}/models`, undefined, { headers });
  expect(list(dig(all.json, "data")).map((model) => dig(model, "id"))).toContain("gpt-4o");
  const one = await ask(`${sandbox.openaiBaseUrl}/models/gpt-5`, undefined, { headers });
  expect(one.json).toMatchObject({ id: "gpt-5", object: "model" });
});
