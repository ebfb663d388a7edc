import type { Block, Citation, JsonObject, TextBlock } from "@turnout/core";

import type { LossCollector } from "../report.ts";
import { encodeOwnCitation } from "./block-encode.ts";
import { isOwn } from "./extras.ts";

/**
 * A citation of an answer, as one of `citations`.
 *
 * @param cited - The text it stands behind, when that is known.
 * @returns Undefined, and a note in the report, for kinds Anthropic does not have.
 */
export function encodeAnswerCitation(citation: Citation, cited: string, losses: LossCollector): JsonObject | undefined {
  const known = encodeOwnCitation(citation);
  if (known !== undefined) return known;
  if (citation.kind !== "url" || citation.url === undefined) {
    losses.dropped("citations", "Anthropic's format has citations of web pages only");
    return undefined;
  }
  // The index is the search provider's secret; clients want the field.
  return {
    type: "web_search_result_location",
    url: citation.url,
    title: citation.title ?? null,
    cited_text: cited,
    encrypted_index: "",
  };
}

/**
 * A text whose citations span parts of it, as several texts: here a citation spans the whole block it stands on.
 *
 * @returns The block alone when nothing is to be split.
 */
export function splitAtCitations(block: TextBlock): Block[] {
  const { text, citations = [] } = block;
  const spans = citations.filter((citation) => citation.start !== undefined && citation.end !== undefined);
  if (isOwn(block.extras) || spans.length === 0) return [block];
  const borders = new Set([0, text.length]);
  for (const { start = 0, end = 0 } of spans) {
    for (const border of [start, end]) if (border > 0 && border < text.length) borders.add(border);
  }
  const sorted = [...borders].toSorted((left, right) => left - right);
  const pieces: Block[] = [];
  for (const [index, start] of sorted.slice(0, -1).entries()) {
    const end = sorted[index + 1] ?? text.length;
    const over = citations.filter((citation) => (citation.start ?? 0) < end && (citation.end ?? text.length) > start);
    const piece = text.slice(start, end);
    const own = over.map((citation) => ({ ...citation, start: 0, end: piece.length }));
    pieces.push({ type: "text", text: piece, ...(own.length > 0 && { citations: own }) });
  }
  return pieces.length === 0 ? [block] : pieces;
}
