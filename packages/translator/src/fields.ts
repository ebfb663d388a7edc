import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

/** Fields of a document under construction. */
export type Fields = Record<string, JsonValue>;

/**
 * The fields of `value` that no other field of the hub holds: those not in `known`, and those that say `null`.
 *
 * @param value - Came from JSON, so what the schema left `unknown` is a JsonValue.
 */
export function restOf(value: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): Fields {
  const rest: Fields = {};
  for (const key in value) {
    const field = value[key];
    if (field === undefined || key === "__proto__" || (known.has(key) && field !== null)) continue;
    rest[key] = field as JsonValue;
  }
  return rest;
}

/** `fields` with what is left of a nested object under its key, or as they are when nothing is left. */
export function withNested(fields: Fields, key: string, rest: Fields): Fields {
  for (const _ in rest) return { ...fields, [key]: rest };
  return fields;
}

/** The object under `key`, or an empty one. */
export function objectIn(fields: JsonObject, key: string): JsonObject {
  const value = fields[key];
  return isJsonObject(value) ? value : {};
}

/** Writes a field that has a value; `0`, `false` and `""` are values (T81). */
export function put(target: Fields, key: string, value: JsonValue | undefined): void {
  if (value !== undefined) target[key] = value;
}
