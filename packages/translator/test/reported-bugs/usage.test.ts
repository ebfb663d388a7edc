import { expect, test } from "vitest";

import { answer, at } from "./translate.ts";

// Counters: every format adds up its tokens in another way.

test("T118 Gemini's thoughts are output and its cached tokens are part of the prompt", () => {
  const document = {
    candidates: [{ content: { role: "model", parts: [{ text: "Hi" }] }, finishReason: "STOP" }],
    usageMetadata: {
      promptTokenCount: 100,
      cachedContentTokenCount: 60,
      candidatesTokenCount: 20,
      thoughtsTokenCount: 30,
      totalTokenCount: 150,
    },
    responseId: "r1",
  };
  const chat = at(answer("gemini", "openai-chat", document), "usage");
  expect(chat).toMatchObject({
    prompt_tokens: 100,
    completion_tokens: 50,
    total_tokens: 150,
    prompt_tokens_details: { cached_tokens: 60 },
    completion_tokens_details: { reasoning_tokens: 30 },
  });
  const anthropic = at(answer("gemini", "anthropic-messages", document), "usage");
  expect(anthropic).toMatchObject({ input_tokens: 40, cache_read_input_tokens: 60, output_tokens: 50 });
  const again = at(answer("gemini", "gemini", document), "usageMetadata");
  expect(again).toMatchObject(document.usageMetadata);
});

test("T118 and back: Chat's completion is Gemini's candidates and thoughts", () => {
  const document = {
    id: "chatcmpl-1",
    created: 7,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }],
    usage: {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 60 },
      completion_tokens_details: { reasoning_tokens: 30 },
    },
  };
  expect(at(answer("openai-chat", "gemini", document), "usageMetadata")).toMatchObject({
    promptTokenCount: 100,
    cachedContentTokenCount: 60,
    candidatesTokenCount: 20,
    thoughtsTokenCount: 30,
    totalTokenCount: 150,
  });
});
