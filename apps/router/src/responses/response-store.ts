import type { JsonObject, Runtime, Timer } from "@turnout/core";
import type { Turn } from "./turn.ts";

export interface ResponseStoreOptions {
  readonly runtime: Runtime;
  /** About the memory all conversations together may take; those unused for longest are forgotten first. */
  readonly maxBytes: number;
  /** Milliseconds after its last use at which a response is forgotten. */
  readonly ttlMs: number;
}

/** Responses by their ids, each with the conversation up to it. In memory, bounded, expiring. */
export interface ResponseStore {
  /** @param owner - Whose response it is; nobody else finds it. */
  find(owner: string, responseId: string): Turn | undefined;
  /** An item of an answer by the id it was handed out under. */
  item(owner: string, itemId: string): JsonObject | undefined;
  /** @param output - Those of the turn's items that can be referred to by their ids. */
  keep(owner: string, responseId: string, turn: Turn, output: readonly JsonObject[]): void;
  forget(owner: string, responseId: string): void;
  /** About the memory in use. */
  readonly bytes: number;
  readonly count: number;
  /** Forgets everything. */
  close(): void;
}

interface Entry {
  readonly key: string;
  readonly turn: Turn;
  readonly itemKeys: readonly string[];
  expiresAt: number;
}

/** Responses held at most; reached only by those that hold next to nothing. */
const maxResponses = 16_384;

export function createResponseStore(options: ResponseStoreOptions): ResponseStore {
  const { runtime, maxBytes, ttlMs } = options;
  /** Longest unused first. */
  const entries = new Map<string, Entry>();
  const items = new Map<string, { readonly item: JsonObject; readonly entry: Entry }>();
  /** How many entries and later turns need a turn; its memory is free when none does. */
  const users = new Map<Turn, number>();
  let bytes = 0;
  let timer: Timer | undefined;

  function retain(last: Turn): void {
    for (let turn: Turn | undefined = last; turn !== undefined; turn = turn.before) {
      const count = users.get(turn) ?? 0;
      users.set(turn, count + 1);
      if (count > 0) return;
      bytes += turn.bytes;
    }
  }

  function release(last: Turn): void {
    for (let turn: Turn | undefined = last; turn !== undefined; turn = turn.before) {
      const count = users.get(turn) ?? 0;
      if (count > 1) {
        users.set(turn, count - 1);
        return;
      }
      users.delete(turn);
      bytes -= turn.bytes;
    }
  }

  function drop(entry: Entry): void {
    entries.delete(entry.key);
    for (const key of entry.itemKeys) if (items.get(key)?.entry === entry) items.delete(key);
    release(entry.turn);
  }

  function use(entry: Entry): void {
    entry.expiresAt = runtime.monotonic() + ttlMs;
    entries.delete(entry.key);
    entries.set(entry.key, entry);
  }

  function oldest(): Entry | undefined {
    return entries.values().next().value;
  }

  function dropExpired(): void {
    const now = runtime.monotonic();
    for (let entry = oldest(); entry !== undefined && entry.expiresAt <= now; entry = oldest()) drop(entry);
  }

  function dropUntilItFits(): void {
    for (let entry = oldest(); entry !== undefined; entry = oldest()) {
      if (bytes <= maxBytes && entries.size <= maxResponses) return;
      drop(entry);
    }
  }

  /** Prompts do not stay in memory for longer than promised, also when nobody asks any more. */
  function watch(): void {
    const entry = oldest();
    if (entry === undefined) {
      timer?.cancel();
      timer = undefined;
    }
    if (entry === undefined || timer !== undefined) return;
    timer = runtime.setTimer(Math.max(1, entry.expiresAt - runtime.monotonic()), () => {
      timer = undefined;
      dropExpired();
      watch();
    });
  }

  function keep(owner: string, responseId: string, turn: Turn, output: readonly JsonObject[]): void {
    const key = keyOf(owner, responseId);
    const known = entries.get(key);
    // One that cannot fit would push out all others first.
    if (turn.totalBytes > maxBytes) {
      if (known !== undefined) drop(known);
      return;
    }
    const named = output.flatMap((item) => (typeof item["id"] === "string" ? [{ item, id: item["id"] }] : []));
    const itemKeys = named.map(({ id }) => keyOf(owner, id));
    const entry: Entry = { key, turn, itemKeys, expiresAt: 0 };
    retain(turn);
    // After the new one is held: they may share what was before.
    if (known !== undefined) drop(known);
    for (const [index, { item }] of named.entries()) items.set(itemKeys[index] ?? "", { item, entry });
    use(entry);
    dropExpired();
    dropUntilItFits();
    watch();
  }

  return {
    find: (owner, responseId) => {
      dropExpired();
      const entry = entries.get(keyOf(owner, responseId));
      if (entry !== undefined) use(entry);
      return entry?.turn;
    },
    item: (owner, itemId) => {
      dropExpired();
      const found = items.get(keyOf(owner, itemId));
      if (found !== undefined) use(found.entry);
      return found?.item;
    },
    keep,
    forget: (owner, responseId) => {
      const entry = entries.get(keyOf(owner, responseId));
      if (entry !== undefined) drop(entry);
      watch();
    },
    get bytes() {
      return bytes;
    },
    get count() {
      return entries.size;
    },
    close: () => {
      for (const entry of entries.values()) drop(entry);
      watch();
    },
  };
}

/** Owners hold no space, so that no two pairs give the same key. */
function keyOf(owner: string, id: string): string {
  return `${owner} ${id}`;
}
