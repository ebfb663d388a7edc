import { type Extras, isJsonObject, type JsonValue, type WireFormat } from "@turnout/core";

import type { LossCollector } from "./report.ts";

/**
 * Keys of extras that begin with `$`, alone or after a path, are notes of a codec to itself (under which of two names a
 * value came, how it was written down). They hold nothing a client would miss, so no report names them.
 */
export const isNote = (key: string): boolean => key.startsWith("$") || key.includes(".$");

/** The one note that holds fields of the source: those of the Responses item that a block stood in. */
const itemNote = "$item";

/** Of an item, what it is called and how far it had come: it means nothing outside its own format. */
const itemIdentity: ReadonlySet<string> = new Set(["id", "status", "type", "role"]);

/** Says nothing that could be lost: `null`, `""`, and lists and objects of nothing else. */
function isNothing(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.values(value).every(isNothing);
}

/**
 * Names in the report what the extras of another format than `wire` held.
 *
 * @param path - Where they stood; empty for the request or answer itself.
 */
export function reportForeignExtras(
  extras: Extras | undefined,
  wire: WireFormat,
  path: string,
  losses: LossCollector,
  reason: string,
): void {
  if (extras === undefined || extras.wire === wire) return;
  const report = (key: string, value: JsonValue | undefined): void => {
    if (!isNothing(value)) losses.dropped(path === "" ? key : `${path}.${key}`, reason);
  };
  for (const [key, value] of Object.entries(extras.fields)) {
    if (!isNote(key)) report(key, value);
    else if (key === itemNote && isJsonObject(value)) {
      for (const [field, inner] of Object.entries(value)) if (!itemIdentity.has(field)) report(field, inner);
    }
  }
}
