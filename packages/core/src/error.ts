import type { QuotaReading } from "./quota.ts";

/**
 * - `locked`: another process holds it for too long.
 * - `full`: no room on the disk.
 * - `damaged`: not a database, or a value in it that cannot be decrypted.
 * - `newer`: written by a newer turnout.
 * - `wrong-key`: encrypted with another key.
 * - `denied`: permissions, or a read-only disk.
 * - `failed`: anything else, such as an I/O error.
 */
export type StoreFault = "locked" | "full" | "damaged" | "newer" | "wrong-key" | "denied" | "failed";

/** What each code tells beside its message. */
export interface ErrorDetails {
  /** The client's request is wrong. `path` names the field, for example `messages[0].role`. */
  "request-invalid": { readonly path?: string };
  /** The conversation does not fit the model's window. */
  "context-too-long": { readonly path?: string };
  /** Reasoning payloads in the history cannot be read by this upstream. */
  "reasoning-invalid": { readonly path?: string };
  /** The client's key is missing or wrong. */
  unauthenticated: Record<never, never>;
  /** The client may not do this. */
  forbidden: Record<never, never>;
  /** No such model, route or response. `suggestion` is the nearest known name. */
  "not-found": { readonly path?: string; readonly suggestion?: string };
  "method-not-allowed": { readonly allow: string };
  /** The body is larger than allowed. */
  "too-large": { readonly limitBytes?: number };
  "unsupported-media": Record<never, never>;
  /** A WebSocket upgrade where none is served. */
  "upgrade-unsupported": Record<never, never>;
  /** No account can answer: none configured, or none that works. */
  "credential-unavailable": {
    readonly provider: string;
    /** Nothing but a new login, or another key, can help. Default: unknown. */
    readonly needsLogin?: boolean;
  };
  /** The file with accounts and keys cannot be used. */
  "store-unavailable": { readonly reason: StoreFault };
  /** The upstream refused the credential. */
  "credential-rejected": { readonly status: number | undefined };
  /** Too many requests for this account; others may work. */
  "rate-limited": { readonly retryAfterMs: number | undefined };
  /** The plan's quota is used up until `resetsAt` (milliseconds since the epoch). */
  "usage-limited": {
    readonly retryAfterMs: number | undefined;
    readonly resetsAt: number | undefined;
    readonly planType?: string;
    /** The limit itself, when the upstream told which one it is. Default: one of the whole account. */
    readonly quota?: QuotaReading;
  };
  /** Money has run out, or the plan lacks this. */
  "billing-required": Record<never, never>;
  /** The upstream refuses the content itself, by policy. */
  "content-refused": { readonly upstreamCode: string | undefined };
  /** The upstream has no capacity for now. */
  "upstream-overloaded": { readonly retryAfterMs: number | undefined };
  /** The upstream reported an error of its own. */
  "upstream-failed": { readonly status: number | undefined; readonly upstreamCode: string | undefined };
  /** The upstream answered something that is not its protocol. `excerpt` is at most 200 characters. */
  "upstream-malformed": { readonly excerpt: string };
  /** The upstream could not be reached, or went away. `requestSent`: it may have seen the request. */
  "upstream-unavailable": {
    readonly status: number | undefined;
    readonly requestSent: boolean;
    readonly retryAfterMs?: number;
  };
  /** The upstream was silent for too long. */
  "upstream-timeout": { readonly timeoutMs: number; readonly requestSent: boolean };
  /** The request cannot travel this way (a frame over the limit, …) but may travel another. */
  "transport-unsuitable": { readonly limitBytes?: number };
  /** The client went away. */
  "client-closed": Record<never, never>;
  /** turnout is stopping. */
  "shutting-down": Record<never, never>;
  /** The config cannot be used. */
  "config-invalid": { readonly path?: string; readonly line?: number };
  /** A fault in turnout itself. */
  internal: Record<never, never>;
}

export type ErrorCode = keyof ErrorDetails;

const brand = Symbol.for("@turnout/core/RouterError");

/** Any RouterError, so that `switch (error.code)` narrows `details`. */
export type AnyRouterError = { [C in ErrorCode]: RouterError<C> }[ErrorCode];

/** What an upstream said about a failure, for clients that speak its format and for logs. */
export interface UpstreamErrorBody {
  readonly type?: string;
  readonly code?: string;
  readonly message?: string;
  readonly param?: string;
}

export interface RouterErrorOptions {
  readonly cause?: unknown;
  readonly upstream?: UpstreamErrorBody;
}

/**
 * Every failure in turnout: a message that says what was tried and what came of it, and a code from a closed set.
 *
 * @example
 * ```ts
 * throw new RouterError("upstream-timeout", "Cannot open Codex socket: no handshake within 15000 ms", {
 *   timeoutMs: 15_000,
 *   requestSent: false,
 * });
 * ```
 */
export class RouterError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "RouterError";
  readonly [brand] = true;
  readonly code: C;
  readonly details: ErrorDetails[C];
  /** The upstream's own words, when it had any. */
  readonly upstream: UpstreamErrorBody | undefined;

  constructor(code: C, message: string, details: ErrorDetails[C], options: RouterErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = details;
    this.upstream = options.upstream;
  }

  /** By brand, not `instanceof`: a package can be installed twice. */
  static is(value: unknown): value is AnyRouterError {
    return typeof value === "object" && value !== null && brand in value;
  }

  /** Makes any thrown value one of ours; what is not known becomes `internal` with the original as `cause`. */
  static from(value: unknown): AnyRouterError {
    if (RouterError.is(value)) return value;
    const message = value instanceof Error ? value.message : String(value);
    return new RouterError("internal", `Unexpected failure: ${message}`, {}, { cause: value });
  }
}

/** Longer than the longest window of a plan, a week: no upstream can make anybody wait beyond it. */
const longestRetryAfterMs = 8 * 86_400_000;

/**
 * Milliseconds after which the upstream or the limit lets the request through again, when the error tells; at most 8 days,
 * whatever the upstream said.
 */
export function retryAfterMs(error: AnyRouterError): number | undefined {
  const told = toldRetryAfterMs(error);
  return told === undefined || Number.isNaN(told) ? undefined : Math.min(told, longestRetryAfterMs);
}

function toldRetryAfterMs(error: AnyRouterError): number | undefined {
  switch (error.code) {
    case "rate-limited":
    case "usage-limited":
    case "upstream-overloaded":
    case "upstream-unavailable":
      return error.details.retryAfterMs;
    default:
      return undefined;
  }
}
