import type {
  AnyRouterError,
  FinishReason,
  StreamEvent,
  TranslationReport,
  Usage,
  WireEvent,
  WireResponse,
} from "@turnout/core";
import { RouterError } from "@turnout/core";
import type { Codec, EventDecoder, EventEncoder, StreamObserver, StreamVoice } from "@turnout/translator";
import { unfold } from "@turnout/translator";
import type { DecodedExchange } from "./exchange.ts";
import { nameModel } from "./model-named-upstream.ts";
import { mergeReports, nothingLost } from "./report.ts";

/** How events of an upstream become events of the client. Synchronous: a batch in, a batch out. */
export interface Road {
  /**
   * Appends to `out` what the client shall receive.
   *
   * @throws {RouterError} what the upstream reports; `out` then holds what came before it.
   */
  convert(batch: readonly WireEvent[], out: WireEvent[]): void;
  /**
   * Called when the upstream's stream is over.
   *
   * @throws {RouterError} `upstream-unavailable` when its terminal event never came.
   */
  end(out: WireEvent[]): void;
  /** Something of the answer itself has passed, not only its announcement. */
  readonly begun: boolean;
  /** The terminal event, or the upstream's own failure event, has passed. Nothing may follow. */
  readonly ended: boolean;
  /** What that failure event said, on a road where it passes untouched. */
  readonly failure: AnyRouterError | undefined;
  /** The failure event has passed to the client; nothing more needs to be said of it. */
  readonly failureTold: boolean;
  readonly usage: Usage | undefined;
  readonly finish: FinishReason | undefined;
  readonly report: TranslationReport;
  /** For what turnout says itself on this stream. */
  readonly voice: StreamVoice;
}

/**
 * Same language on both sides: events pass as they came, unknown ones included; turnout only reads along.
 *
 * @param upstreamModel - The upstream's name of the model that was asked.
 */
export function createStraightRoad(exchange: DecodedExchange, upstreamModel: string): Road {
  const names = { asked: exchange.request.model, upstream: upstreamModel };
  const observer: StreamObserver = exchange.codec.createStreamObserver(exchange.answer);
  let begun = false;
  let ended = false;
  let failureTold = false;

  function pass(event: WireEvent, out: WireEvent[]): void {
    const role = observer.observe(event);
    if (role === "complaint") {
      ended = true;
      return;
    }
    // The official SDK's stream helper fails on a `codex.*` event before `response.created`.
    if (role === "private" && !exchange.speaksCodex) return;
    if (role === "content" || role === "terminal") begun = true;
    if (role === "terminal" || role === "failed") ended = true;
    if (role === "failed") failureTold = true;
    out.push(exchange.speaksCodex && role !== "content" ? nameModel(event, names) : event);
  }

  return {
    convert: (batch, out) => {
      for (const event of batch) {
        // What follows the terminal event belongs to nobody.
        if (ended) return;
        pass(event, out);
      }
    },
    end: (out) => {
      if (ended) return;
      if (observer.finish === undefined) throw stoppedShort();
      ended = true;
      out.push(...observer.conclude());
    },
    get begun() {
      return begun;
    },
    get ended() {
      return ended;
    },
    get failure() {
      return observer.failure;
    },
    get failureTold() {
      return failureTold;
    },
    get usage() {
      return observer.usage;
    },
    get finish() {
      return observer.finish;
    },
    report: nothingLost,
    voice: observer,
  };
}

function stoppedShort(): RouterError {
  return new RouterError("upstream-unavailable", "The upstream ended its stream before the terminal event", {
    status: undefined,
    requestSent: true,
  });
}

/** Two languages: decode into core's events, encode into the client's. */
export function createTranslatedRoad(exchange: DecodedExchange, upstreamCodec: Codec): Road {
  const decoder: EventDecoder = upstreamCodec.createEventDecoder(exchange);
  const encoder: EventEncoder = exchange.codec.createEventEncoder(exchange.answer);
  const { endOfStream } = exchange.codec;
  const events: StreamEvent[] = [];
  let begun = false;
  let ended = false;
  let usage: Usage | undefined;
  let finish: FinishReason | undefined;

  function note(event: StreamEvent): void {
    if (event.type === "usage") usage = { ...usage, ...event.usage };
    else if (event.type === "finish") {
      finish = event.reason;
      if (event.usage !== undefined) usage = { ...usage, ...event.usage };
      begun = true;
      ended = true;
    } else if (event.type !== "start" && event.type !== "raw") begun = true;
  }

  function drain(out: WireEvent[]): void {
    for (const event of events) {
      if (ended) break;
      note(event);
      encoder.encode(event, out);
    }
    events.length = 0;
    if (ended && endOfStream !== undefined) out.push(endOfStream);
  }

  return {
    convert: (batch, out) => {
      if (ended) return;
      try {
        for (const event of batch) decoder.decode(event, events);
      } finally {
        drain(out);
      }
    },
    end: (out) => {
      if (ended) return;
      try {
        decoder.end(events);
      } finally {
        drain(out);
      }
    },
    get begun() {
      return begun;
    },
    get ended() {
      return ended;
    },
    failure: undefined,
    failureTold: false,
    get usage() {
      return usage;
    },
    get finish() {
      return finish;
    },
    get report() {
      return mergeReports(decoder.report, encoder.report);
    },
    voice: encoder,
  };
}

/** The client's events for an upstream that answered a stream request with one document. */
export function eventsOfDocument(
  exchange: DecodedExchange,
  upstreamCodec: Codec,
  response: Extract<WireResponse, { kind: "document" }>,
): { events: WireEvent[]; usage: Usage | undefined; finish: FinishReason; report: TranslationReport } {
  const decoded = upstreamCodec.decodeResponse(response.body, exchange);
  const encoder = exchange.codec.createEventEncoder(exchange.answer);
  const events: WireEvent[] = [];
  for (const event of unfold(decoded.value)) encoder.encode(event, events);
  if (exchange.codec.endOfStream !== undefined) events.push(exchange.codec.endOfStream);
  return {
    events,
    usage: decoded.value.usage,
    finish: decoded.value.finish,
    report: mergeReports(decoded.report, encoder.report),
  };
}
