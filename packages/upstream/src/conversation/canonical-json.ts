import { isJsonObject, type JsonValue } from "@turnout/core";
import { tryParseJson } from "@turnout/translator";

/** JSON text in which the order of keys, and spaces, no longer tell two equal values apart. */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map((element: JsonValue) => canonicalJson(element)).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${members.join(",")}}`;
}

/** A number that a double may not hold exactly, or that has an exponent; digits inside a text count too, to be careful. */
const delicateNumber = /[\d.]{16}|\d[eE][+-]?\d/u;

/** `\\u00e9` looks like a number with an exponent. */
const escapes = /\\u[\da-f]{4}/giu;

/**
 * The value of a JSON text, for comparing by meaning.
 *
 * @returns Undefined when the text is no JSON, or holds a number that reading would change: such texts are only equal to
 *   themselves.
 */
export function comparableJson(text: string): JsonValue | undefined {
  if (delicateNumber.test(text.includes("\\u") ? text.replaceAll(escapes, "") : text)) return undefined;
  return tryParseJson(text);
}
