import { ApiError, GoogleGenAI } from "@google/genai";
import { request } from "undici";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { startTestRouter } from "./support/running-router.ts";

async function start() {
  const router = await startTestRouter({ codex: { transport: "http" } });
  const client = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: router.url } });
  return { router, client, sandbox: router.sandbox };
}

const model = "codex/gpt-5.4";
const chunkSchema = z.looseObject({
  candidates: z.array(z.looseObject({ finishReason: z.string().optional() })).optional(),
});

describe("Gemini over a Codex upstream", () => {
  test("a whole answer and a stream", async () => {
    const { client, sandbox } = await start();
    sandbox.script({ answer: { steps: [{ type: "text", text: "Hello there", deltaLength: 3 }] }, times: 2 });
    const whole = await client.models.generateContent({ model, contents: "Hi" });
    expect(whole.text).toBe("Hello there");
    expect(whole.candidates?.[0]?.finishReason).toBe("STOP");
    let text = "";
    for await (const chunk of await client.models.generateContentStream({ model, contents: "Hi" }))
      text += chunk.text ?? "";
    expect(text).toBe("Hello there");
  });

  test("a tool call and its result", async () => {
    const { client, sandbox } = await start();
    sandbox.script({ answer: { steps: [{ type: "function-call", name: "look", arguments: { at: "here" } }] } });
    const tools = [{ functionDeclarations: [{ name: "look", parametersJsonSchema: { type: "object" } }] }];
    const ask = { role: "user", parts: [{ text: "Look" }] };
    const first = await client.models.generateContent({ model, contents: [ask], config: { tools } });
    const [call] = first.functionCalls ?? [];
    expect(call).toMatchObject({ name: "look", args: { at: "here" } });
    sandbox.script({ answer: { steps: [{ type: "text", text: "Seen" }] } });
    const answer = first.candidates?.[0]?.content ?? {};
    const result = {
      functionResponse: { name: "look", ...(call?.id && { id: call.id }), response: { output: "a cat" } },
    };
    const contents = [ask, answer, { role: "user", parts: [result] }];
    expect((await client.models.generateContent({ model, contents, config: { tools } })).text).toBe("Seen");
  });

  test("without alt=sse a stream is one JSON array, also when it fails half-way", async () => {
    const { router, sandbox } = await start();
    const body = JSON.stringify({ contents: [{ role: "user", parts: [{ text: "Hi" }] }] });
    const url = `${router.url}/v1beta/models/${encodeURIComponent(model)}:streamGenerateContent`;
    const answer = { delayMs: 20, steps: [{ type: "text" as const, text: "Hello there", deltaLength: 3 }] };
    sandbox.script({ answer });
    const good = await request(url, { method: "POST", body });
    expect(good.headers["content-type"]).toContain("application/json");
    const chunks = z.array(chunkSchema).parse(await good.body.json());
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.at(-1)?.candidates?.[0]?.finishReason).toBe("STOP");
    sandbox.script({ answer, fault: { type: "cut", after: 7 } });
    const bad = await request(url, { method: "POST", body });
    const broken = z.array(z.looseObject({ error: z.unknown().optional() })).parse(await bad.body.json());
    expect(broken.filter((chunk) => chunk.error !== undefined)).toHaveLength(1);
    expect(broken.at(-1)?.error).toMatchObject({ code: 503, status: "UNAVAILABLE" });
  });

  test("models, counting and errors come in Google's shape", async () => {
    const { client, router } = await start();
    const names: (string | undefined)[] = [];
    for await (const entry of await client.models.list()) names.push(entry.name);
    expect(names).toContain(`models/${model}`);
    expect((await client.models.countTokens({ model, contents: "Hello there" })).totalTokens).toBeGreaterThan(0);
    const missing = client.models.generateContent({ model: "codex/none", contents: "Hi" });
    await expect(missing).rejects.toBeInstanceOf(ApiError);
    await expect(missing).rejects.toMatchObject({ status: 404 });
    const listed = await request(`${router.url}/v1beta/models/nothing:here`, { method: "POST", body: "{}" });
    expect(await listed.body.json()).toMatchObject({ error: { code: 404, status: "NOT_FOUND" } });
  });
});
