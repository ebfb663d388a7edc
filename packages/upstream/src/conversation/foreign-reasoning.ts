import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, type Translated } from "@turnout/core";
import { leaveOut, withDropped } from "@turnout/translator";

import type { ConversationBook, Scope } from "./conversation-book.ts";

const reason = "Another account made this reasoning, and nobody else can read it";

function isForeign(item: JsonValue, book: ConversationBook, scope: Scope): boolean {
  return isJsonObject(item) && item["type"] === "reasoning" && book.isForeign(scope, item);
}

/**
 * A request in the Responses format without the reasoning that is known to be another account's: the upstream would refuse all
 * of it. A conversation comes to hold such items when it moves from one account to another.
 *
 * @returns The same value when nothing was left out; otherwise a new top level, and a report that names the items.
 */
export function withoutForeignReasoning(
  prepared: Translated<JsonObject>,
  book: ConversationBook,
  scope: Scope,
): Translated<JsonObject> {
  const { input } = prepared.value;
  if (!isJsonArray(input)) return prepared;
  const { items, dropped } = leaveOut(input, reason, (item: JsonValue) => isForeign(item, book, scope));
  if (dropped.length === 0) return prepared;
  return { value: { ...prepared.value, input: items }, report: withDropped(prepared.report, dropped) };
}
