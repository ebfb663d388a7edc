import type { IncomingHttpHeaders } from "node:http";
import { type JsonObject, RouterError, type WireEvent } from "@turnout/core";
import type { ClientLine } from "../pipeline/client-line.ts";
import type { ClientMemory } from "../responses/client-memory.ts";
import { encodeErrorEvent } from "./error-event.ts";
import type { SocketOutlet } from "./socket-outlet.ts";

export interface SocketLineOptions {
  readonly outlet: SocketOutlet;
  /** Of the handshake: a socket has no others. */
  readonly headers: IncomingHttpHeaders;
  readonly sessionId: string;
  readonly memory: ClientMemory;
  readonly body: JsonObject;
  readonly requestId: string;
  /** The last word of the answer is written; the client may ask again. */
  readonly onEnd: () => void;
}

/** One request on a client's socket. */
export interface SocketLine extends ClientLine {
  /** The client has gone away. */
  hangUp(): void;
}

const keepAlive = '{"type":"keepalive"}';

/** One request on a client's socket: every event is a text message, and a failure is an `error` event with its status. */
export function createSocketLine(options: SocketLineOptions): SocketLine {
  const { outlet, headers, sessionId, memory, body, requestId } = options;
  const cancelled = new AbortController();
  let isOpen = false;
  let isEnded = false;

  function hangUp(): void {
    if (isEnded) return;
    cancelled.abort(new RouterError("client-closed", "The client closed its socket before its answer had ended", {}));
  }

  function send(texts: readonly string[]): Promise<void> | undefined {
    isOpen = true;
    // The client has said goodbye, although its connection may last a while.
    if (!outlet.open) hangUp();
    return outlet.send(texts);
  }

  function end(texts: readonly string[]): void {
    if (isEnded) return;
    void send(texts);
    isEnded = true;
    options.onEnd();
  }

  return {
    transport: "ws",
    headers,
    sessionId,
    memory,
    signal: cancelled.signal,
    get open() {
      return isOpen;
    },
    get blocked() {
      return outlet.blocked;
    },
    abort: (reason) => cancelled.abort(reason),
    hangUp,
    receive: () => Promise.resolve(body),
    begin: () => undefined,
    write: (events) => send(events.map(dataOf)),
    end: (events) => end(events.map(dataOf)),
    keepAlive: (event) => void send([event?.data ?? keepAlive]),
    fail: (error) => end([JSON.stringify(encodeErrorEvent(error, requestId))]),
    // Every request on a socket is streamed; were one not, this would be its answer.
    answer: (document) => end([JSON.stringify({ type: "response.completed", response: document })]),
    refuse: (error, further) => end([JSON.stringify(encodeErrorEvent(error, requestId, further))]),
  };
}

function dataOf(event: WireEvent): string {
  return event.data;
}
