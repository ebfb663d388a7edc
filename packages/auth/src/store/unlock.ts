import { randomBytes } from "node:crypto";

import { z } from "zod";

import type { Database } from "./database.ts";
import { findKey, keyFileOf, type KeyPlace, type KeySource, type StoreKey } from "./key.ts";
import { createSeal, type Seal } from "./seal.ts";
import { storeUnavailable } from "./store-failure.ts";

const valueSchema = z.object({ value: z.instanceof(Uint8Array) }).transform((row) => row.value);
const saltBytes = 16;
const checkText = "turnout";
const checkPlace = ["meta", "check"];

function readMeta(database: Database, name: string): Uint8Array | undefined {
  return database.first(valueSchema, "SELECT value FROM meta WHERE name = ?", name);
}

function writeMeta(database: Database, name: string, value: Uint8Array): void {
  database.run("INSERT INTO meta (name, value) VALUES (?, ?)", name, value);
}

/** What to do about a key that does not fit, from where the right one is and where this one came from. */
function advise(original: KeySource, used: StoreKey | undefined, dataDirectory: string): string {
  const keyFile = keyFileOf(dataDirectory);
  switch (original) {
    case "environment":
      return used?.source === "environment"
        ? "TURNOUT_KEY is not the one it was encrypted with; set the one it had then"
        : "it was encrypted with TURNOUT_KEY; set it to what it was then";
    case "file":
      return used?.source === "environment"
        ? `it was encrypted with the key file ${keyFile}; unset TURNOUT_KEY`
        : `the key file ${keyFile} is not the one it was encrypted with; put that one back`;
    case "keychain":
      return used?.source === "environment"
        ? "its key is in the keychain; unset TURNOUT_KEY"
        : "its key is in the keychain, which gives none or another one; unlock it, and run in the session of its user";
  }
}

function isKeySource(text: string): text is KeySource {
  return text === "environment" || text === "file" || text === "keychain";
}

/** Where the key of a database was when it was first opened; undefined when it never was. */
export function keySourceOf(database: Database): KeySource | undefined {
  const source = Buffer.from(readMeta(database, "key-source") ?? []).toString("utf8");
  return isKeySource(source) ? source : undefined;
}

interface UnlockedStore {
  readonly seal: Seal;
  /** For a process that is started to help, which must not find another one. */
  readonly key: Uint8Array;
}

/**
 * Finds the key of a database and proves that it is the right one. The first process ever chooses the key, while all others
 * wait for it.
 *
 * @throws {RouterError} `store-unavailable` with reason `wrong-key`; nothing has been changed then.
 */
export function unlock(database: Database, place: Omit<KeyPlace, "salt">): UnlockedStore {
  const known = readMeta(database, "check");
  return known === undefined ? establish(database, place) : verify(database, place, known);
}

function establish(database: Database, place: Omit<KeyPlace, "salt">): UnlockedStore {
  return database.transaction(() => {
    // Another process may have been faster.
    const known = readMeta(database, "check");
    if (known !== undefined) return verify(database, place, known);
    const salt = randomBytes(saltBytes);
    const found = findKey({ ...place, salt }, true);
    if (found === undefined) throw storeUnavailable("wrong-key", `Cannot make a key for ${database.path}`);
    const seal = createSeal(found.key);
    writeMeta(database, "salt", salt);
    writeMeta(database, "key-source", Buffer.from(found.source));
    writeMeta(database, "check", seal.close(checkText, checkPlace));
    return { seal, key: found.key };
  }, "durable");
}

function verify(database: Database, place: Omit<KeyPlace, "salt">, check: Uint8Array): UnlockedStore {
  const salt = readMeta(database, "salt") ?? Buffer.alloc(0);
  const found = findKey({ ...place, salt }, false);
  const seal = found && createSeal(found.key);
  if (found === undefined || seal?.open(check, checkPlace) !== checkText) {
    const advice = advise(keySourceOf(database) ?? "file", found, place.dataDirectory);
    throw storeUnavailable("wrong-key", `Cannot decrypt ${database.path}: ${advice}. To start anew, move it away`);
  }
  return { seal, key: found.key };
}
