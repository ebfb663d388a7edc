import { isJsonObject } from "@turnout/core";

import { tryParseJson } from "./parse-json.ts";

const compactStart = '{"type":"';
const spacedStart = '{"type": "';

/**
 * The top-level `"type"` of a JSON text, without parsing it where it stands first, as upstreams write it.
 *
 * @returns Empty when there is none, or when the text is no JSON object.
 */
export function sniffEventType(data: string): string {
  const start = data.startsWith(compactStart)
    ? compactStart.length
    : data.startsWith(spacedStart)
      ? spacedStart.length
      : -1;
  if (start !== -1) {
    const end = data.indexOf('"', start);
    if (end !== -1) {
      const type = data.slice(start, end);
      // An escape may hide a quote; event names have none, so the slow way is never taken in practice.
      if (type.indexOf("\\") === -1) return type;
    }
  }
  const value = tryParseJson(data);
  return isJsonObject(value) && typeof value["type"] === "string" ? value["type"] : "";
}
