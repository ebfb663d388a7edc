import type {
  AnyRouterError,
  FinishReason,
  JsonObject,
  ModelRequest,
  ModelResponse,
  RouterError,
  StreamEvent,
  Translated,
  TranslationReport,
  Usage,
  WireEvent,
  WireFormat,
} from "@turnout/core";

/** What an encoder needs to know of the upstream beyond the request. */
export interface EncodeRequestOptions {
  /** The upstream's name of the model; default: the request's. */
  readonly model?: string;
  /** The upstream takes role `developer`; default true for the OpenAI formats. */
  readonly developerRole?: boolean;
}

/** What an answer must carry that is not in the model's words. All of it is given: translation has no clock and no dice. */
export interface AnswerContext {
  /** The client's request; the Responses format echoes parts of it. */
  readonly request: ModelRequest;
  /** The name the client asked for. */
  readonly model: string;
  /** Seconds since the epoch, for formats that must tell and upstreams that did not. */
  readonly createdAt: number;
  /** 48 hex digits; ids of the answer and its items are derived from it where the upstream has none that fit. */
  readonly idSeed: string;
}

/** What helps to read an answer besides the answer itself. */
export interface DecodeAnswerOptions {
  /**
   * The request that was encoded for this upstream. With it, calls of custom tools that had to be sent as functions come
   * back as what they were, and names that had to be shortened are known.
   */
  readonly request?: ModelRequest;
}

/** Reads one upstream stream, event by event. */
export interface EventDecoder {
  /**
   * Appends the meaning of `event` to `out`.
   *
   * @throws {RouterError} what the event reports, or `upstream-malformed` for broken JSON.
   */
  decode(event: WireEvent, out: StreamEvent[]): void;
  /**
   * Called at the end of the upstream's stream.
   *
   * @throws {RouterError} `upstream-unavailable` when no terminal event was seen.
   */
  end(out: StreamEvent[]): void;
  /** What was approximated or dropped so far. */
  readonly report: TranslationReport;
}

/** What turnout itself says on a client's stream, with the ids and sequence numbers of the stream so far. */
export interface StreamVoice {
  /**
   * A real data event that keeps a silent stream alive, since some clients ignore comments. Undefined while the grammar
   * has none that every client takes (Responses before `response.created`).
   */
  keepAlive(): WireEvent | undefined;
  /** The failure in the client's own grammar, to be written last. Legal at any moment, also before the first event. */
  fail(error: AnyRouterError, requestId: string): WireEvent[];
}

/** Writes one client stream, event by event. */
export interface EventEncoder extends StreamVoice {
  /** Appends what the client shall receive for `event` to `out`. */
  encode(event: StreamEvent, out: WireEvent[]): void;
  readonly report: TranslationReport;
}

/**
 * What a reader-along makes of one event of a stream that passes untouched.
 *
 * - `opening`: announces the answer but says nothing of it yet; may be held back while another attempt is still possible
 * - `content`: part of the answer
 * - `terminal`: the clean end, exactly one per stream
 * - `failed`: the upstream reports a failure in the words every client acts on, see `failure`
 * - `complaint`: it reports a failure in a form that some clients ignore: hold the event back and use `fail()` instead
 * - `private`: the backend's own bookkeeping, for clients that understand it only
 */
export type EventRole = "opening" | "content" | "terminal" | "failed" | "complaint" | "private";

/** Reads along on a stream that passes untouched, parsing no more than it must. */
export interface StreamObserver extends StreamVoice {
  observe(event: WireEvent): EventRole;
  /** The marks of the end that are missing when the upstream stops after the answer was complete; empty where none are. */
  conclude(): WireEvent[];
  /** Known after the terminal event, or when the format reports it. */
  readonly usage: Usage | undefined;
  readonly finish: FinishReason | undefined;
  /** Set once `observe` answered `failed` or `complaint`. */
  readonly failure: AnyRouterError | undefined;
}

/** Turns a stream into the one document a client gets that did not ask for a stream; unknown fields stay. */
export interface DocumentCollector {
  /** @throws {RouterError} what a failure event reports. */
  add(event: WireEvent): void;
  /** @throws {RouterError} `upstream-unavailable` when no terminal event was seen. */
  end(): JsonObject;
}

/** A client-facing error document. */
export interface EncodedError {
  readonly status: number;
  readonly body: JsonObject;
  /** `retry-after` (whole seconds) and the like. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How a format asks for the size of a request, and answers. */
export interface TokenCounting {
  /** @throws {RouterError} `request-invalid` with the path of the first wrong field. */
  decodeRequest(body: unknown): Translated<ModelRequest>;
  encodeCount(inputTokens: number): JsonObject;
}

/** One wire format: everything turnout knows about its grammar. Pure: no I/O, no clock. */
export interface Codec {
  readonly wire: WireFormat;
  /**
   * @throws {RouterError} `request-invalid` with the path of the first wrong field.
   */
  decodeRequest(body: unknown): Translated<ModelRequest>;
  /**
   * @throws {RouterError} `request-invalid` when the target cannot hold something that would change the meaning.
   */
  encodeRequest(request: ModelRequest, options?: EncodeRequestOptions): Translated<JsonObject>;
  /**
   * @throws {RouterError} `upstream-malformed`, or the error the document reports.
   */
  decodeResponse(body: unknown, options?: DecodeAnswerOptions): Translated<ModelResponse>;
  encodeResponse(response: ModelResponse, context: AnswerContext): Translated<JsonObject>;
  /** Reads an upstream's error answer of any shape, HTML and nothing included. Never throws. */
  decodeError(status: number, bodyText: string, headers?: Readonly<Record<string, string>>): RouterError;
  encodeError(error: AnyRouterError, requestId: string): EncodedError;
  createEventDecoder(options?: DecodeAnswerOptions): EventDecoder;
  createEventEncoder(context: AnswerContext): EventEncoder;
  createStreamObserver(context: AnswerContext): StreamObserver;
  createDocumentCollector(): DocumentCollector;
  /** Where the model's name and the wish for a stream stand: in the body, or in the address (Gemini). */
  readonly requestPlace: "body" | "address";
  /** For formats that can ask how many tokens a request takes. */
  readonly counting?: TokenCounting;
  /** Name in an SSE `event:` line, or not; Chat has none. */
  readonly namedEvents: boolean;
  /** Written after a clean end, `[DONE]` for Chat. */
  readonly endOfStream: WireEvent | undefined;
}
