import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Runtime } from "@turnout/core";
import { startPump, type Batch } from "./pump.ts";
import type { OpenRecord } from "./records.ts";
import type { StreamSet } from "./stream-set.ts";

/** One answer under way over HTTP. */
export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: OpenRecord;
}

/** What can be stopped before its end. */
export interface Running {
  stop(): void;
}

/** How a connection breaks. */
export interface Cut {
  readonly how: "reset" | "close" | number;
  /** Goes out first. */
  readonly partial: Buffer;
  /** Nothing at all goes out, not even headers. */
  readonly silent: boolean;
}

/** The page of an edge in front of the backend. */
export const edgePage =
  "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Enable JavaScript to continue</body></html>";

/** Ends the TCP connection once everything before is on its way. */
export function cutConnection({ request, response, record }: HttpExchange, { how, partial, silent }: Cut): void {
  record.outcome = "faulted";
  const { socket } = request;
  const drop = () => {
    if (how === "reset") socket.resetAndDestroy();
    else socket.destroySoon();
  };
  if (silent) {
    drop();
    return;
  }
  response.flushHeaders();
  if (partial.length > 0) response.write(partial, drop);
  else socket.write("", drop);
}

/** Every byte as a batch of its own; the first one waits as long as all of them together were to wait. */
export function singleBytes(content: string | Buffer, delayMs: number): Batch<Buffer>[] {
  const bytes = Buffer.from(content);
  return Array.from(bytes, (_, index) => ({
    delayMs: index === 0 ? delayMs : 0,
    content: bytes.subarray(index, index + 1),
  }));
}

export interface StreamOptions {
  readonly runtime: Runtime;
  readonly batches: readonly Batch<string | Buffer>[];
  /** One batch at a time: the next one waits until this one has left the process. */
  readonly oneByOne: boolean;
  done(): void;
}

/** Writes the body of a response whose head is written, as fast as the client reads. */
export function streamBody(response: ServerResponse, { runtime, batches, oneByOne, done }: StreamOptions): Running {
  // Headers go out with the first event, or alone when that one has to be waited for.
  if ((batches[0]?.delayMs ?? 1) > 0) response.flushHeaders();
  return startPump<string | Buffer>({
    batches,
    runtime,
    write: (content) => response.write(content) && !oneByOne,
    onceDrained: (callback) => {
      if (oneByOne) response.socket?.write("", () => callback());
      else response.once("drain", callback);
    },
    done,
  });
}

export interface ExchangeOptions {
  readonly runtime: Runtime;
  readonly streams: StreamSet;
  readonly latencyMs: number;
}

/** Watches an answer from here to its end, and stops it when the client leaves or the sandbox closes. */
export function watchExchange({ request, response, record }: HttpExchange, options: ExchangeOptions) {
  const { runtime, streams, latencyMs } = options;
  let running: Running = { stop() {} };
  const stream = streams.add(() => {
    running.stop();
    if (request.socket instanceof Socket) request.socket.destroy();
  });
  response.once("close", () => {
    running.stop();
    streams.delete(stream);
    if (record.outcome === "pending") record.outcome = "aborted";
  });

  return {
    /** Starts the answer after the latency. */
    start(answer: () => Running): void {
      const begin = () => {
        running = answer();
      };
      if (latencyMs === 0) begin();
      else {
        const timer = runtime.setTimer(latencyMs, begin);
        running = { stop: () => timer.cancel() };
      }
    },
  };
}
