/**
 * What turnout is compared with: `node:http` in front, undici's `dispatch` behind, bytes in between. It reads no JSON, knows no events,
 * no accounts and no failures; less work than this cannot be done in Node. With `reads: "events"` it takes the stream apart into events,
 * as turnout must, and writes them again: the least that any program does that knows where an event ends.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createSseDecoder, formatSse } from "@turnout/translator";
import { Pool, type Dispatcher } from "undici";
import { z } from "zod";
import { serveCommands } from "../library/serve-commands.ts";

const hopByHop = new Set(["connection", "host", "content-length", "transfer-encoding", "keep-alive"]);

function forwardable(headers: IncomingMessage["headers"]): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !hopByHop.has(name)) kept[name] = value;
  }
  return kept;
}

/** What becomes of one read. */
type Copy = (chunk: Buffer) => Buffer | string;

function copyEvents(): Copy {
  const decoder = createSseDecoder();
  return (chunk) => {
    let text = "";
    for (const event of decoder.decode(chunk)) text += formatSse(event, true);
    return text;
  };
}

function forward(pool: Pool, copy: Copy, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const options: Dispatcher.DispatchOptions = {
    path: request.url ?? "/",
    method: "POST",
    headers: forwardable(request.headers),
    body,
  };
  let upstream: Dispatcher.DispatchController | undefined;
  response.on("close", () => {
    if (!response.writableFinished) upstream?.abort(new Error("The client went away"));
  });
  response.on("drain", () => upstream?.resume());
  pool.dispatch(options, {
    onRequestStart(controller) {
      upstream = controller;
    },
    onResponseStart(_controller, status, headers) {
      response.writeHead(status, forwardable(headers));
    },
    onResponseData(controller, chunk) {
      const text = copy(chunk);
      if (text.length > 0 && !response.write(text)) controller.pause();
    },
    onResponseEnd() {
      response.end();
    },
    onResponseError() {
      response.destroy();
    },
  });
}

const listenSchema = z.object({ origin: z.string(), reads: z.enum(["bytes", "events"]).default("bytes") });

serveCommands({
  async listen(parameters) {
    const { origin, reads } = listenSchema.parse(parameters);
    const createCopy = reads === "events" ? copyEvents : () => (chunk: Buffer) => chunk;
    const pool = new Pool(origin, { connections: 512, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => forward(pool, createCopy(), request, response, Buffer.concat(pieces)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  },
});
