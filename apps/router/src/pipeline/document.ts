import type {
  AnyRouterError,
  FinishReason,
  JsonObject,
  StreamEvent,
  TranslationReport,
  Usage,
  WireEvent,
  WireResponse,
} from "@turnout/core";
import { RouterError } from "@turnout/core";
import type { Codec } from "@turnout/translator";
import { createFolder } from "@turnout/translator";
import type { DecodedExchange } from "./exchange.ts";
import { mergeReports, nothingLost } from "./report.ts";

/** The whole answer for a client that did not ask for a stream. */
export interface AnswerDocument {
  readonly body: JsonObject;
  readonly usage: Usage | undefined;
  readonly finish: FinishReason | undefined;
  readonly report: TranslationReport;
}

/**
 * Waits for the end of the upstream's answer and makes one document of it.
 *
 * @throws {RouterError} what the upstream reports, or that it ended early. Nothing has reached the client then.
 */
export async function collectDocument(
  exchange: DecodedExchange,
  upstreamCodec: Codec,
  response: WireResponse,
): Promise<AnswerDocument> {
  if (upstreamCodec.wire === exchange.wire) return collectSameWire(exchange, response);
  return collectTranslated(exchange, upstreamCodec, response);
}

async function collectSameWire(exchange: DecodedExchange, response: WireResponse): Promise<AnswerDocument> {
  if (response.kind === "document") {
    const { value } = exchange.codec.decodeResponse(response.body);
    return { body: response.body, usage: value.usage, finish: value.finish, report: nothingLost };
  }
  const collector = exchange.codec.createDocumentCollector();
  const broken = await readAll(response.events, (batch) => {
    for (const event of batch) collector.add(event);
  });
  const body = conclude(exchange, broken, () => collector.end());
  const { value } = exchange.codec.decodeResponse(body);
  return { body, usage: value.usage, finish: value.finish, report: nothingLost };
}

async function collectTranslated(
  exchange: DecodedExchange,
  upstreamCodec: Codec,
  response: WireResponse,
): Promise<AnswerDocument> {
  const decoded =
    response.kind === "document"
      ? upstreamCodec.decodeResponse(response.body, exchange)
      : await foldStream(exchange, upstreamCodec, response.events);
  const encoded = exchange.codec.encodeResponse(decoded.value, exchange.answer);
  return {
    body: encoded.value,
    usage: decoded.value.usage,
    finish: decoded.value.finish,
    report: mergeReports(decoded.report, encoded.report),
  };
}

async function foldStream(exchange: DecodedExchange, codec: Codec, batches: Batches) {
  const decoder = codec.createEventDecoder(exchange);
  const folder = createFolder();
  const events: StreamEvent[] = [];
  const drain = () => {
    for (const event of events) folder.add(event);
    events.length = 0;
  };
  const broken = await readAll(batches, (batch) => {
    for (const event of batch) decoder.decode(event, events);
    drain();
  });
  conclude(exchange, broken, () => decoder.end(events));
  drain();
  return { value: folder.end(), report: decoder.report };
}

type Batches = Extract<WireResponse, { kind: "stream" }>["events"];

/** @returns What broke the connection, or undefined when it ended well. What `take` throws is thrown on. */
async function readAll(
  batches: Batches,
  take: (batch: readonly WireEvent[]) => void,
): Promise<AnyRouterError | undefined> {
  const iterator = batches[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await iterator.next().catch((error: unknown) => RouterError.from(error));
      if (RouterError.is(step)) return step;
      if (step.done === true) return undefined;
      take(step.value);
    }
  } finally {
    await iterator.return?.();
  }
}

/**
 * A connection that breaks after the answer was complete is no failure (translation.md 4.6).
 *
 * @throws {RouterError} what broke it, when the answer was not complete.
 */
function conclude<T>(exchange: DecodedExchange, broken: AnyRouterError | undefined, end: () => T): T {
  if (broken === undefined) return end();
  if (exchange.signal.aborted) throw broken;
  try {
    return end();
  } catch {
    // Its end is missing, which is what the broken connection said better.
    throw broken;
  }
}
