import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type AnyRouterError, RouterError } from "@turnout/core";
import { getCodec } from "@turnout/translator";
import type { PipelineOptions } from "../pipeline/handle.ts";
import type { SocketServer } from "../websocket/socket-server.ts";
import type { Guard } from "./guard.ts";
import { createRequestId } from "./request-id.ts";
import { responsesPaths } from "./responses-paths.ts";

export interface UpgradeOptions {
  readonly guard: Guard;
  readonly pipeline: Pick<PipelineOptions, "runtime" | "log">;
  /** Undefined: no client may have one. */
  readonly sockets: SocketServer | undefined;
}

/**
 * Answers WebSocket handshakes. Who may not ask at all is told so before anything is opened. Where no socket is served the answer
 * is 426, at once: that status alone sends the Codex CLI to HTTP without delay; others cost it seconds, an unanswered handshake
 * minutes (measured 2026-10).
 */
export function serveUpgrades(server: Server, options: UpgradeOptions): void {
  server.on("upgrade", (request, stream, head) => {
    // A client that has already gone is no concern of ours.
    stream.on("error", () => stream.destroy());
    try {
      accept(request, stream, head, options);
    } catch (error) {
      refuse(request, stream, RouterError.from(error), options.pipeline);
    }
  });
}

function accept(request: IncomingMessage, stream: Duplex, head: Buffer, { guard, sockets }: UpgradeOptions): void {
  const { headers, url = "/" } = request;
  if (sockets === undefined || !responsesPaths.includes(pathOf(url))) {
    throw new RouterError("upgrade-unsupported", "WebSocket is not served here: send the request over HTTP", {});
  }
  guard.check(headers, url);
  sockets.accept(request, stream, head);
}

function pathOf(url: string): string {
  return url.split("?", 1)[0] ?? url;
}

function refuse(
  request: IncomingMessage,
  stream: Duplex,
  error: AnyRouterError,
  { runtime, log }: UpgradeOptions["pipeline"],
): void {
  const requestId = createRequestId(runtime);
  const { status, body, headers } = getCodec("openai-responses").encodeError(error, requestId);
  const text = JSON.stringify(body);
  const fields = {
    connection: "close",
    "content-type": "application/json; charset=utf-8",
    "content-length": String(Buffer.byteLength(text)),
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${text}`);
  const { code, message } = error;
  const path = pathOf(request.url ?? "/").slice(0, longestPath);
  log.warn({ requestId, method: "GET", path, upgrade: true, status, error: { code, message } }, "request refused");
}

/** Characters of a path in the log; it is whatever the client sent. */
const longestPath = 256;
