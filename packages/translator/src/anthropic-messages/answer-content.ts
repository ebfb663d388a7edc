import type { AnswerContext } from "../codec.ts";
import { mapToolCallId } from "../ids.ts";
import { type Envelope, wrapPayload } from "../payload-envelope.ts";
import { wire } from "./extras.ts";

const ownId = /^msg_[a-zA-Z0-9_-]{1,60}$/u;

/** The id of an answer as Anthropic's clients know it. */
export function answerId(id: string, context: AnswerContext): string {
  return ownId.test(id) ? id : `msg_${context.idSeed.slice(0, 24)}`;
}

export function clientCallId(callId: string): string {
  return mapToolCallId(callId, wire);
}

/**
 * What goes into `signature` or `data`: the payload itself when Anthropic made it, else an envelope. There is one even
 * without a payload, since clients discard thoughts that are not signed (T10).
 */
export function signatureOf(envelope: Envelope): string {
  const { provenance, payload } = envelope;
  return provenance.wire === wire && payload !== undefined ? payload : wrapPayload(envelope);
}
