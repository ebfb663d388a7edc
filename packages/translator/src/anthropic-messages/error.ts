import {
  type AnyRouterError,
  httpStatus,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  RouterError,
} from "@turnout/core";

import type { EncodedError } from "../codec.ts";
import { retryHeaders } from "../openai-error.ts";
import { decodeOpenaiError, decodeOpenaiStreamError } from "../openai-error-decode.ts";

/** The status that goes with each type of error, for streams, where only the type is told. */
const statusByType: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

function typeOf(document: JsonValue | undefined): string {
  const error = isJsonObject(document) ? document["error"] : undefined;
  const type = isJsonObject(error) ? error["type"] : undefined;
  return typeof type === "string" ? type : "";
}

/** Anthropic says `model: the-name` of a model it does not have. */
function withModelPath(error: RouterError): RouterError {
  if (error.code !== "not-found" || error.upstream?.message?.startsWith("model: ") !== true) return error;
  const options = { cause: error.cause, ...(error.upstream !== undefined && { upstream: error.upstream }) };
  return new RouterError("not-found", error.message, { path: "model" }, options);
}

/** Reads an upstream's error answer, Anthropic's shape and any other. Never throws. */
export function decodeError(status: number, bodyText: string, headers?: Readonly<Record<string, string>>): RouterError {
  return withModelPath(decodeOpenaiError(status, bodyText, headers));
}

/** Reads the `error` event of a stream. */
export function decodeStreamError(event: JsonObject): RouterError {
  const type = typeOf(event);
  const status = Object.hasOwn(statusByType, type) ? statusByType[type] : undefined;
  return withModelPath(decodeOpenaiStreamError(status === undefined ? event : { status, ...event }));
}

function errorType(error: AnyRouterError): string {
  switch (error.code) {
    case "request-invalid":
    case "context-too-long":
    case "reasoning-invalid":
    case "content-refused":
    case "unsupported-media":
    case "method-not-allowed":
    case "upgrade-unsupported":
      return "invalid_request_error";
    case "unauthenticated":
      return "authentication_error";
    case "billing-required":
      return "billing_error";
    case "forbidden":
      return "permission_error";
    case "not-found":
      return "not_found_error";
    case "too-large":
      return "request_too_large";
    case "rate-limited":
    case "usage-limited":
      return "rate_limit_error";
    case "upstream-overloaded":
    case "upstream-unavailable":
    case "credential-unavailable":
    case "shutting-down":
      return "overloaded_error";
    case "upstream-timeout":
      return "timeout_error";
    case "upstream-failed":
    case "upstream-malformed":
    case "credential-rejected":
    case "transport-unsuitable":
    case "client-closed":
    case "config-invalid":
    case "internal":
    case "store-unavailable":
      return "api_error";
  }
}

/** Claude Code knows a conversation that is too long by these words, and shortens it. */
function messageOf(error: AnyRouterError): string {
  if (error.code !== "context-too-long" || /prompt is too long/iu.test(error.message)) return error.message;
  return `prompt is too long: ${error.message}`;
}

/** The document of a failure, and the data of the `error` event alike. */
export function errorDocument(error: AnyRouterError, requestId: string): JsonObject {
  return {
    type: "error",
    error: { type: errorType(error), message: messageOf(error) },
    request_id: requestId,
  };
}

const overloadedStatus = 529;

/**
 * A failure as Anthropic's API tells it.
 *
 * @returns Status from core's table, except 529 for what is overloaded or away; `request-id`, and the headers that tell
 *   when to try again.
 */
export function encodeError(error: AnyRouterError, requestId: string): EncodedError {
  const status = httpStatus[error.code];
  return {
    status: status === 503 ? overloadedStatus : status,
    body: errorDocument(error, requestId),
    headers: { "request-id": requestId, ...retryHeaders(error) },
  };
}
