import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  RouterError,
  type UpstreamErrorBody,
} from "@turnout/core";

import { tryParseJson } from "./parse-json.ts";

type Headers = Readonly<Record<string, string>>;

/** An upstream's error, whatever its shape was. */
interface ErrorFacts {
  readonly status: number | undefined;
  readonly body: UpstreamErrorBody & { readonly message: string };
  /** The object the facts were read from, for fields only some failures have. */
  readonly source: JsonObject;
  readonly retryAfterMs: number | undefined;
}

const maxMessage = 1000;

const contextWords =
  /context[ _](?:length|window)|maximum context|prompt (?:is )?too long|too_many_prompt_tokens|total length of all messages/iu;
const reasoningWords = /encrypted content|could not decrypt|invalid `?signature`? in `?thinking/iu;
const contentCodes = new Set([
  "content_filter",
  "content_policy_violation",
  "cyber_policy",
  "bio_policy",
  "invalid_prompt",
]);
const billingCodes = new Set([
  "insufficient_quota",
  "quota_exceeded",
  "billing_hard_limit_reached",
  "billing_error",
  "usage_not_included",
]);
const staleCodes = new Set(["previous_response_not_found", "codex_previous_response_stale"]);
const staleWords = /invalid `?previous_response_id/iu;
const overloadCodes = new Set(["server_is_overloaded", "slow_down", "overloaded_error"]);
const rateCodes = new Set(["rate_limit_exceeded", "rate_limit_error", "RateLimitReached"]);
const keyCodes = new Set([
  "invalid_api_key",
  "authentication_error",
  "token_expired",
  "token_invalidated",
  "token_revoked",
]);

/** A key quoted by an upstream never reaches a client or a log. */
function withoutKeys(message: string): string {
  return message.replaceAll(/\b(sk|rk|pk|gsk|xai)-[\w*.-]{4,}/gu, "$1-…");
}

function words(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" ? String(value) : undefined;
}

function plainText(text: string): string {
  // A proxy's HTML page: its words are enough.
  const stripped = text.includes("<") ? text.replaceAll(/<(?:script|style)[\s\S]*?<\/[^>]*>|<[^>]*>/giu, " ") : text;
  return stripped.replaceAll(/\s+/gu, " ").trim();
}

/** The object that holds the error's fields, out of the shapes of vendors (translation.md 3.7). */
function errorSource(value: JsonValue | undefined): JsonObject {
  const document = isJsonArray(value) ? value[0] : value;
  if (!isJsonObject(document)) return {};
  const { error, detail, response, body } = document;
  if (isJsonObject(error)) return error;
  if (isJsonObject(body) && isJsonObject(body["error"])) return body["error"];
  if (isJsonObject(response) && isJsonObject(response["error"])) return response["error"];
  if (isJsonObject(detail)) return isJsonObject(detail["error"]) ? detail["error"] : detail;
  if (typeof error === "string") return { ...document, message: error };
  if (typeof detail === "string") return { ...document, message: detail };
  if (Array.isArray(detail)) return { ...document, message: JSON.stringify(detail) };
  return document;
}

function upstreamBody(source: JsonObject): UpstreamErrorBody {
  const type = words(source["type"]);
  const code = words(source["code"]);
  const param = words(source["param"]);
  const metadata = source["metadata"];
  const raw = isJsonObject(metadata) ? words(metadata["raw"]) : undefined;
  const said = words(source["message"]);
  const message = said !== undefined && raw !== undefined ? `${said}: ${raw}` : (said ?? raw);
  return {
    ...(type !== undefined && { type }),
    ...(code !== undefined && { code }),
    ...(message !== undefined && { message: withoutKeys(message).slice(0, maxMessage) }),
    ...(param !== undefined && { param }),
  };
}

function seconds(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

function retryAfterOf(headers: Headers, source: JsonObject, message: string): number | undefined {
  const milliseconds = seconds(headers["retry-after-ms"]);
  if (milliseconds !== undefined) return milliseconds;
  const header = headers["retry-after"];
  const wait = seconds(header);
  if (wait !== undefined) return wait * 1000;
  if (header !== undefined && headers["date"] !== undefined) {
    // An HTTP date says something only together with the clock it was read from.
    const until = Date.parse(header) - Date.parse(headers["date"]);
    if (until >= 0) return until;
  }
  const resetsIn = source["resets_in_seconds"];
  if (typeof resetsIn === "number" && resetsIn >= 0) return resetsIn * 1000;
  // "Please try again in 1.2s", "in 250ms", "in 1m30s": the only place where a `response.failed` tells it.
  const match = /try again in (?:(\d+)m(?!s))?(?:([\d.]+)(ms|s))?/iu.exec(message);
  if (match === null || (match[1] === undefined && match[2] === undefined)) return undefined;
  const unit = match[3] === "ms" ? 1 : 1000;
  return Math.round(Number(match[1] ?? 0) * 60_000 + Number(match[2] ?? 0) * unit);
}

function usageLimited(facts: ErrorFacts, message: string): RouterError {
  const resetsAt = facts.source["resets_at"];
  const planType = words(facts.source["plan_type"]);
  return new RouterError(
    "usage-limited",
    message,
    {
      retryAfterMs: facts.retryAfterMs,
      resetsAt: typeof resetsAt === "number" ? resetsAt * 1000 : undefined,
      ...(planType !== undefined && { planType }),
    },
    { upstream: facts.body },
  );
}

/** What the upstream's own words say, more exact than the status; undefined when they are not known. */
function fromWords(facts: ErrorFacts, message: string): RouterError | undefined {
  const { body } = facts;
  const { param } = body;
  const upstream = { upstream: body };
  const path = param === undefined ? {} : { path: param };
  const is = (codes: ReadonlySet<string>): boolean => codes.has(body.code ?? "") || codes.has(body.type ?? "");
  if (body.type === "usage_limit_reached" || body.code === "usage_limit_reached") return usageLimited(facts, message);
  if (is(billingCodes)) return new RouterError("billing-required", message, {}, upstream);
  if (body.code === "context_length_exceeded") return new RouterError("context-too-long", message, path, upstream);
  if (body.code === "invalid_encrypted_content" || reasoningWords.test(body.message)) {
    return new RouterError("reasoning-invalid", message, path, upstream);
  }
  if (is(contentCodes)) return new RouterError("content-refused", message, { upstreamCode: body.code }, upstream);
  if (is(keyCodes)) return new RouterError("credential-rejected", message, { status: facts.status }, upstream);
  if (is(overloadCodes)) {
    return new RouterError("upstream-overloaded", message, { retryAfterMs: facts.retryAfterMs }, upstream);
  }
  if (is(rateCodes)) return new RouterError("rate-limited", message, { retryAfterMs: facts.retryAfterMs }, upstream);
  const isClientFault =
    facts.status === undefined || (facts.status >= 400 && facts.status < 500 && facts.status !== 429);
  if (isClientFault && (contextWords.test(body.message) || contextWords.test(body.type ?? ""))) {
    return new RouterError("context-too-long", message, path, upstream);
  }
  if (body.code === "model_not_found") return new RouterError("not-found", message, { path: "model" }, upstream);
  if (staleCodes.has(body.code ?? "") || staleWords.test(body.message)) {
    return new RouterError("not-found", message, { path: "previous_response_id" }, upstream);
  }
  return undefined;
}

function fromStatus(facts: ErrorFacts, message: string): RouterError {
  const { status, body, retryAfterMs } = facts;
  const upstream = { upstream: body };
  const path = body.param === undefined ? {} : { path: body.param };
  switch (status) {
    case 401:
      return new RouterError("credential-rejected", message, { status }, upstream);
    case 402:
      return new RouterError("billing-required", message, {}, upstream);
    case 403:
      return new RouterError("forbidden", message, {}, upstream);
    case 404:
      return new RouterError("not-found", message, path, upstream);
    case 413:
      return new RouterError("too-large", message, {}, upstream);
    case 429:
      return new RouterError("rate-limited", message, { retryAfterMs }, upstream);
    case 503:
    case 529:
      return new RouterError("upstream-overloaded", message, { retryAfterMs }, upstream);
    case 408:
    case 504:
      return new RouterError("upstream-unavailable", message, { status, requestSent: true }, upstream);
    default: {
      const isClientFault =
        status === undefined ? body.type === "invalid_request_error" : status >= 400 && status < 500;
      return isClientFault
        ? new RouterError("request-invalid", message, path, upstream)
        : new RouterError("upstream-failed", message, { status, upstreamCode: body.code ?? body.type }, upstream);
    }
  }
}

function classify(facts: ErrorFacts, message: string): RouterError {
  return fromWords(facts, message) ?? fromStatus(facts, message);
}

/**
 * Reads an upstream's error answer: OpenAI's own shape and those of its followers (`detail`, flat, numeric codes, nested
 * `metadata.raw`), HTML, text and nothing at all. Never throws.
 *
 * @param headers - Names in lower case; `retry-after-ms`, `retry-after` and `date` are read.
 * @returns The message is never empty and holds no key.
 */
export function decodeOpenaiError(status: number, bodyText: string, headers: Headers = {}): RouterError {
  const parsed = tryParseJson(bodyText);
  const source = errorSource(parsed);
  const body = upstreamBody(source);
  const text = body.message ?? (parsed === undefined ? withoutKeys(plainText(bodyText)).slice(0, maxMessage) : "");
  const message = text === "" ? "no further explanation" : text;
  const facts = { status, body: { ...body, message }, source, retryAfterMs: retryAfterOf(headers, source, message) };
  return classify(facts, `Upstream answered ${status}: ${message}`);
}

/**
 * Reads an error reported inside a stream: a Chat chunk with `error`, a Responses `error` event of either form, or a
 * `response.failed`.
 *
 * @param document - The whole event. A numeric `code` or `status` in it counts as the status.
 */
export function decodeOpenaiStreamError(document: JsonObject): RouterError {
  const source = errorSource(document);
  const body = upstreamBody(source);
  const number = source["status"] ?? source["code"] ?? document["status"] ?? document["status_code"];
  const status = Number(number);
  const isStatus = Number.isInteger(status) && status >= 400 && status < 600;
  const message = body.message ?? "no further explanation";
  const facts = {
    status: isStatus ? status : undefined,
    body: { ...body, message },
    source,
    retryAfterMs: retryAfterOf(eventHeaders(document), source, message),
  };
  return classify(facts, `Upstream reported an error in its stream: ${message}`);
}

/** The ChatGPT backend puts the headers of its WebSocket errors into the event. */
function eventHeaders(document: JsonObject): Headers {
  const headers = document["headers"];
  if (!isJsonObject(headers)) return {};
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string" || typeof value === "number") result[name.toLowerCase()] = String(value);
  }
  return result;
}
