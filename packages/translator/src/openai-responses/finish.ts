import { type Block, type FinishReason, isJsonObject, type JsonObject } from "@turnout/core";

/** What of an answer decides how its end is called. */
export interface AnswerTraits {
  readonly hasCalls: boolean;
  readonly hasRefusal: boolean;
}

/** Items the provider runs itself are no calls for the client (translation.md 3.2, law 3). */
export function traitsOf(blocks: readonly Block[]): AnswerTraits {
  return {
    hasCalls: blocks.some((block) => block.type === "tool-call"),
    hasRefusal: blocks.some((block) => block.type === "refusal"),
  };
}

/** Why the upstream says it stopped short, when it did. */
function incompleteReason(response: JsonObject): string | undefined {
  const details = response["incomplete_details"];
  const reason = isJsonObject(details) ? details["reason"] : undefined;
  return typeof reason === "string" ? reason : undefined;
}

/**
 * Why an answer ended. The object's own `status` counts, not the event it came in: `response.completed` with status
 * `incomplete` happens.
 *
 * @param fallback - The status that the event's name implies, for objects without one.
 */
export function decodeFinish(
  response: JsonObject,
  traits: AnswerTraits,
  fallback: "completed" | "incomplete",
): { readonly reason: FinishReason; readonly raw: string } {
  const status = typeof response["status"] === "string" ? response["status"] : fallback;
  if (status === "incomplete") {
    const raw = incompleteReason(response) ?? status;
    if (raw === "max_output_tokens") return { reason: "length", raw };
    return { reason: raw === "content_filter" ? "content-filter" : "other", raw };
  }
  // Any call decides, whatever else was said (T94): the client has work to do.
  if (traits.hasCalls) return { reason: "tool-calls", raw: status };
  return { reason: traits.hasRefusal ? "refusal" : "stop", raw: status };
}

/** `status` and `incomplete_details` for a finish. */
export function encodeFinish(
  finish: FinishReason,
  hasRefusal: boolean,
): { readonly status: "completed" | "incomplete"; readonly incomplete_details: JsonObject | null } {
  switch (finish) {
    case "length":
    case "context-full":
      return { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
    case "content-filter":
      return { status: "incomplete", incomplete_details: { reason: "content_filter" } };
    case "refusal":
      return hasRefusal
        ? { status: "completed", incomplete_details: null }
        : { status: "incomplete", incomplete_details: { reason: "content_filter" } };
    default:
      return { status: "completed", incomplete_details: null };
  }
}
