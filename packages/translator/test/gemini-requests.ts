import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ModelRequest,
  RouterError,
  type Turn,
} from "@turnout/core";
import { gemini, openaiChat } from "@turnout/translator";

// Requests from and to Gemini for tests.

export const hello: JsonObject = { role: "user", content: "Hello" };

export function fromChat(body: JsonObject, model = "gemini-3-pro-preview") {
  const request = openaiChat.decodeRequest({ model, messages: [hello], ...body }).value;
  return gemini.encodeRequest(request);
}

export function fromTurns(turns: readonly Turn[], model = "gemini-3-pro-preview", more: Partial<ModelRequest> = {}) {
  return gemini.encodeRequest({ model, stream: false, turns, tools: [], sampling: {}, ...more });
}

/** All parts of all contents, each with its content's role. */
export function partsOf(body: JsonObject): JsonObject[] {
  const { contents } = body;
  if (!Array.isArray(contents)) throw new Error("No contents");
  return contents.filter(isJsonObject).flatMap(({ role, parts }) => {
    return Array.isArray(parts) ? parts.filter(isJsonObject).map((part) => ({ role, ...part })) : [];
  });
}

export function at(value: JsonValue | undefined, ...path: readonly (string | number)[]): JsonValue | undefined {
  let current: unknown = value;
  for (const key of path)
    current = typeof current === "object" && current !== null ? Reflect.get(current, key) : undefined;
  return current as JsonValue | undefined;
}

export function errorOf(run: () => unknown): RouterError {
  try {
    run();
  } catch (error) {
    if (RouterError.is(error)) return error;
    throw error;
  }
  throw new Error("It did not fail");
}

export function call(id: string, name: string, args = "{}"): JsonObject {
  return { id, type: "function", function: { name, arguments: args } };
}

export const twoCalls: JsonValue[] = [
  hello,
  { role: "assistant", content: null, tool_calls: [call("a", "one", '{"x":1}'), call("b", "two")] },
  { role: "tool", tool_call_id: "b", content: "second" },
  { role: "tool", tool_call_id: "a", content: "first" },
];

export const decode = (body: JsonObject): ModelRequest =>
  gemini.decodeRequest({ model: "gemini-3-pro", ...body }).value;
export const userText = (text: string): JsonObject => ({ role: "user", parts: [{ text }] });
