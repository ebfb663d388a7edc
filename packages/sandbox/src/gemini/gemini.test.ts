import { describe, expect, test } from "vitest";
import { answer, say, type AnswerStep } from "../index.ts";
import {
  schema,
  tools,
  user,
  model,
  basic,
  type SendOptions,
  start,
  three,
  sse,
  thoughts,
  problemOf,
  response,
  results,
} from "../../test/gemini-client.ts";
import { textOf } from "../../test/harness.ts";
import { ask, dig, list, object } from "../../test/wire-harness.ts";

describe("generateContent", () => {
  test("streams growing chunks with CRLF", async () => {
    const { send, sandbox } = await start();
    const { text, events, headers } = await send(thoughts, sse);
    expect(headers["content-type"]).toMatch(/^text\/event-stream/);
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    expect(text.endsWith("\r\n\r\n")).toBe(true);
    expect(events.map((event) => dig(event, "candidates", 0, "content", "parts", 0))).toEqual([
      { text: "Let me see.", thought: true },
      { text: "Hi there, how ar" },
      { text: "e you?" },
      { functionCall: { name: "get_weather", args: { city: "Paris" } }, thoughtSignature: expect.any(String) },
      { functionCall: { name: "get_weather", args: { city: "Rome" } } },
      { text: "" },
    ]);
    const totals = events.map((event) => Number(dig(event, "usageMetadata", "totalTokenCount")));
    expect(totals).toEqual(totals.toSorted((left, right) => left - right));
    expect(new Set(totals).size).toBeGreaterThan(3);
    expect(events.map((event) => dig(event, "candidates", 0, "finishReason"))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      "STOP",
    ]);
    expect(events.at(-1)).toMatchObject({ modelVersion: "gemini-2.5-flash", responseId: events[0]?.responseId });
    expect(sandbox.requests).toMatchObject([{ kind: "response", outcome: "completed" }]);
  });

  test("streams an array without alt=sse", async () => {
    const { send } = await start();
    const { text, events, headers } = await send({}, { action: "streamGenerateContent" });
    expect(headers["content-type"]).toMatch(/^application\/json/);
    expect(text).toMatch(/^\[\{.*\}\]$/s);
    expect(events).toHaveLength(5);
    expect(dig(events.at(-1), "candidates", 0, "finishReason")).toBe("STOP");
  });

  test("answers one document, texts joined, thoughts only when asked for", async () => {
    const { send } = await start();
    const { json } = await send({});
    expect(dig(json, "candidates", 0, "content")).toEqual({
      role: "model",
      parts: [
        { text: "Hi there, how are you?" },
        { functionCall: { name: "get_weather", args: { city: "Paris" } }, thoughtSignature: expect.any(String) },
        { functionCall: { name: "get_weather", args: { city: "Rome" } } },
      ],
    });
    const usage = dig(json, "usageMetadata");
    expect(dig(usage, "thoughtsTokenCount")).toBe(64);
    expect(dig(usage, "totalTokenCount")).toBe(
      Number(dig(usage, "promptTokenCount")) + Number(dig(usage, "candidatesTokenCount")) + 64,
    );
    const shown = await send(thoughts);
    expect(dig(shown.json, "candidates", 0, "content", "parts", 0)).toEqual({ text: "Let me see.", thought: true });
  });

  test("signs calls of Gemini 3 always, of 2.5 after reasoning, texts at the end", async () => {
    const { send, sandbox } = await start();
    const partsOf = async (options: SendOptions, steps: readonly AnswerStep[]) => {
      sandbox.script({ answer: answer(...steps) });
      return list(dig((await send({}, options)).json, "candidates", 0, "content", "parts")).map(object);
    };
    expect((await partsOf(three, [say.call("f")]))[0]).toHaveProperty("thoughtSignature");
    expect((await partsOf({}, [say.call("f")]))[0]).not.toHaveProperty("thoughtSignature");
    expect((await partsOf({}, [say.reasoning("a"), say.call("f")]))[0]).toHaveProperty("thoughtSignature");
    expect((await partsOf(three, [say.text("Hi")])).at(-1)).toHaveProperty("thoughtSignature");
  });

  test("takes its own signature back, on the call it was on", async () => {
    const { send, sandbox } = await start();
    const first = await send({ tools }, three);
    const content = object(dig(first.json, "candidates", 0, "content"));
    const results = {
      role: "user",
      parts: ["Sunny", "Rain"].map((output) => ({ functionResponse: { name: "get_weather", response: { output } } })),
    };
    sandbox.script({ answer: answer(say.text("Fine.")), times: 2 });
    const second = await send({ tools, contents: [user("a"), content, results] }, three);
    expect(dig(second.json, "candidates", 0, "content", "parts", 0, "text")).toBe("Fine.");
    const parts = list(content.parts).map(object);
    const moved = [{ text: "x", thoughtSignature: dig(parts, 1, "thoughtSignature") }, ...parts.slice(1)];
    const third = await send({ tools, contents: [user("a"), model(...moved), results] }, three);
    expect(problemOf(third)).toBe("Corrupted thought signature.");
  });

  test("ends in every way, with 200", async () => {
    const { send, sandbox } = await start();
    for (const [reason, expected] of [
      ["max_output_tokens", "MAX_TOKENS"],
      ["content_filter", "SAFETY"],
      ["MALFORMED_FUNCTION_CALL", "MALFORMED_FUNCTION_CALL"],
    ] as const) {
      sandbox.script({ answer: { finish: { type: "incomplete", reason } } });
      expect(dig((await send({})).json, "candidates", 0, "finishReason")).toBe(expected);
    }
    sandbox.script({ answer: answer(say.refusal("No.")) });
    const refused = await send({});
    expect(dig(refused.json, "candidates", 0)).toEqual({ finishReason: "SAFETY", finishMessage: "No.", index: 0 });
    sandbox.script({ answer: { finish: { type: "failed", code: "x", message: "No luck" } } });
    const failed = await send({}, sse);
    expect(dig(failed.events.at(-1), "error")).toEqual({ code: 500, message: "No luck", status: "INTERNAL" });
  });

  test("counts citations in bytes", async () => {
    const annotation = { type: "url_citation", url: "https://a.example", title: "A", start_index: 2, end_index: 4 };
    const { send } = await start({
      answer: answer(say.webSearch("q"), say.text("é yo", { annotations: [annotation] })),
    });
    const { json } = await send({});
    expect(dig(json, "candidates", 0, "groundingMetadata")).toMatchObject({
      webSearchQueries: ["q"],
      groundingSupports: [{ segment: { startIndex: 3, endIndex: 5, text: "yo" } }],
    });
  });

  test("obeys directives, forced functions and schemas, in camel and in snake case", async () => {
    const { send } = await start({});
    const word = await send({ contents: [user("[[say: Hello]]")], system_instruction: { parts: [{ text: "a" }] } });
    expect(dig(word.json, "candidates", 0, "content", "parts", 0, "text")).toBe("Hello");
    const forced = await send({ tools, tool_config: { function_calling_config: { mode: "ANY" } } });
    expect(dig(forced.json, "candidates", 0, "content", "parts", 0, "functionCall")).toMatchObject({
      name: "get_weather",
      args: { city: expect.any(String) },
    });
    const json = await send({ generationConfig: { responseMimeType: "application/json", responseSchema: schema } });
    expect(JSON.parse(textOf(dig(json.json, "candidates", 0, "content", "parts", 0, "text")))).toHaveProperty("city");
  });

  test("is served under /v1, too", async () => {
    const { send } = await start();
    expect((await send({}, { version: "v1" })).status).toBe(200);
  });
});

describe("keys", () => {
  const path = "/v1beta/models/gemini-2.5-flash:generateContent";

  test("come as header or in the query", async () => {
    const { sandbox, apiKey } = await start();
    expect((await ask(`${sandbox.url}${path}?key=${apiKey}`, basic)).status).toBe(200);
  });

  test("a missing one is 403, a wrong one 400", async () => {
    const { sandbox } = await start();
    const none = await ask(sandbox.url + path, basic);
    expect(none.status).toBe(403);
    expect(dig(none.json, "error", "status")).toBe("PERMISSION_DENIED");
    const wrong = await ask(sandbox.url + path, basic, { headers: { "x-goog-api-key": "x" } });
    expect(wrong.status).toBe(400);
    expect(problemOf(wrong)).toBe("API key not valid. Please pass a valid API key.");
    expect(dig(wrong.json, "error", "details", 0, "reason")).toBe("API_KEY_INVALID");
  });
});

describe("the rest", () => {
  test("countTokens counts contents or a whole request", async () => {
    const { send, sandbox, headers } = await start();
    const counted = await send({}, { action: "countTokens" });
    expect(dig(counted.json, "totalTokens")).toBeGreaterThan(5);
    const whole = { generateContentRequest: { model: "models/gemini-2.5-flash", ...basic } };
    const url = `${sandbox.url}/v1beta/models/gemini-2.5-flash:countTokens`;
    expect((await ask(url, whole, { headers })).status).toBe(200);
    expect(problemOf(await send({ foo: 1 }, { action: "countTokens" }))).toContain('Unknown name "foo"');
    // A part of a conversation can be counted, but not answered.
    const alone = { contents: [results(response())] };
    expect((await send(alone, { action: "countTokens" })).status).toBe(200);
    expect((await send(alone)).status).toBe(400);
    expect(sandbox.requests[0]?.kind).toBe("count-tokens");
  });

  test.each(["v1", "v1beta"])("GET /%s/models lists and tells one", async (version) => {
    const { sandbox, headers } = await start();
    const all = await ask(`${sandbox.url}/${version}/models`, undefined, { headers });
    expect(dig(all.json, "models", 0)).toMatchObject({ name: "models/gemini-3.8-flash" });
    const one = await ask(`${sandbox.url}/${version}/models/gemini-2.5-pro`, undefined, { headers });
    expect(one.json).toMatchObject({ name: "models/gemini-2.5-pro", outputTokenLimit: 65_536 });
  });
});
