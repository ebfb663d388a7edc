import type { JsonObject, ModelRequest, Operation, TranslationReport, WireFormat } from "@turnout/core";
import type { AnswerContext, Codec } from "@turnout/translator";
import type { ConversationSoFar } from "../responses/continue-conversation.ts";
import type { ClientLine } from "./client-line.ts";

/** What the address of a request tells, beside its body. */
export interface RequestTarget {
  readonly wire: WireFormat;
  /** For formats that name the model and the wish for a stream in the address. */
  readonly address?: { readonly model: string; readonly stream: boolean };
  /** What is asked, where the address tells: a shorter history instead of an answer. */
  readonly operation?: "compact";
  /** How a stream is written: as Server-Sent Events, or as one JSON array (Gemini without `alt=sse`). */
  readonly framing: "sse" | "json-array";
}

/** One request of a client, from its arrival to its last byte. */
export interface Exchange {
  readonly requestId: string;
  readonly target: RequestTarget;
  readonly wire: WireFormat;
  readonly codec: Codec;
  readonly client: ClientLine;
  /** Client hang-up and forced shutdown arrive as one. */
  readonly signal: AbortSignal;
  /** Runtime's monotonic milliseconds. */
  readonly startedAt: number;
}

/** The request id under the name turnout gives it, and under the one the client's SDK reads. */
export function requestIdHeaders(exchange: Pick<Exchange, "requestId" | "wire">): Record<string, string> {
  const { requestId, wire } = exchange;
  const own = { "x-request-id": requestId };
  return wire === "anthropic-messages" ? { ...own, "request-id": requestId } : own;
}

/** A request that has been understood. */
export interface DecodedExchange extends Exchange {
  readonly request: ModelRequest;
  /** The body as the client sent it, for upstreams of the same format; what it refers to is in it. */
  readonly body: JsonObject;
  /** What the answer belongs to, when it can be kept for later requests. */
  readonly conversation: ConversationSoFar | undefined;
  /** What is asked of the upstream. */
  readonly operation: Operation;
  readonly answer: AnswerContext;
  /** What reading the request had to approximate or drop already. */
  readonly report: TranslationReport;
  /** What of the earlier conversation could not be sent again, to any upstream. */
  readonly lost: TranslationReport;
  /** Rather an error than a request of which something would be left out. */
  readonly strict: boolean;
  /** The client understands the Codex backend's own `codex.*` events and `x-codex-*` headers. */
  readonly speaksCodex: boolean;
}
