import type { Credential } from "./credential.ts";
import type { JsonObject } from "./json.ts";
import type { Runtime } from "./runtime.ts";
import type { TranslationReport } from "./translation.ts";
import type { Transport, WireFormat } from "./wire-format.ts";

/** What helps an upstream or a session pool to recognise a conversation. Hints, never trusted as proof. */
export interface SessionHints {
  /** Stable for one conversation. */
  readonly sessionId?: string;
  /** Stable for one thread inside it. */
  readonly threadId?: string;
  /** Headers the client sent that the provider's profile declares as forwardable, lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request in the executor's wire format. */
export interface WireRequest {
  /** The upstream's name of the model; equals `body.model` where the format has one. */
  readonly model: string;
  /** Never changed by an executor; one that needs another body makes a new top level. */
  readonly body: JsonObject;
  /** Whether the client asked for a stream. An executor may answer with a stream all the same. */
  readonly stream: boolean;
  readonly session?: SessionHints;
  /** What is asked of the upstream. Default `generate`, an answer of the model. */
  readonly operation?: Operation;
}

/** `count-tokens` asks for the size of the request only, in formats that can ask for it. */
export type Operation = "generate" | "count-tokens";

/** One event of a stream, as it travelled: `data` is the exact JSON text, not parsed. */
export interface WireEvent {
  /** The event name of the format, for example `response.output_text.delta`; empty where it has none. */
  readonly type: string;
  readonly data: string;
}

/** Facts about the upstream's answer that are not in its body. */
export interface WireResponseMeta {
  /** Names in lower case; only what the executor's profile lets through. */
  readonly headers: Readonly<Record<string, string>>;
  /** How the session travelled; absent for transports without sessions. */
  readonly session?: "fresh" | "reused" | "incremental";
  /** What the backend's body rules changed in the request. */
  readonly report?: TranslationReport;
}

/** What an executor answers: one document, or batches of events, one batch per network read. */
export type WireResponse =
  | { readonly kind: "document"; readonly meta: WireResponseMeta; readonly body: JsonObject }
  | {
      readonly kind: "stream";
      readonly meta: WireResponseMeta;
      /**
       * Ends after the terminal event; an upstream that stops before it makes the iteration throw. `return()` (leaving
       * the loop early) aborts the upstream.
       */
      readonly events: AsyncIterable<readonly WireEvent[]>;
    };

export interface ExecuteContext {
  readonly credential: Credential;
  /** Client hang-up, deadline and shutdown arrive as one. */
  readonly signal: AbortSignal;
  readonly runtime: Runtime;
  /** For logs and for correlation headers. */
  readonly requestId: string;
  /** The client would rather have an error than an upstream that was not asked all of it. */
  readonly strict?: boolean;
}

/** Moves bytes in one wire format over one transport. It does not translate between formats. */
export interface Executor {
  /** For example `codex-ws`. */
  readonly id: string;
  /** The language its upstream speaks. */
  readonly wire: WireFormat;
  readonly transport: Transport;
  /** What it can be asked beside `generate`. */
  readonly operations?: readonly Operation[];
  /** Host and port of the upstream; what transport memory is kept for. */
  readonly upstreamHost: string;
  /**
   * Sends one request.
   *
   * @returns Once the upstream has accepted it; the events come as they arrive.
   * @throws {RouterError} with `requestSent` in `upstream-unavailable` telling whether the upstream may have seen it.
   */
  execute(request: WireRequest, context: ExecuteContext): Promise<WireResponse>;
  /** Lets running streams end, then frees sockets. */
  close?(): Promise<void>;
}
