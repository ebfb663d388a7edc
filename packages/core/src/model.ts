/** What is known of one model of a provider. */
export interface ModelInfo {
  /** The upstream's name, for example `gpt-5.4`. */
  readonly id: string;
  readonly displayName?: string;
  /** Tokens of input and output together. */
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
  /** Efforts the model accepts, weakest first. */
  readonly efforts?: readonly string[];
  readonly defaultEffort?: string;
  readonly inputModalities?: readonly ("text" | "image" | "file" | "audio")[];
  /** Not shown in lists. */
  readonly hidden?: boolean;
}
