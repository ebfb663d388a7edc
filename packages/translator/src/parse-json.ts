import { isJsonObject, type JsonObject, type JsonValue, RouterError } from "@turnout/core";

import { excerptOf } from "./excerpt.ts";

/**
 * Parses the data of one event.
 *
 * @param what - Names the format in the message, for example `Responses event`.
 * @throws {RouterError} `upstream-malformed` when it is not the text of a JSON object.
 */
export function parseEventObject(data: string, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    throw new RouterError(
      "upstream-malformed",
      `Cannot read ${what}: not valid JSON`,
      { excerpt: excerptOf(data) },
      { cause },
    );
  }
  if (!isJsonObject(value)) {
    throw new RouterError("upstream-malformed", `Cannot read ${what}: not a JSON object`, {
      excerpt: excerptOf(data),
    });
  }
  return value;
}

/** What the text holds as JSON, or undefined when it is none. */
export function tryParseJson(text: string): JsonValue | undefined {
  try {
    // `JSON.parse` makes nothing else.
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** The object in the text, or undefined when it holds none. */
export function tryParseObject(text: string): JsonObject | undefined {
  const value = tryParseJson(text);
  return isJsonObject(value) ? value : undefined;
}
