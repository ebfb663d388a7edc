import type { Runtime } from "@turnout/core";
import {
  cutConnection,
  edgePage,
  singleBytes,
  streamBody,
  watchExchange,
  type HttpExchange,
  type Running,
} from "../http-stream.ts";
import { parseObject } from "../json.ts";
import type { ParsedSandboxOptions } from "../options.ts";
import { groupBatches, type Batch } from "../pump.ts";
import type { StreamSet } from "../stream-set.ts";
import type { AcceptedCall } from "./dialect.ts";
import { planWireDelivery, type WireDelivery } from "./plan-delivery.ts";
import type { PreparedCall } from "./wire-responder.ts";

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

/** Sends the answer to a request that was accepted, in whatever language. */
export function createWireAnswerer({ runtime, streams, options }: WireAnswererOptions) {
  function replyWhole(
    { response, record }: HttpExchange,
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
  function replaceAnswer(exchange: HttpExchange, call: AcceptedCall, prepared: PreparedCall): boolean {
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
    if (oneByteChunks) return pieces.flatMap(({ bytes, delayMs }) => singleBytes(bytes, delayMs));
    return groupBatches(pieces, options.eventsPerWrite).map(({ delayMs, content }) => ({
      delayMs,
      content: Buffer.concat(content.map(({ bytes }) => Buffer.from(bytes))),
    }));
  }

  function finish(exchange: HttpExchange, prepared: PreparedCall, delivery: WireDelivery | undefined): void {
    const { response, record } = exchange;
    if (delivery?.ending.type === "stall") return;
    if (delivery?.ending.type === "cut") {
      cutConnection(exchange, delivery.ending);
      return;
    }
    record.outcome = delivery?.faulted === true ? "faulted" : prepared.finish.type;
    response.end();
  }

  function send(exchange: HttpExchange, call: AcceptedCall, prepared: PreparedCall): Running {
    const { response, record } = exchange;
    const delivery =
      prepared.fault === undefined ? undefined : planWireDelivery(prepared.frames(), prepared.fault, call);
    record.status = 200;
    if (delivery?.ending.type === "cut" && delivery.ending.silent) {
      cutConnection(exchange, delivery.ending);
      return { stop() {} };
    }
    response.writeHead(200, { "content-type": call.framing.contentType, ...call.headers });
    const batches: readonly Batch<string | Buffer>[] =
      delivery === undefined ? prepared.batches() : bytesOfDelivery(delivery);
    return streamBody(response, {
      runtime,
      batches,
      oneByOne: delivery?.oneByteChunks === true,
      done: () => finish(exchange, prepared, delivery),
    });
  }

  return (exchange: HttpExchange, call: AcceptedCall, prepared: PreparedCall): void => {
    exchange.record.responseId = prepared.id;
    const watched = watchExchange(exchange, { runtime, streams, latencyMs: options.latencyMs });
    if (replaceAnswer(exchange, call, prepared)) return;
    if (call.remember !== undefined && prepared.fault === undefined) call.remember(parseObject(prepared.document()));
    watched.start(() => send(exchange, call, prepared));
  };
}
