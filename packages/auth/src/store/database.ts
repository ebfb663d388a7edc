import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from "@photostructure/sqlite";
import type { z } from "zod";

import { explainStoreFailure } from "./store-failure.ts";

export type SqlValue = string | number | Uint8Array | null;

/** One connection. Every method throws {RouterError} `store-unavailable`. */
export interface Database {
  readonly path: string;
  /** The first row, as the schema reads it. */
  first<Row>(schema: z.ZodType<Row>, sql: string, ...values: readonly SqlValue[]): Row | undefined;
  all<Row>(schema: z.ZodType<Row>, sql: string, ...values: readonly SqlValue[]): Row[];
  /** Returns the number of rows it changed. */
  run(sql: string, ...values: readonly SqlValue[]): number;
  /** Several statements without parameters. */
  script(sql: string): void;
  /**
   * All of `work` or none of it, with the right to write from its beginning on; inside another transaction it is a part of
   * that one.
   *
   * @param durable - On disk, synced, when it returns: a loss of power cannot undo it. Without it a crash of the process
   *   cannot, and a loss of power may.
   */
  transaction<T>(work: () => T, durable?: "durable"): T;
  /** Another number when another connection has committed since. */
  dataVersion(): number;
  close(): void;
}

/** Several transactions of another process on a slow disk. */
const busyTimeoutMs = 5_000;

/**
 * Opens a database file, which is made when it is not there.
 *
 * @param waitMs - Milliseconds to wait for another process that writes. Default 5000.
 * @throws {RouterError} `store-unavailable`.
 */
export function openDatabase(path: string, waitMs: number = busyTimeoutMs): Database {
  const attempt = <T>(tried: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw explainStoreFailure(error, tried, path) ?? error;
    }
  };
  const connection = attempt("open", () => connect(path, waitMs));
  const statements = new Map<string, StatementSyncInstance>();
  /** Of the transaction under way. */
  let depth = 0;

  /** SQL stands in the code and nowhere else, so the cache has as many entries as the code has statements. */
  function prepare(sql: string): StatementSyncInstance {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = connection.prepare(sql);
    statements.set(sql, statement);
    return statement;
  }

  function begin(durable: boolean): void {
    if (durable) connection.exec("PRAGMA synchronous = FULL");
    connection.exec("BEGIN IMMEDIATE");
  }

  function rollBack(): void {
    // SQLite has rolled back by itself after some failures, a full disk among them.
    if (connection.isTransaction) connection.exec("ROLLBACK");
  }

  function outermost<T>(work: () => T, durable: boolean): T {
    try {
      begin(durable);
      depth = 1;
      const result = work();
      connection.exec("COMMIT");
      return result;
    } catch (error) {
      rollBack();
      throw error;
    } finally {
      depth = 0;
      if (durable) connection.exec("PRAGMA synchronous = NORMAL");
    }
  }

  return {
    path,
    first: (schema, sql, ...values) =>
      attempt("read", () => {
        const row: unknown = prepare(sql).get(...values);
        return row === undefined ? undefined : schema.parse(row);
      }),
    all: (schema, sql, ...values) =>
      attempt("read", () => {
        const rows: unknown[] = prepare(sql).all(...values);
        return rows.map((row) => schema.parse(row));
      }),
    run: (sql, ...values) => attempt("write to", () => prepare(sql).run(...values).changes),
    script: (sql) => attempt("write to", () => connection.exec(sql)),
    transaction: (work, durable) =>
      depth > 0 ? work() : attempt("write to", () => outermost(work, durable === "durable")),
    dataVersion: () =>
      attempt("read", () => {
        const row: unknown = prepare("PRAGMA data_version").get();
        return typeof row === "object" && row !== null && "data_version" in row ? Number(row.data_version) : 0;
      }),
    close: () => {
      statements.clear();
      if (connection.isOpen) connection.close();
    },
  };
}

function connect(path: string, waitMs: number): DatabaseSyncInstance {
  const connection = new DatabaseSync(path, { timeout: waitMs });
  try {
    // The write-ahead log lets others read while one writes, and survives kill -9 at any moment.
    connection.prepare("PRAGMA journal_mode = WAL").get();
    connection.exec("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON");
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
