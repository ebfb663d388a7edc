import { type Citation, isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

import { reportCitationPayload } from "../foreign-extras.ts";
import type { LossCollector } from "../report.ts";
import { type Fields, restOf, restore, wire } from "./extras.ts";

const urlKeys = new Set(["url", "title", "start_index", "end_index"]);

/** One of `annotations`. Offsets count UTF-16 code units of the content. */
export function decodeAnnotation(annotation: JsonObject): Citation {
  const cited = annotation["url_citation"];
  if (annotation["type"] !== "url_citation" || !isJsonObject(cited)) {
    return { kind: "other", extras: { wire, fields: annotation } };
  }
  const { url, title, start_index: start, end_index: end } = cited;
  const rest = restOf(cited, urlKeys);
  return {
    kind: "url",
    ...(typeof url === "string" && { url }),
    ...(typeof title === "string" && { title }),
    ...(typeof start === "number" && { start }),
    ...(typeof end === "number" && { end }),
    ...(Object.keys(rest).length > 0 && { extras: { wire, fields: rest } }),
  };
}

/** The entries of an `annotations` field; empty for anything else. */
export function readAnnotations(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/**
 * A citation as one of `annotations`.
 *
 * @param offset - Where the citation's block begins in the whole content.
 * @returns Undefined, and a note in the report, for kinds Chat does not have.
 */
export function encodeAnnotation(
  citation: Citation,
  offset: number,
  path: string,
  losses: LossCollector,
): JsonValue | undefined {
  const { kind, url, title, start, end, extras } = citation;
  if (kind === "other" && extras?.wire === wire) return extras.fields;
  if (kind !== "url") {
    losses.dropped(path, "Chat has citations of URLs only");
    return undefined;
  }
  reportCitationPayload(citation, wire, losses);
  const cited: Fields = {};
  if (start !== undefined) cited["start_index"] = start + offset;
  if (end !== undefined) cited["end_index"] = end + offset;
  if (url !== undefined) cited["url"] = url;
  if (title !== undefined) cited["title"] = title;
  restore(cited, extras);
  return { type: "url_citation", url_citation: cited };
}
