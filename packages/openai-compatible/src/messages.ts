import { createHash } from "node:crypto";

import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import type { LossCollector } from "@turnout/translator";

import type { ChatDialect } from "./dialect.ts";
import type { Draft } from "./draft.ts";

const nine = /^[a-zA-Z0-9]{9}$/u;

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The same id gives the same nine characters in every request, so calls and results keep their pairs. */
function toNine(id: JsonValue | undefined): JsonValue | undefined {
  if (typeof id !== "string" || nine.test(id)) return id;
  let mapped = "";
  for (const byte of createHash("sha256").update(id).digest().subarray(0, 9)) mapped += alphabet.charAt(byte % 62);
  return mapped;
}

function mapCallIds(calls: JsonValue): JsonValue {
  if (!Array.isArray(calls)) return calls;
  return calls.map((call: JsonValue) => {
    if (!isJsonObject(call)) return call;
    const id = toNine(call["id"]);
    return id === call["id"] || id === undefined ? call : { ...call, id };
  });
}

/** Where clients and vendors put thoughts, in the order they are looked at. */
const textFields = ["reasoning_content", "reasoning", "reasoning_text"] as const;

function isEmpty(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** Thoughts of earlier answers: under the name the server knows, or not at all. */
function prepareReasoning(message: Draft, path: string, dialect: ChatDialect, losses: LossCollector): void {
  const { reasoningField: wanted } = dialect;
  const found = textFields.find((name) => !isEmpty(message[name]));
  const text = found === undefined ? undefined : message[found];
  for (const name of textFields) if (name !== wanted || message[name] === null) delete message[name];
  if (wanted !== "none") {
    if (text !== undefined) message[wanted] = text;
    else if (dialect.reasoningRequired) message[wanted] = "";
  } else if (found !== undefined) {
    losses.dropped(`${path}.${found}`, "The server takes no earlier thoughts back");
  }
  if (dialect.reasoningDetails || message["reasoning_details"] === undefined) return;
  // Where the text goes back, the details say nothing more to a server that does not know them.
  const isLoss = !isEmpty(message["reasoning_details"]) && (wanted === "none" || text === undefined);
  if (isLoss) losses.dropped(`${path}.reasoning_details`, "The server does not know it");
  delete message["reasoning_details"];
}

function hasReasoning(message: JsonObject): boolean {
  return textFields.some((name) => message[name] !== undefined) || message["reasoning_details"] !== undefined;
}

function prepareMessage(message: JsonObject, path: string, dialect: ChatDialect, losses: LossCollector): JsonObject {
  const { role } = message;
  const isAssistant = role === "assistant";
  const isRenamed = role === "developer" && !dialect.developerRole;
  const dropsName = message["name"] !== undefined && !dialect.messageNames && role !== "function";
  const replaysReasoning = isAssistant && (dialect.reasoningRequired || hasReasoning(message));
  const mapsIds = dialect.toolCallIds === "nine" && (message["tool_calls"] ?? message["tool_call_id"]) !== undefined;
  if (!isRenamed && !dropsName && !replaysReasoning && !mapsIds) return message;
  const draft: Draft = { ...message };
  if (isRenamed) {
    draft["role"] = "system";
    losses.approximated(`${path}.role`, "The server knows no role developer; sent as system");
  }
  if (dropsName) {
    delete draft["name"];
    losses.dropped(`${path}.name`, "The server takes no name in messages");
  }
  if (replaysReasoning) prepareReasoning(draft, path, dialect, losses);
  if (mapsIds) {
    if (draft["tool_calls"] !== undefined) draft["tool_calls"] = mapCallIds(draft["tool_calls"]);
    if (draft["tool_call_id"] !== undefined) draft["tool_call_id"] = toNine(draft["tool_call_id"]);
  }
  return draft;
}

/** The messages as the server takes them; the same array when it takes them as they are. */
export function prepareMessages(
  messages: JsonValue | undefined,
  dialect: ChatDialect,
  losses: LossCollector,
): JsonValue | undefined {
  if (!isJsonArray(messages)) return messages;
  let isChanged = false;
  const prepared = messages.map((message, index) => {
    if (!isJsonObject(message)) return message;
    const value = prepareMessage(message, `messages[${index}]`, dialect, losses);
    if (value !== message) isChanged = true;
    return value;
  });
  return isChanged ? prepared : messages;
}
