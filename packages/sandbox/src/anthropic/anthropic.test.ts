import { describe, expect, test } from "vitest";
import { answer, say } from "../index.ts";
import { tool, start, basic, thinking, messageOf } from "../../test/anthropic-client.ts";
import { textOf } from "../../test/harness.ts";
import { ask, dig, list } from "../../test/wire-harness.ts";

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
    expect(JSON.parse(textOf(dig(json.json, "content", 0, "text")))).toHaveProperty("ok");
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
