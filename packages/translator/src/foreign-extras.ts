import { type Citation, type Extras, isJsonObject, type JsonValue, type WireFormat } from "@turnout/core";

import type { LossCollector } from "./report.ts";

/**
 * Keys of extras that begin with `$`, alone or after a path, are notes of a codec to itself (under which of two names a
 * value came, how it was written down). They hold nothing a client would miss, so no report names them.
 */
export const isNote = (key: string): boolean => key.startsWith("$") || key.includes(".$");

/**
 * The notes that hold fields of the source: those of the Responses item that a block stood in, of the namespace that begins
 * with a tool, and of Gemini's call or result.
 */
const sourceNotes: ReadonlySet<string> = new Set(["$item", "$opens", "$inner"]);

/** Of an item, what it is called and how far it had come: it means nothing outside its own format. */
const itemIdentity: ReadonlySet<string> = new Set(["id", "status", "type", "role"]);

/** Says nothing that could be lost: `null`, `""`, and lists and objects of nothing else. */
function isNothing(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.values(value).every(isNothing);
}

/**
 * Names in the report what the extras of another format than `wire` held.
 *
 * @param path - Where they stood; empty for the request or answer itself.
 */
export function reportForeignExtras(
  extras: Extras | undefined,
  wire: WireFormat,
  path: string,
  losses: LossCollector,
  reason: string,
): void {
  if (extras === undefined || extras.wire === wire) return;
  const report = (key: string, value: JsonValue | undefined): void => {
    if (!isNothing(value)) losses.dropped(path === "" ? key : `${path}.${key}`, reason);
  };
  for (const [key, value] of Object.entries(extras.fields)) {
    if (!isNote(key)) report(key, value);
    else if (sourceNotes.has(key) && isJsonObject(value)) {
      for (const [field, inner] of Object.entries(value)) if (!itemIdentity.has(field)) report(field, inner);
    }
  }
}

/** What a Responses answer repeats of its request, or says twice: the client knows it, so its loss is none. */
const responsesEcho: ReadonlySet<string> = new Set([
  "object",
  "status",
  "completed_at",
  "background",
  "conversation",
  "frequency_penalty",
  "instructions",
  "max_output_tokens",
  "max_tool_calls",
  "metadata",
  "parallel_tool_calls",
  "presence_penalty",
  "previous_response_id",
  "prompt",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "reasoning",
  "safety_identifier",
  "store",
  "temperature",
  "text",
  "tool_choice",
  "tools",
  "top_logprobs",
  "top_p",
  "truncation",
  "user",
]);

/** What of an answer's extras can be lost at all. */
export function withoutEcho(extras: Extras | undefined): Extras | undefined {
  if (extras?.wire !== "openai-responses") return extras;
  const told = Object.entries(extras.fields).filter(([key]) => !responsesEcho.has(key));
  return { wire: extras.wire, fields: Object.fromEntries(told) };
}

/** Names what a search provider wants back with a citation, and no other format can hold. */
export function reportCitationPayload(citation: Citation, wire: WireFormat, losses: LossCollector): void {
  const { extras } = citation;
  if (extras === undefined || extras.wire === wire || extras.fields["encrypted_index"] === undefined) return;
  losses.dropped("citations.encrypted_index", "citation-payload");
}
