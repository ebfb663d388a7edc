import type { JsonObject, ModelResponse, StreamEvent, WireEvent } from "@turnout/core";
import { type AnswerContext, fold, gemini } from "@turnout/translator";

import { contextFor, decodeStream } from "./laws.ts";

// Chunks and answers of Gemini for tests.

export type Parts = readonly JsonObject[];

export function chunk(parts: Parts, candidate: JsonObject = {}, more: JsonObject = {}): JsonObject {
  const content: JsonObject = { role: "model", parts: [...parts] };
  return { candidates: [{ content, index: 0, ...candidate }], responseId: "r1", modelVersion: "gemini-3-pro", ...more };
}

export const stop = { finishReason: "STOP" };
export const event = (value: JsonObject): WireEvent => ({ type: "", data: JSON.stringify(value) });

/** The stream of these chunks as a whole answer. */
export function answerOf(...chunks: readonly JsonObject[]): ModelResponse {
  const { events, failure } = decodeStream(gemini, chunks.map(event));
  if (failure !== undefined) throw failure;
  return fold(events);
}

/** The same as one document. */
export function wholeOf(parts: Parts, candidate: JsonObject = stop): ModelResponse {
  const { extras: _extras, ...response } = gemini.decodeResponse(chunk(parts, candidate)).value;
  return response;
}

export function write(
  events: readonly StreamEvent[],
  context: AnswerContext = contextFor("client-model"),
): JsonObject[] {
  const encoder = gemini.createEventEncoder(context);
  const out: WireEvent[] = [];
  for (const one of events) encoder.encode(one, out);
  return out.map(({ data }): JsonObject => JSON.parse(data));
}

/** The parts of written chunks. */
export function partsOf(chunks: readonly JsonObject[]): JsonObject[] {
  return chunks.flatMap((one) => {
    const list = one["candidates"];
    const [candidate]: readonly unknown[] = Array.isArray(list) ? list : [];
    const { content }: { content?: { parts?: JsonObject[] } } = typeof candidate === "object" ? (candidate ?? {}) : {};
    return content?.parts ?? [];
  });
}

export const start: StreamEvent = { type: "start", responseId: "resp_1", model: "m" };
export const finish: StreamEvent = { type: "finish", reason: "stop" };

export function reasoning(block: number, payload: string): StreamEvent[] {
  return [
    { type: "block-start", block, opening: { kind: "reasoning", itemId: `rs_${block}` } },
    { type: "reasoning-delta", block, part: 0, form: "summary", delta: "thinking" },
    { type: "block-stop", block, payload, provenance: { wire: "openai-responses" } },
  ];
}

export function toolCall(block: number, text: string, stopped: Partial<StreamEvent> = {}): StreamEvent[] {
  return [
    { type: "block-start", block, opening: { kind: "tool-call", callId: "c1", name: "f", toolKind: "function" } },
    { type: "tool-call-delta", block, argumentsDelta: text.slice(0, 3) },
    { type: "tool-call-delta", block, argumentsDelta: text.slice(3) },
    { type: "block-stop", block, ...stopped } as StreamEvent,
  ];
}
