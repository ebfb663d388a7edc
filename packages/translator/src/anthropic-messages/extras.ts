import type { Extras, JsonObject, WireFormat } from "@turnout/core";

import { type Fields, restOf } from "../fields.ts";
import { isNote, reportForeignExtras } from "../foreign-extras.ts";
import type { LossCollector } from "../report.ts";

/** The format this folder knows. */
export const wire = "anthropic-messages" satisfies WireFormat;

/**
 * What core has no field for, kept beside it so that the same format gets it back. It is there (empty at least) on every
 * block that stood in a list of blocks and on every request and answer of this format: text without it was a plain string.
 */
export function own(fields: Fields = {}): { readonly extras: Extras & { readonly fields: Fields } } {
  return { extras: { wire, fields } };
}

/** True for what was decoded from this format. */
export function isOwn(extras: Extras | undefined): extras is Extras {
  return extras?.wire === wire;
}

const noFields: JsonObject = {};
const nothing: ReadonlySet<string> = new Set();

/** The fields to put back when `extras` came from this format; empty otherwise. */
export function ownFields(extras: Extras | undefined): JsonObject {
  return isOwn(extras) ? extras.fields : noFields;
}

/** Puts back what came from this format, notes left out. Fields the encoder has written already stay. */
export function restore(target: Fields, extras: Extras | undefined): void {
  const fields = ownFields(extras);
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined && !isNote(key) && !Object.hasOwn(target, key)) target[key] = value;
  }
}

/**
 * Names in the report what another format's extras held; an empty `path` stands for the request or answer itself.
 *
 * @param carried - Fields whose meaning goes on all the same.
 */
export function reportForeign(
  extras: Extras | undefined,
  path: string,
  losses: LossCollector,
  carried: ReadonlySet<string> = nothing,
): void {
  if (extras === undefined || extras.wire === wire) return;
  const fields = carried.size === 0 ? extras.fields : restOf(extras.fields, carried);
  reportForeignExtras({ ...extras, fields }, wire, path, losses, "Anthropic's format has no place for it");
}
