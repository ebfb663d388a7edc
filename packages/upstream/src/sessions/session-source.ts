import type { ExecuteContext, RouterError, WireRequest, WireResponseMeta } from "@turnout/core";

import type { HeaderMap } from "../connection/retry-after.ts";

/** What a session is asked for. */
export interface SessionKey {
  /** ws(s) URL. */
  readonly url: string;
  /** Sent with the handshake, secrets included. */
  readonly headers: HeaderMap;
  /** Its account, session hints and settings decide which open session may serve it. */
  readonly request: WireRequest;
}

/** Hears the answer to one frame. */
export interface SessionReceiver {
  message(text: string): void;
  /** The session broke; it hears nothing more. */
  lost(error: RouterError): void;
}

/** One open socket, lent for one request. */
export interface Session {
  /** Headers of the 101. */
  readonly headers: HeaderMap;
  readonly kind: NonNullable<WireResponseMeta["session"]>;
  /** Sends one `response.create`; what comes back goes to `receiver`. Once per lending. */
  send(frame: string, receiver: SessionReceiver): void;
  pause(): void;
  resume(): void;
}

/** Where sessions come from: a fresh socket each time, or a pool. */
export interface SessionSource {
  /**
   * @throws {RouterError} `upstream-unavailable` or `upstream-timeout` with `requestSent: false` when the socket cannot be
   *   opened, what the profile makes of a refused handshake, or the signal's reason.
   */
  acquire(key: SessionKey, context: ExecuteContext): Promise<Session>;
  /**
   * Gives a session back.
   *
   * @param outcome - `completed`: the terminal event was read. `abandoned`: more may come, so it must serve nobody else.
   */
  release(session: Session, outcome: "completed" | "abandoned"): void;
  /** Ends sessions that are not lent, and resolves once the lent ones have been given back. */
  close(): Promise<void>;
}
