import type { JsonObject, JsonValue } from "@turnout/core";

/** What V8 needs for a value beside the characters of a text, roughly. */
const overheadBytes = 32;

/** About how much memory a parsed JSON object takes, in bytes. Walks without recursion, however deep it is. */
export function sizeOf(root: JsonObject): number {
  const pending: (JsonObject | readonly JsonValue[])[] = [root];
  let bytes = overheadBytes;
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    const parts: readonly (JsonValue | undefined)[] = Array.isArray(value) ? value : Object.values(value);
    for (const part of parts) {
      bytes += overheadBytes;
      if (typeof part === "string") bytes += part.length;
      else if (typeof part === "object" && part !== null) pending.push(part);
    }
  }
  return bytes;
}
