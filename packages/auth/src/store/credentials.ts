import { RouterError } from "@turnout/core";
import { z } from "zod";

import type { Database } from "./database.ts";
import type { Seal } from "./seal.ts";
import { storeUnavailable } from "./store-failure.ts";

/** The secrets of an account as they come from a login. Go into no log, error or message. */
export interface NewSecrets {
  /** The access token, or the API key. */
  readonly secret: string;
  readonly refreshToken?: string | undefined;
  readonly idToken?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number | undefined;
  /** When the access token was issued, milliseconds since the epoch. */
  readonly refreshedAt?: number | undefined;
}

/** The secrets of an account as they are stored now. */
export interface StoredCredential {
  /** 1 at first, one more with every replacement. */
  readonly generation: number;
  readonly secret: string;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  readonly expiresAt: number | undefined;
  readonly refreshedAt: number | undefined;
}

export interface CredentialTable {
  /**
   * The credential of an account, decrypted.
   *
   * @returns Undefined when there is no such account.
   * @throws {RouterError} `store-unavailable` with reason `damaged` when it cannot be decrypted; other accounts are not affected.
   */
  read(id: string): StoredCredential | undefined;
  /** The generation alone: one lookup, nothing is decrypted. */
  generation(id: string): number | undefined;
  /**
   * Puts refreshed secrets in the place of `generation`, takes needs-login away and ends the rotation. On disk, synced, when it
   * returns.
   *
   * @returns The new generation; undefined, with nothing written, when the credential has another generation by now.
   */
  replace(id: string, generation: number, secrets: NewSecrets): number | undefined;
  /** Puts the secrets of a new login in place, whatever was there; else as `replace`. */
  renew(id: string, secrets: NewSecrets): number;
}

const blob = z.instanceof(Uint8Array);
const rowSchema = z.object({
  generation: z.int(),
  secret: blob,
  refresh_token: blob.nullable(),
  id_token: blob.nullable(),
  expires_at: z.number().nullable(),
  refreshed_at: z.number().nullable(),
});
const generationSchema = rowSchema.pick({ generation: true });

function whole(time: number | undefined): number | null {
  return time === undefined ? null : Math.trunc(time);
}

export function createCredentialTable(database: Database, seal: Seal, onChange: () => void): CredentialTable {
  const generation = (id: string) =>
    database.first(generationSchema, "SELECT generation FROM credentials WHERE account = ?", id)?.generation;

  function write(id: string, next: number, secrets: NewSecrets): number {
    const close = (column: string, value: string | undefined) =>
      value === undefined ? null : seal.close(value, [id, column, next]);
    database.run(
      `INSERT INTO credentials (account, generation, secret, refresh_token, id_token, expires_at, refreshed_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET generation = excluded.generation, secret = excluded.secret,
         refresh_token = excluded.refresh_token, id_token = excluded.id_token, expires_at = excluded.expires_at,
         refreshed_at = excluded.refreshed_at`,
      id,
      next,
      seal.close(secrets.secret, [id, "secret", next]),
      close("refresh_token", secrets.refreshToken),
      close("id_token", secrets.idToken),
      whole(secrets.expiresAt),
      whole(secrets.refreshedAt),
    );
    database.run("UPDATE accounts SET needs_login_reason = NULL, needs_login_at = NULL WHERE id = ?", id);
    database.run("DELETE FROM rotations WHERE subject = ?", id);
    onChange();
    return next;
  }

  return {
    generation,
    read(id) {
      const row = database.first(rowSchema, "SELECT * FROM credentials WHERE account = ?", id);
      if (row === undefined) return undefined;
      const open = (column: string, value: Uint8Array | null) => {
        if (value === null) return undefined;
        const text = seal.open(value, [id, column, row.generation]);
        if (text !== undefined) return text;
        throw storeUnavailable(
          "damaged",
          `Cannot decrypt the credential of account ${id} in ${database.path}: it is damaged; log in again`,
        );
      };
      return {
        generation: row.generation,
        secret: open("secret", row.secret) ?? "",
        refreshToken: open("refresh_token", row.refresh_token),
        idToken: open("id_token", row.id_token),
        expiresAt: row.expires_at ?? undefined,
        refreshedAt: row.refreshed_at ?? undefined,
      };
    },
    replace: (id, expected, secrets) =>
      database.transaction(
        () => (generation(id) === expected ? write(id, expected + 1, secrets) : undefined),
        "durable",
      ),
    renew: (id, secrets) =>
      database.transaction(() => {
        // Not silently: the foreign key would say the same in words nobody understands.
        const isThere = database.run("UPDATE accounts SET id = id WHERE id = ?", id) > 0;
        if (!isThere)
          throw new RouterError("config-invalid", `Cannot log in account ${id}: there is no such account`, {});
        return write(id, (generation(id) ?? 0) + 1, secrets);
      }, "durable"),
  };
}
