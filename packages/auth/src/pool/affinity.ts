import { createHash } from "node:crypto";

/** Where conversations are. */
export interface Affinity {
  /** Place of the account the conversation was last with, unless it has been idle for too long. */
  known(sessionKey: string, now: number): number | undefined;
  /** The conversation goes on with that account. */
  remember(sessionKey: string, index: number, now: number): void;
  clear(): void;
}

export interface AffinityOptions {
  /** Conversations remembered; the ones idle for longest are forgotten first. */
  readonly mostConversations: number;
  /** Milliseconds after which a conversation is idle: its prompt cache has gone cold anyway. */
  readonly idleMs: number;
}

export function createAffinity({ mostConversations, idleMs }: AffinityOptions): Affinity {
  const places = new Map<string, { index: number; at: number }>();
  return {
    known: (sessionKey, now) => {
      const place = places.get(sessionKey);
      // A clock that was set back makes nobody idle.
      return place === undefined || now - place.at > idleMs ? undefined : place.index;
    },
    remember: (sessionKey, index, now) => {
      places.delete(sessionKey);
      places.set(sessionKey, { index, at: now });
      if (places.size <= mostConversations) return;
      const oldest = places.keys().next();
      if (oldest.done !== true) places.delete(oldest.value);
    },
    clear: () => places.clear(),
  };
}

/** A number for an account that is the same in every process: 32 bits. */
export function accountSeed(accountKey: string): number {
  return createHash("sha256").update(accountKey).digest().readUInt32LE(0);
}

/** FNV-1a over the code units, 32 bits: a conversation is hashed once, not once for every account. */
export function sessionSeed(sessionKey: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let at = 0; at < sessionKey.length; at += 1) hash = Math.imul(hash ^ sessionKey.charCodeAt(at), 0x01_00_01_93);
  return hash >>> 0;
}

/**
 * Rendezvous hashing: the account with the highest number is the home of a conversation, so that when an account comes or
 * goes, only its own conversations move. The last step of MurmurHash3 mixes the bits.
 */
export function rendezvous(account: number, session: number): number {
  let mixed = account ^ session;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85_eb_ca_6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2_b2_ae_35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
