import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { createDrain } from "../server/drain.ts";

/** Writes to a client's socket, and knows when the client is behind. */
export interface SocketOutlet {
  /** The socket takes messages; false once either side has begun to close it. */
  readonly open: boolean;
  /** The client has not yet taken what was written. */
  readonly blocked: boolean;
  /**
   * One text message each, all in one write. Nothing when the socket is not open.
   *
   * @returns A promise when the client reads too slowly: wait for it before sending more.
   */
  send(texts: readonly string[]): Promise<void> | undefined;
  /** Lets everybody go who waits: the socket is closed. */
  wake(): void;
}

/** @param raw - What the socket writes to; `ws` does not tell when it is full. */
export function createSocketOutlet(socket: WebSocket, raw: Socket): SocketOutlet {
  // An answer and a refusal may wait for the same client.
  const drain = createDrain();
  raw.on("drain", drain.wake);
  return {
    get open() {
      return socket.readyState === WebSocket.OPEN;
    },
    get blocked() {
      return drain.isAwaited;
    },
    send: (texts) => {
      if (socket.readyState !== WebSocket.OPEN) return undefined;
      raw.cork();
      for (const text of texts) socket.send(text);
      raw.uncork();
      return raw.writableNeedDrain ? drain.next() : undefined;
    },
    wake: drain.wake,
  };
}
