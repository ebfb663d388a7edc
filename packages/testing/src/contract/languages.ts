import { isJsonObject, type JsonObject, type JsonValue, type WireEvent, type WireFormat } from "@turnout/core";

import { parseEvent } from "./events.ts";

/** A call of a tool, however its language tells it. */
export interface ToldCall {
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

/** What the contract must know of a wire format: how to ask, and how to read what comes back. */
export interface ContractLanguage {
  /** A model the sandbox has. */
  readonly model: string;
  /** Asks for a stream when the question does not matter. */
  readonly question: JsonObject;
  textOf(events: readonly WireEvent[]): string;
  callsOf(events: readonly WireEvent[]): readonly ToldCall[];
  /** True for the event by which an answer says that it is over. */
  isEnd(event: WireEvent): boolean;
}

function objectIn(value: JsonValue | undefined, key: string): JsonObject {
  const found = isJsonObject(value) ? value[key] : undefined;
  return isJsonObject(found) ? found : {};
}

function objectsIn(value: JsonValue | undefined, key: string): readonly JsonObject[] {
  const found = isJsonObject(value) ? value[key] : undefined;
  return Array.isArray(found) ? found.filter((entry: JsonValue) => isJsonObject(entry)) : [];
}

function textIn(value: JsonObject, key: string): string {
  const found = value[key];
  return typeof found === "string" ? found : "";
}

/** Puts pieces together that belong to one key, in the order in which the keys appeared. */
function joinCalls(pieces: readonly { key: JsonValue | undefined; name: string; text: string }[]): ToldCall[] {
  const calls = new Map<JsonValue | undefined, { name: string; arguments: string }>();
  for (const { key, name, text } of pieces) {
    const call = calls.get(key) ?? { name: "", arguments: "" };
    calls.set(key, { name: call.name + name, arguments: call.arguments + text });
  }
  return [...calls.values()];
}

const responses: ContractLanguage = {
  model: "gpt-5.4",
  question: {
    model: "gpt-5.4",
    input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "Hello" }] }],
  },
  textOf: (events) =>
    events
      .filter((event) => event.type === "response.output_text.delta")
      .map((event) => textIn(parseEvent(event), "delta"))
      .join(""),
  callsOf: (events) =>
    events
      .filter((event) => event.type === "response.output_item.done")
      .map((event) => objectIn(parseEvent(event), "item"))
      .filter((item) => item["type"] === "function_call")
      .map((item) => ({ name: textIn(item, "name"), arguments: textIn(item, "arguments") })),
  isEnd: ({ type }) => type === "response.completed" || type === "response.incomplete",
};

function chatDeltas(events: readonly WireEvent[]): readonly JsonObject[] {
  return events
    .filter((event) => event.data !== "[DONE]")
    .flatMap((event) => objectsIn(parseEvent(event), "choices"))
    .map((choice) => objectIn(choice, "delta"));
}

const chat: ContractLanguage = {
  model: "gpt-5.4",
  question: { model: "gpt-5.4", messages: [{ role: "user", content: "Hello" }], stream: true },
  textOf: (events) =>
    chatDeltas(events)
      .map((delta) => textIn(delta, "content"))
      .join(""),
  callsOf: (events) =>
    joinCalls(
      chatDeltas(events)
        .flatMap((delta) => objectsIn(delta, "tool_calls"))
        .map((call) => {
          const details = objectIn(call, "function");
          return { key: call["index"], name: textIn(details, "name"), text: textIn(details, "arguments") };
        }),
    ),
  isEnd: ({ data }) => data === "[DONE]",
};

const messages: ContractLanguage = {
  model: "claude-sonnet-4-6",
  question: {
    model: "claude-sonnet-4-6",
    max_tokens: 1_024,
    messages: [{ role: "user", content: "Hello" }],
    stream: true,
  },
  textOf: (events) =>
    events
      .filter((event) => event.type === "content_block_delta")
      .map((event) => textIn(objectIn(parseEvent(event), "delta"), "text"))
      .join(""),
  callsOf: (events) =>
    joinCalls(
      events
        .map((event) => parseEvent(event))
        .filter((event) => objectIn(event, "content_block")["type"] === "tool_use" || event["delta"] !== undefined)
        .filter((event) => event["index"] !== undefined)
        .map((event) => ({
          key: event["index"],
          name: textIn(objectIn(event, "content_block"), "name"),
          text: textIn(objectIn(event, "delta"), "partial_json"),
        })),
    ),
  isEnd: ({ type }) => type === "message_stop",
};

function geminiParts(events: readonly WireEvent[]): readonly JsonObject[] {
  return events
    .flatMap((event) => objectsIn(parseEvent(event), "candidates"))
    .flatMap((candidate) => objectsIn(candidate["content"], "parts"));
}

const gemini: ContractLanguage = {
  model: "gemini-2.5-flash",
  question: { contents: [{ role: "user", parts: [{ text: "Hello" }] }] },
  textOf: (events) =>
    geminiParts(events)
      .map((part) => textIn(part, "text"))
      .join(""),
  callsOf: (events) =>
    geminiParts(events)
      .map((part) => objectIn(part, "functionCall"))
      .filter((call) => call["name"] !== undefined)
      .map((call) => ({ name: textIn(call, "name"), arguments: JSON.stringify(call["args"]) })),
  isEnd: (event) =>
    objectsIn(parseEvent(event), "candidates").some((candidate) => candidate["finishReason"] !== undefined),
};

export const contractLanguages: Readonly<Record<WireFormat, ContractLanguage>> = {
  "openai-responses": responses,
  "openai-chat": chat,
  "anthropic-messages": messages,
  gemini,
};
