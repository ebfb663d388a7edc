import type { JsonObject, JsonValue } from "./json.ts";
import type { WireFormat } from "./wire-format.ts";

/**
 * What only the source format has a word for. It is put back when the target is the same format, and reported as
 * dropped when it is another one.
 */
export interface Extras {
  readonly wire: WireFormat;
  readonly fields: JsonObject;
}

interface BlockBase {
  /** Prompt cache mark. `ttl` as the source said it, for example `5m`. */
  readonly cache?: { readonly ttl?: string };
  readonly extras?: Extras;
}

/** Plain text. Spans of `citations` are UTF-16 code units of `text`. */
export interface TextBlock extends BlockBase {
  readonly type: "text";
  readonly text: string;
  readonly citations?: readonly Citation[];
}

/** The model's refusal, in its own words. */
export interface RefusalBlock extends BlockBase {
  readonly type: "refusal";
  readonly text: string;
}

/** Where the bytes of an image, file or audio are. */
export type MediaSource =
  | { readonly kind: "base64"; readonly mediaType: string; readonly data: string }
  | { readonly kind: "url"; readonly url: string; readonly mediaType?: string }
  | { readonly kind: "file-id"; readonly id: string };

export interface ImageBlock extends BlockBase {
  readonly type: "image";
  readonly source: MediaSource;
  /** `auto`, `low`, `high`, `original`, as the source said it. */
  readonly detail?: string;
}

export interface FileBlock extends BlockBase {
  readonly type: "file";
  readonly source: MediaSource;
  readonly filename?: string;
}

export interface AudioBlock extends BlockBase {
  readonly type: "audio";
  readonly source: MediaSource;
  /** `wav` or `mp3`, as the source said it. */
  readonly format?: string;
}

/** Who made an opaque reasoning payload, and so who can read it. */
export interface Provenance {
  readonly wire: WireFormat;
  readonly provider?: string;
  readonly model?: string;
}

/** What the model thought. Empty `parts` with a `payload` are legal and must be replayed. */
export interface ReasoningBlock extends BlockBase {
  readonly type: "reasoning";
  /** Visible text, a part each; `summary` is the provider's digest, `raw` the thoughts themselves. */
  readonly parts: readonly { readonly form: "summary" | "raw"; readonly text: string }[];
  /** Opaque payload (encrypted content, signature), byte for byte. */
  readonly payload?: string;
  readonly provenance?: Provenance;
  readonly itemId?: string;
  /** The provider hid the text on purpose. */
  readonly redacted?: boolean;
}

export interface ToolCallBlock extends BlockBase {
  readonly type: "tool-call";
  /** Pairs the call with its result. */
  readonly callId: string;
  /** The item's own id, in formats that have one beside `callId`. */
  readonly itemId?: string;
  readonly name: string;
  readonly namespace?: string;
  /** `custom` takes free text instead of JSON arguments. */
  readonly kind: "function" | "custom";
  /** The exact text received: parsing and printing again would change bytes and break prompt caches. */
  readonly arguments: string;
  /** The model was cut off inside this call; it must not be executed. */
  readonly incomplete?: boolean;
  /** Opaque signature some providers attach to a call. */
  readonly payload?: string;
}

export interface ToolResultBlock extends BlockBase {
  readonly type: "tool-result";
  readonly callId: string;
  /** Name of the tool, where the format or the history tells it. */
  readonly name?: string;
  readonly kind: "function" | "custom";
  readonly content: readonly (TextBlock | ImageBlock | FileBlock | OpaqueBlock)[];
  readonly isError?: boolean;
}

/** Something only `wire` has a word for (server tools, compaction, …): carried whole to the same format. */
export interface OpaqueBlock extends BlockBase {
  readonly type: "opaque";
  readonly wire: WireFormat;
  readonly value: JsonValue;
}

export type Block =
  | TextBlock
  | RefusalBlock
  | ImageBlock
  | FileBlock
  | AudioBlock
  | ReasoningBlock
  | ToolCallBlock
  | ToolResultBlock
  | OpaqueBlock;

/** A source the answer points at. `start` and `end` are UTF-16 code units of the block's text. */
export interface Citation {
  readonly kind: "url" | "file" | "other";
  readonly url?: string;
  readonly title?: string;
  readonly start?: number;
  readonly end?: number;
  readonly extras?: Extras;
}

/** One turn of a conversation: ordered blocks of one speaker. */
export interface Turn {
  readonly role: "system" | "user" | "assistant";
  readonly blocks: readonly Block[];
  /** For `system`: which of the two ranks the source used. */
  readonly level?: "system" | "developer";
  /** Where each block stood in its source, as `messages[2].content[0]`: so that reports and errors name a field the client knows. */
  readonly paths?: readonly string[];
  readonly extras?: Extras;
}
