import type { IncomingMessage } from "node:http";

import { type RawData, WebSocket } from "ws";

import { flattenHeaders } from "../connection/headers.ts";
import { connectThroughProxy } from "../connection/proxy-tunnel.ts";
import type { HeaderMap } from "../connection/retry-after.ts";

/** The members an executor uses of a WebSocket. */
export interface Socket {
  /** Sends one text frame. */
  send(text: string): void;
  /** Ends with the closing handshake. */
  close(): void;
  /** Ends at once. */
  terminate(): void;
  /** Stops and goes on reading from the network. */
  pause(): void;
  resume(): void;
  /** Asks the other side for a sign of life. */
  ping(): void;
}

/** What happens to a Socket. After `refused`, `closed` or `failed` nothing more happens. */
export interface SocketListener {
  /** The handshake is done. `headers` are those of the 101. */
  opened(headers: HeaderMap): void;
  /** The handshake was answered with something else than a 101. */
  refused(status: number, bodyText: string, headers: HeaderMap): void;
  message(text: string): void;
  /** A binary message; its content is of no interest. */
  binary(): void;
  /** The other side answered a ping. */
  pong(): void;
  closed(code: number, reason: string): void;
  failed(error: Error): void;
}

export interface ConnectSocketOptions {
  readonly headers: HeaderMap;
  /** A longer message fails the socket. */
  readonly maxMessageBytes: number;
  /** What is read of the body of a refusal. */
  readonly maxErrorBytes: number;
  /** `http://host:port` of a proxy. */
  readonly proxyUrl?: string;
}

/** Opens a WebSocket to a ws(s) URL. Returns at once; the listener learns what comes of it. */
export type ConnectSocket = (url: string, options: ConnectSocketOptions, listener: SocketListener) => Socket;

/** A ConnectSocket on `ws`. Answers pings by itself; offers no compression, which would cost memory for every socket. */
export const connectWs: ConnectSocket = (url, options, listener) => {
  const socket = new WebSocket(url, {
    headers: options.headers,
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: options.maxMessageBytes,
    ...(options.proxyUrl === undefined
      ? {}
      : { createConnection: connectThroughProxy(options.proxyUrl, url.startsWith("wss:")) }),
  });
  let isOver = false;
  let headers: HeaderMap = {};

  socket.on("upgrade", (response: IncomingMessage) => {
    headers = flattenHeaders(response.headers);
  });
  socket.on("open", () => {
    if (!isOver) listener.opened(headers);
  });
  socket.on("message", (data: RawData, isBinary: boolean) => {
    if (isOver) return;
    if (isBinary) listener.binary();
    // With the default `binaryType` a message is always one Buffer.
    else listener.message((data as Buffer).toString("utf8"));
  });
  socket.on("pong", () => {
    if (!isOver) listener.pong();
  });
  socket.on("unexpected-response", (request, response: IncomingMessage) => {
    if (isOver) return;
    isOver = true;
    collectText(response, options.maxErrorBytes, (bodyText) => {
      request.destroy();
      listener.refused(response.statusCode ?? 0, bodyText, flattenHeaders(response.headers));
    });
  });
  socket.on("error", (error: Error) => {
    if (isOver) return;
    isOver = true;
    listener.failed(error);
  });
  socket.on("close", (code: number, reason: Buffer) => {
    if (isOver) return;
    isOver = true;
    listener.closed(code, reason.toString("utf8"));
  });

  /** The other side has said goodbye and not hung up yet: what is sent now nobody hears. */
  function closing(): void {
    if (isOver) return;
    isOver = true;
    socket.terminate();
    listener.failed(new Error("the socket is closing"));
  }

  return {
    send: (text) => socket.send(text, socket.readyState === WebSocket.OPEN ? undefined : closing),
    close: () => socket.close(1000),
    terminate: () => {
      isOver = true;
      socket.terminate();
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    ping: () => {
      // A socket that is closing takes no more frames.
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    },
  };
};

function collectText(response: IncomingMessage, limitBytes: number, done: (text: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isDone = false;
  const finish = () => {
    if (isDone) return;
    isDone = true;
    done(Buffer.concat(chunks).subarray(0, limitBytes).toString("utf8"));
  };
  response.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= limitBytes) finish();
  });
  response.on("end", finish);
  // The status is the news; what is missing of the body matters less.
  response.on("error", finish);
  response.on("close", finish);
}
