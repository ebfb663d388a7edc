import { RouterError, type WireEvent } from "@turnout/core";
import { createErrorReader, type ErrorReader, isPage, readResponsesErrorEvent } from "@turnout/upstream";

/** Statuses of a handshake that speak of the account and not of the WebSocket. */
const accountStatuses = new Set([401, 402, 429]);

/**
 * Understands refused WebSocket handshakes. No request has travelled, so all but the account's own troubles are
 * `upstream-unavailable` with the status and `requestSent: false`: HTTP will tell the truth.
 */
export function createRefusalReader(upstream: string): ErrorReader {
  const readError = createErrorReader("openai-responses", upstream);
  return (status, bodyText, headers, now) => {
    if (accountStatuses.has(status) && !isPage(bodyText, headers)) return readError(status, bodyText, headers, now);
    return new RouterError("upstream-unavailable", `Cannot open ${upstream}: handshake answered ${status}`, {
      status,
      requestSent: false,
    });
  };
}

/** These come instead of an answer: the socket is too old, or has too many streams. The request was not begun. */
const socketCodes = new Set(["websocket_connection_limit_reached", "websocket_stream_limit_reached"]);

/** Understands `error` and `response.failed`; undefined for every other event. */
export function readSocketError(event: WireEvent): RouterError | undefined {
  const error = readResponsesErrorEvent(event);
  if (error?.upstream?.code === undefined || !socketCodes.has(error.upstream.code)) return error;
  const details = { status: undefined, requestSent: false };
  return new RouterError("upstream-unavailable", error.message, details, { upstream: error.upstream });
}
