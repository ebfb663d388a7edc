import { type Extras, isJsonObject, type JsonObject, type WireFormat } from "@turnout/core";

/** The format this folder knows. */
export const wire = "openai-responses" satisfies WireFormat;

const noFields: JsonObject = {};

/**
 * What this codec itself wrote down while decoding, so that the same format gets back exactly what it sent. It is there
 * (empty at least) on everything that came from Responses; undefined means another format, to be written by the rules.
 *
 * On a block: `item` holds the other fields of the item that begins with it (a content part without it continues the
 * message before), `part` the other fields of the content part, `form` how content was written (`string`, or `empty`
 * for a message without parts), `prefix` the unusual start of a data URL.
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

/** True when the object has no fields. */
export function isEmpty(fields: JsonObject): boolean {
  for (const key in fields) if (Object.hasOwn(fields, key)) return false;
  return true;
}
