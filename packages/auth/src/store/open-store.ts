import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from "node:fs";
import { join } from "node:path";

import { RouterError, type Runtime, systemRuntime, type Timer } from "@turnout/core";

import { errorCode } from "../library/files.ts";
import type { AccountStore } from "./account-store.ts";
import { createAccountTable } from "./accounts.ts";
import { createAuthFileTable } from "./auth-files.ts";
import { createClientKeyTable } from "./client-keys.ts";
import { createCredentialTable } from "./credentials.ts";
import { type Database, openDatabase } from "./database.ts";
import { openKeychain } from "./keychain.ts";
import { repairMode } from "./key.ts";
import { createLeaseTable } from "./leases.ts";
import { createLimitTable } from "./limits.ts";
import { migrate } from "./migrations.ts";
import { createRotationTable } from "./rotations.ts";
import { createSeal, type Seal } from "./seal.ts";
import { storeUnavailable } from "./store-failure.ts";
import { keySourceOf, unlock } from "./unlock.ts";

export interface AccountStoreOptions {
  /** The database is `turnout.db` in it; made, with mode 0700, when it is not there. */
  readonly dataDirectory: string;
  /**
   * The value of `TURNOUT_KEY`: 32 bytes in hexadecimal or base64, or a passphrase of 12 characters or more; `keychain` keeps a
   * new key in the keychain of the operating system. Default: the key file `turnout.key` beside the database, made at the
   * first start.
   */
  readonly environmentKey?: string;
  /** Clock, timers, randomness. Default: the real ones. */
  readonly runtime?: Runtime;
  /** Told of what was put right, for example a mode that let others read. Default: nobody. */
  readonly onWarning?: (warning: RouterError) => void;
}

/** How often a change by another process is looked for while somebody watches. */
const watchMs = 1_000;

function databaseOf(dataDirectory: string): string {
  return join(dataDirectory, "turnout.db");
}

/**
 * Opens the store of accounts and keys, and makes it at the first start.
 *
 * @throws {RouterError} `store-unavailable`, with a `reason` and a message that says what to do; `config-invalid` when
 *   `TURNOUT_KEY` is neither a key nor long enough for a passphrase. Nothing is overwritten then.
 * @example
 * ```ts
 * const store = await openAccountStore({ dataDirectory: "/home/me/.turnout" });
 * store.accounts.add({ provider: "openai", kind: "api-key", origin: "login", label: "work", secrets: { secret: "sk-…" } });
 * store.close();
 * ```
 */
export async function openAccountStore(options: AccountStoreOptions): Promise<AccountStore> {
  const { dataDirectory, runtime = systemRuntime, onWarning = () => {} } = options;
  const path = databaseOf(dataDirectory);
  prepareFiles(dataDirectory, path, onWarning);
  const database = openDatabase(path);
  try {
    migrate(database);
    const wanted = options.environmentKey?.trim();
    const isKept = wanted === "keychain" || keySourceOf(database) === "keychain";
    const keychain = isKept ? await openKeychain(path, onWarning) : undefined;
    const environmentKey = wanted === "keychain" ? undefined : wanted;
    const unlocked = unlock(database, { dataDirectory, environmentKey, keychain, uuid: runtime.uuid, onWarning });
    return assemble(database, unlocked, runtime, onWarning);
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Opens a store whose key is known: what a process does that another one has started to help it.
 *
 * @param key - 32 bytes.
 * @throws {RouterError} `store-unavailable`.
 */
export function openHelperStore(path: string, key: Uint8Array, runtime: Runtime): AccountStore {
  return assemble(openDatabase(path), { seal: createSeal(key), key }, runtime, () => {});
}

/** The database is made with its mode before SQLite touches it: the files beside it get the same one. */
function prepareFiles(dataDirectory: string, path: string, onWarning: (warning: RouterError) => void): void {
  try {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    if (process.platform !== "win32" && (statSync(dataDirectory).mode & 0o077) !== 0) chmodSync(dataDirectory, 0o700);
    closeSync(openSync(path, "a", 0o600));
  } catch (error) {
    const code = errorCode(error) ?? "unknown failure";
    throw storeUnavailable(code === "ENOSPC" ? "full" : "denied", `Cannot use ${path}: ${code}`);
  }
  for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) repairMode(file, onWarning);
}

function assemble(
  database: Database,
  { seal, key }: { readonly seal: Seal; readonly key: Uint8Array },
  runtime: Runtime,
  onWarning: (warning: RouterError) => void,
): AccountStore {
  let changes = 0;
  const onChange = () => {
    changes += 1;
  };
  const credentials = createCredentialTable(database, seal, onChange);
  const leases = createLeaseTable(database);
  const version = () => `${database.dataVersion()}.${changes}`;
  const watchers = createWatchers(version, runtime, onWarning);
  return {
    path: database.path,
    key,
    credentials,
    leases,
    version,
    accounts: createAccountTable({ database, credentials, runtime, onChange }),
    limits: createLimitTable(database, runtime),
    clientKeys: createClientKeyTable(database, runtime),
    rotations: createRotationTable(database, seal, leases),
    authFiles: createAuthFileTable(database, seal),
    transaction: (work) => database.transaction(work, "durable"),
    watch: watchers.watch,
    close() {
      watchers.close();
      database.close();
    },
  };
}

function createWatchers(version: () => string, runtime: Runtime, onWarning: (warning: RouterError) => void) {
  const listeners = new Set<() => void>();
  let timer: Timer | undefined;
  let seen = "";

  function look(): void {
    timer = runtime.setTimer(watchMs, look);
    try {
      const current = version();
      if (current === seen) return;
      for (const listener of listeners) listener();
      seen = current;
    } catch (error) {
      // Locked, or the disk is gone: what is known goes on to count, and the next look may see more.
      if (!RouterError.is(error) || error.code !== "store-unavailable") throw error;
      onWarning(error);
    }
  }

  function close(): void {
    timer?.cancel();
    timer = undefined;
    listeners.clear();
  }

  return {
    close,
    watch(listener: () => void) {
      // A function of its own for every call, so that ending one watch does not end another with the same listener.
      const own = () => listener();
      if (listeners.size === 0) {
        seen = version();
        timer = runtime.setTimer(watchMs, look);
      }
      listeners.add(own);
      return () => {
        listeners.delete(own);
        if (listeners.size === 0) close();
      };
    },
  };
}
