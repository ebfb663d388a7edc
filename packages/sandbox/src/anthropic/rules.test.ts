import { describe, expect, test } from "vitest";
import {
  tool,
  start,
  thinking,
  messageOf,
  user,
  assistant,
  call,
  result,
  text,
  mark,
  format,
} from "../../test/anthropic-client.ts";
import { dig, list, object } from "../../test/wire-harness.ts";

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
    const changed = { ...object(block), thinking: "Something else." };
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
