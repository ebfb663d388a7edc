import type { JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";
import { goodBody, openSocket, post, startSandbox, userMessage, type Headers } from "../../test/harness.ts";

const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "shell", arguments: "{}" };
const callOutput = { type: "function_call_output", call_id: "call_1", output: "ok" };
const tool = { type: "function", name: "shell", parameters: { type: "object" } };
const lite = { parallel_tool_calls: false, reasoning: { effort: "low", context: "all_turns" } };
const liteHeader = { "x-openai-internal-codex-responses-lite": "true" };
const liteKey = "ws_request_header_x_openai_internal_codex_responses_lite";
const additionalTools = { type: "additional_tools", id: "at_1", role: "developer", tools: [tool] };

function without(body: JsonObject, ...names: string[]): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
}

function input(...items: JsonObject[]): JsonObject {
  return goodBody({ input: [userMessage("Hi"), ...items] });
}

function liteBody(extra: JsonObject = {}): JsonObject {
  const body = goodBody({ model: "gpt-5.6-sol", input: [additionalTools, userMessage("Hi")], ...lite, ...extra });
  return without(body, ...(extra.instructions === undefined ? ["instructions"] : []));
}

/** What breaks a rule, the status, and a piece of the answer. */
type Case = readonly [name: string, body: JsonObject, status: number, piece: string, headers?: Headers];

const unsupported = [
  "temperature",
  "top_p",
  "max_output_tokens",
  "max_completion_tokens",
  "truncation",
  "user",
  "metadata",
  "safety_identifier",
  "prompt_cache_retention",
  "prompt_cache_options",
  "context_management",
  "stream_id",
  "top_logprobs",
  "max_tool_calls",
  "background",
  "conversation",
  "prompt",
  "messages",
].map((name): Case => [name, goodBody({ [name]: "x" }), 400, `{"detail":"Unsupported parameter: ${name}"}`]);

const parameters: Case[] = [
  ...unsupported,
  ["store true", goodBody({ store: true }), 400, "Store must be set to false"],
  ["store missing", without(goodBody(), "store"), 400, "Store must be set to false"],
  ["stream false", goodBody({ stream: false }), 400, "Stream must be set to true"],
  ["stream_options", goodBody({ stream_options: { include_usage: true } }), 400, "stream_options.include_usage"],
  ["include", goodBody({ include: ["file_search_call.results"] }), 400, '"param":"include"'],
  ["prompt_cache_key", goodBody({ prompt_cache_key: "k".repeat(65) }), 400, "maximum length 64"],
  ["client_metadata", goodBody({ client_metadata: { turn: 1 } }), 400, '"param":"client_metadata.turn"'],
  ["model missing", without(goodBody(), "model"), 400, "Missing required parameter: 'model'"],
  ["format without name", goodBody({ text: { format: { type: "json_schema", schema: {} } } }), 400, "text.format.name"],
  ["format without schema", goodBody({ text: { format: { type: "json_schema", name: "x" } } }), 400, "format.schema"],
  ["format unknown", goodBody({ text: { format: { type: "grammar" } } }), 400, "text.format.type"],
  ["verbosity", goodBody({ text: { verbosity: "loud" } }), 400, "text.verbosity"],
  ["foreign turn state", goodBody({ client_metadata: { "x-codex-turn-state": "ts_0" } }), 400, "turn-state"],
];

const models: Case[] = [
  ["unknown model", goodBody({ model: "gpt-4o" }), 400, "The 'gpt-4o' model is not supported when using Codex"],
  ["effort", goodBody({ reasoning: { effort: "minimal" } }), 400, '"param":"reasoning.effort"'],
  ["effort none", goodBody({ reasoning: { effort: "none" } }), 400, "Unsupported value: 'none'"],
  ["tier", goodBody({ service_tier: "flex" }), 400, "Unsupported service_tier: flex"],
  ["tier auto", goodBody({ service_tier: "auto" }), 400, "Unsupported service_tier: auto"],
  ["tier of another model", goodBody({ service_tier: "ultrafast" }), 400, "Unsupported service_tier: ultrafast"],
  [
    "old client",
    goodBody({ model: "gpt-5.5" }),
    400,
    "requires a newer version of Codex",
    { "user-agent": "codex_cli_rs/0.100.0 (Linux)" },
  ],
  ["routing hint", goodBody(), 400, "x-codex-routing-hint", { "x-codex-routing-hint": "model=gpt-5.5" }],
  ["tier hint", goodBody(), 400, "x-codex-routing-hint", { "x-codex-routing-hint": "model=gpt-5.4;tier=priority" }],
];

const liteCases: Case[] = [
  ["marker on another model", goodBody(), 400, "not supported when using X-OpenAI-Internal-Codex", liteHeader],
  ["marker in the body", goodBody({ client_metadata: { [liteKey]: "true" } }), 400, "must be in a header over HTTP"],
  ["tools", liteBody({ tools: [tool] }), 400, '"param":"tools"', liteHeader],
  ["instructions", liteBody({ instructions: "Be brief." }), 400, '"param":"instructions"', liteHeader],
  ["parallel", liteBody({ parallel_tool_calls: true }), 400, '"param":"parallel_tool_calls"', liteHeader],
  ["context", liteBody({ reasoning: { effort: "low" } }), 400, '"param":"reasoning.context"', liteHeader],
  ["no marker", liteBody(), 400, "needs the Responses-Lite marker"],
  [
    "tool type",
    liteBody({ input: [{ ...additionalTools, tools: [{ type: "web_search" }] }, userMessage("Hi")] }),
    400,
    '"code":"unsupported_value"',
    liteHeader,
  ],
];

const items: Case[] = [
  ["text as input", goodBody({ input: "Hello" }), 400, "Input must be a list"],
  ["no instructions", without(goodBody(), "instructions"), 400, "Instructions are required"],
  ["role system", input({ role: "system", content: "Be brief." }), 400, "System messages are not allowed"],
  ["role tool", input({ role: "tool", content: "x" }), 400, '"param":"input[1].role"'],
  ["no content", input({ role: "user" }), 400, '"param":"input[1].content"'],
  ["item type", input({ type: "tool_result" }), 400, '"param":"input[1].type"'],
  ["reference", input({ type: "item_reference", id: "rs_1" }), 404, "not found. Items are not persisted"],
  [
    "assistant with input_text",
    input({ role: "assistant", content: [{ type: "input_text", text: "x" }] }),
    400,
    "Supported values are: 'output_text', 'refusal'",
  ],
  [
    "user with output_text",
    input({ role: "user", content: [{ type: "output_text", text: "x" }] }),
    400,
    '"param":"input[1].content[0].type"',
  ],
  [
    "cache breakpoint",
    input({ role: "user", content: [{ type: "input_text", text: "x", prompt_cache_breakpoint: {} }] }),
    400,
    "Unsupported parameter: prompt_cache_breakpoint",
  ],
  ["id prefix", input({ ...userMessage("x"), id: "item_1" }), 400, "begins with 'msg'"],
  ["id of a call", input({ ...call, id: "call_1" }, callOutput), 400, "begins with 'fc'"],
  ["id length", input({ ...userMessage("x"), id: `msg_${"a".repeat(61)}` }), 400, '"param":"input[1].id"'],
  ["id end", input({ ...userMessage("x"), id: "msg_a_" }), 400, '"param":"input[1].id"'],
  ["same id", input({ ...userMessage("x"), id: "msg_1" }, { ...userMessage("y"), id: "msg_1" }), 400, "Duplicate item"],
  ["trigger", input({ type: "compaction_trigger" }, userMessage("x")), 400, "must be the last"],
];

const calls: Case[] = [
  ["call_id length", input({ ...call, call_id: "c".repeat(65) }), 400, "maximum length 64"],
  ["call_id form", input({ ...call, call_id: "functions.shell:0" }), 400, '"param":"input[1].call_id"'],
  ["no call_id", input(without(call, "call_id")), 400, "Missing required parameter: 'input[1].call_id'"],
  ["no name", input(without(call, "name")), 400, "Missing required parameter: 'input[1].name'"],
  ["arguments", input({ ...call, arguments: { a: 1 } }), 400, "expected a string"],
  ["output without call", input(callOutput), 400, "No tool call found for function call output with call_id call_1"],
  ["output before call", input(callOutput, call), 400, "No tool call found"],
  [
    "output of another kind",
    input(call, { ...callOutput, type: "custom_tool_call_output" }),
    400,
    "No tool call found",
  ],
  ["call without output", input(call), 400, "No tool output found for function call call_1"],
  ["output form", input(call, { ...callOutput, output: { a: 1 } }), 400, '"param":"input[2].output"'],
];

const tools: Case[] = [
  [
    "tool type",
    goodBody({ tools: [{ type: "web_search_preview" }] }),
    400,
    "Unsupported tool type: web_search_preview",
  ],
  ["Chat form", goodBody({ tools: [{ type: "function", function: { name: "shell" } }] }), 400, "tools[0].name"],
  ["tool name", goodBody({ tools: [{ ...tool, name: "my tool" }] }), 400, '"param":"tools[0].name"'],
  ["namespace", goodBody({ tools: [{ type: "namespace", name: "n" }] }), 400, "tools[0].tools"],
];

const reasoning: Case[] = [
  [
    "foreign payload",
    input({ type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAAAA" }, call, callOutput),
    400,
    '"code":"invalid_encrypted_content"',
  ],
  ["no payload", input({ type: "reasoning", id: "rs_1", summary: [] }, call, callOutput), 404, "not persisted"],
];

const headerCases: Case[] = [
  ["no account", goodBody(), 403, "ChatGPT-Account-ID", { "chatgpt-account-id": "" }],
  ["another account", goodBody(), 403, "does not match the access token", { "chatgpt-account-id": "acct-other" }],
  ["no originator", goodBody(), 400, "Missing required header: originator", { originator: "" }],
  ["User-Agent", goodBody(), 400, "does not begin with the originator", { "user-agent": "node" }],
  ["version", goodBody(), 400, "does not match the User-Agent", { version: "0.1.0" }],
  ["content type", goodBody(), 415, "Content-Type", { "content-type": "text/plain" }],
  ["accept", goodBody(), 406, "text/event-stream", { accept: "application/json" }],
  ["beta", goodBody(), 400, "is not for HTTP", { "openai-beta": "responses_websockets=2026-02-06" }],
  ["leak", goodBody(), 400, "Unexpected header: x-stainless-lang", { "x-stainless-lang": "js" }],
  ["proxy", goodBody(), 400, "Unexpected header: x-forwarded-for", { "x-forwarded-for": "192.0.2.1" }],
  ["two session headers", goodBody(), 400, "Only one session header", { "session-id": "a", session_id: "a" }],
  ["turn state", goodBody(), 400, "was not made for this account", { "x-codex-turn-state": "ts_1" }],
  ["turn metadata", goodBody(), 400, "must be JSON in ASCII", { "x-codex-turn-metadata": "{" }],
];

describe.each<[string, Case[]]>([
  ["parameters", parameters],
  ["models", models],
  ["Responses-Lite", liteCases],
  ["input", items],
  ["calls", calls],
  ["tools", tools],
  ["reasoning", reasoning],
  ["headers", headerCases],
])("POST /responses refuses: %s", (_family, cases) => {
  test.for(cases)("%s", async ([_name, body, status, piece, headers = {}]) => {
    const sandbox = await startSandbox();
    const answer = await post(sandbox, sandbox.createAccount(), body, { headers });
    expect(answer.text).toContain(piece);
    expect(answer.status).toBe(status);
    expect(sandbox.requests.at(-1)).toMatchObject({ outcome: "refused", status });
  });
});

type GoodCase = readonly [name: string, body: JsonObject, headers?: Headers];

const good: GoodCase[] = [
  ["the plainest", goodBody()],
  ["a developer message for instructions", without(input({ role: "developer", content: "Be brief." }), "instructions")],
  ["messages without type", goodBody({ input: [{ role: "user", content: "Hi" }] })],
  ["a call and its output", input(call, callOutput)],
  ["every kind of tool", goodBody({ tools: [tool, { type: "custom", name: "apply_patch" }, { type: "web_search" }] })],
  ["a namespace", goodBody({ tools: [{ type: "namespace", name: "mcp__x", tools: [tool] }] })],
  ["the summary option", goodBody({ stream_options: { reasoning_summary_delivery: "sequential_cutoff" } })],
  ["priority", goodBody({ service_tier: "priority" }), { "x-codex-routing-hint": "model=gpt-5.4;tier=priority" }],
  ["Responses-Lite", liteBody(), liteHeader],
  ["a Lite model in the ordinary form", goodBody({ model: "gpt-5.6-sol" })],
  ["another client", goodBody(), { originator: "pi", "user-agent": "pi (linux 6.1.0; x64)" }],
];

test.for(good)("POST /responses accepts: %s", async ([_name, body, headers = {}]) => {
  const sandbox = await startSandbox();
  const answer = await post(sandbox, sandbox.createAccount(), body, { headers });
  expect(answer.status, answer.text).toBe(200);
  expect(answer.events.at(-1)?.type).toBe("response.completed");
});

describe("the socket", () => {
  test.each([
    ["stream_id", { stream_id: "a" }, "Unsupported parameter: stream_id"],
    ["temperature", { temperature: 1 }, "Unsupported parameter: temperature"],
    ["stream false", { stream: false }, "Stream must be set to true"],
    ["store", { store: true }, "Store must be set to false"],
    ["unknown model", { model: "gpt-4o" }, "The 'gpt-4o' model is not supported"],
    ["call without output", { input: [call] }, "No tool output found"],
    ["Lite marker", { client_metadata: { [liteKey]: "true" } }, "X-OpenAI-Internal-Codex-Responses-Lite"],
  ])("refuses %s with an error event that has a status", async (_name, extra, message) => {
    const sandbox = await startSandbox();
    const socket = await openSocket(sandbox, sandbox.createAccount());
    socket.create(extra);
    const [event] = await socket.answer();
    expect(event).toMatchObject({ type: "error", status: 400, error: { type: "invalid_request_error" } });
    expect(JSON.stringify(event)).toContain(message);
  });

  test("takes a body without `stream`, and the Lite marker in client_metadata", async () => {
    const sandbox = await startSandbox();
    const socket = await openSocket(sandbox, sandbox.createAccount());
    const body = without(liteBody({ client_metadata: { [liteKey]: "true" } }), "stream");
    socket.send({ type: "response.create", ...body });
    expect((await socket.answer()).at(-1)?.type).toBe("response.completed");
  });
});

test("previous_response_id over HTTP is an unsupported parameter", async () => {
  const sandbox = await startSandbox();
  const answer = await post(sandbox, sandbox.createAccount(), goodBody({ previous_response_id: "resp_1" }));
  expect(answer).toMatchObject({ status: 400, text: '{"detail":"Unsupported parameter: previous_response_id"}' });
});

test("generate over HTTP is an unsupported parameter", async () => {
  const sandbox = await startSandbox();
  const answer = await post(sandbox, sandbox.createAccount(), goodBody({ generate: false }));
  expect(answer).toMatchObject({ status: 400, text: '{"detail":"Unsupported parameter: generate"}' });
});
