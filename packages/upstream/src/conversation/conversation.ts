import type { JsonObject, JsonValue } from "@turnout/core";

import type { CanonicalItem, ItemPart } from "./canonical-item.ts";

/** One item of a conversation as an upstream has it, remembered by what it means. */
export interface Entry {
  readonly isReasoning: boolean;
  readonly kind: string;
  readonly digest: string;
  readonly meaning: string | undefined;
  readonly rewritten: string | undefined;
  readonly extras: string | undefined;
  readonly callId: string | undefined;
  readonly parts: readonly ItemPart[];
  /** The item itself: reasoning that clients of other formats cannot carry. */
  readonly kept: JsonObject | undefined;
}

/** An entry for an item, which is kept itself only when it is given. */
export function createEntry(item: CanonicalItem, kept?: JsonObject): Entry {
  const { isReasoning, kind, digest, extras, callId, parts } = item;
  const meaning = item.meaning();
  const rewritten = item.rewritten();
  // Most clients write arguments as they came: one string then serves for both.
  const differs = rewritten !== digest ? rewritten : undefined;
  return { isReasoning, kind, digest, meaning, rewritten: differs, extras, callId, parts, kept };
}

/** How far a request repeats a conversation. */
export interface Match {
  /** Entries it repeats, from the first on. */
  readonly entries: number;
  /** Its own items that do so. */
  readonly items: number;
  /** It repeats all of the conversation: what remains of its items is new. */
  readonly isWhole: boolean;
  /** Reasoning that the client left out because its format cannot carry it. */
  readonly restored: readonly RestoredItem[];
  /** The matched entries without those that were left out and are not kept: what a request in full holds of them. */
  readonly kept: readonly Entry[];
  /** Call ids of the request that are other than those of the conversation; empty for nearly all. */
  readonly renamed: ReadonlyMap<string, string>;
  /** The first place where the request is not the conversation, for example `input[12].content[0]`. */
  readonly difference: string | undefined;
}

export interface RestoredItem {
  /** Index of the request's item that it stands before. */
  readonly before: number;
  readonly item: JsonObject;
}

export interface MatchOptions {
  /** The client speaks another format: what that cannot carry may be missing. */
  readonly isTranslated: boolean;
}

/** Pairs of call ids: a name is arbitrary, but the same call has the same name everywhere. */
class Renaming {
  readonly #there = new Map<string, string>();
  readonly #back = new Map<string, string>();
  readonly changed = new Map<string, string>();

  pair(own: string | undefined, theirs: string | undefined): boolean {
    if (own === undefined || theirs === undefined) return own === theirs;
    const known = this.#there.get(own);
    if (known !== undefined || this.#back.has(theirs)) return known === theirs;
    this.#there.set(own, theirs);
    this.#back.set(theirs, own);
    if (own !== theirs) this.changed.set(own, theirs);
    return true;
  }

  /** False when the name means another call in the conversation than it does in the request. */
  isFree(own: string | undefined): boolean {
    return own === undefined || this.#there.has(own) || !this.#back.has(own);
  }
}

function differenceAt(index: number, entry: Entry, item: CanonicalItem): string {
  const path = `input[${index}]`;
  if (entry.kind !== item.kind) return path;
  const part = item.parts.find(
    ({ path: at, fingerprint }) => entry.parts.find((other) => other.path === at)?.fingerprint !== fingerprint,
  );
  const field = part?.path ?? item.field;
  return field === "" ? path : `${path}.${field}`;
}

function meansTheSame(entry: Entry, item: CanonicalItem): boolean {
  return entry.digest === item.digest || (entry.meaning !== undefined && entry.meaning === item.meaning());
}

/**
 * Compares a request with a conversation, item by item. Nothing is guessed: an item that differs in anything its format can
 * carry ends the match.
 */
export function matchConversation(
  entries: readonly Entry[],
  items: readonly CanonicalItem[],
  options: MatchOptions,
): Match {
  const renaming = new Renaming();
  const restored: RestoredItem[] = [];
  /** Left out just before the item in hand; it counts once what follows it has matched. */
  let pending: { readonly entry: Entry; readonly item: JsonObject }[] = [];
  const missing = new Set<Entry>();
  let matchedEntries = 0;
  let matchedItems = 0;
  let difference: string | undefined;

  for (let at = 0; at < entries.length; at += 1) {
    const entry = entries[at];
    const item = items[matchedItems];
    if (entry === undefined) break;
    if (entry.isReasoning && options.isTranslated && item?.isReasoning !== true) {
      if (entry.kept === undefined) missing.add(entry);
      else pending.push({ entry, item: entry.kept });
      continue;
    }
    if (item === undefined) {
      difference = `input[${matchedItems}]`;
      break;
    }
    if (!meansTheSame(entry, item)) {
      difference = differenceAt(matchedItems, entry, item);
      break;
    }
    if (entry.extras !== item.extras && !(options.isTranslated && item.extras === undefined)) {
      difference = `input[${matchedItems}]`;
      break;
    }
    const isSameCall = options.isTranslated ? renaming.pair(item.callId, entry.callId) : item.callId === entry.callId;
    if (!isSameCall) {
      difference = `input[${matchedItems}].call_id`;
      break;
    }
    for (const { item: kept } of pending) restored.push({ before: matchedItems, item: kept });
    pending = [];
    matchedItems += 1;
    matchedEntries = at + 1;
  }
  const isWhole = difference === undefined;
  if (isWhole) {
    // Nothing follows them, and upstreams refuse reasoning without the item it led to.
    for (const { entry } of pending) missing.add(entry);
    matchedEntries = entries.length;
    const clash = items.findIndex((item, index) => index >= matchedItems && !renaming.isFree(item.callId));
    if (options.isTranslated && renaming.changed.size > 0 && clash !== -1) {
      difference = `input[${clash}].call_id`;
    }
  }
  const matched = entries.slice(0, matchedEntries);
  return {
    kept: missing.size === 0 ? matched : matched.filter((entry) => !missing.has(entry)),
    entries: matchedEntries,
    items: matchedItems,
    isWhole: difference === undefined,
    restored,
    renamed: renaming.changed,
    difference,
  };
}

/** The items with what was left out put back, each before the item it stood before. */
export function withRestored(items: readonly JsonValue[], restored: readonly RestoredItem[]): readonly JsonValue[] {
  if (restored.length === 0) return items;
  const whole: JsonValue[] = [];
  let next = 0;
  for (const [index, item] of items.entries()) {
    while (restored[next]?.before === index) {
      const { item: put } = restored[next] ?? {};
      if (put !== undefined) whole.push(put);
      next += 1;
    }
    whole.push(item);
  }
  for (const { item } of restored.slice(next)) whole.push(item);
  return whole;
}
