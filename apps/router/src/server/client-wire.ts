import type { IncomingHttpHeaders } from "node:http";
import type { WireFormat } from "@turnout/core";

/**
 * The language of a client, for what has no wire format of its own: lists of models, refusals, unknown routes. The path tells,
 * or a header only one kind of client sends (clients.md, rule 11, 2026-10).
 */
export function clientWire(path: string, headers: IncomingHttpHeaders): WireFormat {
  if (path.startsWith("/v1beta")) return "gemini";
  if (path.startsWith("/v1/messages")) return "anthropic-messages";
  if (path.startsWith("/v1/chat")) return "openai-chat";
  if (headers["anthropic-version"] !== undefined) return "anthropic-messages";
  if (headers["x-goog-api-key"] !== undefined) return "gemini";
  return "openai-responses";
}
