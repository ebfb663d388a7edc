import type { Block, JsonObject, StreamEvent, WireEvent } from "@turnout/core";
import { fold, openaiChat } from "@turnout/translator";

import { checkCanonical, contextFor, decodeStream } from "./laws.ts";

export const done: WireEvent = { type: "", data: "[DONE]" };

/** A chunk with this delta; `more` goes to its top, `choice` into its choice. */
export function chunk(delta: JsonObject, more: JsonObject = {}, choice: JsonObject = {}): WireEvent {
  const choices = [{ index: 0, delta, finish_reason: null, ...choice }];
  return { type: "", data: JSON.stringify({ id: "chatcmpl-1", created: 7, model: "m", choices, ...more }) };
}

/** The chunk that names why the answer ended. */
export function finish(reason: string | null, more: JsonObject = {}): WireEvent {
  return chunk({}, more, { finish_reason: reason });
}

/** A chunk with these entries of `tool_calls`. */
export function toolDelta(...entries: JsonObject[]): WireEvent {
  return chunk({ tool_calls: entries });
}

/** The whole answer that the chunks tell; what they report as failure is thrown. */
export function decode(...events: WireEvent[]) {
  const { events: decoded, failure } = decodeStream(openaiChat, events);
  if (failure !== undefined) throw failure;
  checkCanonical(decoded);
  return fold(decoded);
}

/** Blocks without the notes of the codec. */
export function blocksOf(...events: WireEvent[]): Block[] {
  return decode(...events).blocks.map(({ extras: _extras, ...block }) => block);
}

/** The chunks that tell these events. */
export function encode(events: readonly StreamEvent[], includeUsage = true): WireEvent[] {
  const context = contextFor("client-model");
  const encoder = openaiChat.createEventEncoder({ ...context, request: { ...context.request, includeUsage } });
  const written: WireEvent[] = [];
  for (const event of events) encoder.encode(event, written);
  return written;
}

export const start = { type: "start", responseId: "resp_abc", model: "upstream" } as const;

/** The events of one text. */
export const text = (block: number, delta: string): StreamEvent[] => [
  { type: "block-start", block, opening: { kind: "text" } },
  { type: "text-delta", block, delta },
  { type: "block-stop", block },
];

/** The events of one call, a delta for each piece of its arguments. */
export const toolCall = (block: number, callId: string, name: string, ...deltas: string[]): StreamEvent[] => [
  { type: "block-start", block, opening: { kind: "tool-call", callId, name, toolKind: "function" } },
  ...deltas.map((argumentsDelta) => ({ type: "tool-call-delta", block, argumentsDelta }) as const),
  { type: "block-stop", block },
];

export const stop = { type: "finish", reason: "stop" } as const;
