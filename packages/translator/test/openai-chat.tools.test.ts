import type { JsonObject, Turn } from "@turnout/core";
import { openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { call, chatRequest, decode, encodeTurns, fn, refusal, result, roundTrip, text, user } from "./chat-requests.ts";

describe("tools", () => {
  test("functions and custom tools come back; a grammar is flat in the hub and nested in Chat", () => {
    const tools = [
      {
        type: "function",
        function: { name: "f", description: "d", parameters: { type: "object", title: "x" }, strict: true },
      },
      { type: "function", function: { name: "g", strict: null }, cache_control: { type: "ephemeral" } },
      {
        type: "custom",
        custom: { name: "c", format: { type: "grammar", grammar: { syntax: "lark", definition: "start: A" } } },
      },
      { type: "custom", name: "d", format: { type: "grammar", syntax: "regex", definition: "a+" } },
    ];
    expect(roundTrip({ tools })["tools"]).toEqual(tools);
    const flat = { type: "grammar", syntax: "lark", definition: "start: A" };
    expect(decode({ tools }).tools[2]).toMatchObject({ type: "custom", format: flat });
    expect(openaiResponses.encodeRequest(decode({ tools })).value["tools"]).toMatchObject([
      { type: "function", name: "f", strict: true },
      { type: "function", name: "g", strict: false },
      { type: "custom", name: "c", format: flat },
      { type: "custom", name: "d" },
    ]);
  });

  test("fields only the source knows do not leak (T32), and strict null is not written (T39)", () => {
    const { body, report } = encodeTurns([{ role: "user", blocks: [text("Hi")] }], {
      tools: [
        {
          ...fn,
          strict: null,
          extras: { wire: "anthropic-messages", fields: { defer_loading: true, eager_input_streaming: true } },
        },
      ],
    });
    expect(body["tools"]).toEqual([{ type: "function", function: { name: "f" } }]);
    expect(report.dropped.map((loss) => loss.path)).toEqual([
      "tools[0].defer_loading",
      "tools[0].eager_input_streaming",
    ]);
  });

  test("namespaces and names out of rule are mapped, the same in tools, history and choice (T33, T34)", () => {
    const { body } = encodeTurns(
      [
        { role: "user", blocks: [text("Hi")] },
        { role: "assistant", blocks: [{ ...call("a", "read"), namespace: "mcp__files" }] },
        { role: "user", blocks: [result("a", "1")] },
      ],
      {
        tools: [
          { ...fn, name: "read", namespace: "mcp__files" },
          { ...fn, name: "a.b" },
        ],
        toolChoice: { type: "tool", name: "a.b", kind: "function" },
      },
    );
    expect(body["tools"]).toMatchObject([{ function: { name: "mcp__files__read" } }, { function: { name: "a_b" } }]);
    expect(body["messages"]).toMatchObject([{}, { tool_calls: [{ function: { name: "mcp__files__read" } }] }, {}]);
    expect(body["tool_choice"]).toEqual({ type: "function", function: { name: "a_b" } });
  });

  test("without tools neither tool_choice nor parallel_tool_calls is sent (T41)", () => {
    const { body, report } = encodeTurns([{ role: "user", blocks: [text("Hi")] }], {
      toolChoice: { type: "auto" },
      parallelToolCalls: false,
    });
    expect(Object.keys(body)).toEqual(["model", "messages"]);
    expect(report.dropped.map((loss) => loss.path)).toEqual(["tool_choice", "parallel_tool_calls"]);
    expect(roundTrip({ tools: [] })).toEqual(chatRequest({}));
  });

  test.for<JsonObject["x"]>([
    "auto",
    "none",
    "required",
    { type: "function", function: { name: "f" } },
    { type: "custom", custom: { name: "c" } },
    { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "f" } }] } },
  ])("tool_choice %j comes back, and Responses understands it", (choice) => {
    const tools = [
      { type: "function", function: { name: "f" } },
      { type: "custom", custom: { name: "c" } },
    ];
    const fields = { tools, tool_choice: choice ?? null, parallel_tool_calls: false };
    expect(roundTrip(fields)).toEqual(chatRequest(fields));
    const there = openaiResponses.encodeRequest(decode(fields)).value;
    expect(there["tool_choice"]).toBeDefined();
    const back = openaiChat.encodeRequest(openaiResponses.decodeRequest(there).value).value;
    expect(back["tool_choice"]).toEqual(choice);
  });

  test("Mistral's `any` is `required`", () => {
    expect(decode({ tools: [{ type: "function", function: { name: "f" } }], tool_choice: "any" }).toolChoice).toEqual({
      type: "required",
    });
  });

  test("web search goes both ways between Chat and Responses (T40)", () => {
    const options = {
      search_context_size: "low",
      user_location: { type: "approximate", approximate: { city: "Bern" } },
    };
    expect(roundTrip({ web_search_options: options })).toEqual(chatRequest({ web_search_options: options }));
    const there = openaiResponses.encodeRequest(decode({ web_search_options: options })).value;
    expect(there["tools"]).toEqual([
      { type: "web_search", search_context_size: "low", user_location: { type: "approximate", city: "Bern" } },
    ]);
    const back = openaiChat.encodeRequest(openaiResponses.decodeRequest(there).value).value;
    expect(back["web_search_options"]).toEqual(options);
  });

  test("a tool only its provider runs: dropped beside others, refused alone or forced", () => {
    const server = {
      type: "server",
      name: "file_search",
      extras: { wire: "openai-responses", fields: { type: "file_search" } },
    } as const;
    const turns: Turn[] = [{ role: "user", blocks: [text("Hi")] }];
    expect(encodeTurns(turns, { tools: [fn, server] }).report.dropped).toEqual([
      { path: "tools[1]", reason: "server-tool:file_search" },
    ]);
    expect(refusal(() => encodeTurns(turns, { tools: [server] })).details.path).toBe("tools[0]");
    const toolChoice = {
      type: "other",
      extras: { wire: "openai-responses", fields: { type: "file_search" } },
    } as const;
    expect(refusal(() => encodeTurns(turns, { tools: [fn, server], toolChoice })).code).toBe("request-invalid");
  });
});

describe("settings", () => {
  test("both names of the token limit are read, and the newer wins (T75)", () => {
    expect(decode({ max_tokens: 5 }).maxOutputTokens).toBe(5);
    expect(decode({ max_completion_tokens: 6 }).maxOutputTokens).toBe(6);
    expect(decode({ max_tokens: 5, max_completion_tokens: 6 }).maxOutputTokens).toBe(6);
    for (const fields of [
      { max_tokens: 5 },
      { max_completion_tokens: 6 },
      { max_tokens: 5, max_completion_tokens: 6 },
    ]) {
      expect(roundTrip(fields)).toEqual(chatRequest(fields));
    }
    expect(
      encodeTurns([{ role: "user", blocks: [text("Hi")] }], { maxOutputTokens: 7 }).body["max_completion_tokens"],
    ).toBe(7);
  });

  test("stop is always a list (T78)", () => {
    expect(decode({ stop: "END" }).sampling.stop).toEqual(["END"]);
    expect(roundTrip({ stop: "END" })["stop"]).toEqual(["END"]);
  });

  test("response formats: no schema for json_object (T79), schemas untouched (T80)", () => {
    expect(decode({ response_format: { type: "json_object" } }).output).toEqual({ type: "json" });
    const schema = { type: "object", properties: { a: { type: "string" } }, additionalProperties: false, $schema: "x" };
    const format = { type: "json_schema", json_schema: { name: "r", strict: true, schema, description: "d" } };
    for (const response_format of [{ type: "text" }, { type: "json_object" }, format]) {
      expect(roundTrip({ response_format })).toEqual(chatRequest({ response_format }));
    }
    const there = openaiResponses.encodeRequest(decode({ response_format: format })).value;
    expect(there["text"]).toMatchObject({ format: { type: "json_schema", name: "r", schema, strict: true } });
  });

  test("0, false and empty text are values (T81), null is none", () => {
    const fields = {
      temperature: 0,
      top_p: 0,
      seed: 0,
      presence_penalty: 0,
      frequency_penalty: 0,
      logprobs: false,
      store: false,
      stream: false,
      user: "",
      prompt_cache_key: "",
      stop: null,
      tools: null,
      n: 1,
    };
    expect(roundTrip(fields)).toEqual(chatRequest(fields));
    expect(decode(fields).sampling).toMatchObject({ temperature: 0, topP: 0, seed: 0, presencePenalty: 0 });
    expect(decode(fields).store).toBe(false);
  });

  test("everything else that has a place in the hub comes back", () => {
    const fields = {
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
      reasoning_effort: "high",
      verbosity: "low",
      logit_bias: { "50256": -100 },
      logprobs: true,
      top_logprobs: 3,
      n: 2,
      top_k: 40,
      service_tier: "flex",
      safety_identifier: "u1",
      user: "u2",
      metadata: { a: "b" },
      prediction: { type: "content", content: "x" },
    };
    expect(roundTrip(fields)).toEqual(chatRequest(fields));
  });

  test("an effort asks to see thoughts, `none` does not (T19)", () => {
    expect(decode({ reasoning_effort: "low" }).reasoning).toEqual({ effort: "low", summary: "auto" });
    expect(decode({ reasoning_effort: "none" }).reasoning).toEqual({ effort: "none" });
    expect(decode({}).reasoning).toBeUndefined();
    expect(decode({ reasoning: { effort: "low", max_tokens: 9 } }).reasoning).toMatchObject({
      effort: "low",
      budgetTokens: 9,
    });
    expect(roundTrip({ reasoning: { max_tokens: 9 } })).toEqual(chatRequest({ reasoning: { max_tokens: 9 } }));
  });

  test("an upstream is always asked for usage, except on behalf of a Chat client that did not ask (T99)", () => {
    const turns: Turn[] = [{ role: "user", blocks: [text("Hi")] }];
    expect(encodeTurns(turns, { stream: true }).body["stream_options"]).toEqual({ include_usage: true });
    expect(encodeTurns(turns, { stream: false }).body["stream_options"]).toBeUndefined();
    expect(decode({ stream: true }).includeUsage).toBe(false);
    expect(decode({ stream: true, stream_options: { include_usage: true } }).includeUsage).toBe(true);
  });

  test("what only a stored response knows is refused", () => {
    const turns: Turn[] = [{ role: "user", blocks: [text("Hi")] }];
    const error = refusal(() => encodeTurns(turns, { previousResponseId: "resp_1" }));
    expect(error.details.path).toBe("previous_response_id");
    expect(refusal(() => encodeTurns([])).details.path).toBe("input");
  });

  test("the same request gives the same bytes (law 10)", () => {
    const body = chatRequest({ tools: [{ type: "function", function: { name: "f" } }], temperature: 1 });
    const write = () => JSON.stringify(openaiChat.encodeRequest(openaiChat.decodeRequest(body).value).value);
    expect(write()).toBe(write());
  });

  test("decoding changes nothing in the client's document", () => {
    const body = chatRequest({
      messages: [{ role: "assistant", content: "", reasoning: "x", annotations: [], tool_calls: [] }, user],
      response_format: { type: "grammar", grammar: "x" },
      stream_options: { include_usage: false },
    });
    const before = structuredClone(body);
    openaiChat.encodeRequest(openaiChat.decodeRequest(body).value);
    expect(body).toEqual(before);
  });
});
