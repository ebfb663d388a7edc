import { systemRuntime } from "@turnout/core";
import { expect, test } from "vitest";

import { openaiOptionsSchema, type OpenaiOptionsInput } from "./options.ts";
import { openaiPlugins } from "./plugins.ts";

function idsFor(options: OpenaiOptionsInput): string[] {
  const parsed = openaiOptionsSchema.parse(options);
  return openaiPlugins.flatMap((plugin) => plugin.createExecutors(parsed, systemRuntime)).map(({ id }) => id);
}

test.each<[OpenaiOptionsInput, string[]]>([
  [{}, ["openai-responses"]],
  [{ transport: "http" }, ["openai-responses"]],
  [{ transport: "auto" }, ["openai-responses-ws", "openai-responses"]],
  [{ transport: "ws" }, ["openai-responses-ws"]],
  [{ api: "chat" }, ["openai-chat"]],
  [{ api: "chat", transport: "auto" }, ["openai-chat"]],
])("openaiPlugins make for %j the executors %j, in this order", (options, expected) => {
  expect(idsFor(options)).toEqual(expected);
});

test.each([
  ["Chat over WebSocket", { api: "chat", transport: "ws" }, "Chat Completions has no WebSocket"],
  ["an unknown field", { apiKey: "sk" }, "apiKey"],
  ["a URL that is none", { baseUrl: "ftp://x" }, "Expected an http(s) URL"],
  ["a header of the connection", { headers: { "content-length": "1" } }, "Expected a header name in lower case"],
  ["a header with a line break", { headers: { "x-a": "1\r\nx-b: 2" } }, "Expected printable ASCII"],
])("openaiOptionsSchema refuses %s", (_what, options, message) => {
  expect(openaiOptionsSchema.safeParse(options).error?.message).toContain(message);
});

test("all plugins are of one provider and know the same models", () => {
  expect(new Set(openaiPlugins.map((plugin) => plugin.provider))).toEqual(new Set(["openai"]));
  for (const { models } of openaiPlugins) {
    expect(models.find((model) => model.id === "gpt-5.6-sol")).toMatchObject({ contextWindow: 1_050_000 });
    expect(new Set(models.map((model) => model.id)).size).toBe(models.length);
  }
});
