import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import * as zlib from "node:zlib";
import type { JsonValue } from "@turnout/core";
import { detailRefusal, type Refusal } from "./refusal.ts";
import type { HeaderMap } from "./strict/rule.ts";

const maximumBodyBytes = 128 * 1024 * 1024;
const keepAliveTimeoutMs = 120_000;

/** Header values as one text each, names in lower case. */
export function headerMap(request: IncomingMessage): HeaderMap {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

export type ReadBody = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly refusal: Refusal };

/** Node has zstd from 22.15 on. */
function decodeZstd(bytes: Buffer): string | undefined {
  const decompress: unknown = Reflect.get(zlib, "zstdDecompressSync");
  if (typeof decompress !== "function") return undefined;
  const result: unknown = Reflect.apply(decompress, zlib, [bytes]);
  return Buffer.isBuffer(result) ? result.toString() : undefined;
}

function decodeBody(bytes: Buffer, encoding: string | undefined): ReadBody {
  if (encoding === undefined || encoding === "identity") return { ok: true, text: bytes.toString() };
  const text = encoding === "zstd" ? decodeZstd(bytes) : undefined;
  if (text !== undefined) return { ok: true, text };
  return { ok: false, refusal: detailRefusal(415, `Unsupported Content-Encoding: ${encoding}`) };
}

/** Reads the whole body and calls back; never calls back when the client goes first. */
export function readBody(request: IncomingMessage, callback: (body: ReadBody) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maximumBodyBytes) chunks.push(chunk);
  });
  request.on("error", () => {});
  request.once("end", () => {
    if (size > maximumBodyBytes) callback({ ok: false, refusal: detailRefusal(413, "Request body is too large") });
    else callback(decodeBody(Buffer.concat(chunks), request.headers["content-encoding"]));
  });
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: JsonValue,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(text);
}

/** Answers an upgrade with something else than 101, and closes. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  const fields = { ...headers, "content-length": String(Buffer.byteLength(body)), connection: "close" };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n${lines.join("")}\r\n${body}`);
}

/** An HTTP server that knows its connections: it numbers them and can drop them all, upgraded ones included. */
export interface ConnectionServer {
  readonly server: Server;
  connectionNumber(socket: Duplex): number;
  listen(host: string, port: number): Promise<number>;
  close(): Promise<void>;
}

export function createConnectionServer(): ConnectionServer {
  const server = createServer();
  // Idle connections live longer than any test: the backend keeps them for up to minutes, too.
  server.keepAliveTimeout = keepAliveTimeoutMs;
  const connections = new Map<Duplex, number>();
  let count = 0;
  server.on("connection", (socket) => {
    count += 1;
    connections.set(socket, count);
    socket.once("close", () => connections.delete(socket));
    // A reset by the client is an ordinary day; `close` follows.
    socket.on("error", () => {});
  });
  return {
    server,
    connectionNumber: (socket) => connections.get(socket) ?? 0,
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          const address = server.address();
          resolve(typeof address === "object" && address !== null ? address.port : port);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connections.keys()) socket.destroy();
      }),
  };
}

export function isTcpSocket(socket: Duplex): socket is Socket {
  return socket instanceof Socket;
}
