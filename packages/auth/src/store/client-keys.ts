/** A key with which clients come to the router; only its hash is known. */
export interface ClientKeyRecord {
  /** `key_` and 12 hexadecimal digits. */
  readonly id: string;
  readonly label: string;
  /** Hash of the key, hexadecimal; which hash is the caller's business. */
  readonly hash: string;
  /** The first characters of the key, to recognise it by in a table. */
  readonly hint: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
  readonly revokedAt: number | undefined;
}

export interface ClientKeyTable {
  /** Oldest first, revoked ones included. */
  list(): ClientKeyRecord[];
  /** @throws {RouterError} `config-invalid` when a key that is not revoked has this label. */
  add(key: Pick<ClientKeyRecord, "label" | "hash" | "hint">): ClientKeyRecord;
  /** @returns False when there is no such key, or it was revoked already. */
  revoke(id: string): boolean;
  /** Remembers when keys were last used: ids with milliseconds since the epoch, in one transaction. */
  touch(uses: ReadonlyMap<string, number>): void;
}
