import type { ExecuteContext, WireRequest } from "@turnout/core";
import { connectionHeaders, type HeaderMap, type HeaderNames } from "@turnout/upstream";

import type { OpenaiOptions } from "./options.ts";

/** Headers of the API that are shown in `meta`. */
export const openaiResponseHeaders: HeaderNames = [
  "x-request-id",
  "openai-model",
  "openai-processing-ms",
  "openai-version",
  "x-ratelimit-*",
];

function accountHeaders(options: OpenaiOptions, context: ExecuteContext): Record<string, string> {
  const { organization, project } = options;
  return {
    authorization: `Bearer ${context.credential.secret}`,
    ...(organization === undefined ? {} : { "openai-organization": organization }),
    ...(project === undefined ? {} : { "openai-project": project }),
    // OpenAI keeps it beside its own request id, for support.
    "x-client-request-id": context.requestId,
  };
}

/** Headers of a request over HTTP. Nothing the client sent is among them. */
export function openaiHeaders(options: OpenaiOptions, request: WireRequest, context: ExecuteContext): HeaderMap {
  return { ...accountHeaders(options, context), ...connectionHeaders(options, request) };
}

/** Headers of the WebSocket handshake: no beta header, unlike at chatgpt.com (codex.md 2.1, read 2026-11-24). */
export function openaiSocketHeaders(options: OpenaiOptions, context: ExecuteContext): HeaderMap {
  return { ...accountHeaders(options, context), "user-agent": options.userAgent, ...options.headers };
}
