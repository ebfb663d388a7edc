import type { ModelRequest, WireFormat } from "@turnout/core";
import type { AnswerContext, Codec } from "@turnout/translator";
import type { ClientConnection } from "../server/client-connection.ts";

/** One request of a client, from its arrival to its last byte. */
export interface Exchange {
  readonly requestId: string;
  readonly wire: WireFormat;
  readonly codec: Codec;
  readonly client: ClientConnection;
  /** Client hang-up and forced shutdown arrive as one. */
  readonly signal: AbortSignal;
  /** Runtime's monotonic milliseconds. */
  readonly startedAt: number;
}

/** A request that has been understood. */
export interface DecodedExchange extends Exchange {
  readonly request: ModelRequest;
  /** The body as the client sent it, for upstreams of the same format. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly answer: AnswerContext;
  /** The client understands the Codex backend's own `codex.*` events and `x-codex-*` headers. */
  readonly speaksCodex: boolean;
}
