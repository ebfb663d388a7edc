import type { JsonObject, ModelRequest, ModelResponse, Turn } from "@turnout/core";
import { anthropicMessages, gemini, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { contextFor } from "./laws.ts";

// What real programs do with what they are given, seen with `pnpm test:clients` (November 2026).

const signed = {
  type: "reasoning",
  parts: [{ form: "summary", text: "The shell can add." }],
  payload: "sig",
  provenance: { wire: "anthropic-messages" },
} as const;
const call = { type: "tool-call", callId: "toolu_1", name: "f", kind: "function", arguments: "{}" } as const;
const response: ModelResponse = { id: "msg_1", model: "m", blocks: [signed, call], finish: "tool-calls" };

/** The assistant's turn of a history, as Anthropic gets it. */
function assistantFor(request: ModelRequest): unknown {
  const turns: Turn[] = [...request.turns];
  const body = anthropicMessages.encodeRequest({ ...request, turns }).value;
  return Array.isArray(body["messages"]) ? body["messages"][1] : undefined;
}

const whole = {
  role: "assistant",
  content: [
    { type: "thinking", thinking: "The shell can add.", signature: "sig" },
    { type: "tool_use", id: "toolu_1", name: "f", input: {} },
  ],
};

describe("a signed thought comes back whole through clients that keep the signature only", () => {
  test("Gemini CLI keeps the signature on the call", () => {
    const answer = JSON.parse(JSON.stringify(gemini.encodeResponse(response, contextFor("m")).value));
    const parts: JsonObject[] = answer.candidates[0].content.parts;
    const kept = parts.filter((part) => part["functionCall"] !== undefined);
    const contents = [
      { role: "user", parts: [{ text: "Add" }] },
      { role: "model", parts: kept },
      { role: "user", parts: [{ functionResponse: { id: "toolu_1", name: "f", response: { output: "2" } } }] },
    ];
    expect(assistantFor(gemini.decodeRequest({ contents }).value)).toEqual(whole);
  });

  test("pi keeps the encrypted details", () => {
    const answer = JSON.parse(JSON.stringify(openaiChat.encodeResponse(response, contextFor("m")).value));
    const { reasoning_content: _, ...message } = answer.choices[0].message;
    const messages = [
      { role: "user", content: "Add" },
      message,
      { role: "tool", tool_call_id: "toolu_1", content: "2" },
    ];
    expect(assistantFor(openaiChat.decodeRequest({ model: "m", messages }).value)).toEqual(whole);
  });
});

describe("the Codex CLI declares a web search beside its functions", () => {
  const { value: request } = openaiResponses.decodeRequest({
    model: "m",
    input: "Add",
    tools: [{ type: "function", name: "f", parameters: { type: "object", properties: {} } }, { type: "web_search" }],
  });

  test("Gemini 3 takes both when told to", () => {
    const { value } = gemini.encodeRequest(request, { model: "gemini-3.8-flash" });
    expect(value["tools"]).toMatchObject([{ functionDeclarations: [{ name: "f" }] }, { googleSearch: {} }]);
    expect(value["toolConfig"]).toMatchObject({ includeServerSideToolInvocations: true });
  });

  test("Gemini 2.5 searches without functions only", () => {
    const { value, report } = gemini.encodeRequest(request, { model: "gemini-2.5-pro" });
    expect(value["tools"]).toMatchObject([{ functionDeclarations: [{ name: "f" }] }]);
    expect(JSON.stringify(value)).not.toContain("includeServerSide");
    expect(report.dropped).toContainEqual({ path: "tools[1]", reason: "this model does not search beside functions" });
  });
});
