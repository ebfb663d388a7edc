import type { FinishReason, JsonValue } from "@turnout/core";

/** What of an answer decides how its end is called. */
export interface AnswerTraits {
  readonly hasCalls: boolean;
  readonly hasContent: boolean;
}

const known: Readonly<Record<string, FinishReason>> = {
  STOP: "stop",
  MAX_TOKENS: "length",
  SAFETY: "content-filter",
  BLOCKLIST: "content-filter",
  PROHIBITED_CONTENT: "content-filter",
  SPII: "content-filter",
  RECITATION: "content-filter",
  IMAGE_SAFETY: "content-filter",
  IMAGE_PROHIBITED_CONTENT: "content-filter",
  IMAGE_RECITATION: "content-filter",
  LANGUAGE: "content-filter",
  MODEL_ARMOR: "content-filter",
  MALFORMED_FUNCTION_CALL: "error",
  UNEXPECTED_TOOL_CALL: "error",
  TOO_MANY_TOOL_CALLS: "error",
  MALFORMED_RESPONSE: "error",
  MISSING_THOUGHT_SIGNATURE: "error",
  NO_IMAGE: "error",
  OTHER: "error",
  IMAGE_OTHER: "error",
};

/** Some gateways write the numbers of the protobuf enum (recorded). */
const byNumber = ["FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER"] as const;

/** `finishReason` as a word; undefined where the upstream has not said it yet. */
export function finishWord(value: JsonValue | undefined): string | undefined {
  if (typeof value === "number") return byNumber[value] ?? String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * Why an answer ended. Calls decide over the upstream's word, which is `STOP` for them too (T94); an answer cut off or
 * withheld stays one (T96). An error word beside content is none: the content stands (recorded for UNEXPECTED_TOOL_CALL).
 */
export function decodeFinish(raw: string | undefined, traits: AnswerTraits): FinishReason {
  const said = raw === undefined ? "stop" : Object.hasOwn(known, raw) ? known[raw] : "other";
  const reason = said ?? "other";
  switch (reason) {
    case "length":
    case "content-filter":
      return reason;
    case "error":
      if (!traits.hasContent && !traits.hasCalls) return "error";
      return traits.hasCalls ? "tool-calls" : "other";
    default:
      return traits.hasCalls ? "tool-calls" : reason;
  }
}

/** `finishReason` for a finish. */
export function encodeFinish(finish: FinishReason): string {
  switch (finish) {
    case "length":
    case "context-full":
      return "MAX_TOKENS";
    case "content-filter":
    case "refusal":
      return "SAFETY";
    case "error":
    case "other":
      return "OTHER";
    case "stop":
    case "stop-sequence":
    case "pause":
    case "tool-calls":
      return "STOP";
  }
}
