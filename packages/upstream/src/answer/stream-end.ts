import { isJsonArray, isJsonObject, type JsonValue, type WireEvent, type WireFormat } from "@turnout/core";

/** How streams of one wire format end. */
export interface StreamEnd {
  /** True for the last event of an answer, failures included. */
  isTerminal(event: WireEvent): boolean;
  /**
   * True for an event after which the end of the response is a clean end, although a few more may come: formats whose
   * terminal event some upstreams leave out, or that have none. Asked only when a response has ended so.
   */
  mayEndAfter?(event: WireEvent): boolean;
}

const responsesTerminal = new Set([
  "response.completed",
  // The old name of `response.completed`.
  "response.done",
  "response.failed",
  "response.incomplete",
  "error",
]);

/** An error where a chunk was expected, in formats without event types. Quotes inside a text are escaped, so it is no text. */
const errorChunk = /^\s*\{\s*"error"\s*:\s*[{"]/u;

/** The prefix is looked at first, which costs a good event next to nothing. */
function isErrorChunk(data: string): boolean {
  return (data.startsWith('"error"', 1) || data.startsWith('"error"', 2)) && errorChunk.test(data);
}

const brace = 0x7b;

function isDone(data: string): boolean {
  return data.charCodeAt(0) !== brace && data.trim() === "[DONE]";
}

const finishReason = /"finish_reason"\s*:\s*"[^"]/u;

const geminiFinish = /"(?:finishReason|blockReason)"\s*:\s*"/u;

function isSet(value: JsonValue | undefined): boolean {
  return typeof value === "string" && value !== "";
}

/** Whether a Gemini chunk says that the answer is over. Arguments of a call are plain JSON, so the words alone prove nothing. */
function isLastGeminiChunk(data: string): boolean {
  if (!geminiFinish.test(data)) return false;
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch {
    // Whoever reads the event says so; here it only is no end.
    return false;
  }
  if (!isJsonObject(chunk)) return false;
  const { candidates, promptFeedback } = chunk;
  if (isJsonObject(promptFeedback) && isSet(promptFeedback["blockReason"])) return true;
  const [first] = isJsonArray(candidates) ? candidates : [];
  return first !== undefined && isJsonObject(first) && isSet(first["finishReason"]);
}

/**
 * How streams end in each wire format (translation.md 4.1 and 4.6): Responses and Messages with an event of their own; Chat
 * with `[DONE]`, which some vendors leave out after the finish reason; Gemini with the end of the response after a finish reason.
 */
export const streamEnds: Readonly<Record<WireFormat, StreamEnd>> = {
  "openai-responses": { isTerminal: ({ type }) => responsesTerminal.has(type) },
  "anthropic-messages": { isTerminal: ({ type }) => type === "message_stop" || type === "error" },
  "openai-chat": {
    isTerminal: ({ data }) => isDone(data) || isErrorChunk(data),
    mayEndAfter: ({ data }) => finishReason.test(data),
  },
  gemini: {
    isTerminal: ({ data }) => isErrorChunk(data),
    mayEndAfter: ({ data }) => isLastGeminiChunk(data),
  },
};
