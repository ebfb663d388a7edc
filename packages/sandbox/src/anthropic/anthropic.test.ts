import { describe, expect, test } from "vitest";
import { answer, say, type SandboxOptions } from "../index.ts";
import { ask, dig, list, startWithKey } from "../../test/wire-harness.ts";

const tool = { name: "get_weather", input_schema: { type: "object", properties: { city: { type: "string" } } } };
const script = answer(
  say.reasoning("Let me see."),
  say.text("Hi there, how are you?"),
  say.call("get_weather", { city: "Paris" }),
);

async function start(options: SandboxOptions = { answer: script }) {
  const { sandbox, apiKey } = await startWithKey(options);
  const good = { "x-api-key": apiKey, "anthropic-version": "2023-06-01" };
  const send = (body: object, headers: Record<string, string> = {}, path = "/v1/messages") =>
    ask(sandbox.anthropicBaseUrl + path, { ...basic, ...body }, { headers: { ...good, ...headers } });
  return { sandbox, apiKey, good, send };
}

const basic = { model: "claude-sonnet-4-5", max_tokens: 4000, messages: [{ role: "user", content: "Hello" }] };
const thinking = { thinking: { type: "enabled", budget_tokens: 1024 } };

function messageOf(result: { json: unknown }): unknown {
  return dig(result.json, "error", "message");
}

describe("POST /v1/messages", () => {
  test("streams blocks in Anthropic's order", async () => {
    const { send, sandbox } = await start();
    const { status, headers, names, events } = await send({ ...thinking, stream: true });
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("text/event-stream; charset=utf-8");
    expect(headers["request-id"]).toMatch(/^req_/);
    expect(names).toEqual([
      "message_start",
      "content_block_start",
      "ping",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(names).toEqual(events.map(({ type }) => type));
    expect(dig(events[4], "delta", "type")).toBe("signature_delta");
    expect(dig(events, 14, "delta", "stop_reason")).toBe("tool_use");
    expect(dig(events, 14, "usage", "output_tokens_details", "thinking_tokens")).toBe(64);
    expect(sandbox.requests).toMatchObject([{ kind: "response", outcome: "completed", status: 200 }]);
    expect(sandbox.requests[0]?.responseId).toBe(dig(events, 0, "message", "id"));
  });

  test("answers one document with the same content", async () => {
    const { send } = await start();
    const { json } = await send(thinking);
    expect(json).toMatchObject({
      type: "message",
      role: "assistant",
      model: "claude-sonnet-4-5-20250929",
      content: [
        { type: "thinking", thinking: "Let me see." },
        { type: "text", text: "Hi there, how are you?" },
        { type: "tool_use", name: "get_weather", input: { city: "Paris" } },
      ],
      stop_reason: "tool_use",
      stop_sequence: null,
    });
    expect(dig(json, "content", 2, "id")).toMatch(/^toolu_[0-9a-f]{24}$/);
  });

  test("shows no thinking that was not asked for, and only its signature when it is omitted", async () => {
    const { send } = await start();
    expect(list(dig((await send({})).json, "content"))).toHaveLength(2);
    const { json } = await send({
      model: "claude-opus-5",
      thinking: { type: "adaptive", display: "omitted" },
    });
    expect(dig(json, "content", 0)).toMatchObject({ type: "thinking", thinking: "" });
    // The newest models think without being asked.
    expect(dig((await send({ model: "claude-opus-5" })).json, "content", 0, "thinking")).toBe("Let me see.");
  });

  test("takes its own thinking back, in a tool loop", async () => {
    const { send, sandbox } = await start();
    const first = await send({ ...thinking, tools: [tool] });
    const content = list(dig(first.json, "content"));
    const result = { type: "tool_result", tool_use_id: dig(content, 2, "id"), content: "Sunny" };
    const messages = [...basic.messages, { role: "assistant", content }, { role: "user", content: [result] }];
    sandbox.script({ answer: answer(say.text("Fine.")) });
    const second = await send({ ...thinking, tools: [tool], messages });
    expect(second.json).toMatchObject({ content: [{ type: "text", text: "Fine." }], stop_reason: "end_turn" });
  });

  test("counts the cache apart from the fresh input", async () => {
    const { send } = await start({
      answer: { ...answer(say.text("Hi")), usage: { inputTokens: 100, cachedTokens: 90, outputTokens: 7 } },
    });
    expect(dig((await send({})).json, "usage")).toMatchObject({
      input_tokens: 10,
      cache_read_input_tokens: 90,
      cache_creation_input_tokens: 0,
      output_tokens: 7,
    });
  });

  test("ends in every way", async () => {
    const { send, sandbox } = await start();
    const ends = [
      [{ finish: { type: "incomplete", reason: "max_output_tokens" } }, "max_tokens"],
      [{ finish: { type: "incomplete", reason: "pause_turn" } }, "pause_turn"],
      [{ finish: { type: "incomplete", reason: "content_filter" } }, "refusal"],
      [answer(say.refusal("No.")), "refusal"],
    ] as const;
    for (const [scripted, reason] of ends) {
      sandbox.script({ answer: scripted });
      expect(dig((await send({})).json, "stop_reason")).toBe(reason);
    }
    sandbox.script({ answer: { finish: { type: "failed", code: "api_error", message: "No luck" } } });
    const failed = await send({ stream: true });
    expect(failed.names.at(-1)).toBe("error");
    expect(dig(failed.events.at(-1), "error")).toEqual({ type: "api_error", message: "No luck" });
  });

  test("has citations and searches of the server's own", async () => {
    const annotation = { type: "url_citation", url: "https://a.example", title: "A", start_index: 0, end_index: 2 };
    const { send } = await start({
      answer: answer(say.webSearch("cats"), say.text("Hi you", { annotations: [annotation] })),
    });
    const { json } = await send({});
    expect(list(dig(json, "content")).map((block) => dig(block, "type"))).toEqual([
      "server_tool_use",
      "web_search_tool_result",
      "text",
    ]);
    expect(dig(json, "content", 2, "citations", 0, "cited_text")).toBe("Hi");
    expect(dig(json, "stop_reason")).toBe("end_turn");
    expect(dig(json, "usage", "server_tool_use", "web_search_requests")).toBe(1);
  });

  test("obeys directives, forced tools and schemas", async () => {
    const { send } = await start({});
    const say = (content: string) => ({ messages: [{ role: "user", content }] });
    expect(dig((await send(say("[[say: Hello]]"))).json, "content", 0, "text")).toBe("Hello");
    const called = await send({ ...say('[[tool: get_weather {"city":"Rome"}]]'), tools: [tool] });
    expect(dig(called.json, "content", 0, "input", "city")).toBe("Rome");
    const forced = await send({ tools: [tool], tool_choice: { type: "any" } });
    expect(dig(forced.json, "content", 0)).toMatchObject({ type: "tool_use", name: "get_weather" });
    const schema = {
      type: "object",
      properties: { ok: { type: "boolean" } },
      required: ["ok"],
      additionalProperties: false,
    };
    const json = await send({ output_config: { format: { type: "json_schema", schema } } });
    expect(JSON.parse(String(dig(json.json, "content", 0, "text")))).toHaveProperty("ok");
  });
});

describe("keys and headers", () => {
  test.each([
    [{ "x-api-key": "" }, "x-api-key header is required"],
    [{ "x-api-key": "sk-wrong" }, "invalid x-api-key"],
    [{ "x-api-key": "", authorization: "Bearer sk-wrong" }, "Invalid bearer token"],
  ])("%j is 401 %s", async (headers, message) => {
    const { sandbox, good } = await start();
    const entries = Object.entries({ ...good, ...headers }).filter(([, value]) => value !== "");
    const result = await ask(`${sandbox.url}/v1/messages`, basic, { headers: Object.fromEntries(entries) });
    expect(result.status).toBe(401);
    expect(dig(result.json, "error")).toEqual({ type: "authentication_error", message });
    expect(dig(result.json, "request_id")).toBe(result.headers["request-id"]);
  });

  test("a bearer key is as good, a ChatGPT token is not", async () => {
    const { sandbox, apiKey } = await start();
    const version = { "anthropic-version": "2026-10-21" };
    const url = `${sandbox.url}/v1/messages?beta=true`;
    const good = await ask(url, basic, { headers: { ...version, authorization: `Bearer ${apiKey}` } });
    expect(good.status).toBe(200);
    const { accessToken } = sandbox.createAccount();
    const bad = await ask(url, basic, { headers: { ...version, authorization: `Bearer ${accessToken}` } });
    expect(bad.status).toBe(401);
  });

  test("the version is required and known, a beta has its form", async () => {
    const { sandbox, apiKey, send } = await start();
    const without = await ask(`${sandbox.url}/v1/messages`, basic, { headers: { "x-api-key": apiKey } });
    expect(messageOf(without)).toBe("anthropic-version: header is required");
    expect(messageOf(await send({}, { "anthropic-version": "2020-01-01" }))).toContain("is not a valid version");
    expect(messageOf(await send({}, { "anthropic-beta": "nonsense" }))).toContain("Unexpected value(s) `nonsense`");
  });
});

const user = (content: unknown) => ({ role: "user", content });
const assistant = (content: unknown) => ({ role: "assistant", content });
const call = (id: string) => ({ type: "tool_use", id, name: "get_weather", input: {} });
const result = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "Sunny" });
const text = (value: string) => ({ type: "text", text: value });
const mark = (ttl = "5m") => ({ cache_control: { type: "ephemeral", ttl } });
const format = (schema: object) => ({ output_config: { format: { type: "json_schema", schema } } });

describe("rules", () => {
  test.each<[string, object, string]>([
    ["max_tokens missing", { max_tokens: undefined }, "max_tokens: Field required"],
    ["a wrong type", { max_tokens: "many" }, "max_tokens: Input should be a valid number"],
    ["an unknown field", { foo: 1 }, "foo: Extra inputs are not permitted"],
    [
      "an unknown field of a block",
      { messages: [user([{ ...text("a"), foo: 1 }])] },
      "messages.0.content.0.text.foo: Extra inputs are not permitted",
    ],
    [
      "an unknown block",
      { messages: [user([{ type: "input_text", text: "a" }])] },
      "messages.0.content.0: Input tag 'input_text' found using 'type' does not match any of the expected tags",
    ],
    [
      "an unknown role",
      { messages: [{ role: "tool", content: "a" }] },
      "messages.0.role: Input should be 'user', 'assistant' or 'system'",
    ],
    [
      "a system turn for an old model",
      { messages: [user("a"), { role: "system", content: "b" }] },
      'messages.1.role: Unexpected role "system"',
    ],
    [
      "a field without its beta",
      { context_management: { edits: [] } },
      "context_management: Extra inputs are not permitted",
    ],
    ["no messages", { messages: [] }, "messages: List should have at least 1 item"],
    [
      "an assistant first",
      { messages: [assistant("a"), user("b")] },
      'messages: first message must use the "user" role',
    ],
    ["an empty text", { messages: [user([text("")])] }, "messages: text content blocks must be non-empty"],
    [
      "a blank text",
      { messages: [user([text(" \n")])] },
      "messages: text content blocks must contain non-whitespace text",
    ],
    ["an empty system text", { system: [text("")] }, "system: text content blocks must be non-empty"],
    ["an empty turn", { messages: [user("")] }, "messages.0: all messages must have non-empty content"],
    [
      "white space at the end of a prefill",
      { messages: [user("a"), assistant("b ")] },
      "messages: final assistant content cannot end with trailing whitespace",
    ],
    [
      "a prefill for a newer model",
      { model: "claude-opus-4-6", messages: [user("a"), assistant("b")] },
      "This model does not support assistant message prefill. The conversation must end with a user message.",
    ],
    [
      "a call without result",
      { messages: [user("a"), assistant([call("t1")]), user("b")] },
      "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1.",
    ],
    [
      "a call at the end",
      { messages: [user("a"), assistant([call("t1")])] },
      "`tool_use` ids were found without `tool_result` blocks immediately after: t1.",
    ],
    [
      "a result after text",
      { messages: [user("a"), assistant([call("t1")]), user([text("b"), result("t1")])] },
      "`tool_use` ids were found without `tool_result` blocks immediately after: t1.",
    ],
    [
      "a result without call",
      { messages: [user("a"), assistant("b"), user([result("t1")])] },
      "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: t1.",
    ],
    [
      "two results",
      { messages: [user("a"), assistant([call("t1")]), user([result("t1"), result("t1")])] },
      "messages.2.content.1: each tool_use must have a single result.",
    ],
    [
      "an id twice",
      { messages: [user("a"), assistant([call("t1"), call("t1")]), user([result("t1")])] },
      "messages.1.content.1: `tool_use` ids must be unique",
    ],
    [
      "an id with other letters",
      { messages: [user("a"), assistant([call("t:1")])] },
      "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ],
    [
      "input that is no object",
      { messages: [user("a"), assistant([{ ...call("t"), input: "x" }])] },
      "messages.1.content.0.tool_use.input: Input should be a valid dictionary",
    ],
    [
      "a call of the user",
      { messages: [user([call("t1")])] },
      "messages.0.content.0: `tool_use` blocks can only be in `assistant` messages",
    ],
    [
      "an image type",
      { messages: [user([{ type: "image", source: { type: "base64", media_type: "image/bmp", data: "AAAA" } }])] },
      "messages.0.content.0.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'",
    ],
    [
      "a tool name",
      { tools: [{ ...tool, name: "a b" }] },
      "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ],
    ["tool names twice", { tools: [tool, tool] }, "tools: Tool names must be unique."],
    [
      "a schema without type",
      { tools: [{ name: "a", input_schema: {} }] },
      "tools.0.custom.input_schema.type: Field required",
    ],
    ["no schema", { tools: [{ name: "a" }] }, "tools.0.custom.input_schema: Field required"],
    [
      "oneOf at the top",
      { tools: [{ name: "a", input_schema: { type: "object", oneOf: [] } }] },
      "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level",
    ],
    [
      "a field of another tool language",
      { tools: [{ ...tool, parameters: {} }] },
      "tools.0.custom.parameters: Extra inputs are not permitted",
    ],
    [
      "a choice without tools",
      { tool_choice: { type: "auto" } },
      "tool_choice may only be specified while providing tools.",
    ],
    [
      "a choice of no tool",
      { tools: [tool], tool_choice: { type: "tool", name: "x" } },
      "Tool 'x' not found in provided tools",
    ],
    [
      "forcing and a budget",
      { ...thinking, tools: [tool], tool_choice: { type: "any" } },
      "Thinking may not be enabled when tool_choice forces tool use.",
    ],
    [
      "forcing a model that refuses",
      { model: "claude-fable-5", tools: [tool], tool_choice: { type: "any" } },
      "tool_choice: forcing tool use is not supported on this model.",
    ],
    [
      "a budget above the limit",
      { max_tokens: 1024, ...thinking },
      "`max_tokens` must be greater than `thinking.budget_tokens`.",
    ],
    [
      "a small budget",
      { thinking: { type: "enabled", budget_tokens: 100 } },
      "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ],
    [
      "a budget for an adaptive model",
      { model: "claude-opus-4-7", ...thinking },
      '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive"',
    ],
    [
      "adaptive for a budget model",
      { thinking: { type: "adaptive" } },
      "adaptive thinking is not supported on this model",
    ],
    [
      "an effort for an old model",
      { output_config: { effort: "low" } },
      "This model does not support the effort parameter.",
    ],
    [
      "an effort that the model has not",
      { model: "claude-sonnet-4-6", output_config: { effort: "xhigh" } },
      "This model does not support effort level 'xhigh'. Supported levels: high, low, max, medium.",
    ],
    [
      "no thinking with a high effort",
      { model: "claude-opus-5", thinking: { type: "disabled" }, output_config: { effort: "max" } },
      "Thinking cannot be disabled with effort level 'max'.",
    ],
    [
      "a temperature with thinking",
      { ...thinking, temperature: 0.5 },
      "`temperature` may only be set to 1 when thinking is enabled.",
    ],
    ["top_p with thinking", { ...thinking, top_p: 0.5 }, "`top_p` must be greater than or equal to 0.95"],
    ["top_k with thinking", { ...thinking, top_k: 5 }, "`top_k` must be unset when thinking is enabled."],
    [
      "a temperature for a newer model",
      { model: "claude-opus-4-7", temperature: 0.5 },
      "`temperature` is deprecated for this model.",
    ],
    [
      "temperature and top_p",
      { temperature: 0.5, top_p: 0.9 },
      "`temperature` and `top_p` cannot both be specified for this model.",
    ],
    ["a high temperature", { temperature: 1.5 }, "temperature: Input should be less than or equal to 1"],
    [
      "a limit above the model's",
      { max_tokens: 64_001 },
      "max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-4-5-20250929",
    ],
    [
      "a blank stop sequence",
      { stop_sequences: [" "] },
      "stop_sequences: each stop sequence must contain non-whitespace",
    ],
    [
      "five cache marks",
      { system: [1, 2, 3, 4, 5].map((n) => ({ ...text(`s${n}`), ...mark() })) },
      "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ],
    [
      "a long mark after a short one",
      {
        system: [
          { ...text("a"), ...mark() },
          { ...text("b"), ...mark("1h") },
        ],
      },
      "system.1.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.",
    ],
    [
      "a mark on thinking",
      { messages: [user("a"), assistant([{ type: "thinking", thinking: "b", signature: "c", ...mark() }])] },
      "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
    ],
    [
      "thinking without signature",
      { messages: [user("a"), assistant([{ type: "thinking", thinking: "b" }, text("c")]), user("d")] },
      "messages.1.content.0.thinking.signature: Field required",
    ],
    [
      "a foreign signature",
      {
        messages: [
          user("a"),
          assistant([{ type: "thinking", thinking: "b", signature: "EqU=" }, text("c")]),
          user("d"),
        ],
      },
      "messages.1.content.0: Invalid `signature` in `thinking` block",
    ],
    [
      "foreign redacted data",
      { messages: [user("a"), assistant([{ type: "redacted_thinking", data: "x" }, text("c")]), user("d")] },
      "messages.1.content.0: Invalid `data` in `redacted_thinking` block",
    ],
    [
      "a tool loop without thinking",
      { ...thinking, messages: [user("a"), assistant([call("t1")]), user([result("t1")])] },
      "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`.",
    ],
    [
      "a format for an old model",
      { model: "claude-sonnet-4-0", ...format({ type: "object", additionalProperties: false }) },
      "structured outputs are not supported",
    ],
    [
      "a format with open objects",
      format({ type: "object", properties: { a: { type: "object" } }, additionalProperties: false }),
      "'additionalProperties' must be explicitly set to false",
    ],
    [
      "a format with limits",
      format({ type: "object", properties: { a: { type: "integer", minimum: 1 } }, additionalProperties: false }),
      "For 'integer' type, property 'minimum' is not supported",
    ],
  ])("%s is refused", async (_what, body, message) => {
    const { send, sandbox } = await start();
    const answered = await send(body);
    expect(messageOf(answered)).toContain(message);
    expect(answered.status).toBe(400);
    expect(dig(answered.json, "error", "type")).toBe("invalid_request_error");
    expect(sandbox.requests[0]?.outcome).toBe("refused");
  });

  test("an unknown model is 404", async () => {
    const { send } = await start();
    const answered = await send({ model: "claude-sonet-4-5" });
    expect(answered.status).toBe(404);
    expect(dig(answered.json, "error")).toEqual({ type: "not_found_error", message: "model: claude-sonet-4-5" });
  });

  test("a changed thinking text breaks its signature", async () => {
    const { send } = await start();
    const [block, ...rest] = list(dig((await send(thinking)).json, "content"));
    const changed = { ...(typeof block === "object" ? block : {}), thinking: "Something else." };
    const messages = [user("a"), assistant([changed, ...rest.slice(0, 1)]), user("b")];
    expect(messageOf(await send({ messages }))).toBe("messages.1.content.0: Invalid `signature` in `thinking` block");
  });

  test("what is allowed passes", async () => {
    const { send } = await start();
    const good: object[] = [
      { messages: [user("a"), user("b")] },
      { messages: [user("a"), assistant([call("t1"), call("t2")]), user([result("t2"), result("t1"), text("go on")])] },
      { messages: [user("a"), assistant("Once upon")] },
      { system: "Be brief.", metadata: { user_id: "u" }, service_tier: "auto" },
      { tools: [tool, { type: "web_search_20250305", name: "web_search", max_uses: 3 }] },
      {
        model: "claude-opus-5",
        messages: [user("a"), { role: "system", content: "b" }],
        output_config: { effort: "xhigh" },
      },
      { tools: [{ ...tool, cache_control: { type: "ephemeral" }, eager_input_streaming: true, defer_loading: true }] },
    ];
    for (const body of good) expect((await send(body)).json).toMatchObject({ type: "message" });
    const beta = { "anthropic-beta": "context-management-2025-06-27,interleaved-thinking-2025-05-14" };
    expect((await send({ context_management: { edits: [] } }, beta)).status).toBe(200);
    expect(
      (await send({ max_tokens: 2000, thinking: { type: "enabled", budget_tokens: 2000 }, tools: [tool] }, beta))
        .status,
    ).toBe(200);
  });
});

describe("the rest", () => {
  test("POST /v1/messages/count_tokens counts, and takes no limit", async () => {
    const { send, sandbox } = await start();
    const path = "/v1/messages/count_tokens";
    const counted = await send({ max_tokens: undefined }, {}, path);
    expect(dig(counted.json, "input_tokens")).toBeGreaterThan(10);
    expect(messageOf(await send({}, {}, path))).toBe("max_tokens: Extra inputs are not permitted");
    expect(sandbox.requests[0]).toMatchObject({ kind: "count-tokens", outcome: "completed" });
  });

  test("GET /v1/models has Anthropic's form for Anthropic's clients", async () => {
    const { sandbox, good } = await start();
    const all = await ask(`${sandbox.url}/v1/models?limit=1000`, undefined, { headers: good });
    expect(dig(all.json, "data", 0)).toMatchObject({ type: "model", id: "claude-opus-5-5" });
    const one = await ask(`${sandbox.url}/v1/models/claude-opus-5`, undefined, { headers: good });
    expect(one.json).toMatchObject({ id: "claude-opus-5", display_name: "Claude Opus 5" });
    expect((await ask(`${sandbox.url}/v1/models/claude-x`, undefined, { headers: good })).status).toBe(404);
  });
});
