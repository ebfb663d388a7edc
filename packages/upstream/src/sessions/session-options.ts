import { z } from "zod";

import { millisecondsSchema } from "../connection/connection-options.ts";
import { defaultSessionLimits, type SessionLimits } from "./session-limits.ts";

/** Options of every provider over WebSocket, for its schema. */
export const sessionOptionsSchema = z
  .strictObject({
    reuse: z
      .boolean()
      .default(true)
      .describe(
        "Keep sockets open and go on from what the upstream remembers on them. false: a socket for each request.",
      ),
    pingIntervalMs: millisecondsSchema
      .default(defaultSessionLimits.pingIntervalMs)
      .describe("Milliseconds between two pings on an open socket."),
    pongTimeoutMs: millisecondsSchema
      .default(defaultSessionLimits.pongTimeoutMs)
      .describe("Milliseconds without any sign of life after a ping until a socket counts as dead."),
    maxAgeMs: millisecondsSchema
      .default(defaultSessionLimits.maxAgeMs)
      .describe("Milliseconds after which a socket takes no more requests. The Codex backend ends it at 60 minutes."),
    maxIdleMs: millisecondsSchema
      .default(defaultSessionLimits.maxIdleMs)
      .describe("Milliseconds without a request after which a socket is closed."),
    dialBurst: z
      .int()
      .positive()
      .max(1_000)
      .default(defaultSessionLimits.dialBurst)
      .describe("New sockets of an account that may be opened at once."),
    dialSpacingMs: z
      .int()
      .nonnegative()
      .max(86_400_000)
      .default(defaultSessionLimits.dialSpacingMs)
      .describe("Milliseconds after which one more may be opened; meanwhile requests go over HTTP. 0: no spacing."),
    maxRememberedBytes: z
      .int()
      .positive()
      .default(64 * 1024 * 1024)
      .describe("Bytes remembered of conversations, of all accounts together: hashes, and encrypted reasoning."),
    warmUp: z
      .boolean()
      .default(false)
      .describe("Have a second socket ready for each conversation, with its tools and instructions loaded."),
  })
  .prefault({});

/** The options with every default filled in. */
export type SessionOptions = z.output<typeof sessionOptionsSchema>;

/** The options in the words of `createWebSocketExecutor`. */
export function sessionLimitsOf(options: {
  readonly connectTimeoutMs: number;
  readonly maxSocketsPerAccount: number;
  readonly sessions: SessionOptions;
}): Partial<SessionLimits> {
  const { reuse: _reuse, maxRememberedBytes: _bytes, warmUp: _warmUp, ...limits } = options.sessions;
  return {
    ...limits,
    connectTimeoutMs: options.connectTimeoutMs,
    maxSockets: Math.max(defaultSessionLimits.maxSockets, options.maxSocketsPerAccount),
    maxSocketsPerAccount: options.maxSocketsPerAccount,
  };
}
