import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

type Change = (document: JsonObject) => JsonObject;

function without(object: JsonObject, key: string): JsonObject {
  const { [key]: _, ...rest } = object;
  return rest;
}

function isEmptyArray(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && value.length === 0;
}

function mapObjects(value: JsonValue | undefined, map: Change): JsonValue | undefined {
  return Array.isArray(value) ? value.map((entry: JsonValue) => (isJsonObject(entry) ? map(entry) : entry)) : value;
}

function withField(object: JsonObject, key: string, value: JsonValue | undefined): JsonObject {
  return value === undefined ? object : { ...object, [key]: value };
}

/** `tool_calls: []` says nothing and is refused by OpenAI ("expected an array with minimum length 1"). */
const noEmptyCalls: Change = (message) =>
  isEmptyArray(message["tool_calls"]) ? without(message, "tool_calls") : message;

/** A call without `type` is a function's, and OpenAI wants that said. Mistral's clients leave it out. */
const typedCalls: Change = (message) =>
  withField(
    message,
    "tool_calls",
    mapObjects(message["tool_calls"], (call) => ({ type: "function", ...call })),
  );

/**
 * Everything in which a Chat request that is read and written again may differ from the original, each with its reason.
 * Nothing else may differ.
 */
const requestChanges: readonly Change[] = [
  // T41: `tools: []` is refused by some servers.
  (request) => (isEmptyArray(request["tools"]) ? without(request, "tools") : request),
  // T78: `stop` as a plain string is refused by some servers.
  (request) => (typeof request["stop"] === "string" ? { ...request, stop: [request["stop"]] } : request),
  // A tool without `type` is a function, and OpenAI wants that said. Mistral's clients leave it out.
  (request) =>
    withField(
      request,
      "tools",
      mapObjects(request["tools"], (tool) => ({ type: "function", ...tool })),
    ),
  (request) => withField(request, "messages", mapObjects(request["messages"], noEmptyCalls)),
  (request) => withField(request, "messages", mapObjects(request["messages"], typedCalls)),
];

function mapMessages(answer: JsonObject, map: Change): JsonObject {
  const choices = mapObjects(answer["choices"], (choice) =>
    isJsonObject(choice["message"]) ? { ...choice, message: map(choice["message"]) } : choice,
  );
  return withField(answer, "choices", choices);
}

/** The same for answers. Ids that an upstream left empty are made up and compared as such by the caller. */
const answerChanges: readonly Change[] = [
  (answer) => mapMessages(answer, noEmptyCalls),
  (answer) => mapMessages(answer, typedCalls),
];

const apply = (document: JsonObject, changes: readonly Change[]): JsonObject =>
  changes.reduce((changed, change) => change(changed), document);

/** The request as it comes back from Chat to Chat. */
export function normaliseChatRequest(request: JsonObject): JsonObject {
  return apply(request, requestChanges);
}

/** The answer as it comes back from Chat to Chat. */
export function normaliseChatAnswer(answer: JsonObject): JsonObject {
  return apply(answer, answerChanges);
}
