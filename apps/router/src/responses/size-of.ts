import type { JsonValue } from "@turnout/core";

/** What V8 needs for a value beside the characters of a text, roughly. */
const overheadBytes = 32;

/** About how much memory a parsed JSON value takes, in bytes. Walks without recursion, however deep the value is. */
export function sizeOf(root: JsonValue): number {
  const pending: (JsonValue | undefined)[] = [root];
  let bytes = 0;
  while (pending.length > 0) {
    const value = pending.pop();
    bytes += overheadBytes;
    if (typeof value === "string") bytes += value.length;
    else if (typeof value === "object" && value !== null) {
      for (const part of Object.values(value)) pending.push(part);
    }
  }
  return bytes;
}
