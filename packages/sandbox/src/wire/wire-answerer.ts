import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { isJsonObject, type Runtime } from "@turnout/core";
import { edgePage } from "../http-responses.ts";
import type { ParsedSandboxOptions } from "../options.ts";
import { groupBatches, startPump, type Batch } from "../pump.ts";
import type { OpenRecord } from "../records.ts";
import type { StreamSet } from "../stream-set.ts";
import type { AcceptedCall } from "./dialect.ts";
import { planWireDelivery, type Piece, type WireDelivery, type WireEnding } from "./plan-delivery.ts";
import type { PreparedCall } from "./wire-responder.ts";

export interface WireExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: OpenRecord;
}

export interface WireAnswererOptions {
  readonly runtime: Runtime;
  readonly streams: StreamSet;
  readonly options: ParsedSandboxOptions;
}

const json = { "content-type": "application/json; charset=utf-8" };

/** Status of an answer that failed, where there is no stream to say it in. */
const failureStatus: Readonly<Record<string, number>> = {
  rate_limit_exceeded: 429,
  server_is_overloaded: 503,
  context_length_exceeded: 400,
  invalid_prompt: 400,
};

/** Ends the TCP connection once everything before is on its way. */
function cut({ request, response, record }: WireExchange, ending: WireEnding & { type: "cut" }): void {
  record.outcome = "faulted";
  const { socket } = request;
  const drop = () => {
    if (ending.how === "reset") socket.resetAndDestroy();
    else socket.destroySoon();
  };
  if (ending.silent) {
    drop();
    return;
  }
  response.flushHeaders();
  if (ending.partial.length > 0) response.write(ending.partial, drop);
  else socket.write("", drop);
}

function* singleBytes(piece: Piece): Generator<Batch<Buffer>> {
  const bytes = Buffer.from(piece.bytes);
  for (let index = 0; index < bytes.length; index += 1) {
    yield { delayMs: index === 0 ? piece.delayMs : 0, content: bytes.subarray(index, index + 1) };
  }
}

/** Sends the answer to a request that was accepted, in whatever language. */
export function createWireAnswerer({ runtime, streams, options }: WireAnswererOptions) {
  function replyWhole(
    { response, record }: WireExchange,
    call: AcceptedCall,
    status: number,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): void {
    record.status = status;
    record.outcome = "faulted";
    response.writeHead(status, { ...call.headers, ...headers });
    response.end(body);
  }

  /** Faults that take the place of the whole answer. */
  function replaceAnswer(exchange: WireExchange, call: AcceptedCall, prepared: PreparedCall): boolean {
    const { fault, finish } = prepared;
    const { errors, requestId } = call;
    const reply = (status: number, error: Parameters<typeof errors.body>[1], headers = {}) => {
      const own = errors.status(status);
      const body = JSON.stringify(errors.body(own, error, requestId));
      replyWhole(exchange, call, own, { ...json, ...headers }, body);
      return true;
    };
    switch (fault?.type) {
      case "hang":
        return true;
      case "html":
        replyWhole(exchange, call, fault.status, { "content-type": "text/html; charset=UTF-8" }, edgePage);
        return true;
      case "http": {
        if (fault.body === undefined) return reply(fault.status, { message: "Scripted" }, fault.headers);
        const body = typeof fault.body === "string" ? fault.body : JSON.stringify(fault.body);
        replyWhole(exchange, call, fault.status, { ...json, ...fault.headers }, body);
        return true;
      }
      case "rate-limit": {
        if (call.stream && fault.afterEvents > 0) return false;
        const { error, headers } = errors.rateLimit(fault.resetsInSeconds, call.model);
        return reply(429, error, headers);
      }
      case "error-event":
        // Without a stream there is nothing to say it in but the status.
        return call.stream ? false : reply(fault.status ?? 500, fault.error, fault.headers);
      case undefined:
        if (call.stream || finish.type !== "failed") return false;
        return reply(failureStatus[finish.code] ?? 500, { code: finish.code, message: finish.message });
      default:
        return false;
    }
  }

  function bytesOfDelivery({ pieces, oneByteChunks }: WireDelivery): Batch<string | Buffer>[] {
    if (oneByteChunks) return pieces.flatMap((piece) => [...singleBytes(piece)]);
    return groupBatches(pieces, options.eventsPerWrite).map(({ delayMs, content }) => ({
      delayMs,
      content: Buffer.concat(content.map(({ bytes }) => Buffer.from(bytes))),
    }));
  }

  function finish(exchange: WireExchange, prepared: PreparedCall, delivery: WireDelivery | undefined): void {
    const { response, record } = exchange;
    if (delivery?.ending.type === "stall") return;
    if (delivery?.ending.type === "cut") {
      cut(exchange, delivery.ending);
      return;
    }
    record.outcome = delivery?.faulted === true ? "faulted" : prepared.finish.type;
    response.end();
  }

  function send(exchange: WireExchange, call: AcceptedCall, prepared: PreparedCall): { stop(): void } {
    const { response, record } = exchange;
    const delivery =
      prepared.fault === undefined ? undefined : planWireDelivery(prepared.frames(), prepared.fault, call);
    record.status = 200;
    if (delivery?.ending.type === "cut" && delivery.ending.silent) {
      cut(exchange, delivery.ending);
      return { stop() {} };
    }
    response.writeHead(200, { "content-type": call.framing.contentType, ...call.headers });
    const batches: readonly Batch<string | Buffer>[] =
      delivery === undefined ? prepared.batches() : bytesOfDelivery(delivery);
    // Headers go out with the first event, or alone when that one has to be waited for.
    if ((batches[0]?.delayMs ?? 1) > 0) response.flushHeaders();
    const oneByOne = delivery?.oneByteChunks === true;
    return startPump<string | Buffer>({
      batches,
      runtime,
      write: (content) => response.write(content) && !oneByOne,
      // One byte at a time: the next one waits until this one has left the process.
      onceDrained: (callback) => {
        if (oneByOne) response.socket?.write("", () => callback());
        else response.once("drain", callback);
      },
      done: () => finish(exchange, prepared, delivery),
    });
  }

  return (exchange: WireExchange, call: AcceptedCall, prepared: PreparedCall): void => {
    const { request, response, record } = exchange;
    record.responseId = prepared.id;
    let stop = () => {};
    const stream = streams.add(() => {
      stop();
      if (request.socket instanceof Socket) request.socket.destroy();
    });
    response.once("close", () => {
      stop();
      streams.delete(stream);
      if (record.outcome === "pending") record.outcome = "aborted";
    });
    if (replaceAnswer(exchange, call, prepared)) return;
    if (call.remember !== undefined && prepared.fault === undefined) {
      const document: unknown = JSON.parse(prepared.document());
      if (isJsonObject(document)) call.remember(document);
    }
    const start = () => {
      stop = send(exchange, call, prepared).stop;
    };
    if (options.latencyMs === 0) start();
    else {
      const timer = runtime.setTimer(options.latencyMs, start);
      stop = () => timer.cancel();
    }
  };
}
