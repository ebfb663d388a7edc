import { describe, expect, test } from "vitest";
import { answer, say } from "../index.ts";
import { tool, basic, start, problemOf } from "../../test/chat-client.ts";
import { textOf } from "../../test/harness.ts";
import { ask, dig, list } from "../../test/wire-harness.ts";

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
    expect(JSON.parse(textOf(dig(json.json, "choices", 0, "message", "content")))).toHaveProperty("ok");
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

test("GET /v1/models lists and tells one", async () => {
  const { sandbox, headers } = await start();
  const all = await ask(`${sandbox.openaiBaseUrl}/models`, undefined, { headers });
  expect(list(dig(all.json, "data")).map((model) => dig(model, "id"))).toContain("gpt-4o");
  const one = await ask(`${sandbox.openaiBaseUrl}/models/gpt-5`, undefined, { headers });
  expect(one.json).toMatchObject({ id: "gpt-5", object: "model" });
});
