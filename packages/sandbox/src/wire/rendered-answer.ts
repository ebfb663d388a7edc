import type { ParsedAnswer } from "../script/schema.ts";

/** One event of an answer in its own language, not yet put into a frame of the transport. */
export interface Frame {
  /** The event's name; `comment` for an SSE comment; "" where the language has no names. */
  readonly name: string;
  /** JSON with holes, or what stands in its place. */
  readonly data: string;
  /** Milliseconds to wait before it. */
  readonly delayMs: number;
  /** It tells the client that the answer is whole: left out by the fault `no-terminal`. */
  readonly terminal: boolean;
}

/** A script in the words of one language, once for all answers that it gives. */
export interface RenderedAnswer {
  readonly frames: readonly Frame[];
  /** The answer as one JSON document with holes. */
  readonly document: string;
  /** The id of the answer, with holes. */
  readonly id: string;
  readonly finish: ParsedAnswer["finish"];
  readonly usage: ParsedAnswer["usage"];
}

/** A frame that goes out at once. */
export function frame(name: string, value: unknown, terminal = false): Frame {
  return { name, data: JSON.stringify(value), delayMs: 0, terminal };
}

/** Tokens of an answer: what the script says, or an estimate from its characters. */
export function outputTokens(answer: ParsedAnswer, characters: number): { output: number; reasoning: number } {
  const reasons = answer.steps.some(({ type }) => type === "reasoning");
  const reasoning = answer.usage.reasoningTokens ?? (reasons ? 64 : 0);
  return { output: answer.usage.outputTokens ?? Math.ceil(characters / 8) + reasoning, reasoning };
}
