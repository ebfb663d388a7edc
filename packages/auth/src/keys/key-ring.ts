import { timingSafeEqual } from "node:crypto";

import { RouterError, type Runtime, type Timer } from "@turnout/core";

import type { AccountStore } from "../store/account-store.ts";
import { hashClientKey } from "./client-key.ts";

/** How long the time of a key's last use may be missing in the store. */
const flushMs = 30_000;

/** The keys that clients may come with, as they are now. */
export interface KeyRing {
  /** How many keys there are; 0 means that nobody can present a good one. */
  readonly size: number;
  /** Whether one of the texts is a key. Takes the same time whichever of the keys it is, or none. */
  accepts(presented: readonly string[]): boolean;
  /** Stops watching the store, and writes what is not written yet. */
  close(): void;
}

export interface KeyRingOptions {
  /** Keys from the config. */
  readonly keys: readonly string[];
  /** Stored keys; a change, by this process or another, is seen within seconds. Default: none. */
  readonly store?: Pick<AccountStore, "clientKeys" | "watch"> | undefined;
  readonly runtime: Runtime;
  /** Told when the store cannot be read or written meanwhile; the keys known so far hold on. Default: nobody. */
  readonly onWarning?: (error: RouterError) => void;
}

interface KnownKey {
  readonly digest: Buffer;
  /** Undefined for a key from the config. */
  readonly id: string | undefined;
}

/** @throws {RouterError} `store-unavailable` when the store cannot be read at the start. */
export function createKeyRing({ keys, store, runtime, onWarning = () => {} }: KeyRingOptions): KeyRing {
  const fixed = keys.map((key): KnownKey => ({ digest: hashClientKey(key), id: undefined }));
  let known: readonly KnownKey[] = [];
  let uses = new Map<string, number>();
  let flusher: Timer | undefined;

  function load(): void {
    const stored = store?.clientKeys.list().filter(({ revokedAt }) => revokedAt === undefined) ?? [];
    known = [...fixed, ...stored.map(({ id, hash }) => ({ digest: Buffer.from(hash, "hex"), id }))];
  }

  function attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      onWarning(RouterError.from(error));
    }
  }

  function flush(): void {
    flusher?.cancel();
    flusher = undefined;
    if (uses.size === 0) return;
    const written = uses;
    uses = new Map();
    attempt(() => store?.clientKeys.touch(written));
  }

  // Before the first look, so that no change falls between the two.
  const stopWatching = store?.watch(() => attempt(load));
  load();

  return {
    get size() {
      return known.length;
    },
    accepts(presented) {
      let found: KnownKey | undefined;
      for (const text of presented) {
        const digest = hashClientKey(text);
        // Digests have one length, and all are looked at: the time tells nothing.
        for (const key of known) if (timingSafeEqual(key.digest, digest)) found = key;
      }
      if (found?.id !== undefined) {
        uses.set(found.id, runtime.now());
        flusher ??= runtime.setTimer(flushMs, flush);
      }
      return found !== undefined;
    },
    close() {
      stopWatching?.();
      flush();
    },
  };
}
