import { RouterError, type WireEvent, type WireFormat } from "@turnout/core";
import { getCodec } from "@turnout/translator";

import type { HeaderMap } from "./retry-after.ts";

/** Understands a refusal. */
export type ErrorReader = (status: number, bodyText: string, headers: HeaderMap, now: number) => RouterError;

/** True for a body that is a page for people: it comes from an edge in front of the upstream. */
export function isPage(bodyText: string, headers: HeaderMap): boolean {
  return headers["content-type"]?.includes("html") === true || /^\s*<(?:!doctype|html)/iu.test(bodyText);
}

function readPage(upstream: string, status: number, bodyText: string, headers: HeaderMap): RouterError {
  const place = headers["cf-mitigated"] === "challenge" ? "Cloudflare's challenge page" : "an HTML page";
  const message = `Cannot reach ${upstream}: an edge in front of it answered ${status} with ${place}`;
  if (status === 429) return new RouterError("upstream-overloaded", message, { retryAfterMs: undefined });
  if (status >= 500) return new RouterError("upstream-unavailable", message, { status, requestSent: true });
  return new RouterError("upstream-malformed", message, { excerpt: bodyText.slice(0, 200) });
}

/**
 * Understands the refusals of an upstream that speaks `wire`: the codec's `decodeError`, and two things no codec can know.
 * A page comes from an edge and says nothing of the account; a 403 speaks of our account, not of the client.
 *
 * @param upstream - For messages, for example `openai-chat at api.openai.com`.
 */
export function createErrorReader(wire: WireFormat, upstream: string): ErrorReader {
  return (status, bodyText, headers) => {
    if (isPage(bodyText, headers)) return readPage(upstream, status, bodyText, headers);
    const error = RouterError.from(getCodec(wire).decodeError(status, bodyText, headers));
    if (error.code !== "forbidden") return error;
    const options = error.upstream === undefined ? {} : { upstream: error.upstream };
    return new RouterError("credential-rejected", error.message, { status }, options);
  };
}

/**
 * Understands an `error` or `response.failed` event of the Responses format.
 *
 * @returns undefined for every other event.
 */
export function readResponsesErrorEvent(event: WireEvent): RouterError | undefined {
  if (event.type !== "error" && event.type !== "response.failed") return undefined;
  try {
    getCodec("openai-responses").createEventDecoder().decode(event, []);
    return undefined;
  } catch (error) {
    return RouterError.from(error);
  }
}
