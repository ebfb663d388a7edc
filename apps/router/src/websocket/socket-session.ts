import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type AnyRouterError, type JsonObject, RouterError, type Timer } from "@turnout/core";
import type { RawData, WebSocket } from "ws";
import type { WebSocketConfig } from "../config/config-schema.ts";
import type { RequestTarget } from "../pipeline/exchange.ts";
import { handleModelRequest, type PipelineOptions } from "../pipeline/handle.ts";
import { createSocketMemory } from "../responses/client-memory.ts";
import { clientOwner } from "../server/client-owner.ts";
import { createRequestId } from "../server/request-id.ts";
import { type ClientMessage, readClientMessage } from "./client-message.ts";
import { encodeErrorEvent } from "./error-event.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { createSocketLine, type SocketLine } from "./socket-line.ts";
import { createSocketOutlet } from "./socket-outlet.ts";

export interface SocketSessionOptions {
  readonly pipeline: PipelineOptions;
  readonly settings: Pick<WebSocketConfig, "maxAgeMs" | "idleTimeoutMs">;
}

/** A socket right after its handshake. */
export interface OpenedSocket {
  readonly socket: WebSocket;
  readonly raw: Socket;
  /** The handshake. */
  readonly request: IncomingMessage;
}

/** One client's socket: any number of requests, one after the other. */
export interface SocketSession {
  /** Takes no new request; the socket is closed when the running answer has ended. */
  drain(): void;
  /** Cuts the connection. */
  terminate(): void;
}

const target: RequestTarget = { wire: "openai-responses", framing: "sse" };

/** How long a client may take to agree that its socket is closed, in milliseconds. */
const closingMs = 5_000;

/** @param onClosed - The socket is closed, whoever closed it. */
export function startSocketSession(
  { pipeline, settings }: SocketSessionOptions,
  { socket, raw, request }: OpenedSocket,
  onClosed: () => void,
): SocketSession {
  const { runtime, log } = pipeline;
  const openedAt = runtime.monotonic();
  const socketId = runtime.uuid();
  const outlet = createSocketOutlet(socket, raw);
  const memory = createSocketMemory(pipeline.responses, () => clientOwner(request), socketId);
  const heartbeat = startHeartbeat(socket, raw, runtime);
  let running: SocketLine | undefined;
  let requests = 0;
  let isDraining = false;
  let idle: Timer | undefined;
  let closing: Timer | undefined;

  function close(code: number, reason: string): void {
    running?.hangUp();
    socket.close(code, reason);
    closing ??= runtime.setTimer(closingMs, () => socket.terminate());
  }

  function rest(): void {
    idle?.cancel();
    if (isDraining) close(1001, "turnout is stopping");
    else idle = runtime.setTimer(settings.idleTimeoutMs, () => close(1000, "No request for a long time"));
  }

  /** A message that never becomes a request. What is being answered meanwhile goes on. */
  function refuse(error: AnyRouterError): void {
    const requestId = createRequestId(runtime);
    const { code, message } = error;
    log.warn({ requestId, client: "ws", error: { code, message } }, "request refused");
    const slow = outlet.send([JSON.stringify(encodeErrorEvent(error, requestId))]);
    if (slow !== undefined) void listenAgainAfter(slow);
  }

  /** One that asks on without reading the answers is not listened to until it has. */
  async function listenAgainAfter(slow: Promise<void>): Promise<void> {
    socket.pause();
    await slow;
    socket.resume();
  }

  function create(body: JsonObject): void {
    if (running !== undefined) {
      refuse(
        refusal("response_in_progress", "Another response is in progress on this connection: wait for it to finish"),
      );
      return;
    }
    if (runtime.monotonic() - openedAt >= settings.maxAgeMs) {
      refuse(refusal("websocket_connection_limit_reached", limitReached(settings.maxAgeMs)));
      close(1000, "Connection limit reached");
      return;
    }
    idle?.cancel();
    requests += 1;
    void answer(body);
  }

  async function answer(body: JsonObject): Promise<void> {
    const requestId = createRequestId(runtime);
    const line = createSocketLine({
      outlet,
      headers: request.headers,
      sessionId: socketId,
      memory,
      body,
      requestId,
      onEnd: () => {
        running = undefined;
        rest();
      },
    });
    running = line;
    await handleModelRequest(target, line, requestId, pipeline);
  }

  function read(data: RawData): ClientMessage | undefined {
    try {
      // With the default `binaryType` a message is always one Buffer.
      return readClientMessage((data as Buffer).toString());
    } catch (error) {
      refuse(RouterError.from(error));
      return undefined;
    }
  }

  socket.on("message", (data, isBinary) => {
    if (!outlet.open) return;
    if (isBinary) {
      close(1003, "Only text messages are accepted");
      return;
    }
    const message = read(data);
    if (message?.kind === "create") create(message.body);
  });
  // A message over the limit, or one that breaks the protocol: `ws` closes with the code for it.
  socket.on("error", () => running?.hangUp());
  socket.on("close", (code) => {
    heartbeat.stop();
    idle?.cancel();
    closing?.cancel();
    running?.hangUp();
    outlet.wake();
    memory.close();
    log.debug({ code, requests }, "socket closed");
    onClosed();
  });
  rest();
  return {
    drain: () => {
      isDraining = true;
      if (running === undefined) rest();
    },
    terminate: () => socket.terminate(),
  };
}

function refusal(code: string, message: string): AnyRouterError {
  return RouterError.from(new RouterError("request-invalid", message, {}, { upstream: { code } }));
}

/** In the words of the upstream's own limit: clients know them, and open another socket (codex.md 4.6). */
function limitReached(maxAgeMs: number): string {
  const minutes = Math.round(maxAgeMs / 60_000);
  return `Responses websocket connection limit reached (${minutes} minutes). Create a new websocket connection to continue.`;
}
