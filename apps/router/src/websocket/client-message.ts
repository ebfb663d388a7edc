import { isJsonObject, type JsonObject, RouterError } from "@turnout/core";
import { tryParseJson } from "@turnout/translator";

/** What a client says on its socket. */
export type ClientMessage =
  | { readonly kind: "create"; readonly body: JsonObject }
  /** Nothing that asks for an answer: `response.processed`, or a type nobody knows here. */
  | { readonly kind: "other" };

/**
 * Reads one text frame. The body of a `response.create` is made what it would be over HTTP: without the type of the message, and
 * always streamed, since there is no other answer on a socket.
 *
 * @throws {RouterError} `request-invalid` when it is not a JSON object with a type.
 */
export function readClientMessage(text: string): ClientMessage {
  const message = tryParseJson(text);
  // Quotes nothing of it: it may hold secrets, and this text is logged.
  if (message === undefined) throw invalid("Cannot read the message: not valid JSON");
  if (!isJsonObject(message)) throw invalid("Cannot read the message: not a JSON object");
  const { type, generate, ...body } = message;
  if (typeof type !== "string") throw invalid("Cannot read the message: `type` is missing", "type");
  if (type !== "response.create") return { kind: "other" };
  if (body["stream_id"] !== undefined && body["stream_id"] !== null) {
    // As the ChatGPT backend does (codex.md 4.8, 2026-09): one answer after the other on each socket.
    throw invalid("Unsupported parameter: stream_id", "stream_id");
  }
  const isWarmUp = generate === false ? { generate } : {};
  return { kind: "create", body: { ...body, ...isWarmUp, stream: true } };
}

function invalid(message: string, path?: string): RouterError {
  return new RouterError("request-invalid", message, path === undefined ? {} : { path });
}
