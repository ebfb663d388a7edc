import type { Extras, JsonObject } from "@turnout/core";

import type { Fields } from "../fields.ts";
import { isNote, reportForeignExtras } from "../foreign-extras.ts";
import type { LossCollector } from "../report.ts";

export { type Fields, objectIn, restOf, withNested } from "../fields.ts";
export { isNote };

export const wire = "openai-chat";

/** Note on a text block: it was a plain string, although the block has extras. */
export const stringNote = "$string";

/** Extras of this format, or nothing when there is nothing to keep. */
export function extrasFrom(fields: Fields): { extras?: Extras } {
  for (const _ in fields) return { extras: { wire, fields } };
  return {};
}

/** The fields to put back when `extras` came from this format; empty otherwise. */
export function ownFields(extras: Extras | undefined): JsonObject {
  return extras?.wire === wire ? extras.fields : {};
}

/** Puts back what came from this format, notes left out. Fields the encoder has written already stay. */
export function restore(target: Fields, extras: Extras | undefined): void {
  const fields = ownFields(extras);
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined && !isNote(key) && !Object.hasOwn(target, key)) target[key] = value;
  }
}

/** Names in the report what another format's extras held; an empty `path` stands for the request or answer itself. */
export function reportForeign(extras: Extras | undefined, path: string, losses: LossCollector): void {
  reportForeignExtras(extras, wire, path, losses, "Chat has no place for it");
}
