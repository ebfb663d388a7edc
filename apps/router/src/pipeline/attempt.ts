import type {
  Credential,
  Executor,
  FinishReason,
  QuotaReading,
  Runtime,
  SessionHints,
  TranslationReport,
  Usage,
  WireEvent,
  WireRequest,
  WireResponse,
  WireResponseMeta,
} from "@turnout/core";
import type { Codec } from "@turnout/translator";
import { getCodec, refuseLosses } from "@turnout/translator";
import { type AnswerDocument, collectDocument } from "./document.ts";
import type { DecodedExchange } from "./exchange.ts";
import { nextBatch } from "./next-batch.ts";
import { mergeReports, nothingLost } from "./report.ts";
import { createStraightRoad, createTranslatedRoad, eventsOfDocument, type Road } from "./road.ts";

/** An answer of which nothing has reached the client yet, but which is about to. */
export type OpenedAnswer =
  | {
      readonly kind: "stream";
      readonly meta: WireResponseMeta;
      readonly road: Road;
      /** Converted events held back so far. */
      readonly held: readonly WireEvent[];
      readonly batches: AsyncIterator<readonly WireEvent[]>;
      /** Of the request; `road.report` grows with the answer. */
      readonly report: TranslationReport;
    }
  | {
      readonly kind: "events";
      readonly meta: WireResponseMeta;
      readonly events: readonly WireEvent[];
      readonly usage: Usage | undefined;
      readonly finish: FinishReason | undefined;
      readonly report: TranslationReport;
    }
  | ({ readonly kind: "document"; readonly meta: WireResponseMeta } & AnswerDocument);

export interface AttemptOptions {
  readonly executor: Executor;
  readonly credential: Credential;
  readonly upstreamModel: string;
  readonly session: SessionHints;
  readonly runtime: Runtime;
  /** The executor that is next for this account, while it is not known whether this one's transport carries. */
  readonly rival?: Executor | undefined;
  /** Told what the upstream says of the account's limits. */
  readonly onQuota?: (reading: QuotaReading) => void;
}

/**
 * Sends the request once and waits until the answer has really begun (a stream) or is whole (no stream). Events that only
 * announce an answer are held back, so that a failure right after them can still be made good by another attempt.
 *
 * @throws {RouterError} when this attempt failed; nothing of it has reached the client.
 */
export async function attempt(exchange: DecodedExchange, options: AttemptOptions): Promise<OpenedAnswer> {
  const { executor, credential, runtime } = options;
  const upstreamCodec = getCodec(executor.wire);
  const { request, report } = toWire(exchange, upstreamCodec, options);
  const response = await executor.execute(request, {
    credential,
    signal: exchange.signal,
    runtime,
    requestId: exchange.requestId,
    strict: exchange.strict,
    ...rivalOf(exchange, options),
    ...(options.onQuota === undefined ? {} : { onQuota: options.onQuota }),
  });
  const opened = await open(exchange, upstreamCodec, response, options);
  return { ...opened, report: mergeReports(exchange.lost, report, response.meta.report, opened.report) };
}

/** Milliseconds a handshake may take before the other transport is made ready: some round trips on a good line. */
const headStartMs = 500;

function rivalOf({ signal }: DecodedExchange, { rival, credential, runtime }: AttemptOptions) {
  if (rival?.prepare === undefined) return {};
  const prepare = async () => rival.prepare?.({ credential, signal, runtime });
  return { rival: { afterMs: headStartMs, prepare } };
}

function toWire(
  exchange: DecodedExchange,
  upstreamCodec: Codec,
  options: AttemptOptions,
): { request: WireRequest; report: TranslationReport | undefined } {
  const model = options.upstreamModel;
  const { operation } = exchange;
  const common = { model, stream: exchange.request.stream, session: options.session, operation };
  if (upstreamCodec.wire === exchange.wire) {
    const body = upstreamCodec.requestPlace === "address" ? exchange.body : { ...exchange.body, model };
    return { request: { ...common, body }, report: undefined };
  }
  const encoded = upstreamCodec.encodeRequest(exchange.request, { model });
  const report = mergeReports(exchange.report, encoded.report);
  if (exchange.strict) refuseLosses(report);
  return { request: { ...common, body: encoded.value, translated: true }, report };
}

async function open(
  exchange: DecodedExchange,
  upstreamCodec: Codec,
  response: WireResponse,
  { upstreamModel }: AttemptOptions,
): Promise<OpenedAnswer> {
  const { meta } = response;
  if (!exchange.request.stream) {
    return { kind: "document", meta, ...(await collectDocument(exchange, upstreamCodec, response)) };
  }
  if (response.kind === "document") {
    return { kind: "events", meta, ...eventsOfDocument(exchange, upstreamCodec, response) };
  }
  const road =
    upstreamCodec.wire === exchange.wire
      ? createStraightRoad(exchange, upstreamModel)
      : createTranslatedRoad(exchange, upstreamCodec);
  return openStream(exchange, meta, road, response.events[Symbol.asyncIterator]());
}

/** More announcements than any answer has; an upstream that sends nothing else is passed on as it is. */
const mostHeldEvents = 64;

async function openStream(
  exchange: DecodedExchange,
  meta: WireResponseMeta,
  road: Road,
  batches: AsyncIterator<readonly WireEvent[]>,
): Promise<OpenedAnswer> {
  const held: WireEvent[] = [];
  try {
    while (!road.begun && held.length < mostHeldEvents) {
      const next = await nextBatch(exchange, road, batches, held);
      if (next === undefined) break;
      if (next.done === true) {
        road.end(held);
        break;
      }
      road.convert(next.value, held);
      if (road.failure !== undefined) throw road.failure;
    }
  } catch (error) {
    await batches.return?.();
    throw error;
  }
  return { kind: "stream", meta, road, held, batches, report: nothingLost };
}
