import { type Extras, isJsonObject, type JsonObject, type JsonValue, type WireFormat } from "@turnout/core";

import { reportForeignExtras } from "../foreign-extras.ts";
import type { LossCollector } from "../report.ts";

/** The format this folder knows. */
export const wire = "openai-responses" satisfies WireFormat;

const noFields: JsonObject = {};

/**
 * What this codec itself wrote down while decoding, so that the same format gets back exactly what it sent. It is there
 * (empty at least) on everything that came from Responses; undefined means another format, to be written by the rules.
 *
 * Names that begin with `$` are notes of this codec to itself; the others are fields the source had. On a block: `$item`
 * holds the other fields of the item that begins with it (a content part without it continues the message before),
 * `$type` the type of a text part where it is an unusual one, `$form` how content was written (`string`, or `empty` for a
 * message without parts), `$prefix` the unusual start of a data URL, `$part` tells an opaque part from an opaque item.
 */
export function ownFields(extras: Extras | undefined): JsonObject | undefined {
  return extras?.wire === wire ? extras.fields : undefined;
}

/** Extras of this format. */
export function own(fields: JsonObject = noFields): Extras {
  return { wire, fields };
}

/** The object under `key`, or an empty one. */
export function objectField(fields: JsonObject | undefined, key: string): JsonObject {
  const value = fields?.[key];
  return isJsonObject(value) ? value : noFields;
}

/** The fields the source had, without the notes. */
export function withoutNotes(fields: JsonObject | undefined): JsonObject {
  const left: Record<string, JsonValue> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined && !key.startsWith("$")) left[key] = value;
  }
  return left;
}

/** True when the object has no fields. */
export function isEmpty(fields: JsonObject): boolean {
  for (const key in fields) if (Object.hasOwn(fields, key)) return false;
  return true;
}

/** Names in the report what another format's extras held. */
export function reportForeign(extras: Extras | undefined, path: string, losses: LossCollector): void {
  reportForeignExtras(extras, wire, path, losses, "the Responses format has no place for it");
}
