import { isJsonObject, type JsonObject, type JsonValue, RouterError, type UpstreamErrorBody } from "@turnout/core";

import { decodeOpenaiError } from "../openai-error-decode.ts";
import { tryParseJson } from "../parse-json.ts";
import { objectIn } from "../fields.ts";
import { objectsIn, textIn } from "./extras.ts";

const maxMessage = 1000;

const contextWords = /exceeds? the maximum number of tokens|input token count|context (?:length|window)/iu;
const reasoningWords = /thought[_ ]?signature/iu;
/** A day's or a project's quota does not come back by waiting a little. */
const billingWords = /billing|prepayment|credits? (?:are|is) depleted/iu;

/** A key quoted by Google never reaches a client or a log. */
function withoutKeys(message: string): string {
  return message.replaceAll(/\bAIza[\w-]{8,}/gu, "AIza…");
}

/** `34.4s` in milliseconds. */
function durationMs(text: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)s$/u.exec(text ?? "");
  return match === null ? undefined : Math.round(Number(match[1]) * 1000);
}

/** What a Google error tells. */
interface ErrorFacts {
  readonly status: number | undefined;
  /** The word of the status, for example `RESOURCE_EXHAUSTED`. */
  readonly word: string;
  readonly message: string;
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly field: string | undefined;
}

function detailOf(error: JsonObject, type: string): JsonObject {
  return objectsIn(error, "details").find((detail) => (textIn(detail, "@type") ?? "").endsWith(`.${type}`)) ?? {};
}

function factsOf(error: JsonObject, httpStatus: number | undefined): ErrorFacts {
  const { code } = error;
  const status = typeof code === "number" && code >= 400 && code < 600 ? code : httpStatus;
  const [violation] = objectsIn(detailOf(error, "BadRequest"), "fieldViolations");
  return {
    status,
    word: textIn(error, "status") ?? "",
    message: withoutKeys(textIn(error, "message") ?? "no further explanation").slice(0, maxMessage),
    reason: textIn(detailOf(error, "ErrorInfo"), "reason"),
    retryAfterMs: durationMs(textIn(detailOf(error, "RetryInfo"), "retryDelay")),
    field: violation && textIn(violation, "field"),
  };
}

function classify(facts: ErrorFacts, message: string): RouterError {
  const { status, word, reason, retryAfterMs, field } = facts;
  const body: UpstreamErrorBody = {
    ...(word !== "" && { type: word }),
    ...(reason !== undefined && { code: reason }),
    message: facts.message,
    ...(field !== undefined && { param: field }),
  };
  const upstream = { upstream: body };
  const path = field === undefined ? {} : { path: field };
  if (
    reason === "API_KEY_INVALID" ||
    reason === "ACCESS_TOKEN_EXPIRED" ||
    word === "UNAUTHENTICATED" ||
    status === 401
  ) {
    return new RouterError("credential-rejected", message, { status }, upstream);
  }
  switch (word) {
    case "RESOURCE_EXHAUSTED":
      return billingWords.test(facts.message) && retryAfterMs === undefined
        ? new RouterError("billing-required", message, {}, upstream)
        : new RouterError("rate-limited", message, { retryAfterMs }, upstream);
    case "PERMISSION_DENIED":
      return new RouterError("forbidden", message, {}, upstream);
    case "NOT_FOUND":
      return new RouterError(
        "not-found",
        message,
        /models?[/ ]/iu.test(facts.message) ? { path: "model" } : path,
        upstream,
      );
    case "UNAVAILABLE":
      return new RouterError("upstream-overloaded", message, { retryAfterMs }, upstream);
    case "DEADLINE_EXCEEDED":
      return new RouterError("upstream-unavailable", message, { status, requestSent: true }, upstream);
    case "INVALID_ARGUMENT":
    case "FAILED_PRECONDITION":
    case "OUT_OF_RANGE":
    case "ABORTED":
      if (contextWords.test(facts.message)) return new RouterError("context-too-long", message, path, upstream);
      if (reasoningWords.test(facts.message)) return new RouterError("reasoning-invalid", message, path, upstream);
      return new RouterError("request-invalid", message, path, upstream);
    default:
      return new RouterError(
        "upstream-failed",
        message,
        { status, upstreamCode: word === "" ? undefined : word },
        upstream,
      );
  }
}

/** The error object of a document: `{error}`, or the same in a list of one where a stream was asked for without SSE. */
function googleError(document: JsonValue | undefined): JsonObject | undefined {
  const first = Array.isArray(document) ? (document as readonly JsonValue[])[0] : document;
  const error = isJsonObject(first) ? first["error"] : undefined;
  return isJsonObject(error) && typeof error["status"] === "string" ? error : undefined;
}

/**
 * Reads an upstream's error answer: Google's `{error: {code, message, status, details}}`, alone or in a list, and any other
 * shape as OpenAI's codec does. Never throws.
 *
 * @param headers - Names in lower case; `retry-after` is read when the details tell nothing.
 */
export function decodeError(
  status: number,
  bodyText: string,
  headers: Readonly<Record<string, string>> = {},
): RouterError {
  const error = googleError(tryParseJson(bodyText));
  if (error === undefined) return decodeOpenaiError(status, bodyText, headers);
  const facts = factsOf(error, status);
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  const waitMs = facts.retryAfterMs ?? (Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined);
  return classify({ ...facts, status, retryAfterMs: waitMs }, `Upstream answered ${status}: ${facts.message}`);
}

/** Reads an error that stands where a chunk or an answer is expected. */
export function decodeStreamError(document: JsonObject): RouterError {
  const error = objectIn(document, "error");
  const facts = factsOf(error, undefined);
  const known = facts.word === "" ? { ...facts, word: wordByStatus[facts.status ?? 0] ?? "" } : facts;
  return classify(known, `Upstream reported an error in its stream: ${facts.message}`);
}

/** For gateways that leave the word out. */
const wordByStatus: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};
