import type { Credential } from "./credential.ts";
import type { JsonObject } from "./json.ts";
import type { QuotaReading } from "./quota.ts";
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
  /**
   * The client speaks another format, which may not carry all that earlier answers held: ids of items, encrypted reasoning.
   * Default false.
   */
  readonly translated?: boolean;
}

/**
 * - `generate`: an answer of the model.
 * - `count-tokens`: the size of the request only, in formats that can ask for it.
 * - `warm-up`: an empty answer; tools, instructions and the beginning of the input are made ready for the next request.
 * - `compact`: a shorter history in place of `input`, one document `{ output: [items] }`.
 */
export type Operation = "generate" | "count-tokens" | "warm-up" | "compact";

/** One event of a stream, as it travelled: `data` is the exact JSON text, not parsed. */
export interface WireEvent {
  /** The event name of the format, for example `response.output_text.delta`; empty where it has none. */
  readonly type: string;
  readonly data: string;
}

/** What a request cost on its way to the upstream, and why it did not cost less. */
export interface RequestTraffic {
  /** Bytes of the request as it was sent; all sendings together when it was sent again. */
  readonly sentBytes: number;
  /** Bytes it would have taken in full. */
  readonly fullBytes: number;
  /**
   * What kept the request from continuing the conversation it was taken for: the first field or item that differs, for
   * example `tools` or `input[12].content[0]`. Absent when it continued one, or when none was known.
   */
  readonly difference?: string;
}

/** Facts about the upstream's answer that are not in its body. */
export interface WireResponseMeta {
  /** Names in lower case; only what the executor's profile lets through. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * How the session travelled: all of the request on a fresh socket, all of it on one that was open already, or only what is
   * new in it. Absent for transports without sessions.
   */
  readonly session?: "fresh" | "reused" | "incremental";
  readonly traffic?: RequestTraffic;
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
  /** What else could carry the request; given while it is not known whether this transport carries at all. */
  readonly rival?: Rival;
  /** Told what the upstream says of the account's limits beside its answer, whenever it does. Does not throw. */
  readonly onQuota?: (reading: QuotaReading) => void;
}

/**
 * Another transport of the same account. An executor whose connection is not open after `afterMs` has it made ready; when it
 * is ready first, the executor leaves the request to it with `transport-unsuitable`. So only one of them ever carries it.
 */
export interface Rival {
  readonly afterMs: number;
  /** @throws {RouterError} when it cannot be made ready. */
  prepare(): Promise<void>;
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
  /**
   * The upstream keeps its answers: it takes `previous_response_id` and `item_reference` of its own that nobody else knows.
   * Default false.
   */
  readonly keepsResponses?: boolean;
  /** Host and port of the upstream; what transport memory is kept for. */
  readonly upstreamHost: string;
  /**
   * Sends one request.
   *
   * @returns Once the upstream has accepted it; the events come as they arrive.
   * @throws {RouterError} with `requestSent` in `upstream-unavailable` telling whether the upstream may have seen it.
   */
  execute(request: WireRequest, context: ExecuteContext): Promise<WireResponse>;
  /**
   * Opens the connection that the next request of this credential will need, and sends nothing.
   *
   * @throws {RouterError} `upstream-unavailable` when it cannot be opened, or the signal's reason.
   */
  prepare?(context: Pick<ExecuteContext, "credential" | "signal" | "runtime">): Promise<void>;
  /** Lets running streams end, then frees sockets. */
  close?(): Promise<void>;
}
