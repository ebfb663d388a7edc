import type { JsonObject, Runtime } from "@turnout/core";
import { LRUCache } from "lru-cache";

import { type CanonicalItem, canonicalItem } from "./canonical-item.ts";
import { type Entry, type Match, matchConversation, type MatchOptions } from "./conversation.ts";

/** Whose conversation it is: reasoning is readable for the account and the model that made it, and for nobody else. */
export interface Scope {
  readonly accountKey: string;
  /** The upstream's own id of the account, which changes when somebody else logs in under the same name. */
  readonly accountId?: string | undefined;
  readonly model: string;
}

/** A conversation as far as an upstream has answered it. */
export interface Conversation {
  readonly scope: string;
  /** What the client called it; helps to find it. */
  readonly hint: string | undefined;
  readonly entries: readonly Entry[];
  /** A socket stands ready to go on with it. */
  isHeld: boolean;
}

/** A conversation and how far a request repeats it. */
export interface Found {
  readonly conversation: Conversation;
  readonly match: Match;
}

export interface ConversationBookOptions {
  readonly runtime: Runtime;
  /** Bytes of all conversations together, kept reasoning included; those used longest ago go first. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Milliseconds without use after which a conversation is forgotten. Default 1 h, the longest life of a socket. */
  readonly timeToLiveMs?: number;
}

/** The conversations of a provider, of all its accounts and models. In memory only. */
export interface ConversationBook {
  /**
   * The conversations a request may go on from, best first: those it repeats whole before others, longer before shorter. A
   * hint finds them fast and proves nothing.
   */
  find(
    scope: Scope,
    items: readonly CanonicalItem[],
    hint: string | undefined,
    options: MatchOptions,
  ): readonly Found[];
  /**
   * Notes a conversation as it is after an answer.
   *
   * @param replaces - The same conversation, shorter: forgotten, unless a socket stands ready to go on with it.
   */
  note(scope: Scope, hint: string | undefined, entries: readonly Entry[], replaces?: Conversation): Conversation;
  forget(conversation: Conversation): void;
  /** Whether a reasoning item is known to be of another account's upstream. One nobody remembers may be anybody's. */
  isForeign(scope: Scope, reasoning: JsonObject): boolean;
}

/** Of the bytes allowed, so many stand for one reasoning item remembered with its account: a sixth of them in the end. */
const bytesPerOwned = 1_280;

/** Upstreams know accounts by their own ids. */
function ownerOf({ accountKey, accountId }: Scope): string {
  return accountId ?? accountKey;
}

/** Conversations one request is compared with at most. */
const mostCompared = 16;

/** Rough bytes of an entry beside kept reasoning; measured with Node 20: object, digest, slots. */
const entryBytes = 250;

function bytesOf(conversation: Conversation): number {
  let bytes = entryBytes;
  for (const { kept } of conversation.entries) bytes += entryBytes + (kept === undefined ? 0 : lengthOf(kept));
  return bytes;
}

function lengthOf(kept: NonNullable<Entry["kept"]>): number {
  const payload = kept["encrypted_content"];
  return typeof payload === "string" ? payload.length + entryBytes : entryBytes;
}

function scopeKey({ accountKey, accountId, model }: Scope): string {
  return JSON.stringify([accountKey, accountId ?? "", model]);
}

/** Conversations by something they can be found with; newest last. */
class Index {
  readonly #sets = new Map<string, Set<Conversation>>();

  add(key: string, conversation: Conversation): void {
    const set = this.#sets.get(key);
    if (set === undefined) this.#sets.set(key, new Set([conversation]));
    else set.add(conversation);
  }

  remove(key: string, conversation: Conversation): void {
    const set = this.#sets.get(key);
    set?.delete(conversation);
    if (set?.size === 0) this.#sets.delete(key);
  }

  get(key: string): readonly Conversation[] {
    const set = this.#sets.get(key);
    return set === undefined ? [] : [...set].toReversed();
  }
}

/**
 * What finds a conversation by its content: the last entry that any client replays. Arguments of a call are found as the
 * model wrote them and as a client writes them that has parsed them.
 */
function lastKeys(conversation: Conversation): string[] {
  const last = conversation.entries.findLast(({ isReasoning }) => !isReasoning);
  if (last === undefined) return [];
  return [last.digest, last.rewritten, last.meaning].filter((key) => key !== undefined);
}

export function createConversationBook(options: ConversationBookOptions): ConversationBook {
  const { runtime, maxBytes = 64 * 1024 * 1024, timeToLiveMs = 3_600_000 } = options;
  const byHint = new Index();
  const byEnd = new Index();
  /** Whoever has made anything. */
  const accounts = new Set<string>();
  const owners = new LRUCache<string, string>({ max: Math.ceil(maxBytes / bytesPerOwned) });

  function keysOf(conversation: Conversation): { hints: string[]; ends: string[] } {
    const { scope, hint } = conversation;
    return {
      hints: hint === undefined ? [] : [scope + hint],
      ends: lastKeys(conversation).map((key) => scope + key),
    };
  }

  const kept = new LRUCache<Conversation, true>({
    maxSize: maxBytes,
    sizeCalculation: (_value, conversation) => bytesOf(conversation),
    ttl: timeToLiveMs,
    updateAgeOnGet: true,
    // Never 0, which it takes for no time at all.
    perf: { now: () => runtime.monotonic() + 1 },
    ttlResolution: 0,
    dispose: (_value, conversation) => {
      const { hints, ends } = keysOf(conversation);
      for (const key of hints) byHint.remove(key, conversation);
      for (const key of ends) byEnd.remove(key, conversation);
    },
  });

  function candidates(scope: string, items: readonly CanonicalItem[], hint: string | undefined): Set<Conversation> {
    const found = new Set<Conversation>();
    const take = (conversations: readonly Conversation[], limit: number) => {
      for (const conversation of conversations) {
        if (found.size >= limit) return;
        if (kept.get(conversation) === true) found.add(conversation);
      }
    };
    // Half of the places at most: what the client calls its conversation must not hide what it holds.
    if (hint !== undefined) take(byHint.get(scope + hint), mostCompared / 2);
    // From the end: the longest conversation comes first. Of the last call also what it means: that costs reading it.
    let isMeaningKnown = false;
    for (let at = items.length - 1; at >= 0 && found.size < mostCompared; at -= 1) {
      const item = items[at];
      if (item === undefined) continue;
      take(byEnd.get(scope + item.digest), mostCompared);
      const meaning = isMeaningKnown ? undefined : item.meaning();
      if (meaning === undefined) continue;
      isMeaningKnown = true;
      take(byEnd.get(scope + meaning), mostCompared);
    }
    return found;
  }

  return {
    find(scope, items, hint, matchOptions) {
      const found: Found[] = [];
      for (const conversation of candidates(scopeKey(scope), items, hint)) {
        found.push({ conversation, match: matchConversation(conversation.entries, items, matchOptions) });
      }
      return found.toSorted(
        (left, right) =>
          Number(right.match.isWhole) - Number(left.match.isWhole) || right.match.entries - left.match.entries,
      );
    },
    note(scope, hint, entries, replaces) {
      if (replaces?.isHeld === false) kept.delete(replaces);
      accounts.add(ownerOf(scope));
      for (const { isReasoning, digest } of entries) {
        if (isReasoning && owners.get(digest) === undefined) owners.set(digest, ownerOf(scope));
      }
      const conversation: Conversation = { scope: scopeKey(scope), hint, entries, isHeld: false };
      kept.set(conversation, true);
      // One that is too long for the book alone is not taken, and never disposed of either.
      if (!kept.has(conversation)) return conversation;
      const { hints, ends } = keysOf(conversation);
      for (const key of hints) byHint.add(key, conversation);
      for (const key of ends) byEnd.add(key, conversation);
      return conversation;
    },
    forget: (conversation) => void kept.delete(conversation),
    isForeign: (scope, reasoning) => {
      // Most have one account: nothing needs to be hashed to know whose it is.
      if (accounts.size === 0 || (accounts.size === 1 && accounts.has(ownerOf(scope)))) return false;
      const owner = owners.get(canonicalItem(reasoning).digest);
      return owner !== undefined && owner !== ownerOf(scope);
    },
  };
}
