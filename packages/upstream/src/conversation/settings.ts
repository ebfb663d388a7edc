import type { JsonObject } from "@turnout/core";

import { sha256 } from "./canonical-item.ts";

/**
 * Fields of a request that do not have to be equal for it to continue another one: the Codex CLI leaves the same ones out of
 * its comparison (codex.md 4.4, 2026-10), and the rest belongs to the transport.
 */
const freeFields = new Set([
  "input",
  "client_metadata",
  "stream_options",
  "access_programs",
  "previous_response_id",
  "type",
  "generate",
  "stream",
]);

/** The settings of a request: a digest, or the short text itself, for every field that must be equal. */
export type Settings = ReadonlyMap<string, string>;

const longestPlain = 64;

/** Texts as they are, order of keys included: the order of a schema's properties is the order in which a model writes them. */
export function settingsOf(body: JsonObject): Settings {
  const settings = new Map<string, string>();
  for (const name of Object.keys(body)) {
    const value = body[name];
    if (value === undefined || freeFields.has(name)) continue;
    const text = JSON.stringify(value);
    settings.set(name, text.length <= longestPlain ? text : sha256(text));
  }
  return settings;
}

/** The first field in which two requests differ; undefined when they do not. */
export function differingSetting(left: Settings, right: Settings): string | undefined {
  for (const [name, value] of left) if (right.get(name) !== value) return name;
  for (const name of right.keys()) if (!left.has(name)) return name;
  return undefined;
}
