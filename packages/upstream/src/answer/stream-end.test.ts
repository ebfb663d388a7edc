import type { WireFormat } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { streamEnds } from "./stream-end.ts";

function endOf(wire: WireFormat, data: string, type = "") {
  const end = streamEnds[wire];
  return { terminal: end.isTerminal({ type, data }), mayEnd: end.mayEndAfter?.({ type, data }) ?? false };
}

const open = { terminal: false, mayEnd: false };
const last = { terminal: true, mayEnd: false };
const mayBeLast = { terminal: false, mayEnd: true };

describe("streamEnds", () => {
  test.each<[WireFormat, string]>([
    ["openai-responses", "response.completed"],
    ["openai-responses", "response.done"],
    ["openai-responses", "response.failed"],
    ["openai-responses", "response.incomplete"],
    ["openai-responses", "error"],
    ["anthropic-messages", "message_stop"],
    ["anthropic-messages", "error"],
  ])("%s ends with %s", (wire, type) => expect(endOf(wire, "{}", type)).toEqual(last));

  test.each<[WireFormat, string]>([
    ["openai-responses", "response.output_item.done"],
    ["openai-responses", "message_stop"],
    ["anthropic-messages", "message_delta"],
    ["anthropic-messages", "ping"],
  ])("%s does not end with %s", (wire, type) => expect(endOf(wire, "{}", type)).toEqual(open));

  test.each([
    ["[DONE]", last],
    [" [DONE] ", last],
    ['{"error":{"message":"x"}}', last],
    ['{ "error" : "x" }', last],
    ['{"choices":[{"delta":{},"finish_reason":"stop"}]}', mayBeLast],
    ['{"choices":[{"delta":{},"finish_reason" : "length"}]}', mayBeLast],
    ['{"choices":[{"delta":{},"finish_reason":null}]}', open],
    ['{"choices":[{"delta":{},"finish_reason":""}]}', open],
    ['{"error":null,"choices":[]}', open],
    ['{"choices":[{"delta":{"content":"\\"finish_reason\\":\\"stop\\" {\\"error\\":{"}}]}', open],
  ])("openai-chat: after %s", (data, expected) => expect(endOf("openai-chat", data)).toEqual(expected));

  test.each([
    ['{"error":{"code":503}}', last],
    ['{"candidates":[{"finishReason": "STOP"}]}', mayBeLast],
    ['{"promptFeedback":{"blockReason":"SAFETY"}}', mayBeLast],
    ['{"candidates":[{"content":{"parts":[{"functionCall":{"args":{"finishReason":"STOP"}}}]}}]}', open],
    ['{"candidates":[{"content":{"parts":[{"text":"finishReason: \\"STOP\\""}]}}]}', open],
    ['{"usageMetadata":{"promptTokenCount":1}}', open],
    ['{"candidates":"finishReason":"STOP"}', open],
    ['{"candidates":[null,{"finishReason":"STOP"}]}', open],
  ])("gemini: after %s", (data, expected) => expect(endOf("gemini", data)).toEqual(expected));
});
