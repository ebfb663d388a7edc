/** The languages clients and upstreams speak. A codec in `@turnout/translator` knows one of them. */
export const wireFormats = ["openai-chat", "openai-responses", "anthropic-messages", "gemini"] as const;

/** One wire format, for example `openai-chat` (Chat Completions) or `openai-responses`. */
export type WireFormat = (typeof wireFormats)[number];

/** How the bytes travel between turnout and an upstream. */
export type Transport = "ws" | "http";
