import type { Extras, Turn } from "./content.ts";
import type { JsonObject } from "./json.ts";

/** A tool the client offers the model. */
export type Tool =
  | {
      readonly type: "function";
      readonly name: string;
      readonly namespace?: string;
      readonly description?: string;
      /** JSON Schema of the arguments. */
      readonly parameters?: JsonObject;
      readonly strict?: boolean | null;
      readonly extras?: Extras;
    }
  | {
      readonly type: "custom";
      readonly name: string;
      readonly namespace?: string;
      readonly description?: string;
      /** Grammar of the free text, as the source wrote it. */
      readonly format?: JsonObject;
      readonly extras?: Extras;
    }
  | {
      /** A tool the provider runs itself, or one only the source format knows. */
      readonly type: "server";
      readonly name: string;
      readonly extras: Extras;
    };

export type ToolChoice =
  | { readonly type: "auto" }
  | { readonly type: "none" }
  | { readonly type: "required" }
  | { readonly type: "tool"; readonly name: string; readonly kind: "function" | "custom" }
  | { readonly type: "other"; readonly extras: Extras };

/** How much the model shall think, as the client said it; the encoder maps it to what the target offers. */
export interface ReasoningControl {
  /** `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`, `ultra`; absent = the model's default. */
  readonly effort?: string;
  readonly budgetTokens?: number;
  /** Whether thoughts shall be shown: `auto`, `concise`, `detailed`, or `none`. */
  readonly summary?: string;
  readonly extras?: Extras;
}

export type OutputFormat =
  | { readonly type: "text" }
  | { readonly type: "json" }
  | {
      readonly type: "json-schema";
      readonly name: string;
      readonly schema: JsonObject;
      readonly strict?: boolean | null;
      readonly description?: string;
    };

/** Numbers that steer sampling; absent = the model's default. */
export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly logitBias?: JsonObject;
  readonly stop?: readonly string[];
  /** Number of alternatives per position, 0 for the chosen token alone; absent = no log probabilities. */
  readonly logprobs?: number;
  /** Number of answers wanted. */
  readonly candidates?: number;
}

/** What a client asks of a model, in no particular wire format. Nothing in it is changed after decoding. */
export interface ModelRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly reasoning?: ReasoningControl;
  readonly output?: OutputFormat;
  readonly maxOutputTokens?: number;
  readonly sampling: Sampling;
  /** `low`, `medium`, `high`. */
  readonly verbosity?: string;
  readonly serviceTier?: string;
  /** Stable key of a conversation for prompt caches. */
  readonly cacheKey?: string;
  /** Opaque id of the end user. */
  readonly endUser?: string;
  readonly metadata?: JsonObject;
  readonly store?: boolean;
  readonly previousResponseId?: string;
  /** A Chat client asked for the usage chunk at the end of a stream. */
  readonly includeUsage?: boolean;
  readonly extras?: Extras;
}
