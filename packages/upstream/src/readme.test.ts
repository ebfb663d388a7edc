import { readFileSync } from "node:fs";
import { join } from "node:path";

import { definePlugin, systemRuntime } from "@turnout/core";
import { collectEvents, createExecuteContext, startStubServer } from "@turnout/testing";
import { openaiChat } from "@turnout/translator";
import { expect, test } from "vitest";
import { z } from "zod";

import { createHttpExecutor } from "./http/http-executor.ts";
import { defaultLimits } from "./answer/limits.ts";

const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");

// The provider of the README, word for word.
export const acme = definePlugin({
  name: "acme",
  provider: "acme",
  wire: "openai-chat",
  auth: () => ({ kinds: ["api-key"] }),
  options: z.strictObject({ baseUrl: z.url().default("https://api.acme.example/v1").describe("http(s) URL.") }),
  models: [{ id: "acme-1", contextWindow: 128_000 }],
  createExecutors: ({ baseUrl }) => [
    createHttpExecutor({
      id: "acme",
      wire: "openai-chat",
      baseUrl,
      path: "/chat/completions",
      headers: (_request, { credential }) => ({ authorization: `Bearer ${credential.secret}` }),
      readError: openaiChat.decodeError,
      isTerminal: (event) => event.data === "[DONE]",
    }),
  ],
});

test("the provider of the README is the one tested here", () => {
  const source = readFileSync(import.meta.filename, "utf8");
  const provider = /export const acme = [\s\S]*?\n\}\);\n/u.exec(source)?.[0];
  expect(provider).toBeDefined();
  expect(readme).toContain(provider);
});

test("the provider of the README streams, and understands a refusal", async () => {
  let refuses = false;
  const server = await startStubServer({
    onRequest: (request, response) => {
      if (refuses) {
        response.writeHead(429, { "retry-after": "2" }).end('{"error":{"message":"slow down"}}');
        return;
      }
      expect(request.url).toBe("/v1/chat/completions");
      expect(request.headers.authorization).toBe("Bearer test-token");
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end('data: {"id":"1","choices":[]}\n\ndata: [DONE]\n\n');
    },
  });
  const [executor] = acme.createExecutors({ baseUrl: `${server.url}/v1` }, systemRuntime);
  const request = { model: "acme-1", body: { model: "acme-1", messages: [] }, stream: true };
  const response = await executor?.execute(request, createExecuteContext());
  expect(response?.kind).toBe("stream");
  const collected = response === undefined ? undefined : await collectEvents(response);
  expect(collected?.error).toBeUndefined();
  expect(collected?.events.map((event) => event.data)).toEqual(['{"id":"1","choices":[]}', "[DONE]"]);
  refuses = true;
  await expect(executor?.execute(request, createExecuteContext())).rejects.toMatchObject({
    code: "rate-limited",
    details: { retryAfterMs: 2_000 },
  });
  await server.close();
  await executor?.close?.();
});

test("the README has a row for every limit, with its default", () => {
  for (const [name, value] of Object.entries(defaultLimits)) {
    const number = String(value).replaceAll(/\B(?=(\d{3})+$)/gu, " ");
    expect(readme).toContain(`| \`${name}\` | ${number} |`);
  }
});
