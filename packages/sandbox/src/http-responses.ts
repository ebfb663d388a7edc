import type { Runtime } from "@turnout/core";
import type { Caller } from "./accounts.ts";
import {
  cutConnection,
  edgePage,
  singleBytes,
  streamBody,
  watchExchange,
  type HttpExchange,
  type Running,
} from "./http-stream.ts";
import type { Minter } from "./minter.ts";
import { modelsEtag } from "./models.ts";
import type { ParsedSandboxOptions } from "./options.ts";
import { groupBatches, type Batch } from "./pump.ts";
import type { Recorder } from "./records.ts";
import { sseText, type PreparedAnswer } from "./responder.ts";
import { planDelivery, usageLimitError, usageLimitHeaders, type Delivery, type Ending } from "./script/delivery.ts";
import type { StreamSet } from "./stream-set.ts";
import type { PlanUsage } from "./usage.ts";

export interface HttpAnswererOptions {
  readonly runtime: Runtime;
  readonly minter: Minter;
  readonly usage: PlanUsage;
  readonly streams: StreamSet;
  readonly recorder: Recorder;
  readonly options: ParsedSandboxOptions;
}

export interface ResponsesExchange extends HttpExchange {
  readonly caller: Caller;
  readonly model: string;
  /** False: the client asked for one document. */
  readonly stream: boolean;
}

function partialBytes(ending: Ending & { type: "cut" }): Buffer {
  if (ending.partial === undefined) return Buffer.alloc(0);
  const { event, bytes } = ending.partial;
  return Buffer.from(sseText(event.type, event.data.toString())).subarray(0, bytes);
}

function cut(exchange: HttpExchange, ending: Ending & { type: "cut" }): void {
  cutConnection(exchange, { ...ending, partial: partialBytes(ending) });
}

function finish(exchange: ResponsesExchange, prepared: PreparedAnswer, delivery: Delivery | undefined): void {
  const { response, record } = exchange;
  const ending = delivery?.ending ?? { type: "normal" };
  if (ending.type === "stall") return;
  if (ending.type === "cut") {
    cut(exchange, ending);
    return;
  }
  record.outcome = delivery?.faulted === true ? "faulted" : prepared.finish.type;
  response.end();
}

/** Answers `POST /responses` once the request is accepted. */
export function createHttpAnswerer({ runtime, minter, usage, streams, recorder, options }: HttpAnswererOptions) {
  function headersFor({ caller, model, stream }: ResponsesExchange): Record<string, string> {
    return {
      "content-type": stream ? "text/event-stream; charset=utf-8" : "application/json",
      "cache-control": "no-cache",
      "x-request-id": minter.uuid(),
      "openai-model": model,
      ...(caller.kind === "api-key"
        ? {}
        : {
            "x-models-etag": modelsEtag,
            "x-reasoning-included": "true",
            "x-codex-turn-state": `ts_${minter.token(caller.accountId)}`,
            ...usage.headers(caller),
          }),
    };
  }

  function replyWhole(
    { response, record }: ResponsesExchange,
    status: number,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): void {
    record.status = status;
    record.outcome = "faulted";
    response.writeHead(status, { "x-request-id": minter.uuid(), ...headers });
    response.end(body);
  }

  /** Faults that take the place of the whole answer. */
  function replaceAnswer(exchange: ResponsesExchange, { fault }: PreparedAnswer): boolean {
    const json = { "content-type": "application/json" };
    switch (fault?.type) {
      case "hang":
        return true;
      case "html":
        replyWhole(exchange, fault.status, { "content-type": "text/html; charset=UTF-8" }, edgePage);
        return true;
      case "http": {
        const text = typeof fault.body === "string" ? fault.body : JSON.stringify(fault.body ?? { detail: "Scripted" });
        replyWhole(exchange, fault.status, { ...json, ...fault.headers }, text);
        return true;
      }
      case "rate-limit": {
        if (fault.afterEvents > 0) return false;
        const context = { now: Math.floor(runtime.now() / 1000), planType: exchange.caller.planType };
        const body = JSON.stringify({ error: usageLimitError(fault, context) });
        replyWhole(exchange, 429, { ...json, ...usageLimitHeaders(fault, context) }, body);
        return true;
      }
      default:
        return false;
    }
  }

  function bytesOfDelivery({ events, oneByteChunks }: Delivery): Batch<string | Buffer>[] {
    const parts = events.map(({ type, data, delayMs }) => {
      const head = `event: ${type}\ndata: `;
      const text =
        typeof data === "string" ? sseText(type, data) : Buffer.concat([Buffer.from(head), data, Buffer.from("\n\n")]);
      return { delayMs, text };
    });
    if (oneByteChunks) {
      return parts.flatMap(({ delayMs, text }) => singleBytes(text, delayMs));
    }
    return groupBatches(parts, options.eventsPerWrite).map(({ delayMs, content }) => ({
      delayMs,
      content: Buffer.concat(content.map(({ text }) => Buffer.from(text))),
    }));
  }

  function send(exchange: ResponsesExchange, prepared: PreparedAnswer): Running {
    const { response, record, caller } = exchange;
    const context = { now: Math.floor(runtime.now() / 1000), planType: caller.planType };
    const delivery =
      prepared.fault === undefined ? undefined : planDelivery(prepared.events(), prepared.fault, context);
    record.status = 200;
    if (delivery?.ending.type === "cut" && delivery.ending.silent) {
      cut(exchange, delivery.ending);
      return { stop() {} };
    }
    response.writeHead(200, headersFor(exchange));
    if (!exchange.stream) {
      record.outcome = prepared.finish.type;
      response.end(prepared.document());
      return { stop() {} };
    }
    const batches = delivery === undefined ? prepared.sse() : bytesOfDelivery(delivery);
    return streamBody(response, {
      runtime,
      batches,
      oneByOne: delivery?.oneByteChunks === true,
      done: () => finish(exchange, prepared, delivery),
    });
  }

  return (exchange: ResponsesExchange, prepared: PreparedAnswer): void => {
    exchange.record.responseId = prepared.responseId;
    recorder.addOutput(exchange.record, prepared.outputText);
    const watched = watchExchange(exchange, { runtime, streams, latencyMs: options.latencyMs });
    if (!replaceAnswer(exchange, prepared)) watched.start(() => send(exchange, prepared));
  };
}
