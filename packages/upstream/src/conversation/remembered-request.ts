import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, type Loss } from "@turnout/core";

import { leaveOut } from "@turnout/translator";

import { type CanonicalItem, canonicalItem } from "./canonical-item.ts";
import { createEntry, type Entry, withRestored } from "./conversation.ts";
import type { Conversation, ConversationBook, Found, Scope } from "./conversation-book.ts";
import type { Turn } from "./turn-reader.ts";

export interface RememberedRequestOptions {
  readonly book: ConversationBook;
  readonly scope: Scope;
  /** What the client calls the conversation. */
  readonly hint: string | undefined;
  /** The client speaks another format. */
  readonly isTranslated: boolean;
  /** As the upstream takes it, in full. */
  readonly body: JsonObject;
}

/** A request beside the conversations it may go on from: what it holds that is new, and what its client could not carry. */
export interface RememberedRequest {
  /** Best first. */
  readonly found: readonly Found[];
  /** In full, with the reasoning put back that the client's format cannot carry. */
  fullBody(): JsonObject;
  /** The items that are new after a conversation that is repeated whole. */
  newItems(found: Found): readonly JsonValue[];
  /** Notes the conversation with this answer; `continued` when only the new items were sent. */
  answered(turn: Turn, continued: Found | undefined): Conversation;
  /**
   * The upstream cannot read the reasoning of the request: `fullBody` is without any from now on, what was put back and what
   * the client carried.
   *
   * @returns False when there was none.
   */
  dropReasoning(): boolean;
  /** The client's own items that were dropped so, for the report. */
  readonly dropped: readonly Loss[];
}

/**
 * @returns Undefined when nothing can be known of the request: its input is no list, or it goes on from a response of the
 *   upstream's own by name.
 */
export function rememberRequest(options: RememberedRequestOptions): RememberedRequest | undefined {
  const { body } = options;
  const { input, previous_response_id: previous } = body;
  if (!isJsonArray(input) || (previous !== undefined && previous !== null)) return undefined;
  return new Remembered(options, input);
}

class Remembered implements RememberedRequest {
  readonly found: readonly Found[];
  dropped: readonly Loss[] = [];
  readonly #options: RememberedRequestOptions;
  #items: readonly JsonValue[];
  #canonical: readonly CanonicalItem[];
  /** Where reasoning is put back from. */
  #source: Found | undefined;

  constructor(options: RememberedRequestOptions, items: readonly JsonValue[]) {
    const { book, scope, hint, isTranslated } = options;
    this.#options = options;
    this.#items = items;
    this.#canonical = items.map((item) => canonicalItem(item));
    this.found = book.find(scope, this.#canonical, hint, { isTranslated });
    this.#source = this.found[0];
  }

  fullBody(): JsonObject {
    const { body } = this.#options;
    const input = withRestored(this.#items, this.#source?.match.restored ?? []);
    return input === body["input"] ? body : { ...body, input };
  }

  newItems({ match }: Found): readonly JsonValue[] {
    const items = this.#items.slice(match.items);
    return match.renamed.size === 0 ? items : items.map((item) => renameCall(item, match.renamed));
  }

  answered(turn: Turn, continued: Found | undefined): Conversation {
    const { book, scope, hint } = this.#options;
    const source = continued ?? this.#source;
    const known = continued === undefined ? this.#repeated() : continued.conversation.entries;
    const added =
      continued !== undefined && continued.match.renamed.size > 0
        ? this.newItems(continued).map((item) => canonicalItem(item))
        : this.#canonical.slice(source?.match.items ?? 0);
    const output = turn.output.map((item) => this.#outputEntry(item));
    const entries = [...known, ...added.map((item) => createEntry(item)), ...output];
    const replaced = source?.match.isWhole === true ? source.conversation : undefined;
    return book.note(scope, hint, entries, replaced);
  }

  dropReasoning(): boolean {
    const hadRestored = (this.#source?.match.restored.length ?? 0) > 0;
    if (this.#source !== undefined && hadRestored) this.#options.book.forget(this.#source.conversation);
    const isReasoning = (_item: JsonValue, index: number) => this.#canonical[index]?.isReasoning === true;
    const { items, dropped } = leaveOut(this.#items, "The upstream cannot read this reasoning", isReasoning);
    if (!hadRestored && dropped.length === 0) return false;
    this.#source = undefined;
    this.#items = items;
    this.#canonical = this.#canonical.filter((item) => !item.isReasoning);
    this.dropped = dropped;
    return true;
  }

  /** Of a request in full: the entries it repeats, as far as they were sent, and in the words they were sent in. */
  #repeated(): readonly Entry[] {
    const { kept, restored } = this.#source?.match ?? { kept: [], restored: [] };
    const put = new Set(restored.map(({ item }) => item));
    let next = 0;
    return kept.map((entry) => {
      if (entry.kept !== undefined && put.has(entry.kept)) return entry;
      const item = this.#canonical[next++];
      return item === undefined || isAsSent(entry, item) ? entry : createEntry(item, entry.kept);
    });
  }

  #outputEntry(item: JsonObject): Entry {
    const { encrypted_content: payload } = item;
    // Clients of the same format carry it themselves.
    const isKept = this.#options.isTranslated && item["type"] === "reasoning" && typeof payload === "string";
    return createEntry(canonicalItem(item), isKept ? reasoningToSend(item) : undefined);
  }
}

function isAsSent(entry: Entry, { digest, extras, callId }: CanonicalItem): boolean {
  return entry.digest === digest && entry.extras === extras && entry.callId === callId;
}

/** The item as the backend takes it back. */
function reasoningToSend({ id, summary, encrypted_content }: JsonObject): JsonObject {
  return {
    type: "reasoning",
    ...(id === undefined ? {} : { id }),
    summary: summary ?? [],
    ...(encrypted_content === undefined ? {} : { encrypted_content }),
  };
}

function renameCall(item: JsonValue, renamed: ReadonlyMap<string, string>): JsonValue {
  if (!isJsonObject(item)) return item;
  const own = item["call_id"];
  const theirs = typeof own === "string" ? renamed.get(own) : undefined;
  return theirs === undefined ? item : { ...item, call_id: theirs };
}
