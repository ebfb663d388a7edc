import { isJsonObject, type JsonObject, type JsonValue, RouterError } from "@turnout/core";
import { anthropicMessages, openaiChat, openaiResponses } from "@turnout/translator";

/** Thinks within a budget, takes a beginning of its answer. */
export const sonnet45 = "claude-sonnet-4-5";
/** Thinks adaptively, takes neither sampling nor a beginning of its answer. */
export const sonnet5 = "claude-sonnet-5";

/** A Chat request as an Anthropic upstream gets it. */
export function fromChat(body: JsonObject, model = sonnet45) {
  return anthropicMessages.encodeRequest(openaiChat.decodeRequest({ model: "m", ...body }).value, { model });
}

/** A Responses request as an Anthropic upstream gets it. */
export function fromResponses(body: JsonObject, model = sonnet45) {
  return anthropicMessages.encodeRequest(openaiResponses.decodeRequest({ model: "m", ...body }).value, { model });
}

/** A Messages request as core knows it. */
export function decode(body: JsonObject) {
  return anthropicMessages.decodeRequest({ model: "claude", max_tokens: 100, ...body }).value;
}

/** A Messages request as a Chat upstream gets it. */
export function toChat(body: JsonObject) {
  return openaiChat.encodeRequest(decode(body));
}

/** The objects of a list. */
export function list(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** The blocks of a message; a string is one text. */
export function blocksOf(message: JsonObject | undefined): JsonObject[] {
  const content = message?.["content"];
  return typeof content === "string" ? [{ type: "text", text: content }] : list(content);
}

/** The field that a refusal names; undefined when nothing was refused. */
export function pathOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (RouterError.is(error) && error.code === "request-invalid") return error.details.path;
    throw error;
  }
  return undefined;
}

export const user = { role: "user", content: "hi" } as const;
export const tool = {
  type: "function",
  function: { name: "wait", parameters: { type: "object", properties: {} } },
} as const;
export const call = (id: string, args = "{}") => ({
  id,
  type: "function",
  function: { name: "wait", arguments: args },
});
export const calls = (...ids: string[]) => ({
  role: "assistant",
  content: null,
  tool_calls: ids.map((id) => call(id)),
});
export const result = (id: string, content: JsonValue = "done") => ({ role: "tool", tool_call_id: id, content });
