import type { Credential, ExecuteContext, WireRequest } from "@turnout/core";
import { createHeaderMatcher, type HeaderMap, type HeaderNames } from "@turnout/upstream";

import { isLiteRequest, liteHeader } from "./lite.ts";
import { type CodexOptions, codexUserAgent } from "./options.ts";
import { type TurnStates, turnStateHeader } from "./turn-states.ts";

/** The version of the WebSocket protocol; every ChatGPT client sends it with the handshake (2026-10). */
const webSocketBeta = "responses_websockets=2026-02-06";

/**
 * Headers of a client that may go upstream: what a Codex client says of its conversation. Never its identity
 * (`user-agent`, `x-stainless-*`), its key, or where it came from.
 */
export const codexForwardedHeaders: HeaderNames = [
  "x-codex-*",
  "session-id",
  "session_id",
  "conversation_id",
  "thread-id",
  "x-client-request-id",
  "x-openai-subagent",
  "x-openai-memgen-request",
  liteHeader,
  "x-responsesapi-include-timing-metrics",
  "traceparent",
  "tracestate",
];

/** Headers of the backend that a client may see. */
export const codexResponseHeaders: HeaderNames = [
  "x-codex-*",
  "openai-model",
  "openai-processing-ms",
  "x-models-etag",
  "x-reasoning-included",
  "x-request-id",
  "x-oai-request-id",
  "cf-ray",
];

const isForwarded = createHeaderMatcher(codexForwardedHeaders);

/** Names whose value is decided here, whatever the client sent. */
const decidedHere = new Set([
  "session-id",
  "session_id",
  "conversation_id",
  "thread-id",
  "x-client-request-id",
  liteHeader,
]);

const headerSafe = /^[\u0021-\u007e]{1,256}$/u;

function safe(value: unknown): string | undefined {
  return typeof value === "string" && headerSafe.test(value) ? value : undefined;
}

/** What names the conversation upstream; it is also what the backend's prompt cache goes by. */
export interface CodexSession {
  readonly sessionId: string | undefined;
  readonly threadId: string | undefined;
}

/**
 * The session of a request: what the client's own headers say, else the hints, else its prompt cache key. All three spellings
 * of the header are known; a value that fits in no header is passed over.
 */
export function codexSession(request: WireRequest): CodexSession {
  const { headers, sessionId: hinted, threadId: hintedThread } = request.session ?? {};
  const sessionId =
    safe(headers?.["session-id"]) ??
    safe(headers?.["session_id"]) ??
    safe(headers?.["conversation_id"]) ??
    safe(hinted) ??
    safe(request.body["prompt_cache_key"]);
  return { sessionId, threadId: safe(headers?.["thread-id"]) ?? safe(hintedThread) ?? sessionId };
}

function forwardedHeaders(request: WireRequest): Record<string, string> {
  const forwarded: Record<string, string> = {};
  const given = request.session?.headers;
  for (const name in given) {
    const value = given[name];
    if (value !== undefined && isForwarded(name) && !decidedHere.has(name)) forwarded[name] = value;
  }
  // It must match the body, whose model the router may have mapped.
  if (forwarded["x-codex-routing-hint"] !== undefined) forwarded["x-codex-routing-hint"] = codexRoutingHint(request);
  return forwarded;
}

/** `x-codex-routing-hint` for a request. */
export function codexRoutingHint(request: WireRequest): string {
  const tier = request.body["service_tier"];
  return tier === "priority" || tier === "ultrafast" ? `model=${request.model};tier=${tier}` : `model=${request.model}`;
}

/** Who asks. */
export function accountHeaders(credential: Credential): Record<string, string> {
  const authorization = { authorization: `Bearer ${credential.secret}` };
  if (credential.kind === "api-key" || credential.accountId === undefined) return authorization;
  return { ...authorization, "chatgpt-account-id": credential.accountId };
}

function commonHeaders(
  options: CodexOptions,
  turnStates: TurnStates,
  request: WireRequest,
  context: ExecuteContext,
): Record<string, string> {
  const headers: Record<string, string> = {
    ...forwardedHeaders(request),
    ...accountHeaders(context.credential),
    originator: options.originator,
    "user-agent": codexUserAgent(options),
    version: options.clientVersion,
  };
  const turnState = headers[turnStateHeader];
  if (turnState !== undefined && !turnStates.isOf(turnState, context.credential.accountKey)) {
    delete headers[turnStateHeader];
  }
  const { sessionId, threadId } = codexSession(request);
  if (sessionId !== undefined) headers["session-id"] = sessionId;
  if (threadId !== undefined) {
    headers["thread-id"] = threadId;
    // Codex puts the thread here, not an id of the request; cache affinity goes by it.
    headers["x-client-request-id"] = threadId;
  }
  return headers;
}

/** Headers of `POST /responses` and `POST /responses/compact`. */
export function codexHttpHeaders(
  options: CodexOptions,
  turnStates: TurnStates,
  request: WireRequest,
  context: ExecuteContext,
): HeaderMap {
  const headers = commonHeaders(options, turnStates, request, context);
  headers["content-type"] = "application/json";
  headers["accept"] = request.operation === "compact" ? "application/json" : "text/event-stream";
  if (isLiteRequest(request)) headers[liteHeader] = "true";
  return headers;
}

/** Headers of the WebSocket handshake. */
export function codexSocketHeaders(
  options: CodexOptions,
  turnStates: TurnStates,
  request: WireRequest,
  context: ExecuteContext,
): HeaderMap {
  const headers = commonHeaders(options, turnStates, request, context);
  headers["openai-beta"] = webSocketBeta;
  return headers;
}
