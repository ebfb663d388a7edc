import { createHash, randomBytes } from "node:crypto";

import type { AccountStore } from "../store/account-store.ts";
import type { ClientKeyRecord } from "../store/client-keys.ts";

/** Begins every key made here, so that one is recognised where it should not be. */
const prefix = "tk_";

/** Characters that are kept readable, the prefix included. They leave 216 of 256 bits unknown. */
const hintLength = 9;

/**
 * The hash a key is known by.
 *
 * SHA-256, not a slow password hash: a key is 256 random bits, not something that could be guessed from a list, and each
 * request has to be checked. Keys from the config are hashed too, so that comparing takes the same time for all of them; that
 * does not make a short one strong.
 */
export function hashClientKey(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** A key that was just made. The only time it is seen. */
export interface NewClientKey {
  readonly key: string;
  readonly record: ClientKeyRecord;
}

/**
 * Makes a key for clients: `tk_` and 256 random bits. Only its hash is stored.
 *
 * @throws {RouterError} `config-invalid` when the label is taken; `store-unavailable`.
 */
export function createClientKey(store: Pick<AccountStore, "clientKeys">, label: string): NewClientKey {
  const key = `${prefix}${randomBytes(32).toString("base64url")}`;
  const hash = hashClientKey(key).toString("hex");
  return { key, record: store.clientKeys.add({ label, hash, hint: key.slice(0, hintLength) }) };
}
