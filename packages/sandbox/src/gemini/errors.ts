import type { JsonValue } from "@turnout/core";
import type { ErrorFields, ErrorVoice } from "../wire/dialect.ts";
import { frame } from "../wire/rendered-answer.ts";

const names: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};
const known = new Set(Object.values(names));

function errorOf(code: number, { message, status, details }: ErrorFields): JsonValue {
  const own = typeof status === "string" && known.has(status) ? status : undefined;
  return {
    code,
    message:
      message ??
      "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting",
    status: own ?? names[code] ?? (code < 500 ? "INVALID_ARGUMENT" : "INTERNAL"),
    ...(details === undefined ? {} : { details }),
  };
}

function quotaDetails(seconds: number, model: string): JsonValue {
  return [
    {
      "@type": "type.googleapis.com/google.rpc.Help",
      links: [
        { description: "Learn more about Gemini API quotas", url: "https://ai.google.dev/gemini-api/docs/rate-limits" },
      ],
    },
    {
      "@type": "type.googleapis.com/google.rpc.QuotaFailure",
      violations: [
        {
          quotaMetric: "generativelanguage.googleapis.com/generate_content_requests",
          quotaId: "GenerateRequestsPerMinutePerProjectPerModel",
          quotaDimensions: { location: "global", model },
          quotaValue: "10",
        },
      ],
    },
    { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${seconds}s` },
  ];
}

const base: ErrorVoice = {
  status: (status) => (status === 529 ? 503 : status),
  body: (status, error) => ({ error: errorOf(status, error) }),
  frame: (status, error) => frame("", { error: errorOf(status, error) }),
  rateLimit: (seconds, model) => ({
    error: {
      message:
        "You exceeded your current quota, please check your plan and billing details. For more information on this " +
        "error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. \n* Quota exceeded for metric: " +
        `generativelanguage.googleapis.com/generate_content_requests, limit: 10, model: ${model}\nPlease retry in ${seconds}.5s.`,
      details: quotaDetails(seconds, model),
    },
    headers: {},
  }),
};

/** Errors as the Gemini API has them. A stream that is an array has its errors in an array, too. */
export function geminiErrors(asArray: boolean): ErrorVoice {
  return asArray ? { ...base, body: (status, error) => [{ error: errorOf(status, error) }] } : base;
}

/** What is wrong with a request, in Google's words. */
export interface GeminiProblem {
  readonly message: string;
  /** Default 400. */
  readonly code?: number;
  readonly details?: JsonValue;
}
