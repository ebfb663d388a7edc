import { type AnyRouterError, RouterError } from "@turnout/core";

/** Headers by lower-case name. */
export type HeaderMap = Readonly<Record<string, string>>;

const decimal = /^\d+(?:\.\d+)?$/u;
/** OpenAI's `x-ratelimit-reset-*`: `1s`, `6m0s`, `250ms`, `1h2m3.5s`. */
const durationPart = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gu;
const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** A date of RFC 9110; everything else `Date.parse` takes is not meant by `retry-after`. */
const httpDate =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]+day, .+ GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} .+)$/u;

function parseDuration(text: string): number | undefined {
  if (decimal.test(text)) return Number(text) * 1_000;
  let total = 0;
  let length = 0;
  for (const [whole, amount, unit] of text.matchAll(durationPart)) {
    total += Number(amount) * (durationUnits[unit ?? ""] ?? 0);
    length += whole.length;
  }
  return length > 0 && length === text.length ? total : undefined;
}

function parseRetryAfterValue(text: string, now: number): number | undefined {
  if (decimal.test(text)) return Number(text) * 1_000;
  if (!httpDate.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/**
 * Milliseconds an answer asks to wait: `retry-after-ms`, else `retry-after` (seconds or an HTTP date), else
 * `x-retry-after`, else `x-ratelimit-reset-after`, else the later of `x-ratelimit-reset-requests` and `-tokens` whose
 * `x-ratelimit-remaining-…` is 0.
 *
 * @param now - Milliseconds since the epoch, for dates.
 * @returns Whole milliseconds, rounded up; undefined when nothing readable is there.
 */
export function parseRetryAfter(headers: HeaderMap, now: number): number | undefined {
  const milliseconds = headers["retry-after-ms"]?.trim();
  if (milliseconds !== undefined && decimal.test(milliseconds)) return Math.ceil(Number(milliseconds));
  for (const name of ["retry-after", "x-retry-after", "x-ratelimit-reset-after"]) {
    const value = headers[name]?.trim();
    const parsed = value === undefined ? undefined : parseRetryAfterValue(value, now);
    if (parsed !== undefined) return Math.ceil(parsed);
  }
  const resets: number[] = [];
  for (const what of ["requests", "tokens"]) {
    if (headers[`x-ratelimit-remaining-${what}`]?.trim() !== "0") continue;
    const parsed = parseDuration(headers[`x-ratelimit-reset-${what}`]?.trim() ?? "");
    if (parsed !== undefined) resets.push(parsed);
  }
  return resets.length === 0 ? undefined : Math.ceil(Math.max(...resets));
}

/** `error`, told when to come back, where its code has a place for that and it did not know. */
export function withRetryAfter(error: AnyRouterError, retryAfterMs: number | undefined): RouterError {
  if (retryAfterMs === undefined) return error;
  const options = { cause: error.cause, ...(error.upstream === undefined ? {} : { upstream: error.upstream }) };
  switch (error.code) {
    case "rate-limited":
    case "upstream-overloaded":
      if (error.details.retryAfterMs !== undefined) return error;
      return new RouterError(error.code, error.message, { retryAfterMs }, options);
    case "usage-limited":
      if (error.details.retryAfterMs !== undefined) return error;
      return new RouterError(error.code, error.message, { ...error.details, retryAfterMs }, options);
    case "upstream-unavailable":
      if (error.details.retryAfterMs !== undefined) return error;
      return new RouterError(error.code, error.message, { ...error.details, retryAfterMs }, options);
    default:
      return error;
  }
}
