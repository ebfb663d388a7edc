import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { startTestRouter } from "./support/running-router.ts";

const text = "Hello from the sandbox.";
const schema = {
  type: "object",
  properties: { city: { type: "string" }, degrees: { type: "number" } },
  required: ["city", "degrees"],
  additionalProperties: false,
};
const pixel =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

const transports = ["ws", "http"] as const;

function twoCalls() {
  return {
    steps: [
      { type: "reasoning" as const, summary: ["Two cities, two calls"] },
      {
        type: "parallel" as const,
        calls: ["Oslo", "Rome"].map((city) => ({
          type: "function-call" as const,
          name: "weather",
          arguments: { city },
        })),
      },
    ],
  };
}

async function start(transport: "ws" | "http") {
  const router = await startTestRouter({ codex: { transport } });
  const client = new OpenAI({ baseURL: `${router.url}/v1`, apiKey: "none", maxRetries: 0 });
  return { ...router, client, sandbox: router.sandbox };
}

const weatherTool = { name: "weather", description: "Weather of a city", parameters: { type: "object" } };

describe.each(transports)("the official openai SDK, Chat Completions, upstream over %s", (transport) => {
  const model = "codex/gpt-5.4";
  const tools = [{ type: "function" as const, function: weatherTool }];

  test("a whole answer", async () => {
    const { client, sandbox } = await start(transport);
    sandbox.script({
      answer: {
        steps: [{ type: "text", text }],
        usage: { inputTokens: 30, cachedTokens: 10, outputTokens: 12, reasoningTokens: 5 },
      },
    });
    const { data, response } = await client.chat.completions
      .create({ model, messages: [{ role: "user", content: "Hello" }] })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe(text);
    expect(data.choices[0]?.finish_reason).toBe("stop");
    expect(data.model).toBe(model);
    expect(data.usage).toMatchObject({
      prompt_tokens: 30,
      completion_tokens: 12,
      total_tokens: 42,
      prompt_tokens_details: { cached_tokens: 10 },
      completion_tokens_details: { reasoning_tokens: 5 },
    });
    expect(response.headers.get("x-turnout-executor")).toBe(`codex-${transport}`);
    expect(response.headers.get("x-request-id")).toMatch(/^req_/);
  });

  test("a stream with usage", async () => {
    const { client, sandbox } = await start(transport);
    sandbox.script({ answer: { steps: [{ type: "text", text, deltaLength: 4 }] } });
    const stream = client.chat.completions.stream({
      model,
      messages: [{ role: "user", content: "Hello" }],
      stream_options: { include_usage: true },
    });
    expect(await stream.finalContent()).toBe(text);
    expect((await stream.totalUsage()).total_tokens).toBeGreaterThan(0);
  });

  test("parallel tool calls, and the turn with their results", async () => {
    const { client, sandbox } = await start(transport);
    sandbox.script({ answer: twoCalls() });
    const ask = [{ role: "user" as const, content: "Weather in Oslo and Rome?" }];
    const first = await client.chat.completions.stream({ model, messages: ask, tools }).finalChatCompletion();
    const message = first.choices[0]?.message;
    const calls = message?.tool_calls ?? [];
    expect(first.choices[0]?.finish_reason).toBe("tool_calls");
    expect(calls.map((call) => (call.type === "function" ? call.function.arguments : ""))).toEqual([
      '{"city":"Oslo"}',
      '{"city":"Rome"}',
    ]);
    sandbox.script({ answer: { steps: [{ type: "text", text: "Cold and warm" }] } });
    const results = calls.map((call) => ({ role: "tool" as const, tool_call_id: call.id, content: "12 degrees" }));
    const second = await client.chat.completions.create({
      model,
      messages: [...ask, message ?? { role: "assistant", content: "" }, ...results],
      tools,
    });
    expect(second.choices[0]?.message.content).toBe("Cold and warm");
  });

  test("structured output", async () => {
    const { client, sandbox } = await start(transport);
    sandbox.script({ answer: { steps: [{ type: "json", value: { city: "Oslo", degrees: 3 } }] } });
    const answer = await client.chat.completions.parse({
      model,
      messages: [{ role: "user", content: "As JSON" }],
      response_format: { type: "json_schema", json_schema: { name: "weather", schema, strict: true } },
    });
    expect(answer.choices[0]?.message.parsed).toEqual({ city: "Oslo", degrees: 3 });
    expect(sandbox.requests.at(-1)?.body).toMatchObject({
      text: { format: { type: "json_schema", name: "weather", strict: true, schema } },
    });
  });

  test("an image", async () => {
    const { client, sandbox } = await start(transport);
    await client.chat.completions.create({
      model,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?" },
            { type: "image_url", image_url: { url: pixel, detail: "low" } },
          ],
        },
      ],
    });
    expect(JSON.stringify(sandbox.requests.at(-1)?.body)).toContain(
      JSON.stringify({ type: "input_image", image_url: pixel, detail: "low" }),
    );
  });

  test("a refusal", async () => {
    const { client, sandbox } = await start(transport);
    sandbox.script({ answer: { steps: [{ type: "refusal", refusal: "I will not" }] } });
    const answer = await client.chat.completions.create({ model, messages: [{ role: "user", content: "Do it" }] });
    expect(answer.choices[0]?.message.refusal).toBe("I will not");
  });

  test("an answer cut by the token limit", async () => {
    const { client, sandbox } = await start(transport);
    sandbox.script({
      answer: { steps: [{ type: "text", text }], finish: { type: "incomplete", reason: "max_output_tokens" } },
    });
    const answer = await client.chat.completions.create({ model, messages: [{ role: "user", content: "Long" }] });
    expect(answer.choices[0]?.finish_reason).toBe("length");
  });

  test("errors are the SDK's own classes", async () => {
    const { client, sandbox } = await start(transport);
    await expect(
      client.chat.completions.create({ model: "codex/nothing", messages: [{ role: "user", content: "x" }] }),
    ).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    sandbox.script({ fault: { type: "rate-limit", resetsInSeconds: 60 } });
    const limited = client.chat.completions.create({ model, messages: [{ role: "user", content: "x" }] });
    await expect(limited).rejects.toBeInstanceOf(OpenAI.RateLimitError);
  });

  test("leaving a stream frees the upstream", async () => {
    const { client, sandbox } = await start(transport);
    sandbox.script({
      answer: { steps: [{ type: "text", text, deltaLength: 1 }] },
      fault: { type: "stall", afterEvents: 10 },
    });
    const stream = await client.chat.completions.create({
      model,
      messages: [{ role: "user", content: "x" }],
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await expect.poll(() => sandbox.openStreams).toBe(0);
    expect(sandbox.requests.at(-1)?.outcome).toBe("aborted");
  });
});

describe.each(transports)("the official openai SDK, Responses, upstream over %s", (transport) => {
  const model = "codex/gpt-5.4";
  const tools = [{ type: "function" as const, strict: false, ...weatherTool }];

  test("a whole answer", async () => {
    const { client, sandbox } = await start(transport);
    sandbox.script({ answer: { steps: [{ type: "text", text }] } });
    const answer = await client.responses.create({ model, input: "Hello" });
    expect(answer.output_text).toBe(text);
    expect(answer.status).toBe("completed");
    expect(answer.usage?.total_tokens).toBeGreaterThan(0);
  });

  test("a whole answer although the upstream's terminal event is empty", async () => {
    const { client, sandbox } = await start(transport);
    sandbox.script({ answer: { steps: [{ type: "text", text }], emptyTerminalOutput: true } });
    expect((await client.responses.create({ model, input: "Hello" })).output_text).toBe(text);
  });

  test("a stream, with the helper that is strict about its events", async () => {
    const { client, sandbox } = await start(transport);
    sandbox.script({ answer: { steps: [{ type: "text", text, deltaLength: 4 }], prelude: true } });
    const seen: string[] = [];
    const stream = client.responses.stream({ model, input: "Hello" });
    stream.on("event", (event) => seen.push(event.type));
    expect((await stream.finalResponse()).output_text).toBe(text);
    expect(seen[0]).toBe("response.created");
    expect(seen.some((type) => type.startsWith("codex."))).toBe(false);
  });

  test("a tool loop with encrypted reasoning", async () => {
    const { client, sandbox } = await start(transport);
    sandbox.script({ answer: twoCalls() });
    const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "Weather in Oslo and Rome?" }];
    const first = await client.responses.create({
      model,
      input,
      tools,
      store: false,
      include: ["reasoning.encrypted_content"],
    });
    const calls = first.output.filter((item) => item.type === "function_call");
    expect(calls).toHaveLength(2);
    expect(first.output[0]).toMatchObject({ type: "reasoning" });
    sandbox.script({ answer: { steps: [{ type: "text", text: "Cold and warm" }] } });
    const second = await client.responses.create({
      model,
      store: false,
      tools,
      input: [
        ...input,
        ...first.output.filter((item) => item.type === "reasoning" || item.type === "function_call"),
        ...calls.map((call) => ({
          type: "function_call_output" as const,
          call_id: call.call_id,
          output: "12 degrees",
        })),
      ],
    });
    expect(second.output_text).toBe("Cold and warm");
  });

  test("structured output and an image", async () => {
    const { client, sandbox } = await start(transport);
    sandbox.script({ answer: { steps: [{ type: "json", value: { city: "Oslo", degrees: 3 } }] } });
    const answer = await client.responses.parse({
      model,
      input: [{ role: "user", content: [{ type: "input_image", image_url: pixel, detail: "high" }] }],
      text: { format: { type: "json_schema", name: "weather", schema, strict: true } },
    });
    expect(answer.output_parsed).toEqual({ city: "Oslo", degrees: 3 });
  });

  test("a stream that fails after it began", async () => {
    const { client, sandbox } = await start(transport);
    sandbox.script({ answer: { steps: [{ type: "text", text, deltaLength: 4 }] }, fault: { type: "cut", after: 8 } });
    const stream = await client.responses.create({ model, input: "Hello", stream: true });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect(types.at(-1)).toBe("response.failed");
    expect(types.filter((type) => type === "response.failed" || type === "response.completed")).toHaveLength(1);
  });
});

test("models are listed and found", async () => {
  const { client } = await start("http");
  const ids = (await client.models.list()).data.map((model) => model.id);
  expect(ids).toContain("codex/gpt-5.4");
  expect((await client.models.retrieve("codex/gpt-5.4")).id).toBe("codex/gpt-5.4");
  await expect(client.models.retrieve("codex/none")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
});
