import type { JsonObject } from "@turnout/core";

import type { ItemState } from "./item-state.ts";
import { numberField, stringField } from "./response.ts";

/** Finds the item an event speaks of. */
export interface ItemTable {
  readonly all: readonly ItemState[];
  /** A new item; a later one takes over the place of an earlier one at the same index. */
  add(event: JsonObject, item: JsonObject, type: string): ItemState;
  /** The item of `type` that the event means: by `output_index`, `item_id`, or the last one (T92). */
  find(event: JsonObject, type: string): ItemState | undefined;
  /** The item that a finished item belongs to, when events of it came before. */
  match(event: JsonObject, item: JsonObject, type: string): ItemState | undefined;
  /** The item at a place of the terminal `output`: by id, call id, or as the n-th of its type. */
  matchOutput(item: JsonObject, type: string, nth: number): ItemState | undefined;
}

/** One table per answer. Ids may change from event to event (GitHub Copilot), so no single key is trusted. */
export function createItemTable(): ItemTable {
  const all: ItemState[] = [];
  const byIndex = new Map<number, ItemState>();
  const byId = new Map<string, ItemState>();
  let last: ItemState | undefined;

  function add(event: JsonObject, item: JsonObject, type: string): ItemState {
    const itemId = stringField(item, "id") ?? stringField(event, "item_id");
    const state: ItemState = {
      type,
      itemId,
      callId: stringField(item, "call_id"),
      name: stringField(item, "name"),
      namespace: stringField(item, "namespace"),
      block: -1,
      text: "",
      isTextDone: false,
      parts: [],
      reasoning: [],
      isDone: false,
    };
    all.push(state);
    const index = numberField(event, "output_index");
    if (index !== undefined) byIndex.set(index, state);
    if (itemId !== undefined) byId.set(itemId, state);
    last = state;
    return state;
  }

  function find(event: JsonObject, type: string): ItemState | undefined {
    const index = event["output_index"];
    if (typeof index === "number") {
      const state = byIndex.get(index);
      if (state !== undefined && state.type === type) return state;
    }
    const id = event["item_id"];
    if (typeof id === "string") {
      const state = byId.get(id);
      if (state !== undefined && state.type === type) return state;
    }
    // An index that is new means a new item; only an event that names nothing continues the last one.
    return typeof index !== "number" && last?.type === type ? last : undefined;
  }

  function match(event: JsonObject, item: JsonObject, type: string): ItemState | undefined {
    const state = find(event, type) ?? byId.get(stringField(item, "id") ?? "");
    if (state === undefined || state.type !== type) return undefined;
    // A constant index for several calls: the ids tell them apart.
    const callId = stringField(item, "call_id");
    if (callId === undefined || state.callId === undefined || state.callId === callId) return state;
    return all.find((other) => other.type === type && other.callId === callId);
  }

  function matchOutput(item: JsonObject, type: string, nth: number): ItemState | undefined {
    const byOwnId = byId.get(stringField(item, "id") ?? "");
    if (byOwnId !== undefined && byOwnId.type === type) return byOwnId;
    const ofType = all.filter((state) => state.type === type);
    const callId = stringField(item, "call_id");
    return ofType.find((state) => callId !== undefined && state.callId === callId) ?? ofType[nth];
  }

  return { all, add, find, match, matchOutput };
}
