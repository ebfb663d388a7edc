import type { IncomingHttpHeaders } from "node:http";
import type { AnyRouterError, JsonObject, RouterError, Transport, WireEvent } from "@turnout/core";
import type { ClientMemory } from "../responses/client-memory.ts";

/** One request of a client and the way back to it, whatever carries them. */
export interface ClientLine {
  /** One HTTP exchange, or a socket of the client that stays open afterwards. */
  readonly transport: Transport;
  readonly headers: IncomingHttpHeaders;
  /** What conversation this is, for clients that do not say. A hint. */
  readonly sessionId?: string;
  /** The answers the client may refer to; absent where its format has no words for that. */
  readonly memory?: ClientMemory;
  /** Aborted with `client-closed` when the client goes away before its answer has ended. */
  readonly signal: AbortSignal;
  /** Something of the answer has gone out; from here on a failure is an event. */
  readonly open: boolean;
  /** The client has not yet taken what was written. */
  readonly blocked: boolean;
  /** Gives the answer up, as when stopping can wait no longer. */
  abort(reason: RouterError): void;
  /**
   * The parsed body.
   *
   * @throws {RouterError} what is wrong with it, or `client-closed`.
   */
  receive(): Promise<unknown>;
  /** A stream begins. `headers` go out where the transport has room for them and nothing has gone out yet. */
  begin(headers: Readonly<Record<string, string>>): void;
  /** @returns A promise when the client reads too slowly: wait for it before writing more. */
  write(events: readonly WireEvent[]): Promise<void> | undefined;
  /** Ends the stream; `events` are its last words, in one write with the end. */
  end(events: readonly WireEvent[]): void;
  /**
   * Shows a silent client that somebody is there.
   *
   * @param event - In the words of its format; undefined while that has none which every client takes.
   */
  keepAlive(event: WireEvent | undefined): void;
  /**
   * Ends a stream with a failure.
   *
   * @param words - The failure in the words of the format, for transports that have none of their own.
   */
  fail(error: AnyRouterError, words: () => readonly WireEvent[]): void;
  /** The whole answer as one document. */
  answer(body: JsonObject, headers: Readonly<Record<string, string>>): void;
  /** A failure as the whole answer. */
  refuse(error: AnyRouterError, headers: Readonly<Record<string, string>>): void;
}
