import { isJsonArray, isJsonObject, type JsonObject, type WireEvent } from "@turnout/core";
import { tryParseObject } from "@turnout/translator";

import type { AnswerReader } from "../answer/answer-stream.ts";

/** What an answer leaves behind on its upstream. */
export interface Turn {
  readonly responseId: string;
  /** The items it returned, in their order. */
  readonly output: readonly JsonObject[];
}

/** Reads along with an answer in the Responses format, as far as continuing it needs. */
export interface TurnReader extends AnswerReader {
  /** The turn, once its answer is complete; undefined before, and for an answer that ended any other way. */
  readonly turn: Turn | undefined;
}

const completed = new Set(["response.completed", "response.done"]);

/**
 * A TurnReader; `onTurn` is called once, with the turn of a complete answer. Items are those of `response.output_item.done`: the list in the terminal event can be empty (codex.md 4.5,
 * 2026-10). Deltas are not parsed.
 */
export function createTurnReader(onTurn: (turn: Turn) => void = () => {}): TurnReader {
  const items = new Map<number, JsonObject>();
  let responseId: string | undefined;
  let isComplete = false;
  /** Something could not be read: what the upstream remembers is not known for certain. */
  let isUnclear = false;
  let begunItems = 0;

  function noteItem(event: JsonObject | undefined): void {
    const index = event?.["output_index"];
    const item = event?.["item"];
    const place = typeof index === "number" ? index : items.size;
    if (isJsonObject(item) && !items.has(place)) items.set(place, item);
    else isUnclear = true;
  }

  /** Items that no event told of are looked for in the terminal one; an item that only began is known to nobody. */
  function noteEnd(event: WireEvent): void {
    isComplete = true;
    if (begunItems > items.size) isUnclear = true;
    if (responseId !== undefined && items.size > 0) return;
    const parsed = tryParseObject(event.data);
    noteId(parsed);
    const response = parsed?.["response"];
    const output = isJsonObject(response) ? response["output"] : undefined;
    if (items.size === 0 && isJsonArray(output)) for (const item of output) noteItem({ item });
  }

  function noteId(event: JsonObject | undefined): void {
    const response = event?.["response"];
    const id = isJsonObject(response) ? response["id"] : undefined;
    if (typeof id !== "string" || id === "") return;
    if (responseId !== undefined && responseId !== id) isUnclear = true;
    responseId = id;
  }

  const reader: TurnReader = {
    read: (event) => {
      if (event.type === "response.output_item.done") noteItem(tryParseObject(event.data));
      else if (event.type === "response.created") noteId(tryParseObject(event.data));
      else if (event.type === "response.output_item.added") begunItems += 1;
      // It repeats the whole answer; it is read only when that has not come before.
      else if (completed.has(event.type)) noteEnd(event);
    },
    get turn() {
      if (!isComplete || isUnclear || responseId === undefined) return undefined;
      const output = [...items].toSorted(([left], [right]) => left - right).map(([, item]) => item);
      return { responseId, output };
    },
    finished: () => {
      const { turn } = reader;
      if (turn !== undefined) onTurn(turn);
    },
  };
  return reader;
}
