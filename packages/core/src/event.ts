import type { Citation, Extras, Provenance } from "./content.ts";
import type { JsonValue } from "./json.ts";
import type { FinishReason, RefusalDetails, Usage } from "./response.ts";
import type { WireFormat } from "./wire-format.ts";

/** What a block of a streamed answer is; its text follows in deltas. */
export type BlockOpening =
  | { readonly kind: "text" }
  | { readonly kind: "refusal" }
  | {
      readonly kind: "reasoning";
      readonly itemId?: string;
      /** The provider hid the text on purpose; only the payload comes. */
      readonly redacted?: boolean;
    }
  | {
      readonly kind: "tool-call";
      readonly callId: string;
      readonly itemId?: string;
      readonly name: string;
      readonly namespace?: string;
      readonly toolKind: "function" | "custom";
    };

/**
 * One step of an answer: `start`, then blocks, then one `finish`. A block is `block-start`, deltas, `block-stop`; several
 * may be open at once, told apart by `block`, a number unique within the answer. A failure is thrown, never yielded.
 */
export type StreamEvent =
  | {
      readonly type: "start";
      readonly responseId: string;
      readonly model: string;
      readonly createdAt?: number;
      readonly serviceTier?: string;
    }
  | { readonly type: "block-start"; readonly block: number; readonly opening: BlockOpening }
  | { readonly type: "text-delta"; readonly block: number; readonly delta: string }
  | { readonly type: "refusal-delta"; readonly block: number; readonly delta: string }
  /** `part` counts the visible parts of one reasoning block from 0. */
  | {
      readonly type: "reasoning-delta";
      readonly block: number;
      readonly part: number;
      readonly form: "summary" | "raw";
      readonly delta: string;
    }
  | { readonly type: "tool-call-delta"; readonly block: number; readonly argumentsDelta: string }
  | { readonly type: "citation"; readonly block: number; readonly citation: Citation }
  | {
      readonly type: "block-stop";
      readonly block: number;
      /** Reasoning payload or call signature; known only at the end. */
      readonly payload?: string;
      readonly provenance?: Provenance;
      /** The block was cut off; a call in this state must not be executed. */
      readonly incomplete?: boolean;
      readonly extras?: Extras;
    }
  /** A snapshot; the last one counts, field by field. */
  | { readonly type: "usage"; readonly usage: Usage }
  /** What core has no word for, for clients of the same wire. */
  | { readonly type: "raw"; readonly wire: WireFormat; readonly value: JsonValue }
  | {
      readonly type: "finish";
      readonly reason: FinishReason;
      readonly raw?: string;
      /** The stop sequence that was met, for `stop-sequence`. */
      readonly stopSequence?: string;
      readonly refusal?: RefusalDetails;
      readonly usage?: Usage;
    };
