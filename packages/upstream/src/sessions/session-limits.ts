/** What a pool of sessions keeps to. */
export interface SessionLimits {
  /** Milliseconds for TCP, TLS and handshake together. */
  readonly connectTimeoutMs: number;
  /** Milliseconds between two pings. */
  readonly pingIntervalMs: number;
  /** Milliseconds a socket may show no sign of life after a ping. */
  readonly pongTimeoutMs: number;
  /** Milliseconds after which a socket takes no more requests. */
  readonly maxAgeMs: number;
  /** Milliseconds without a request after which a socket is closed. */
  readonly maxIdleMs: number;
  /** Sockets open at the same time. */
  readonly maxSockets: number;
  /** The same for each account. */
  readonly maxSocketsPerAccount: number;
  /** Dials of an account that need not wait; then one each `dialSpacingMs`. */
  readonly dialBurst: number;
  /** Milliseconds; 0 lets every dial through. */
  readonly dialSpacingMs: number;
}

/**
 * Facts on the Codex backend (codex.md 4.7, 4.8 and 11, read 2026-11-25): it closes sockets at 60 minutes, loses what it
 * remembers after some minutes without a request, pings after 20 s, and refuses upgrades at about 50 sockets of an account;
 * lines through proxies need a ping every 25 to 30 s.
 */
export const defaultSessionLimits: SessionLimits = {
  connectTimeoutMs: 15_000,
  pingIntervalMs: 25_000,
  pongTimeoutMs: 20_000,
  maxAgeMs: 55 * 60_000,
  maxIdleMs: 5 * 60_000,
  maxSockets: 1_024,
  maxSocketsPerAccount: 40,
  dialBurst: 8,
  dialSpacingMs: 1_000,
};
