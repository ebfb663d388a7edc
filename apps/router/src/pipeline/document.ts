import type { FinishReason, JsonObject, StreamEvent, TranslationReport, Usage, WireResponse } from "@turnout/core";
import type { Codec } from "@turnout/translator";
import { createFolder } from "@turnout/translator";
import type { DecodedExchange } from "./exchange.ts";
import { mergeReports } from "./report.ts";

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

const nothingLost: TranslationReport = { approximated: [], dropped: [] };

async function collectSameWire(exchange: DecodedExchange, response: WireResponse): Promise<AnswerDocument> {
  if (response.kind === "document") {
    const { value } = exchange.codec.decodeResponse(response.body);
    return { body: response.body, usage: value.usage, finish: value.finish, report: nothingLost };
  }
  const collector = exchange.codec.createDocumentCollector();
  for await (const batch of response.events) {
    for (const event of batch) collector.add(event);
  }
  const body = collector.end();
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

async function foldStream(
  exchange: DecodedExchange,
  codec: Codec,
  batches: Extract<WireResponse, { kind: "stream" }>["events"],
) {
  const decoder = codec.createEventDecoder(exchange);
  const folder = createFolder();
  const events: StreamEvent[] = [];
  const drain = () => {
    for (const event of events) folder.add(event);
    events.length = 0;
  };
  for await (const batch of batches) {
    for (const event of batch) decoder.decode(event, events);
    drain();
  }
  decoder.end(events);
  drain();
  return { value: folder.end(), report: decoder.report };
}
