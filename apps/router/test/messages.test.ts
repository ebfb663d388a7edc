import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, test } from "vitest";
import { startTestRouter } from "./support/running-router.ts";

async function start(transport: "ws" | "http" = "ws") {
  const router = await startTestRouter({ codex: { transport } });
  const client = new Anthropic({ baseURL: router.url, apiKey: "none", maxRetries: 0 });
  return { ...router, router, client, sandbox: router.sandbox };
}

const model = "codex/gpt-5.4";
const ask = { model, max_tokens: 1000, messages: [{ role: "user" as const, content: "Hello" }] };

describe("Anthropic Messages over a Codex upstream", () => {
  test("a whole answer, with the request id under its own header", async () => {
    const { client, sandbox } = await start();
    sandbox.script({ answer: { steps: [{ type: "text", text: "Hello" }] } });
    const { data, response } = await client.messages.create(ask).withResponse();
    expect(data.content).toMatchObject([{ type: "text", text: "Hello" }]);
    expect(data.stop_reason).toBe("end_turn");
    expect(response.headers.get("request-id")).toBe(response.headers.get("x-request-id"));
  });

  test("a stream with thinking and tools, and the turn with their results", async () => {
    const { client, sandbox } = await start("http");
    sandbox.script({
      answer: {
        steps: [
          { type: "reasoning", summary: ["Two calls"] },
          {
            type: "parallel",
            calls: [
              { type: "function-call", name: "look", arguments: { at: 1 } },
              { type: "function-call", name: "look", arguments: { at: 2 } },
            ],
          },
        ],
      },
    });
    const tools = [{ name: "look", input_schema: { type: "object" as const } }];
    const first = await client.messages.stream({ ...ask, tools }).finalMessage();
    expect(first.stop_reason).toBe("tool_use");
    expect(first.content.map((block) => block.type)).toEqual(["thinking", "tool_use", "tool_use"]);
    sandbox.script({ answer: { steps: [{ type: "text", text: "Seen" }] } });
    const calls = first.content.filter((block) => block.type === "tool_use");
    const second = await client.messages.create({
      ...ask,
      tools,
      messages: [
        ...ask.messages,
        { role: "assistant", content: first.content },
        { role: "user", content: calls.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: "done" })) },
      ],
    });
    expect(second.content).toMatchObject([{ type: "text", text: "Seen" }]);
    // The reasoning came back to the model that made it.
    expect(JSON.stringify(sandbox.requests.at(-1)?.body)).toContain('"encrypted_content"');
  });

  test("what cannot be carried stands in a header, and is refused when the client is strict", async () => {
    const { client, router } = await start();
    const request = { ...ask, temperature: 0.5 };
    const { response } = await client.messages.create(request).withResponse();
    expect(response.headers.get("x-turnout-translation")).toMatch(/^dropped \d+: .*temperature/);
    const refused = client.messages.create(request, { headers: { "x-turnout-strict": "true" } });
    await expect(refused).rejects.toThrow(/temperature|max_/);
    await expect(refused).rejects.toBeInstanceOf(Anthropic.BadRequestError);
    expect(router.log.at(-1)).toMatchObject({ error: { code: "request-invalid" } });
  });

  test("tokens are estimated where the upstream cannot be asked", async () => {
    const { client } = await start();
    const { data, response } = await client.messages.countTokens({ model, messages: ask.messages }).withResponse();
    expect(data.input_tokens).toBeGreaterThan(0);
    expect(response.headers.get("x-turnout-count")).toBe("estimate");
  });

  test("models and errors come in Anthropic's shape", async () => {
    const { client } = await start();
    const models = await client.models.list();
    expect(models.data.map((entry) => entry.id)).toContain(model);
    await expect(client.messages.create({ ...ask, model: "codex/none" })).rejects.toBeInstanceOf(
      Anthropic.NotFoundError,
    );
    await expect(client.messages.create({ ...ask, max_tokens: -1 })).rejects.toMatchObject({
      status: 400,
      error: { type: "error", error: { type: "invalid_request_error" } },
    });
  });
});
