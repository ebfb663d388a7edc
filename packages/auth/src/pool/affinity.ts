import { createHash } from "node:crypto";

/** Where conversations are. */
export interface Affinity {
  /** Key of the account the conversation was last with, unless it has been idle for too long. */
  known(sessionKey: string, now: number): string | undefined;
  /** The conversation goes on with that account. */
  remember(sessionKey: string, accountKey: string, now: number): void;
}

export interface AffinityOptions {
  /** Conversations remembered; the ones idle for longest are forgotten first. */
  readonly mostConversations: number;
  /** Milliseconds after which a conversation is idle: its prompt cache has gone cold anyway. */
  readonly idleMs: number;
}

export function createAffinity({ mostConversations, idleMs }: AffinityOptions): Affinity {
  const places = new Map<string, { readonly accountKey: string; readonly at: number }>();
  return {
    known: (sessionKey, now) => {
      const place = places.get(sessionKey);
      // A clock that was set back makes nobody idle.
      return place === undefined || now - place.at > idleMs ? undefined : place.accountKey;
    },
    remember: (sessionKey, accountKey, now) => {
      places.delete(sessionKey);
      places.set(sessionKey, { accountKey, at: now });
      if (places.size <= mostConversations) return;
      const oldest = places.keys().next();
      if (oldest.done !== true) places.delete(oldest.value);
    },
  };
}

/** A number for an account that is the same in every process: 32 bits. */
function accountSeed(accountKey: string): number {
  return createHash("sha256").update(accountKey).digest().readInt32LE(0);
}

/** FNV-1a over the code units, 32 bits: a conversation is hashed once, not once for every account. */
function sessionSeed(sessionKey: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let at = 0; at < sessionKey.length; at += 1) hash = Math.imul(hash ^ sessionKey.charCodeAt(at), 0x01_00_01_93);
  return hash;
}

/**
 * What an account and a conversation draw together: 32 bits, as a signed number, which engines add up fastest. The last step of
 * MurmurHash3 mixes the bits.
 */
function draw(account: number, session: number): number {
  let mixed = account ^ session;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85_eb_ca_6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2_b2_ae_35);
  return mixed ^ (mixed >>> 16);
}

/** Place of the highest draw. A function of its own, so that it is compiled once for all pools (measured 2026-11-25). */
function placeOfHighest(seeds: Int32Array, session: number): number {
  let highest = draw(seeds[0] ?? 0, session);
  let at = 0;
  for (let place = 1; place < seeds.length; place += 1) {
    const drawn = draw(seeds[place] ?? 0, session);
    if (drawn <= highest) continue;
    highest = drawn;
    at = place;
  }
  return at;
}

/** Accounts of one weight: among them the highest draw wins, and the rest need no logarithm. */
interface Weighed {
  readonly weight: number;
  readonly seeds: Int32Array;
  readonly indexes: Uint32Array;
}

function weigh(accounts: readonly HomeAccount[]): Weighed[] {
  const weights = [...new Set(accounts.map(({ weight }) => weight))];
  return weights.map((weight) => {
    const own = accounts.filter((account) => account.weight === weight);
    const seeds = Int32Array.from(own, ({ key }) => accountSeed(key));
    return { weight, seeds, indexes: Uint32Array.from(own, ({ index }) => index) };
  });
}

interface HomeAccount {
  readonly key: string;
  readonly index: number;
  /** Share of the conversations, above 0. */
  readonly weight: number;
}

/**
 * Rendezvous hashing: the account that draws highest with a conversation is its home, so that when an account comes or goes,
 * only its own conversations move.
 *
 * @returns A function from the key of a conversation to the index of its home; undefined when there are no accounts.
 */
export function createHomes(accounts: readonly HomeAccount[]): (sessionKey: string) => number | undefined {
  const classes = weigh(accounts);
  return (sessionKey) => {
    const session = sessionSeed(sessionKey);
    let home: number | undefined;
    let highest = Number.NEGATIVE_INFINITY;
    for (const { weight, seeds, indexes } of classes) {
      const place = placeOfHighest(seeds, session);
      const drawn = draw(seeds[place] ?? 0, session) + 2 ** 31;
      // Weighted rendezvous: -weight / ln(u), where u is between 0 and 1.
      const score = -weight / Math.log((drawn + 0.5) / 2 ** 32);
      if (score <= highest) continue;
      highest = score;
      home = indexes[place];
    }
    return home;
  };
}
