import type { JsonValue } from "@turnout/core";
import type { ErrorFields, ErrorVoice } from "../wire/dialect.ts";
import { frame } from "../wire/rendered-answer.ts";
import type { WireRefusal } from "../wire/wire-routes.ts";

const types: Readonly<Record<number, string>> = {
  401: "invalid_request_error",
  403: "permission_error",
  429: "rate_limit_error",
};

function errorOf(status: number, { message, type, param, code }: ErrorFields): JsonValue {
  return {
    message: message ?? "The server had an error while processing your request. Sorry about that!",
    type: type ?? types[status] ?? (status < 500 ? "invalid_request_error" : "server_error"),
    param: param ?? null,
    code: code ?? null,
  };
}

/** Errors as Chat Completions has them. */
export const chatErrors: ErrorVoice = {
  status: (status) => (status === 529 ? 503 : status),
  body: (status, error) => ({ error: errorOf(status, error) }),
  frame: (status, error) => frame("", { error: errorOf(status, error) }),
  rateLimit: (seconds, model) => ({
    error: {
      type: "rate_limit_error",
      code: "rate_limit_exceeded",
      message: `Rate limit reached for ${model} on requests per min (RPM): Limit 3, Used 3. Please try again in ${seconds}s.`,
    },
    headers: {
      "retry-after": String(seconds),
      "x-ratelimit-limit-requests": "3",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": `${seconds}s`,
    },
  }),
};

/** What is wrong with a request, in OpenAI's words. */
export interface Problem {
  readonly message: string;
  readonly param?: string | null;
  readonly code?: string | null;
  /** Default 400. */
  readonly status?: number;
}

export function openaiRefusal(requestId: string, { status = 400, ...error }: Problem): WireRefusal {
  return { status, body: chatErrors.body(status, error, requestId), headers: { "x-request-id": requestId } };
}
