import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

/** What the text holds as JSON, or undefined when it is none. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    // `JSON.parse` makes nothing else.
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** The object in the text; an empty one when it holds none, for example because it was cut. */
export function parseObject(text: string): JsonObject {
  return objectOf(parseJson(text));
}

/** A value as it comes back from the wire: without what JSON has no word for. */
export function jsonCopy(value: object): JsonValue {
  return parseJson(JSON.stringify(value)) ?? null;
}

export function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isJsonArray(value) ? value : [];
}
