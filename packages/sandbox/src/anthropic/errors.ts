import type { JsonValue } from "@turnout/core";
import type { ErrorFields, ErrorVoice } from "../wire/dialect.ts";
import { frame } from "../wire/rendered-answer.ts";
import type { WireRefusal } from "../wire/wire-routes.ts";

const types: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  409: "conflict_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  504: "timeout_error",
  529: "overloaded_error",
};
const known = new Set(Object.values(types));

function errorOf(status: number, { type, message }: ErrorFields) {
  const own = typeof type === "string" && known.has(type) ? type : undefined;
  return {
    type: own ?? types[status] ?? (status < 500 ? "invalid_request_error" : "api_error"),
    message: message ?? "Internal server error",
  };
}

function body(status: number, error: ErrorFields, requestId: string): JsonValue {
  return { type: "error", error: errorOf(status, error), request_id: requestId };
}

/** Errors as the Messages API has them. */
export const anthropicErrors: ErrorVoice = {
  // Overload has a status of its own here.
  status: (status) => (status === 503 ? 529 : status),
  body,
  frame: (status, error) => frame("error", { type: "error", error: errorOf(status, error) }),
  rateLimit: (seconds) => ({
    error: {
      type: "rate_limit_error",
      message: "This request would exceed your organization's rate limit of 50 requests per minute.",
    },
    headers: {
      "retry-after": String(seconds),
      "anthropic-ratelimit-requests-limit": "50",
      "anthropic-ratelimit-requests-remaining": "0",
    },
  }),
};

/** A refusal with its request id in the body and in the header. */
export function anthropicRefusal(requestId: string, message: string, status = 400): WireRefusal {
  return {
    status,
    body: body(status, { message }, requestId),
    headers: { "request-id": requestId },
  };
}
