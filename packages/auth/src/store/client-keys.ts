import { RouterError, type Runtime } from "@turnout/core";
import { z } from "zod";

import { labelKey } from "./accounts.ts";
import type { Database } from "./database.ts";

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

const rowSchema = z
  .object({
    id: z.string(),
    label: z.string(),
    hash: z.string(),
    hint: z.string(),
    created_at: z.number(),
    last_used_at: z.number().nullable(),
    revoked_at: z.number().nullable(),
  })
  .transform((row): ClientKeyRecord => ({
    id: row.id,
    label: row.label,
    hash: row.hash,
    hint: row.hint,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
  }));

export function createClientKeyTable(database: Database, runtime: Runtime): ClientKeyTable {
  const now = () => Math.trunc(runtime.now());
  return {
    list: () => database.all(rowSchema, "SELECT * FROM client_keys ORDER BY created_at, rowid"),
    add: ({ label, hash, hint }) =>
      database.transaction(() => {
        const twin = database.first(
          rowSchema,
          "SELECT * FROM client_keys WHERE label_key = ? AND revoked_at IS NULL",
          labelKey(label),
        );
        if (twin !== undefined) {
          throw new RouterError("config-invalid", `Cannot create key "${label}": there is one with that label`, {
            path: "label",
          });
        }
        const id = `key_${runtime.uuid().replaceAll("-", "").slice(0, 12)}`;
        const createdAt = now();
        database.run(
          "INSERT INTO client_keys (id, label, label_key, hash, hint, created_at) VALUES (?, ?, ?, ?, ?, ?)",
          id,
          label,
          labelKey(label),
          hash,
          hint,
          createdAt,
        );
        return { id, label, hash, hint, createdAt, lastUsedAt: undefined, revokedAt: undefined };
      }, "durable"),
    revoke: (id) =>
      database.transaction(
        () => database.run("UPDATE client_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", now(), id) > 0,
        "durable",
      ),
    touch: (uses) =>
      database.transaction(() => {
        for (const [id, at] of uses) {
          database.run(
            "UPDATE client_keys SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?",
            Math.trunc(at),
            id,
          );
        }
      }),
  };
}
