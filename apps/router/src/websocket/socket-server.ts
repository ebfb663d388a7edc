import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { RouterError } from "@turnout/core";
import { WebSocketServer } from "ws";
import type { WebSocketConfig } from "../config/config-schema.ts";
import type { PipelineOptions } from "../pipeline/handle.ts";
import { type SocketSession, startSocketSession } from "./socket-session.ts";

export interface SocketServerOptions {
  readonly pipeline: PipelineOptions;
  readonly settings: WebSocketConfig;
}

/** The sockets of all clients. */
export interface SocketServer {
  /** Sockets open now. */
  readonly count: number;
  /**
   * Makes a socket of a checked handshake.
   *
   * @throws {RouterError} when there are too many already, when turnout is stopping, or when it is no WebSocket handshake.
   */
  accept(request: IncomingMessage, stream: Duplex, head: Buffer): void;
  /** Closes idle sockets at once and the others when their answers have ended. */
  drain(): void;
  terminate(): void;
}

/** When to try again with a socket where there are too many, in milliseconds. */
const retryAfterMs = 5_000;

export function createSocketServer({ pipeline, settings }: SocketServerOptions): SocketServer {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Compressing costs more than it saves next to a model, and every socket would hold its windows.
    perMessageDeflate: false,
    maxPayload: pipeline.bodyLimitBytes,
  });
  const sessions = new Set<SocketSession>();
  let isDraining = false;
  // What is wrong with a handshake is told by `accept`, in the words of the format.
  server.on("wsClientError", (error) => {
    throw new RouterError("request-invalid", `Cannot open a WebSocket: ${error.message}`, {}, { cause: error });
  });
  return {
    get count() {
      return sessions.size;
    },
    accept: (request, stream, head) => {
      if (isDraining) throw new RouterError("shutting-down", "turnout is stopping", {});
      if (sessions.size >= settings.maxSockets) {
        throw new RouterError("upstream-overloaded", `Cannot open another socket: ${settings.maxSockets} are open`, {
          retryAfterMs,
        });
      }
      if (!(stream instanceof Socket)) throw new RouterError("internal", "An upgrade came without a TCP socket", {});
      server.handleUpgrade(request, stream, head, (socket) => {
        const session = startSocketSession({ pipeline, settings }, { socket, raw: stream, request }, () => {
          sessions.delete(session);
        });
        sessions.add(session);
      });
    },
    drain: () => {
      isDraining = true;
      for (const session of sessions) session.drain();
    },
    terminate: () => {
      for (const session of sessions) session.terminate();
    },
  };
}
