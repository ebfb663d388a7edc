import type { FinishReason } from "@turnout/core";

import { outranksCalls } from "../outranks-calls.ts";

const known: Readonly<Record<string, FinishReason>> = {
  end_turn: "stop",
  stop_sequence: "stop-sequence",
  max_tokens: "length",
  model_context_window_exceeded: "context-full",
  tool_use: "tool-calls",
  pause_turn: "pause",
  refusal: "refusal",
  // The word of old proxies.
  sensitive: "refusal",
};

/**
 * Why an answer ended. Calls decide over the upstream's word (T94), a cut or refused answer stays one (T96, T97).
 *
 * @param raw - `stop_reason`; null where the upstream never said, which is a plain end (T102).
 */
export function decodeFinish(raw: string | undefined, hasCalls: boolean): FinishReason {
  const said = raw === undefined ? "stop" : Object.hasOwn(known, raw) ? known[raw] : "other";
  const reason = said ?? "other";
  if (outranksCalls(reason)) return reason;
  if (hasCalls) return "tool-calls";
  return reason === "tool-calls" ? "stop" : reason;
}

/** True when the model was cut off, so that a call it was just writing is not whole. */
export function isCut(raw: string | undefined): boolean {
  return raw === "max_tokens" || raw === "model_context_window_exceeded" || raw === "refusal";
}

/** `stop_reason` for a finish. */
export function encodeFinish(finish: FinishReason, hasCalls: boolean): string {
  switch (finish) {
    case "length":
      return "max_tokens";
    case "context-full":
      return "model_context_window_exceeded";
    case "content-filter":
    case "refusal":
      return "refusal";
    case "pause":
      return "pause_turn";
    case "stop-sequence":
      return hasCalls ? "tool_use" : "stop_sequence";
    case "stop":
    case "other":
    case "error":
    case "tool-calls":
      return hasCalls ? "tool_use" : "end_turn";
  }
}
