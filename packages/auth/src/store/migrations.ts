import { z } from "zod";

import type { Database } from "./database.ts";
import { storeUnavailable } from "./store-failure.ts";

/** Marks the file as turnout's (`turn` in ASCII), for `file` and for a user who gives us another program's database. */
const applicationId = 0x74_75_72_6e;

/**
 * The steps from an empty file to the newest schema, in order. A step that has been released is never changed: what is wrong
 * with it is put right by the next one.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
  ) STRICT;

  CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    label TEXT NOT NULL,
    label_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    origin TEXT NOT NULL,
    account_id TEXT,
    user_id TEXT,
    email TEXT,
    plan TEXT,
    flow TEXT,
    client_id TEXT,
    created_at INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    weight REAL NOT NULL,
    disabled_reason TEXT,
    disabled_at INTEGER,
    needs_login_reason TEXT,
    needs_login_at INTEGER,
    UNIQUE (provider, label_key)
  ) STRICT;

  CREATE TABLE credentials (
    account TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    secret BLOB NOT NULL,
    refresh_token BLOB,
    id_token BLOB,
    expires_at INTEGER,
    refreshed_at INTEGER
  ) STRICT;

  CREATE TABLE auth_files (
    name TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    record BLOB NOT NULL
  ) STRICT;

  CREATE TABLE rotations (
    subject TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    at INTEGER NOT NULL,
    answer BLOB
  ) STRICT;

  CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    beat INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    host TEXT NOT NULL
  ) STRICT;

  CREATE TABLE limits (
    provider TEXT NOT NULL,
    account_key TEXT NOT NULL,
    model TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (provider, account_key, model, kind)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE client_keys (
    id TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    label_key TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER
  ) STRICT;
  `,
];

const versionSchema = z.object({ user_version: z.int().nonnegative() }).transform((row) => row.user_version);
const applicationSchema = z.object({ application_id: z.int() }).transform((row) => row.application_id);
const countSchema = z.object({ count: z.int() }).transform((row) => row.count);

/**
 * Brings the schema to its newest version, in one transaction.
 *
 * @throws {RouterError} `store-unavailable`: `newer` when a newer turnout has written it, `damaged` when it is another
 *   program's.
 */
export function migrate(database: Database, steps: readonly string[] = migrations): void {
  const readVersion = () => database.first(versionSchema, "PRAGMA user_version") ?? 0;
  const refuseNewer = (version: number) => {
    if (version <= steps.length) return;
    throw storeUnavailable(
      "newer",
      `Cannot use ${database.path}: its schema is version ${version} and this turnout knows ${steps.length}; update turnout`,
    );
  };
  if (readVersion() === steps.length) {
    refuseForeign(database, steps.length);
    return;
  }
  database.transaction(() => {
    // All of it read now, while no other process can be at it: one that is half seen looks like another program's.
    const version = readVersion();
    refuseNewer(version);
    refuseForeign(database, version);
    for (const step of steps.slice(version)) database.script(step);
    database.script(`PRAGMA user_version = ${steps.length}; PRAGMA application_id = ${applicationId}`);
  }, "durable");
}

function refuseForeign(database: Database, version: number): void {
  const application = database.first(applicationSchema, "PRAGMA application_id") ?? 0;
  const tables = database.first(countSchema, "SELECT count(*) AS count FROM sqlite_schema") ?? 0;
  const isOurs = application === applicationId || (version === 0 && application === 0 && tables === 0);
  if (!isOurs) {
    throw storeUnavailable("damaged", `Cannot use ${database.path}: it is another program's database; move it away`);
  }
}
