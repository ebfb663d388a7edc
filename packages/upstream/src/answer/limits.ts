/** What an executor waits for and holds at most. */
export interface UpstreamLimits {
  /** Milliseconds from sending to the first event. */
  readonly firstEventTimeoutMs: number;
  /** Milliseconds between two signs of life after that. */
  readonly silenceTimeoutMs: number;
  /** Milliseconds from sending to the end of an answer that is one document by request. */
  readonly documentTimeoutMs: number;
  /** Held for a reader that is slower than the network; above it the socket is paused. */
  readonly maxBufferedBytes: number;
  /** One event, counted in UTF-16 code units. */
  readonly maxEventBytes: number;
  /** A whole answer of an upstream that did not stream. */
  readonly maxDocumentBytes: number;
  /** What is read of an error answer; the rest is cut off. */
  readonly maxErrorBytes: number;
  /** Milliseconds an answered request may keep its connection before that is closed instead of reused. */
  readonly drainTimeoutMs: number;
}

/**
 * High effort is silent for minutes and image input needs half a minute before its first event, hence 90 s and 300 s
 * (reports of 2026 on the Codex backend; its own client waits 300 s). A document is as silent as a
 * whole answer takes; the SDKs of OpenAI and Anthropic wait 600 s for it.
 */
export const defaultLimits: UpstreamLimits = {
  firstEventTimeoutMs: 90_000,
  silenceTimeoutMs: 300_000,
  documentTimeoutMs: 600_000,
  maxBufferedBytes: 64 * 1024,
  maxEventBytes: 32 * 1024 * 1024,
  maxDocumentBytes: 64 * 1024 * 1024,
  maxErrorBytes: 64 * 1024,
  drainTimeoutMs: 1_000,
};
