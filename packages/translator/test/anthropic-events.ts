import { isJsonObject, type JsonObject, type ModelRequest, type StreamEvent, type WireEvent } from "@turnout/core";
import { type AnswerContext, anthropicMessages, fold } from "@turnout/translator";

import { checkAnthropicGrammar } from "./anthropic-grammar.ts";
import { contextFor, decodeStream } from "./laws.ts";

export const wire = "anthropic-messages";

export function event(type: string, fields: JsonObject = {}): WireEvent {
  return { type, data: JSON.stringify({ type, ...fields }) };
}

export const message = (fields: JsonObject = {}) =>
  event("message_start", {
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      content: [],
      model: "claude",
      stop_reason: null,
      usage: { input_tokens: 10, output_tokens: 1 },
      ...fields,
    },
  });
export const start = (index: number, content_block: JsonObject) =>
  event("content_block_start", { index, content_block });
export const delta = (index: number, fields: JsonObject) => event("content_block_delta", { index, delta: fields });
export const stop = (index: number) => event("content_block_stop", { index });
export const end = (stop_reason: string | null, usage: JsonObject = { output_tokens: 5 }, more: JsonObject = {}) =>
  event("message_delta", { delta: { stop_reason, stop_sequence: null, ...more }, usage });
export const done = event("message_stop");

export const textBlock = (index: number, text: string) => [
  start(index, { type: "text", text: "" }),
  delta(index, { type: "text_delta", text }),
  stop(index),
];
export const callBlock = (index: number, json: string, id = `toolu_${index}`) => [
  start(index, { type: "tool_use", id, name: "wait", input: {} }),
  delta(index, { type: "input_json_delta", partial_json: "" }),
  delta(index, { type: "input_json_delta", partial_json: json }),
  stop(index),
];

export function decode(...events: readonly (WireEvent | readonly WireEvent[])[]) {
  return decodeStream(anthropicMessages, events.flat());
}

export function foldOf(...events: readonly (WireEvent | readonly WireEvent[])[]) {
  const { events: decoded, failure } = decode(...events);
  if (failure !== undefined) throw failure;
  return fold(decoded);
}

export const emptyRequest: ModelRequest = { model: "m", stream: true, turns: [], tools: [], sampling: {} };

export function encode(events: readonly StreamEvent[], context: AnswerContext = contextFor("client-model")) {
  const encoder = anthropicMessages.createEventEncoder(context);
  const written: WireEvent[] = [];
  for (const entry of events) encoder.encode(entry, written);
  return { written, report: encoder.report };
}

export const begin: StreamEvent = { type: "start", responseId: "resp_1", model: "m" };
export const finish = (
  reason: "stop" | "tool-calls" | "length" | "refusal" | "content-filter" | "pause" | "error",
): StreamEvent => ({
  type: "finish",
  reason,
  usage: { inputFresh: 7, cacheRead: 3, cacheWrite: 2, output: 5, reasoning: 4 },
});
export const openCall = (
  block: number,
  callId = `call_${block}`,
  toolKind: "function" | "custom" = "function",
): StreamEvent => ({
  type: "block-start",
  block,
  opening: { kind: "tool-call", callId, name: "wait", toolKind },
});
export const openText = (block: number): StreamEvent => ({ type: "block-start", block, opening: { kind: "text" } });
export const openThought = (block: number, itemId?: string): StreamEvent => ({
  type: "block-start",
  block,
  opening: { kind: "reasoning", ...(itemId !== undefined && { itemId }) },
});
export const text = (block: number, piece: string): StreamEvent => ({ type: "text-delta", block, delta: piece });
export const thought = (block: number, piece: string, part = 0): StreamEvent => ({
  type: "reasoning-delta",
  block,
  part,
  form: "summary",
  delta: piece,
});
export const args = (block: number, argumentsDelta: string): StreamEvent => ({
  type: "tool-call-delta",
  block,
  argumentsDelta,
});
export const closed = (
  block: number,
  more: Partial<Extract<StreamEvent, { type: "block-stop" }>> = {},
): StreamEvent => ({
  type: "block-stop",
  block,
  ...more,
});

/** The content blocks that the written stream tells. */
export function contentOf(written: readonly WireEvent[]) {
  checkAnthropicGrammar(written);
  const collector = anthropicMessages.createDocumentCollector();
  for (const entry of written) collector.add(entry);
  const { content, ...rest } = collector.end();
  return { content: Array.isArray(content) ? content.filter(isJsonObject) : [], rest };
}
