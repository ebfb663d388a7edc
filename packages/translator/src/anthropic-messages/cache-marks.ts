import { isJsonObject, type JsonValue } from "@turnout/core";

import type { Fields } from "../fields.ts";
import type { LossCollector } from "../report.ts";

/** What Anthropic takes (docs, prompt caching, read 2026-11-24). */
const maxMarks = 4;

function markedIn(list: JsonValue | undefined, found: Fields[]): void {
  if (!Array.isArray(list)) return;
  for (const entry of list)
    if (isJsonObject(entry) && entry["cache_control"] !== undefined) found.push(entry as Fields);
}

/**
 * Keeps the marks within what Anthropic takes: four at most, those nearest the beginning and the newest ones, and none of
 * an hour after one of five minutes.
 *
 * @param body - A request that was just made; its blocks are changed in place.
 */
export function limitCacheMarks(body: Fields, losses: LossCollector): void {
  const marked: Fields[] = [];
  markedIn(body["tools"], marked);
  markedIn(body["system"], marked);
  const fixed = Math.min(marked.length, maxMarks - 1);
  const { messages } = body;
  for (const message of Array.isArray(messages) ? (messages as readonly JsonValue[]) : []) {
    if (isJsonObject(message)) markedIn(message["content"], marked);
  }
  const excess = Math.max(0, marked.length - maxMarks);
  for (const block of marked.splice(fixed, excess)) {
    delete block["cache_control"];
    losses.dropped("cache_control", "Anthropic takes four cache marks");
  }
  let isShort = false;
  for (const block of marked) {
    const mark = block["cache_control"];
    const isHour = isJsonObject(mark) && mark["ttl"] === "1h";
    if (isHour && isShort) block["cache_control"] = { type: "ephemeral" };
    isShort ||= !isHour;
  }
}
