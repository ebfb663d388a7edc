import { type AnyRouterError, isJsonObject, type JsonObject, RouterError, type WireEvent } from "@turnout/core";
import { openaiResponses, tryParseObject } from "@turnout/translator";
import { type HeaderMap, withRetryAfter } from "@turnout/upstream";

import { planLimit } from "./quota/limit-scope.ts";
import { readCodexQuota } from "./quota/quota-headers.ts";

/** Events after which an answer is over; `response.done` is the old name of `response.completed`. */
const terminalTypes = new Set([
  "response.completed",
  "response.done",
  "response.failed",
  "response.incomplete",
  "error",
]);

/** True for the last event of an answer, failures included. */
export function isCodexTerminal(event: WireEvent): boolean {
  return terminalTypes.has(event.type);
}

/** True for the backend's own events, which may come before `response.created`. */
export function isCodexPrivate(event: WireEvent): boolean {
  return !event.type.startsWith("response.") && event.type !== "error";
}

function isPage(bodyText: string, headers: HeaderMap): boolean {
  return headers["content-type"]?.includes("html") === true || /^\s*<(?:!doctype|html)/iu.test(bodyText);
}

/** A page comes from an edge in front of the backend: it says nothing of the account. */
function readPage(status: number, bodyText: string, headers: HeaderMap): RouterError {
  const place = headers["cf-mitigated"] === "challenge" ? "Cloudflare's challenge page" : "an HTML page";
  const message = `Cannot reach Codex: an edge in front of it answered ${status} with ${place}`;
  if (status === 429) return new RouterError("upstream-overloaded", message, { retryAfterMs: undefined });
  if (status >= 500) return new RouterError("upstream-unavailable", message, { status, requestSent: true });
  return new RouterError("upstream-malformed", message, { excerpt: bodyText.slice(0, 200) });
}

const outdatedWords = /requires a newer version of Codex/iu;
const modelWords = /\bmodel not found\b|model is not supported when using Codex/iu;
const staleWords = /invalid `?previous_response_id|previous response .* not found/iu;
const staleCodes = new Set(["previous_response_not_found", "codex_previous_response_stale"]);
const planWords = /not_eligible$|^usage_not_included$|^chatpass_/u;

/** Adds what only the Codex backend says to what every Responses upstream says. */
function refine(error: AnyRouterError, status: number | undefined, now: number): RouterError {
  const said = error.upstream?.message ?? error.message;
  const code = error.upstream?.code ?? error.upstream?.type ?? "";
  const options = error.upstream === undefined ? {} : { upstream: error.upstream };
  if (outdatedWords.test(said)) {
    const message = `Cannot use the model as this client: ${said}. Set providers.codex.clientVersion to a newer version`;
    return new RouterError("config-invalid", message, { path: "providers.codex.clientVersion" }, options);
  }
  if (code === "websocket_connection_limit_reached") {
    // The socket is too old, and the request on it was not begun.
    return new RouterError("upstream-unavailable", error.message, { status: undefined, requestSent: false }, options);
  }
  if (staleCodes.has(code) || staleWords.test(said)) {
    return new RouterError("not-found", error.message, { path: "previous_response_id" }, options);
  }
  if (modelWords.test(said)) return new RouterError("not-found", error.message, { path: "model" }, options);
  if (code === "subscription_sharing_usage_limit_exceeded") {
    return new RouterError("usage-limited", error.message, { retryAfterMs: undefined, resetsAt: undefined }, options);
  }
  if (planWords.test(code)) return new RouterError("billing-required", error.message, {}, options);
  if (error.code === "forbidden") {
    return new RouterError("credential-rejected", error.message, { status }, options);
  }
  if (error.code === "usage-limited" && error.details.resetsAt !== undefined) {
    return withRetryAfter(error, Math.max(0, error.details.resetsAt - now));
  }
  return error;
}

/**
 * Understands a refusal over HTTP: OpenAI's `error`, the backend's `detail`, an edge's page, or nothing.
 *
 * @param now - Milliseconds since the epoch, for reset times.
 */
export function readCodexError(status: number, bodyText: string, headers: HeaderMap, now: number): RouterError {
  if (isPage(bodyText, headers)) return readPage(status, bodyText, headers);
  const error = openaiResponses.decodeError(status, bodyText, headers);
  return withQuota(RouterError.from(refine(RouterError.from(error), status, now)), headers, now);
}

/**
 * Adds to a limit what the headers tell of it: which one it is, and when it ends, which some refusals do not say. A plain 429
 * beside a window that is used up is that limit.
 */
function withQuota(error: AnyRouterError, headers: HeaderMap, now: number): RouterError {
  if (error.code !== "usage-limited" && error.code !== "rate-limited") return error;
  const quota = readCodexQuota(headers, headers["x-codex-active-limit"]?.toLowerCase() ?? planLimit);
  if (quota === undefined) return error;
  const resets = quota.windows.filter(({ usedPercent }) => usedPercent >= 100).map(({ resetsAt = 0 }) => resetsAt);
  const end = Math.max(0, ...resets);
  const told =
    error.code === "usage-limited" ? error.details : { retryAfterMs: error.details.retryAfterMs, resetsAt: undefined };
  const isPlain = error.code === "rate-limited" && (told.retryAfterMs !== undefined || end <= now);
  if (isPlain) return error;
  const resetsAt = told.resetsAt ?? (end > now ? end : undefined);
  const retryAfterMs = told.retryAfterMs ?? (resetsAt === undefined ? undefined : Math.max(0, resetsAt - now));
  const options = error.upstream === undefined ? {} : { upstream: error.upstream };
  return new RouterError("usage-limited", error.message, { ...told, retryAfterMs, resetsAt, quota }, options);
}

/** Statuses of a handshake that speak of the account and not of the WebSocket. */
const accountStatuses = new Set([401, 402, 429]);

/**
 * Understands a refused WebSocket handshake. No request has travelled, so all but the account's own troubles are
 * `upstream-unavailable` with the status and `requestSent: false`: HTTP will tell the truth. A 403 in particular comes from
 * edges, from too many sockets, and for no reason at all.
 */
export function readCodexRefusal(status: number, bodyText: string, headers: HeaderMap, now: number): RouterError {
  if (accountStatuses.has(status) && !isPage(bodyText, headers)) return readCodexError(status, bodyText, headers, now);
  const what = isPage(bodyText, headers) ? "an HTML page" : "no WebSocket";
  return new RouterError("upstream-unavailable", `Cannot open Codex socket: handshake answered ${status}, ${what}`, {
    status,
    requestSent: false,
  });
}

function statusOf(event: JsonObject | undefined): number | undefined {
  const status = event?.["status"] ?? event?.["status_code"];
  return typeof status === "number" ? status : undefined;
}

/** Headers that a refusal on a socket carries in its event. */
function headersOf(event: JsonObject | undefined): HeaderMap {
  const headers = event?.["headers"];
  if (!isJsonObject(headers)) return {};
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === "string" || typeof value === "number" ? [[name.toLowerCase(), String(value)] as const] : [],
  );
  return Object.fromEntries(pairs);
}

/**
 * Understands an `error` or `response.failed` event, in all shapes of it: details under `error`, under `body.error` or at the
 * top, the status as `status` or `status_code`.
 *
 * @returns undefined for every other event.
 */
export function readCodexErrorEvent(event: WireEvent, now: number): RouterError | undefined {
  if (event.type !== "error" && event.type !== "response.failed") return undefined;
  const parsed = tryParseObject(event.data);
  const { body } = parsed ?? {};
  // One shape only this backend has: the details one level deeper.
  const isNested = isJsonObject(body) && isJsonObject(body["error"]);
  const flat = isNested ? { type: event.type, data: JSON.stringify({ ...parsed, error: body["error"] }) } : event;
  try {
    openaiResponses.createEventDecoder().decode(flat, []);
    return undefined;
  } catch (error) {
    const refined = RouterError.from(refine(RouterError.from(error), statusOf(parsed), now));
    return withQuota(refined, headersOf(parsed), now);
  }
}
