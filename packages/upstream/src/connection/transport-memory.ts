import type { AnyRouterError, Runtime } from "@turnout/core";

/** How a transport failed: the upstream will not speak it at all, or it may work the next time. */
export type TransportFailure = "refused" | "transient";

export interface TransportMemoryOptions {
  readonly runtime: Runtime;
  /** Failures in a row after which the transport is left alone. Default 3. */
  readonly failuresToOpen?: number;
  /** Milliseconds before one probe is let through. Default 60 000. */
  readonly coolDownMs?: number;
  /** Keys remembered; the one with the oldest news is forgotten first. Default 1 000. */
  readonly maxEntries?: number;
}

/** Remembers where a transport does not carry. A key names an upstream host and an account. */
export interface TransportMemory {
  /**
   * Whether to try. While the transport is left alone: no. After the cool-down: yes to exactly one asker, the probe, and no to
   * the others until the probe has told how it went (or has been silent for another cool-down).
   */
  usable(key: string): boolean;
  /** `usable`, without becoming the probe: for plans that are only printed. */
  peek(key: string): boolean;
  /** @param failure - Its kind, or the error, which is ignored when it says nothing about the transport. */
  failed(key: string, failure: TransportFailure | AnyRouterError): void;
  succeeded(key: string): void;
  /** Whether the transport has been seen to carry, or not to, within the last hour: networks change. */
  isKnown(key: string): boolean;
}

const knownForMs = 3_600_000;

interface Entry {
  failures: number;
  /** Runtime's monotonic milliseconds of the last news. */
  at: number;
  /** Runtime's monotonic milliseconds; undefined while still in use. */
  retryAt: number | undefined;
}

export function createTransportMemory(options: TransportMemoryOptions): TransportMemory {
  const { runtime } = options;
  const failuresToOpen = options.failuresToOpen ?? 3;
  const coolDownMs = options.coolDownMs ?? 60_000;
  const maxEntries = options.maxEntries ?? 1_000;
  // A Map keeps the order of insertion: the first key is the one nobody has heard of for longest.
  const entries = new Map<string, Entry>();

  function peek(key: string): boolean {
    const retryAt = entries.get(key)?.retryAt;
    return retryAt === undefined || runtime.monotonic() >= retryAt;
  }

  function note(key: string, entry: Omit<Entry, "at">): void {
    entries.delete(key);
    entries.set(key, { ...entry, at: runtime.monotonic() });
    const oldest = entries.keys().next().value;
    if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
  }

  return {
    peek,
    usable: (key) => {
      if (!peek(key)) return false;
      const entry = entries.get(key);
      // The asker is the probe; if it never reports back, the next one comes after another cool-down.
      if (entry?.retryAt !== undefined) entry.retryAt = runtime.monotonic() + coolDownMs;
      return true;
    },
    failed: (key, failure) => {
      const kind = typeof failure === "string" ? failure : transportFailureOf(failure);
      if (kind === undefined) return;
      const failures = (entries.get(key)?.failures ?? 0) + 1;
      const isOpen = kind === "refused" || failures >= failuresToOpen;
      note(key, { failures, retryAt: isOpen ? runtime.monotonic() + coolDownMs : undefined });
    },
    succeeded: (key) => note(key, { failures: 0, retryAt: undefined }),
    isKnown: (key) => {
      const entry = entries.get(key);
      return entry !== undefined && runtime.monotonic() - entry.at < knownForMs;
    },
  };
}

/** Statuses of a handshake by which a server says that it speaks no WebSocket here. */
const refusedStatuses = new Set([404, 405, 426, 501]);

/**
 * What a failed attempt says about its transport: undefined when it says nothing (a limit, a bad credential, the client's own
 * mistake, a request that is too large for one frame).
 */
export function transportFailureOf(error: AnyRouterError): TransportFailure | undefined {
  switch (error.code) {
    case "upstream-unavailable":
      return error.details.status !== undefined && refusedStatuses.has(error.details.status) ? "refused" : "transient";
    case "upstream-timeout":
    case "upstream-malformed":
      return "transient";
    default:
      return undefined;
  }
}
