import { type Extras, isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

import { isNote, reportForeignExtras } from "../foreign-extras.ts";
import type { LossCollector } from "../report.ts";

export const wire = "openai-chat";

/** Note on a text block: it was a plain string, although the block has extras. */
export const stringNote = "$string";

/** Fields under construction. */
export type Fields = Record<string, JsonValue>;

export { isNote };

/**
 * The fields of `value` that no other field of the hub holds: those not in `known`, and those that say `null`.
 *
 * @param value - Came from JSON, so what the schema left `unknown` is a JsonValue.
 */
export function restOf(value: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): Fields {
  const rest: Fields = {};
  for (const key in value) {
    const field = value[key];
    if (field === undefined || (known.has(key) && field !== null)) continue;
    rest[key] = field as JsonValue;
  }
  return rest;
}

/** Extras of this format, or nothing when there is nothing to keep. */
export function extrasFrom(fields: Fields): { extras?: Extras } {
  for (const _ in fields) return { extras: { wire, fields } };
  return {};
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
