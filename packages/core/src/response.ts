import type { Block, Extras } from "./content.ts";
import type { JsonObject } from "./json.ts";

/** Why an answer ended. */
export type FinishReason =
  | "stop"
  | "stop-sequence"
  | "length"
  | "context-full"
  | "tool-calls"
  | "content-filter"
  | "refusal"
  | "pause"
  | "error"
  | "other";

/**
 * Token counts, disjoint: total = inputFresh + cacheRead + cacheWrite + output. A counter the upstream did not report
 * is absent, not 0.
 */
export interface Usage {
  readonly inputFresh?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  /** Part of `cacheWrite`: written to be kept for an hour, which costs more than the usual five minutes. */
  readonly cacheWrite1h?: number;
  /** Includes `reasoning`. */
  readonly output?: number;
  /** Part of `output`. */
  readonly reasoning?: number;
  /** The upstream's own object. */
  readonly raw?: JsonObject;
}

/** What a provider tells about an answer it would not give. */
export interface RefusalDetails {
  /** The provider's own word, for example `cyber`. */
  readonly category?: string;
  readonly explanation?: string;
}

/** A whole answer, in no particular wire format. */
export interface ModelResponse {
  readonly id: string;
  readonly model: string;
  /** Seconds since the epoch, when the upstream said so. */
  readonly createdAt?: number;
  readonly blocks: readonly Block[];
  readonly finish: FinishReason;
  /** The upstream's own word for `finish`. */
  readonly finishRaw?: string;
  /** The stop sequence that was met, for `stop-sequence`. */
  readonly stopSequence?: string;
  readonly refusal?: RefusalDetails;
  readonly usage?: Usage;
  readonly serviceTier?: string;
  readonly extras?: Extras;
}
