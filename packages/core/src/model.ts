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
  /** How its upstream wants thinking to be asked for: by effort, by a budget of tokens, by either, or not at all. */
  readonly thinking?: "effort" | "budget" | "both" | "none";
  readonly inputModalities?: readonly ("text" | "image" | "file" | "audio")[];
  /** Tiers of service beside the ordinary one, as a request names them. */
  readonly serviceTiers?: readonly string[];
  /**
   * Its own clients write requests in the form "Responses-Lite", which only its own upstream reads: tools among the input, and
   * one tool that runs a program in place of many.
   */
  readonly responsesLite?: boolean;
  /** Not shown in lists. */
  readonly hidden?: boolean;
}
