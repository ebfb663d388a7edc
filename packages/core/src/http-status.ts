import type { AnyRouterError, ErrorCode } from "./error.ts";

/** The one table from code to HTTP status. A new code does not compile until it has one. */
export const httpStatus: Readonly<Record<ErrorCode, number>> = {
  "request-invalid": 400,
  "context-too-long": 400,
  "reasoning-invalid": 400,
  "content-refused": 400,
  unauthenticated: 401,
  "billing-required": 402,
  forbidden: 403,
  "not-found": 404,
  "method-not-allowed": 405,
  "too-large": 413,
  "unsupported-media": 415,
  "upgrade-unsupported": 426,
  "rate-limited": 429,
  "usage-limited": 429,
  // nginx's word for a client that left; nobody receives it, the log shows it.
  "client-closed": 499,
  "config-invalid": 500,
  internal: 500,
  "upstream-failed": 502,
  "upstream-malformed": 502,
  "credential-rejected": 502,
  "transport-unsuitable": 502,
  "credential-unavailable": 503,
  "store-unavailable": 503,
  "upstream-overloaded": 503,
  "upstream-unavailable": 503,
  "shutting-down": 503,
  "upstream-timeout": 504,
};

/** What the router does next when an attempt fails before anything reached the client. */
export type FailureAction =
  /** The next transport of the same account. */
  | "next-transport"
  /** Refresh the credential once, then the same attempt again. */
  | "renew-credential"
  /** Cool this account, then the next one. */
  | "next-account"
  /** Wait a little, then the same attempt again, a few times; then tell the client. */
  | "back-off"
  /** Tell the client at once; no account is punished. */
  | "stop";

/** The one table from code to what follows. */
export const failureAction: Readonly<Record<ErrorCode, FailureAction>> = {
  "request-invalid": "stop",
  "context-too-long": "stop",
  "reasoning-invalid": "stop",
  "content-refused": "stop",
  unauthenticated: "stop",
  forbidden: "stop",
  "not-found": "stop",
  "method-not-allowed": "stop",
  "too-large": "stop",
  "unsupported-media": "stop",
  "upgrade-unsupported": "stop",
  "client-closed": "stop",
  "config-invalid": "stop",
  internal: "stop",
  "shutting-down": "stop",
  "credential-rejected": "renew-credential",
  "credential-unavailable": "next-account",
  "store-unavailable": "next-account",
  "rate-limited": "next-account",
  "usage-limited": "next-account",
  "billing-required": "next-account",
  "upstream-overloaded": "back-off",
  "upstream-failed": "next-transport",
  "upstream-malformed": "next-transport",
  "upstream-unavailable": "next-transport",
  "upstream-timeout": "next-transport",
  "transport-unsuitable": "next-transport",
};

export function statusOf(error: AnyRouterError): number {
  return httpStatus[error.code];
}
