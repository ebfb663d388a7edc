import { isJsonObject, type JsonObject, type JsonValue, type TranslationReport } from "@turnout/core";
import { leaveOut } from "@turnout/translator";

const encryptedContent = "reasoning.encrypted_content";

/**
 * Asks for reasoning in a form that can be sent again. A client on a socket of an upstream that keeps responses need not ask,
 * since the socket remembers; what turnout sends on for it has to hold everything. Only where the client speaks of reasoning:
 * models without it refuse the wish.
 */
export function askForReasoning(body: JsonObject): JsonObject {
  const { include, reasoning } = body;
  if (!isJsonObject(reasoning)) return body;
  const wishes: readonly JsonValue[] = Array.isArray(include) ? include : [];
  return wishes.includes(encryptedContent) ? body : { ...body, include: [...wishes, encryptedContent] };
}

/**
 * The items of a conversation without reasoning that nobody can read any more: it was given out without its content, and its
 * id alone names nothing where nothing is stored (the public API answers 404).
 */
export function withoutUnreadableReasoning(items: readonly JsonObject[]): {
  items: readonly JsonObject[];
  report: TranslationReport;
} {
  const reason = "Reasoning without its content is not stored anywhere";
  const { items: readable, dropped } = leaveOut(items, reason, isUnreadable);
  return { items: readable, report: { approximated: [], dropped } };
}

function isUnreadable(item: JsonObject): boolean {
  return item["type"] === "reasoning" && typeof item["encrypted_content"] !== "string";
}
