import type { JsonObject } from "@turnout/core";
import { sizeOf } from "./size-of.ts";

/**
 * What one request and its answer added to a conversation, linked to what was before: a conversation that is continued thirty
 * times is held once.
 */
export interface Turn {
  readonly before: Turn | undefined;
  /** The new items of the request, then those of the answer. */
  readonly items: readonly JsonObject[];
  /** About the memory of `items`. */
  readonly bytes: number;
  /** The same for the whole conversation up to here. */
  readonly totalBytes: number;
}

export function createTurn(before: Turn | undefined, items: readonly JsonObject[]): Turn {
  let bytes = 0;
  for (const item of items) bytes += sizeOf(item);
  return { before, items, bytes, totalBytes: bytes + (before?.totalBytes ?? 0) };
}

/** Every item of the conversation in order; the items themselves are not copied. */
export function conversationItems(last: Turn): JsonObject[] {
  const turns: Turn[] = [];
  for (let turn: Turn | undefined = last; turn !== undefined; turn = turn.before) turns.push(turn);
  return turns.toReversed().flatMap((turn) => turn.items);
}
