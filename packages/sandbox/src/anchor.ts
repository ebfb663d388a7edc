import { z } from "zod";
import { inputItemSchema, type InputItem } from "./strict/request-schema.ts";

/** What a socket remembers of its latest response. */
export interface Anchor {
  readonly responseId: string;
  /** Tokens of the conversation up to here. */
  readonly tokens: number;
  /** The conversation up to here: the input, then the output. */
  items(): readonly InputItem[];
}

const outputSchema = z.array(inputItemSchema);

/** The output is parsed when a continuation asks for it: most answers are never continued. */
export function createAnchor(
  responseId: string,
  input: readonly InputItem[],
  outputText: string,
  tokens: number,
): Anchor {
  return { responseId, tokens, items: () => [...input, ...outputSchema.parse(JSON.parse(outputText))] };
}
