import { isJsonObject, type JsonObject, type JsonValue, type Translated, type WireRequest } from "@turnout/core";
import { createLossCollector, type LossCollector } from "@turnout/translator";
import { withChatStreamFlag, withStreamFlag } from "@turnout/upstream";

import type { ChatDialect } from "./dialect.ts";
import type { Draft } from "./draft.ts";
import { prepareMessages } from "./messages.ts";
import { prepareTools } from "./tools.ts";

function prepareMaxTokens(draft: Draft, { maxTokensField }: ChatDialect): void {
  // With both, the newer name wins.
  const limit = draft["max_completion_tokens"] ?? draft["max_tokens"];
  if (limit === undefined) return;
  delete draft["max_completion_tokens"];
  delete draft["max_tokens"];
  if (limit !== null) draft[maxTokensField] = limit;
}

function prepareEffort(draft: Draft, dialect: ChatDialect, losses: LossCollector): void {
  const effort = draft["reasoning_effort"];
  if (typeof effort !== "string") return;
  if (effort === "none" && dialect.noReasoning !== undefined) {
    delete draft["reasoning_effort"];
    Object.assign(draft, dialect.noReasoning);
    return;
  }
  if (!dialect.reasoningEffort) {
    delete draft["reasoning_effort"];
    losses.dropped("reasoning_effort", "The server does not know it");
    return;
  }
  const name = Object.hasOwn(dialect.effortNames, effort) ? dialect.effortNames[effort] : undefined;
  if (name === undefined) return;
  draft["reasoning_effort"] = name;
  losses.approximated("reasoning_effort", `The server knows no effort ${effort}; sent as ${name}`);
}

/** Says the schema in words, where the server only knows that JSON is wanted. */
function prepareFormat(draft: Draft, dialect: ChatDialect, losses: LossCollector): void {
  const format = draft["response_format"];
  if (dialect.jsonSchema || !isJsonObject(format) || format["type"] !== "json_schema") return;
  const { json_schema: details } = format;
  const schema = isJsonObject(details) ? details["schema"] : undefined;
  const content = `Answer with one JSON object and nothing else. It must follow this JSON Schema: ${JSON.stringify(schema ?? {})}`;
  const { messages } = draft;
  const list: readonly JsonValue[] = Array.isArray(messages) ? messages : [];
  draft["response_format"] = { type: "json_object" };
  draft["messages"] = [{ role: "system", content }, ...list];
  losses.approximated("response_format", "The server takes no schema; it is told in a system message");
}

/** What a field may hold without meaning anything, so that leaving it out is no loss. */
function isHarmless(field: string, value: JsonValue): boolean {
  if (value === null || value === false) return true;
  if (field === "service_tier") return value === "auto" || value === "default";
  return isJsonObject(value) && Object.keys(value).length === 0;
}

function prepareFields(draft: Draft, dialect: ChatDialect, losses: LossCollector): void {
  for (const field of dialect.refusedFields) {
    const value = draft[field];
    if (value === undefined) continue;
    delete draft[field];
    if (!isHarmless(field, value)) losses.dropped(field, "The server refuses it");
  }
  for (const [field, name] of Object.entries(dialect.renamedFields)) {
    const value = draft[field];
    if (value === undefined) continue;
    delete draft[field];
    if (value !== null) draft[name] = value;
  }
}

function withStream(request: WireRequest, dialect: ChatDialect): JsonObject {
  if (dialect.streamUsage === "asked") return withChatStreamFlag(request);
  const { stream_options: _, ...rest } = withStreamFlag(request);
  return rest;
}

/**
 * The body as a server of this dialect takes it. The given one is not changed: the top level is copied, and below it what
 * needs to be. What was left out or said differently is in the report; a field by another name is no loss.
 */
export function prepareChatBody(request: WireRequest, dialect: ChatDialect): Translated<JsonObject> {
  const losses = createLossCollector();
  const draft: Draft = { ...withStream(request, dialect) };
  const messages = prepareMessages(draft["messages"], dialect, losses);
  if (messages !== undefined) draft["messages"] = messages;
  prepareMaxTokens(draft, dialect);
  prepareEffort(draft, dialect, losses);
  prepareFormat(draft, dialect, losses);
  prepareTools(draft, dialect, losses);
  prepareFields(draft, dialect, losses);
  return { value: draft, report: losses.report };
}
