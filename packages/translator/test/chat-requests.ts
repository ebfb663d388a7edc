import { type JsonObject, type ModelRequest, RouterError, type Turn } from "@turnout/core";
import { openaiChat } from "@turnout/translator";

export const user = { role: "user", content: "Hi" };

/** A Chat request body with these fields. */
export function chatRequest(fields: JsonObject): JsonObject {
  return { model: "gpt-x", messages: [user], ...fields };
}

/** The request these fields make. */
export function decode(fields: JsonObject): ModelRequest {
  return openaiChat.decodeRequest(chatRequest(fields)).value;
}

/** The request as it leaves again for the same format. */
export function roundTrip(fields: JsonObject): JsonObject {
  return openaiChat.encodeRequest(decode(fields)).value;
}

/** The body that says these turns. */
export function encodeTurns(turns: readonly Turn[], more: Partial<ModelRequest> = {}) {
  const request: ModelRequest = { model: "gpt-x", stream: false, turns, tools: [], sampling: {}, ...more };
  const { value, report } = openaiChat.encodeRequest(request);
  return { body: value, messages: value["messages"], report };
}

export function text(value: string) {
  return { type: "text", text: value } as const;
}

export function call(callId: string, name = "f", text = "{}") {
  return { type: "tool-call", callId, name, kind: "function", arguments: text } as const;
}

export function result(callId: string, value: string) {
  return { type: "tool-result", callId, kind: "function", content: [text(value)] } as const;
}

export const png = { type: "image", source: { kind: "base64", mediaType: "image/png", data: "iVBO" } } as const;
export const fn = { type: "function", name: "f" } as const;

/** The error that `run` ends with; what runs without one is a failure of the test. */
export function refusal(run: () => unknown): RouterError<"request-invalid"> {
  try {
    run();
  } catch (error) {
    if (RouterError.is(error) && error.code === "request-invalid") return error;
    throw error;
  }
  throw new Error("Nothing was refused");
}
