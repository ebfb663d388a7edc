import type { JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { answer, at, read, translate, wireEvents, write } from "./translate.ts";

// Reasoning and its replay: what users of other gateways reported, first of five groups.

const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];

function chatCall(id: string, more: JsonObject = {}): JsonObject {
  return { id, type: "function", function: { name: "f", arguments: "{}" }, ...more };
}

const twoCalls = [
  { role: "user", content: "Hi" },
  { role: "assistant", tool_calls: [chatCall("call_1"), chatCall("call_2")] },
  { role: "tool", tool_call_id: "call_1", content: "1" },
  { role: "tool", tool_call_id: "call_2", content: "2" },
];

describe("T13 signatures of Gemini's calls", () => {
  const chunk = {
    candidates: [
      {
        content: { role: "model", parts: [{ functionCall: { name: "f", args: {} }, thoughtSignature: "c2lnbmVk" }] },
        finishReason: "STOP",
      },
    ],
    modelVersion: "gemini-3-pro",
    responseId: "r1",
  };

  test("reach a Chat client and come back with its next request, byte for byte", () => {
    const message = at(answer("gemini", "openai-chat", chunk), "choices[0].message");
    const callId = at(message, "tool_calls[0].id");
    const history = [
      { role: "user", content: "Hi" },
      message ?? null,
      { role: "tool", tool_call_id: callId ?? "", content: "1" },
    ];
    const { body } = translate("openai-chat", "gemini", { model: "gemini-3-pro", messages: history, tools });
    expect(at(body, "contents[1].parts[0].thoughtSignature")).toBe("c2lnbmVk");
  });

  test("reach an Anthropic client and come back with its next request, byte for byte", () => {
    const content = at(answer("gemini", "anthropic-messages", chunk), "content") ?? [];
    const uses = Array.isArray(content) ? content.filter((block) => at(block, "type") === "tool_use") : [];
    const result = { type: "tool_result", tool_use_id: at(uses[0], "id") ?? "", content: "1" };
    const { body } = translate("anthropic-messages", "gemini", {
      model: "gemini-3-pro",
      max_tokens: 100,
      messages: [
        { role: "user", content: "Hi" },
        { role: "assistant", content },
        { role: "user", content: [result] },
      ],
      tools: [{ name: "f", input_schema: { type: "object" } }],
    });
    expect(at(body, "contents[1].parts[0].thoughtSignature")).toBe("c2lnbmVk");
  });

  test("are stood in for by the sentinel, on the first call of a step only and for Gemini 3 only", () => {
    const request = { model: "m", messages: twoCalls, tools };
    const { body } = translate("openai-chat", "gemini", request, "gemini-3-pro");
    expect(at(body, "contents[1].parts[0].thoughtSignature")).toBe("skip_thought_signature_validator");
    expect(at(body, "contents[1].parts[1].functionCall.name")).toBe("f");
    expect(at(body, "contents[1].parts[1].thoughtSignature")).toBeUndefined();
    const older = translate("openai-chat", "gemini", request, "gemini-2.5-flash").body;
    expect(JSON.stringify(older)).not.toContain("thoughtSignature");
  });
});

test("T14 a signature does not make a text of Gemini a thought", () => {
  const parts = [{ text: "Hello", thoughtSignature: "c2lnbmVk" }];
  const document = { candidates: [{ content: { role: "model", parts }, finishReason: "STOP" }], responseId: "r1" };
  expect(at(answer("gemini", "openai-chat", document), "choices[0].message.content")).toBe("Hello");
  const { blocks } = read("gemini", wireEvents(document)).answer;
  expect(blocks.find((block) => block.type === "text")?.text).toBe("Hello");
  expect(blocks.flatMap((block) => (block.type === "reasoning" ? block.parts : []))).toEqual([]);
});

test("T15 a call's signature is the same from a stream and from a whole answer of Gemini", () => {
  const parts = [
    { text: "I think", thought: true },
    { functionCall: { name: "f", args: { a: 1 } }, thoughtSignature: "c2lnbmVk" },
  ];
  const document = { candidates: [{ content: { role: "model", parts }, finishReason: "STOP" }], responseId: "r1" };
  const pieces = parts.map((part, index) => ({
    candidates: [{ content: { role: "model", parts: [part] }, ...(index === 1 && { finishReason: "STOP" }) }],
    responseId: "r1",
  }));
  const streamed = read("gemini", wireEvents(...pieces));
  const told = write("anthropic-messages", streamed.events);
  const starts = told.flatMap((event) => at(event, "content_block") ?? []);
  const whole = at(answer("gemini", "anthropic-messages", document), "content");
  expect(Array.isArray(whole)).toBe(true);
  expect(starts.map((block) => at(block, "type"))).toEqual(
    Array.isArray(whole) ? whole.map((block) => at(block, "type") ?? null) : [],
  );
  const payloads = streamed.answer.blocks.map((block) => (block.type === "tool-call" ? block.payload : undefined));
  expect(payloads).toContain("c2lnbmVk");
  const signatures = (text: unknown) => JSON.stringify(text).match(/"(?:data|signature)":"[^"]+"/gu) ?? [];
  expect(signatures(starts).length + signatures(told.map((event) => at(event, "delta") ?? null)).length).toBe(
    signatures(whole).length,
  );
});

test("T16 thought parts in a Gemini history are never visible content elsewhere", () => {
  const body = {
    model: "m",
    contents: [
      { role: "user", parts: [{ text: "Hi" }] },
      { role: "model", parts: [{ text: "secret plan", thought: true }, { text: "Hello" }] },
      { role: "user", parts: [{ text: "Go on" }] },
    ],
  };
  const chat = translate("gemini", "openai-chat", body);
  expect(at(chat.body, "messages[1].content")).toBe("Hello");
  for (const to of ["anthropic-messages", "openai-responses"] as const) {
    const { body: written, report } = translate("gemini", to, body, "claude-sonnet-4-5");
    expect(JSON.stringify(written)).toContain("Hello");
    expect(JSON.stringify(written)).not.toContain("secret plan");
    expect(report.dropped.map(({ path }) => path)).toContain("contents[1].parts[0]");
  }
});

test("T23 Gemini 3 gets a level, Gemini 2.5 a budget, and none gets both", () => {
  const config = (fields: JsonObject, model: string) =>
    at(
      translate("openai-chat", "gemini", { model: "m", messages: [{ role: "user", content: "Hi" }], ...fields }, model)
        .body,
      "generationConfig.thinkingConfig",
    );
  for (const fields of [{ reasoning_effort: "high" }, { reasoning: { effort: "high", max_tokens: 4096 } }]) {
    expect(config(fields, "gemini-3-pro")).toMatchObject({ thinkingLevel: "HIGH" });
    expect(config(fields, "gemini-3-pro")).not.toHaveProperty("thinkingBudget");
    expect(config(fields, "gemini-2.5-flash")).toHaveProperty("thinkingBudget");
    expect(config(fields, "gemini-2.5-flash")).not.toHaveProperty("thinkingLevel");
  }
  expect(config({ reasoning_effort: "none" }, "gemini-2.5-pro")).toMatchObject({ thinkingBudget: 128 });
});
