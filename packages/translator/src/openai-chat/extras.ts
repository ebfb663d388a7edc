import { type Extras, isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

import type { LossCollector } from "../report.ts";

export const wire = "openai-chat";

/** Fields under construction. */
export type Fields = Record<string, JsonValue>;

/**
 * Keys of extras that begin with `$` are notes of this codec to itself (under which of two names a value came); they
 * hold nothing a client wrote, so no report names them.
 */
export const isNote = (key: string): boolean => key.startsWith("$");

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

/** Says nothing that could be lost. */
function isNothing(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Of an item or part of Responses, what it is called and how it stood there: nothing a client would miss. */
const responsesIdentity = new Set(["id", "status", "type", "role"]);

/** The objects in which the Responses codec keeps what core has no field for; its other keys are notes to itself. */
const responsesHolders = ["item", "part", "tool"] as const;

/** Names in the report what another format's extras of a request or answer held. */
export function reportForeignFields(extras: Extras | undefined, losses: LossCollector): void {
  if (extras === undefined || extras.wire === wire) return;
  for (const [key, value] of Object.entries(extras.fields)) {
    if (!isNote(key) && !isNothing(value)) losses.dropped(key, "Chat has no place for it");
  }
}

/** Names in the report what another format's extras of a turn, block or tool held. */
export function reportForeign(extras: Extras | undefined, path: string, losses: LossCollector): void {
  if (extras === undefined || extras.wire === wire) return;
  const holders =
    extras.wire === "openai-responses"
      ? responsesHolders.map((holder) => objectIn(extras.fields, holder))
      : [extras.fields];
  for (const fields of holders) {
    for (const [key, value] of Object.entries(fields)) {
      if (isNote(key) || isNothing(value) || responsesIdentity.has(key)) continue;
      losses.dropped(`${path}.${key}`, "Chat has no place for it");
    }
  }
}
