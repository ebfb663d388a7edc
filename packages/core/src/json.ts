/** Any value that JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object whose fields nobody has looked at yet. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/** True for what `JSON.parse` returns for an object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for an array; what came from JSON stays typed, which `Array.isArray` does not do for a readonly array. */
export function isJsonArray(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value);
}
