import {
  type Credential,
  type ExecuteContext,
  type Executor,
  type JsonObject,
  type Operation,
  RouterError,
  type Translated,
  type WireEvent,
  type WireFormat,
  type WireRequest,
  type WireResponse,
} from "@turnout/core";
import { refuseLosses, withDropped } from "@turnout/translator";

import { abortError, type AnswerStreamOptions, type UpstreamNotice } from "../answer/answer-stream.ts";
import { createErrorReader } from "../connection/error-reader.ts";
import { createHeaderMatcher, type HeaderNames } from "../connection/headers.ts";
import { withoutForeignReasoning } from "../conversation/foreign-reasoning.ts";
import { rememberRequest, type RememberedRequest } from "../conversation/remembered-request.ts";
import { createTurnReader } from "../conversation/turn-reader.ts";
import type { ContinuationProfile } from "../sessions/continuation.ts";
import { createHttpClient, type HttpClient, type HttpClientOptions } from "./http-client.ts";
import { HttpExchange, type HttpExchangeSetup } from "./http-exchange.ts";
import { lossless } from "./stream-body.ts";
import { defaultLimits, type UpstreamLimits } from "../answer/limits.ts";
import type { HeaderMap } from "../connection/retry-after.ts";
import { streamEnds } from "../answer/stream-end.ts";

/** A provider over plain HTTP, as data. */
export interface HttpExecutorOptions {
  /** For example `openai-http`. */
  readonly id: string;
  readonly wire: WireFormat;
  /** http(s) URL without a slash at its end, for example `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Where a credential does not go to `baseUrl`: its own base URL. */
  readonly baseUrlFor?: (credential: Credential) => string;
  /**
   * What it can be asked beside `generate`; `path` then tells the operations apart. Each is answered by one document. Default:
   * nothing.
   */
  readonly operations?: readonly Operation[];
  /** Appended to the base URL, for example `/responses`; a function where the model is in the path. */
  readonly path: string | ((request: WireRequest) => string);
  /** All headers but `content-length`; `content-type` is `application/json` unless given here. */
  headers(request: WireRequest, context: ExecuteContext): HeaderMap;
  /** The backend's body rules. Default: the body goes as it is. */
  prepareBody?(request: WireRequest, context: ExecuteContext): Translated<JsonObject>;
  /**
   * The upstream answers with one document where the client asked for no stream: such an answer may take
   * `documentTimeoutMs`. Default false: it always streams, and its first event is waited for.
   */
  readonly answersDocuments?: boolean;
  /**
   * Understands a refusal: a codec's `decodeError` fits. `retry-after` headers are read without its help. Default:
   * `createErrorReader` for the wire format.
   */
  readError?(status: number, bodyText: string, headers: HeaderMap, now: number): RouterError;
  /** Understands a document of status 200 that is an error; undefined for all others. Default: none is. */
  readDocumentError?(body: JsonObject): RouterError | undefined;
  /** True for the last event of an answer; an upstream that stops before it has failed. Default: by wire format. */
  isTerminal?(event: WireEvent): boolean;
  /** True for an event after which an upstream may stop without its terminal one. Default: by wire format. */
  mayEndAfter?(event: WireEvent): boolean;
  /** Default: none. */
  readonly notices?: readonly UpstreamNotice[];
  /** Response headers shown in `meta`, lower case; one that ends in `*` stands for all that begin so. Default: none. */
  readonly responseHeaders?: HeaderNames;
  readonly limits?: Partial<UpstreamLimits>;
  /**
   * Puts reasoning back that a client of another format could not carry, and leaves out what another account made, in the
   * format `openai-responses`. Default: the request goes as it is.
   */
  readonly conversations?: ContinuationProfile;
  /** Default: one of its own, closed with the executor. */
  readonly client?: HttpClient;
  /** How its own client is made. */
  readonly clientOptions?: HttpClientOptions;
}

function createSetup(options: HttpExecutorOptions, upstream: string): HttpExchangeSetup {
  const end = streamEnds[options.wire];
  const readDefault = createErrorReader(options.wire, upstream);
  return {
    answer: {
      upstream,
      limits: { ...defaultLimits, ...options.limits },
      isTerminal: options.isTerminal ?? end.isTerminal,
      mayEndAfter: options.mayEndAfter ?? (options.isTerminal === undefined ? end.mayEndAfter : undefined),
      notices: options.notices,
    },
    // Chat and Gemini events have no type; looking for one would parse every event.
    sniffsType: options.wire === "openai-responses" || options.wire === "anthropic-messages",
    matchesHeader: createHeaderMatcher(options.responseHeaders ?? []),
    readError: options.readError ?? readDefault,
    readDocumentError: options.readDocumentError,
  };
}

const headerValue = /^[\t\u0020-\u007e\u0080-\u00ff]*$/u;

/** Told here and not by undici, whose pool keeps a place for each request with such a header and never gives it back (undici 7.30.2). */
function refuseUnusable(headers: HeaderMap, upstreamHost: string): void {
  for (const name in headers) {
    if (headerValue.test(headers[name] ?? "")) continue;
    throw new RouterError(
      "upstream-unavailable",
      `Cannot send to ${upstreamHost}: header ${name} holds characters that no header can hold`,
      { status: undefined, requestSent: false },
    );
  }
}

/** A document is silent until it is whole. */
function forDocuments(setup: HttpExchangeSetup): HttpExchangeSetup {
  const { limits } = setup.answer;
  const answer: AnswerStreamOptions = {
    ...setup.answer,
    limits: { ...limits, firstEventTimeoutMs: limits.documentTimeoutMs },
  };
  return { ...setup, answer };
}

/** Most requests of an executor go to one address; taking it apart costs some microseconds. */
function createLocator(): (address: string) => { readonly origin: string; readonly path: string } {
  let known:
    | { readonly address: string; readonly place: { readonly origin: string; readonly path: string } }
    | undefined;
  return (address) => {
    if (known?.address === address) return known.place;
    const url = new URL(address);
    const place = { origin: url.origin, path: url.pathname + url.search };
    known = { address, place };
    return place;
  };
}

/**
 * An executor over HTTP with Server-Sent Events, or one JSON document where the upstream answers so.
 *
 * Its errors: `upstream-unavailable` (not reached, or gone before the terminal event), `upstream-timeout`,
 * `upstream-malformed`, `upstream-overloaded` (more requests in flight than connections), the signal's reason, and whatever
 * `readError` makes of a refusal.
 */
export function createHttpExecutor(options: HttpExecutorOptions): Executor {
  const client = options.client ?? createHttpClient(options.clientOptions);
  const upstreamHost = new URL(options.baseUrl).host;
  const streamSetup = createSetup(options, `${options.id} at ${upstreamHost}`);
  const documentSetup = forDocuments(streamSetup);
  const locate = createLocator();
  let inFlight = 0;
  const onOver = () => {
    inFlight -= 1;
  };
  const tooMany = () =>
    new RouterError("upstream-overloaded", `Cannot send to ${upstreamHost}: ${inFlight} requests in flight`, {
      retryAfterMs: undefined,
    });

  function remember(request: WireRequest, body: JsonObject, context: ExecuteContext): RememberedRequest | undefined {
    const { conversations } = options;
    if (conversations === undefined || (request.operation ?? "generate") !== "generate") return undefined;
    return rememberRequest({
      book: conversations.book,
      scope: conversations.scope(request, context),
      hint: conversations.hint(request),
      isTranslated: request.translated === true,
      body,
    });
  }

  function prepareBody(request: WireRequest, context: ExecuteContext): Translated<JsonObject> | undefined {
    const { conversations } = options;
    const given = options.prepareBody?.(request, context);
    if (conversations === undefined) return given;
    const scope = conversations.scope(request, context);
    return withoutForeignReasoning(given ?? lossless(request.body), conversations.book, scope);
  }

  function awaitsDocument({ stream, operation = "generate" }: WireRequest): boolean {
    return operation !== "generate" || (!stream && options.answersDocuments === true);
  }

  return {
    id: options.id,
    ...(options.operations === undefined ? {} : { operations: options.operations }),
    wire: options.wire,
    transport: "http",
    upstreamHost,
    async execute(request: WireRequest, context: ExecuteContext): Promise<WireResponse> {
      if (context.signal.aborted) throw abortError(context.signal);
      const prepared = prepareBody(request, context);
      if (context.strict === true) refuseLosses(prepared?.report);
      const headers = options.headers(request, context);
      refuseUnusable(headers, upstreamHost);
      const body = prepared?.value ?? request.body;
      const baseUrl = options.baseUrlFor?.(context.credential) ?? options.baseUrl;
      const path = typeof options.path === "string" ? options.path : options.path(request);
      const place = locate(baseUrl + path);
      const setup = awaitsDocument(request) ? documentSetup : streamSetup;
      const remembered = remember(request, body, context);
      const reader = remembered && createTurnReader((turn) => void remembered.answered(turn, undefined));

      function send(content: JsonObject): Promise<WireResponse> {
        if (inFlight >= client.maxConnections) throw tooMany();
        inFlight += 1;
        const report = prepared && withDropped(prepared.report, remembered?.dropped ?? []);
        return new HttpExchange(setup, { context, report, reader, onOver }).start(client, {
          ...place,
          method: "POST",
          headers: headers["content-type"] === undefined ? { "content-type": "application/json", ...headers } : headers,
          body: JSON.stringify(content),
        });
      }

      if (remembered === undefined) return send(body);
      try {
        return await send(remembered.fullBody());
      } catch (error) {
        const isUnreadable = RouterError.is(error) && error.code === "reasoning-invalid" && context.strict !== true;
        if (!isUnreadable || !remembered.dropReasoning()) throw error;
        return send(remembered.fullBody());
      }
    },
    ...(client.prepare !== undefined && {
      prepare: async ({ credential, runtime, signal }) => {
        const { origin } = new URL(options.baseUrlFor?.(credential) ?? options.baseUrl);
        await client.prepare?.(origin, runtime, signal);
      },
    }),
    close: async () => {
      if (options.client === undefined) await client.close();
    },
  };
}
