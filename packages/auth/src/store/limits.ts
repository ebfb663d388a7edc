import { RouterError, type Runtime } from "@turnout/core";
import { z } from "zod";

import type { Database } from "./database.ts";

/** What the pool knows about one account and one model. */
export interface LimitRow {
  readonly provider: string;
  /** The key of the account, also of one that is only in the config. */
  readonly accountKey: string;
  /** The model it is about; `*` for the account as a whole. */
  readonly model: string;
  /** What `kind` of knowledge it is, for example `state` or `quota`; the pool's own word. */
  readonly kind: string;
  /** JSON text, at most 64 KiB; what it says is the pool's business. */
  readonly value: string;
  /** When it stops to be of interest, milliseconds since the epoch; rows are cleared away some time after. */
  readonly until: number;
}

export interface LimitTable {
  /** Rows that are still of interest. */
  list(provider?: string): LimitRow[];
  /** All of them in one transaction, each over the row of the same provider, account, model and kind. */
  put(rows: readonly LimitRow[]): void;
  remove(rows: readonly Pick<LimitRow, "provider" | "accountKey" | "model" | "kind">[]): void;
}

const rowSchema = z
  .object({
    provider: z.string(),
    account_key: z.string(),
    model: z.string(),
    kind: z.string(),
    value: z.string(),
    until: z.number(),
  })
  .transform(({ account_key: accountKey, ...row }): LimitRow => ({ accountKey, ...row }));

const maxValueLength = 64 * 1024;
/** Rows stay this long after their end, so that a clock that jumps forward and back loses nothing. */
const graceMs = 24 * 60 * 60 * 1000;

export function createLimitTable(database: Database, runtime: Runtime): LimitTable {
  const now = () => Math.trunc(runtime.now());
  return {
    list: (provider) =>
      provider === undefined
        ? database.all(rowSchema, "SELECT * FROM limits WHERE until > ?", now())
        : database.all(rowSchema, "SELECT * FROM limits WHERE until > ? AND provider = ?", now(), provider),
    put: (rows) =>
      database.transaction(() => {
        for (const { provider, accountKey, model, kind, value, until } of rows) {
          if (value.length > maxValueLength) {
            throw new RouterError("internal", `Cannot keep limits of account ${accountKey}: more than 64 KiB`, {});
          }
          database.run(
            `INSERT INTO limits (provider, account_key, model, kind, value, until) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET value = excluded.value, until = excluded.until`,
            provider,
            accountKey,
            model,
            kind,
            value,
            Math.trunc(until),
          );
        }
        database.run("DELETE FROM limits WHERE until < ?", now() - graceMs);
      }),
    remove: (rows) =>
      database.transaction(() => {
        for (const { provider, accountKey, model, kind } of rows) {
          database.run(
            "DELETE FROM limits WHERE provider = ? AND account_key = ? AND model = ? AND kind = ?",
            provider,
            accountKey,
            model,
            kind,
          );
        }
      }),
  };
}
