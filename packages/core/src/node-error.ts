import { RouterError } from "./error.ts";

/** Codes of Node's and undici's errors that mean: no connection was made, so nothing was sent. */
const neverConnected = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** Codes that mean: the connection broke; the upstream may have seen the request. */
const brokeOff = new Set([
  "ECONNRESET",
  "EPIPE",
  "ECONNABORTED",
  "ETIMEDOUT",
  "UND_ERR_SOCKET",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH",
]);

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  // A failed dial to several addresses is an AggregateError whose members carry the code.
  if ("errors" in error && Array.isArray(error.errors)) return codeOf(error.errors[0]);
  return "cause" in error ? codeOf(error.cause) : undefined;
}

/**
 * The one place for the host's error zoo: ECONNREFUSED and friends become `upstream-unavailable`.
 *
 * @param error - What a socket or an HTTP client threw.
 * @param tried - The beginning of the message, for example `Cannot reach Codex at 127.0.0.1:9`.
 * @param requestSent - Whether the request had been written when it happened.
 */
export function fromNodeError(error: unknown, tried: string, requestSent: boolean): RouterError {
  if (RouterError.is(error)) return error;
  const code = codeOf(error);
  const reason = code ?? (error instanceof Error ? error.message : String(error));
  if (code !== undefined && neverConnected.has(code)) {
    return new RouterError(
      "upstream-unavailable",
      `${tried}: ${code}`,
      { status: undefined, requestSent: false },
      { cause: error },
    );
  }
  if (code !== undefined && brokeOff.has(code)) {
    return new RouterError(
      "upstream-unavailable",
      `${tried}: connection broke off (${code})`,
      { status: undefined, requestSent },
      { cause: error },
    );
  }
  return new RouterError(
    "upstream-unavailable",
    `${tried}: ${reason}`,
    { status: undefined, requestSent },
    { cause: error },
  );
}
