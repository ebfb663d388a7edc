import { type AnyRouterError, httpStatus, type JsonObject, type JsonValue, retryAfterMs } from "@turnout/core";

import type { EncodedError } from "./codec.ts";

/** How one failure is called in OpenAI's words: `error.type` and `error.code`. */
interface Wording {
  readonly type: string;
  readonly code: string | null;
}

const invalidRequest = "invalid_request_error";

/** A 429 without `retry-after` makes some clients give up at once (clients.md, rule 4), so it always has one. */
const defaultRetryAfterSeconds = 5;

function wordingOf(error: AnyRouterError): Wording {
  switch (error.code) {
    case "request-invalid":
      return { type: invalidRequest, code: error.upstream?.code ?? null };
    case "context-too-long":
      return { type: invalidRequest, code: "context_length_exceeded" };
    case "reasoning-invalid":
      return { type: invalidRequest, code: "invalid_encrypted_content" };
    case "content-refused":
      return { type: invalidRequest, code: error.details.upstreamCode ?? "content_filter" };
    case "unauthenticated":
      return { type: invalidRequest, code: "invalid_api_key" };
    case "forbidden":
      return { type: "permission_error", code: error.upstream?.code ?? null };
    case "not-found":
      return { type: invalidRequest, code: notFoundCode(error.details.path) };
    case "method-not-allowed":
      return { type: invalidRequest, code: "method_not_allowed" };
    case "too-large":
      return { type: invalidRequest, code: "request_too_large" };
    case "unsupported-media":
      return { type: invalidRequest, code: "unsupported_media_type" };
    case "upgrade-unsupported":
      return { type: invalidRequest, code: "upgrade_unsupported" };
    case "billing-required":
      return { type: "insufficient_quota", code: "insufficient_quota" };
    case "rate-limited":
      return { type: "rate_limit_error", code: "rate_limit_exceeded" };
    case "usage-limited":
      return { type: "usage_limit_reached", code: "usage_limit_reached" };
    case "credential-unavailable":
      return { type: "server_error", code: "credential_unavailable" };
    case "upstream-overloaded":
      return { type: "server_error", code: "server_is_overloaded" };
    case "upstream-failed":
      return { type: "server_error", code: error.details.upstreamCode ?? "server_error" };
    // Not overloaded: on that the Codex CLI gives the turn up, on this it asks again (clients.md, 2026-10).
    case "shutting-down":
    case "client-closed":
    case "config-invalid":
    case "internal":
    case "store-unavailable":
    case "upstream-malformed":
    case "credential-rejected":
    case "transport-unsuitable":
    case "upstream-unavailable":
    case "upstream-timeout":
      return { type: "server_error", code: "server_error" };
  }
}

function notFoundCode(path: string | undefined): string | null {
  if (path === "model") return "model_not_found";
  return path === "previous_response_id" ? "previous_response_not_found" : null;
}

function paramOf(error: AnyRouterError): string | null {
  const path = "path" in error.details ? error.details.path : undefined;
  return path === undefined || path === "" ? null : path;
}

/** What the Codex CLI builds its "limit reached" text from. Seconds, as the ChatGPT backend writes them. */
function quotaFields(error: AnyRouterError): Record<string, JsonValue> {
  if (error.code !== "usage-limited") return {};
  const { planType, resetsAt, retryAfterMs: waitMs } = error.details;
  return {
    ...(planType !== undefined && { plan_type: planType }),
    ...(resetsAt !== undefined && { resets_at: Math.ceil(resetsAt / 1000) }),
    ...(waitMs !== undefined && { resets_in_seconds: Math.ceil(waitMs / 1000) }),
  };
}

/**
 * The value of `error` in an OpenAI error document, an `error` event and a Chat error chunk: `message`, `type`, `param`
 * and `code`, and for a used-up plan `plan_type`, `resets_at` and `resets_in_seconds`.
 */
export function openaiErrorObject(error: AnyRouterError): JsonObject {
  const { type, code } = wordingOf(error);
  return { message: error.message, type, param: paramOf(error), code, ...quotaFields(error) };
}

/** The same request would fail the same way, although its status invites SDKs to try again. */
function isRetryFutile(error: AnyRouterError): boolean {
  switch (error.code) {
    case "usage-limited":
    case "billing-required":
    case "config-invalid":
    case "transport-unsuitable":
      return true;
    default:
      return false;
  }
}

/** `retry-after`, `x-should-retry` and `allow`, which OpenAI's and Anthropic's clients read alike. */
export function retryHeaders(error: AnyRouterError): Record<string, string> {
  const headers: Record<string, string> = {};
  const waitMs = retryAfterMs(error);
  if (waitMs !== undefined) headers["retry-after"] = String(Math.max(0, Math.ceil(waitMs / 1000)));
  else if (error.code === "rate-limited") headers["retry-after"] = String(defaultRetryAfterSeconds);
  if (isRetryFutile(error)) headers["x-should-retry"] = "false";
  if (error.code === "method-not-allowed") headers["allow"] = error.details.allow;
  return headers;
}

/** Core's table, except where OpenAI's own clients act on another status. */
function statusIn(error: AnyRouterError): number {
  if (error.code === "billing-required") return 429;
  // The Codex CLI sends everything again on a 400, and counts a 404 as a failure (clients.md, 2026-10).
  const isStale = error.code === "not-found" && error.details.path === "previous_response_id";
  return isStale ? 400 : httpStatus[error.code];
}

/**
 * A failure as OpenAI's APIs tell it, Chat Completions and Responses alike.
 *
 * @returns Status from core's table, except that a missing payment is 429 `insufficient_quota` here, and an unknown
 *   `previous_response_id` 400; `retry-after` in whole seconds, rounded up; `x-should-retry: false` where trying again is in
 *   vain; `x-request-id`.
 */
export function encodeOpenaiError(error: AnyRouterError, requestId: string): EncodedError {
  return {
    status: statusIn(error),
    body: { error: openaiErrorObject(error) },
    headers: { "x-request-id": requestId, ...retryHeaders(error) },
  };
}
