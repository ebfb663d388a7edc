import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Runtime } from "@turnout/core";
import type { Caller } from "./accounts.ts";
import type { Minter } from "./minter.ts";
import { modelsEtag } from "./models.ts";
import type { ParsedSandboxOptions } from "./options.ts";
import { groupBatches, startPump, type Batch } from "./pump.ts";
import type { OpenRecord } from "./records.ts";
import { sseText, type PreparedAnswer } from "./responder.ts";
import { planDelivery, usageLimitError, usageLimitHeaders, type Delivery, type Ending } from "./script/delivery.ts";
import type { StreamSet } from "./stream-set.ts";
import type { PlanUsage } from "./usage.ts";

export interface HttpAnswererOptions {
  readonly runtime: Runtime;
  readonly minter: Minter;
  readonly usage: PlanUsage;
  readonly streams: StreamSet;
  readonly options: ParsedSandboxOptions;
}

export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: OpenRecord;
  readonly caller: Caller;
  readonly model: string;
  /** False: the client asked for one document. */
  readonly stream: boolean;
}

/** The page of an edge in front of the backend. */
export const edgePage =
  "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Enable JavaScript to continue</body></html>";

function* bytesOf(text: string | Buffer): Generator<Buffer> {
  const bytes = Buffer.from(text);
  for (let index = 0; index < bytes.length; index += 1) yield bytes.subarray(index, index + 1);
}

function partialBytes(ending: Ending): Buffer {
  if (ending.type !== "cut" || ending.partial === undefined) return Buffer.alloc(0);
  const { event, bytes } = ending.partial;
  return Buffer.from(sseText(event.type, event.data.toString())).subarray(0, bytes);
}

/** Ends the TCP connection once everything before is on its way. */
function cut({ request, response, record }: HttpExchange, ending: Ending & { type: "cut" }): void {
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
  const partial = partialBytes(ending);
  response.flushHeaders();
  if (partial.length > 0) response.write(partial, drop);
  else socket.write("", drop);
}

function finish(exchange: HttpExchange, prepared: PreparedAnswer, delivery: Delivery | undefined): void {
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
export function createHttpAnswerer({ runtime, minter, usage, streams, options }: HttpAnswererOptions) {
  function headersFor({ caller, model, stream }: HttpExchange): Record<string, string> {
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
    { response, record }: HttpExchange,
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
  function replaceAnswer(exchange: HttpExchange, { fault }: PreparedAnswer): boolean {
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
      return parts.flatMap(({ delayMs, text }) =>
        [...bytesOf(text)].map((content, index) => ({ delayMs: index === 0 ? delayMs : 0, content })),
      );
    }
    return groupBatches(parts, options.eventsPerWrite).map(({ delayMs, content }) => ({
      delayMs,
      content: Buffer.concat(content.map(({ text }) => Buffer.from(text))),
    }));
  }

  function send(exchange: HttpExchange, prepared: PreparedAnswer): { stop(): void } {
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
    // Headers go out with the first event, or alone when that one has to be waited for.
    if ((batches[0]?.delayMs ?? 1) > 0) response.flushHeaders();
    const oneByOne = delivery?.oneByteChunks === true;
    return startPump<string | Buffer>({
      batches,
      runtime,
      write: (content) => {
        const more = response.write(content);
        return more && !oneByOne;
      },
      // One byte at a time: the next one waits until this one has left the process.
      onceDrained: (callback) => {
        if (oneByOne) response.socket?.write("", () => callback());
        else response.once("drain", callback);
      },
      done: () => finish(exchange, prepared, delivery),
    });
  }

  return (exchange: HttpExchange, prepared: PreparedAnswer): void => {
    const { response, record } = exchange;
    record.responseId = prepared.responseId;
    let stop = () => {};
    const stream = streams.add(() => {
      stop();
      if (exchange.request.socket instanceof Socket) exchange.request.socket.destroy();
    });
    response.once("close", () => {
      stop();
      streams.delete(stream);
      if (record.outcome === "pending") record.outcome = "aborted";
    });
    if (replaceAnswer(exchange, prepared)) return;
    const start = () => {
      const pump = send(exchange, prepared);
      stop = pump.stop;
    };
    if (options.latencyMs === 0) start();
    else {
      const timer = runtime.setTimer(options.latencyMs, start);
      stop = () => timer.cancel();
    }
  };
}
