import type { IncomingMessage, ServerResponse } from "node:http";
import { RouterError } from "@turnout/core";
import { createDrain } from "./drain.ts";

/** The client's side of one request: what it sent, and the line back to it. */
export interface ClientConnection {
  readonly headers: IncomingMessage["headers"];
  readonly incoming: IncomingMessage;
  /** Aborted with `client-closed` when the client goes away before its answer has ended. */
  readonly signal: AbortSignal;
  readonly headSent: boolean;
  /** The client has not yet taken what was written. */
  readonly blocked: boolean;
  /** Gives the answer up, as when stopping can wait no longer. */
  abort(reason: RouterError): void;
  sendHead(status: number, headers: Readonly<Record<string, string>>): void;
  /** @returns A promise when the client reads too slowly: wait for it before writing more. */
  write(text: string): Promise<void> | undefined;
  /** Ends the answer; `text` is written first. */
  end(text?: string): void;
}

/** Wraps Node's request and response, on which the answer is written straight. */
export function createClientConnection(incoming: IncomingMessage, outgoing: ServerResponse): ClientConnection {
  const hangUp = new AbortController();
  // An answer and its keep-alive may wait for the same client.
  const drain = createDrain();
  outgoing.on("drain", drain.wake);
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) {
      hangUp.abort(
        new RouterError("client-closed", "The client closed the connection before its answer had ended", {}),
      );
    }
    drain.wake();
  });
  return {
    headers: incoming.headers,
    incoming,
    signal: hangUp.signal,
    abort: (reason) => hangUp.abort(reason),
    get headSent() {
      return outgoing.headersSent;
    },
    get blocked() {
      return drain.isAwaited;
    },
    sendHead: (status, headers) => {
      if (!outgoing.destroyed) outgoing.writeHead(status, headers);
    },
    write: (text) => {
      return outgoing.destroyed || outgoing.write(text) ? undefined : drain.next();
    },
    end: (text) => {
      if (!outgoing.destroyed) outgoing.end(text);
    },
  };
}
