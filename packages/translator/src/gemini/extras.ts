import { type Extras, isJsonObject, type JsonObject, type WireFormat } from "@turnout/core";

import type { Fields } from "../fields.ts";
import { isNote, reportForeignExtras } from "../foreign-extras.ts";
import type { LossCollector } from "../report.ts";

/** The format this folder knows. */
export const wire = "gemini" satisfies WireFormat;

const noFields: JsonObject = {};

/** The fields to put back when `extras` came from this format; empty otherwise. Names with `$` are this codec's notes. */
export function ownFields(extras: Extras | undefined): JsonObject {
  return extras?.wire === wire ? extras.fields : noFields;
}

/** Extras of this format, or nothing when there is nothing to keep. */
export function extrasFrom(fields: Fields): { extras?: Extras } {
  for (const _ in fields) return { extras: { wire, fields } };
  return {};
}

/** Puts back what came from this format, notes left out. Fields the encoder has written already stay. */
export function restore(target: Fields, extras: Extras | undefined): void {
  const fields = ownFields(extras);
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined && !isNote(key) && !Object.hasOwn(target, key)) target[key] = value;
  }
}

/** The text under `key`; an empty one counts as none. */
export function textIn(fields: JsonObject, key: string): string | undefined {
  const value = fields[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The objects in the array under `key`; empty for anything else. */
export function objectsIn(fields: JsonObject, key: string): JsonObject[] {
  const value = fields[key];
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** Names in the report what another format's extras held; an empty `path` stands for the request or answer itself. */
export function reportForeign(extras: Extras | undefined, path: string, losses: LossCollector): void {
  reportForeignExtras(extras, wire, path, losses, "Gemini has no place for it");
}
