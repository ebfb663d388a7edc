import { type AnyRouterError, type ErrorCode, httpStatus, type JsonObject, retryAfterMs } from "@turnout/core";

import type { EncodedError } from "../codec.ts";
import type { Fields } from "../fields.ts";
import { retryHeaders } from "../openai-error.ts";

/** Google's word for each code; a new code does not compile until it has one. */
const words: Readonly<Record<ErrorCode, string>> = {
  "request-invalid": "INVALID_ARGUMENT",
  "context-too-long": "INVALID_ARGUMENT",
  "reasoning-invalid": "INVALID_ARGUMENT",
  "content-refused": "INVALID_ARGUMENT",
  unauthenticated: "UNAUTHENTICATED",
  forbidden: "PERMISSION_DENIED",
  "not-found": "NOT_FOUND",
  "method-not-allowed": "UNIMPLEMENTED",
  "too-large": "INVALID_ARGUMENT",
  "unsupported-media": "INVALID_ARGUMENT",
  "upgrade-unsupported": "UNIMPLEMENTED",
  "billing-required": "RESOURCE_EXHAUSTED",
  "rate-limited": "RESOURCE_EXHAUSTED",
  "usage-limited": "RESOURCE_EXHAUSTED",
  "client-closed": "CANCELLED",
  "config-invalid": "INTERNAL",
  internal: "INTERNAL",
  "upstream-failed": "INTERNAL",
  "upstream-malformed": "INTERNAL",
  "credential-rejected": "INTERNAL",
  "transport-unsuitable": "INTERNAL",
  "credential-unavailable": "UNAVAILABLE",
  "store-unavailable": "UNAVAILABLE",
  "upstream-overloaded": "UNAVAILABLE",
  "upstream-unavailable": "UNAVAILABLE",
  "shutting-down": "UNAVAILABLE",
  "upstream-timeout": "DEADLINE_EXCEEDED",
};

function statusOf(error: AnyRouterError): number {
  // Google has no 402: what is used up is 429.
  return error.code === "billing-required" ? 429 : httpStatus[error.code];
}

const types = "type.googleapis.com/google.rpc.";

/** The machine-readable part; Gemini CLI reads `RetryInfo` and never the `retry-after` header (clients.md). */
function detailsOf(error: AnyRouterError): JsonObject[] {
  const details: JsonObject[] = [];
  if (error.code === "unauthenticated") {
    details.push({ "@type": `${types}ErrorInfo`, reason: "API_KEY_INVALID", domain: "googleapis.com" });
  }
  const path = "path" in error.details ? error.details.path : undefined;
  if (error.code === "request-invalid" && path !== undefined && path !== "") {
    details.push({ "@type": `${types}BadRequest`, fieldViolations: [{ field: path, description: error.message }] });
  }
  const waitMs = retryAfterMs(error);
  if (waitMs !== undefined)
    details.push({ "@type": `${types}RetryInfo`, retryDelay: `${Math.max(0, waitMs) / 1000}s` });
  return details;
}

/** The value of `error`: in a document, and in the chunk that ends a stream. */
export function errorObject(error: AnyRouterError): JsonObject {
  const details = detailsOf(error);
  const object: Fields = { code: statusOf(error), message: error.message, status: words[error.code] };
  if (details.length > 0) object["details"] = details;
  return object;
}

/**
 * A failure as Google's APIs tell it.
 *
 * @returns Status from core's table, except that a missing payment is 429; `retry-after` in whole seconds, rounded up; our
 *   own request id as `x-request-id`, since Google's errors have none.
 */
export function encodeError(error: AnyRouterError, requestId: string): EncodedError {
  return {
    status: statusOf(error),
    body: { error: errorObject(error) },
    headers: { "x-request-id": requestId, ...retryHeaders(error) },
  };
}
