import { randomBytes, scryptSync } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

import { RouterError } from "@turnout/core";

import { errorCode } from "../library/files.ts";
import type { Keychain } from "./keychain.ts";
import { storeUnavailable } from "./store-failure.ts";

const keyBytes = 32;
const minPassphraseLength = 12;

/** Where the key comes from; kept in the database, so that a message about a wrong key can name the right place. */
export type KeySource = "environment" | "file" | "keychain";

export interface StoreKey {
  readonly source: KeySource;
  readonly key: Uint8Array;
}

export interface KeyPlace {
  readonly dataDirectory: string;
  /** The value of `TURNOUT_KEY`. */
  readonly environmentKey: string | undefined;
  /** Undefined when it is not wanted, or not to be had. */
  readonly keychain: Keychain | undefined;
  /** Of this database; for a passphrase. */
  readonly salt: Uint8Array;
  /** For the names of temporary files. */
  readonly uuid: () => string;
  readonly onWarning: (error: RouterError) => void;
}

export function keyFileOf(dataDirectory: string): string {
  return join(dataDirectory, "turnout.key");
}

/** 32 bytes in hexadecimal or base64 (either alphabet); undefined when it is something else. */
export function decodeKey(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{64}$/iu.test(text)) return Buffer.from(text, "hex");
  if (!/^[A-Za-z0-9+/_-]{43}=?$/u.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.length === keyBytes ? bytes : undefined;
}

/** `TURNOUT_KEY` as a key: 32 bytes as they are, anything else as a passphrase, made slow to guess by scrypt (32 MiB, about 0.1 s). */
function readEnvironmentKey(text: string, salt: Uint8Array): Uint8Array {
  const key = decodeKey(text);
  if (key !== undefined) return key;
  if (text.length < minPassphraseLength) {
    throw new RouterError(
      "config-invalid",
      `Cannot use TURNOUT_KEY: it is neither 32 bytes in hexadecimal or base64 nor a passphrase of ${minPassphraseLength} characters or more`,
      {},
    );
  }
  return scryptSync(text.normalize("NFKC"), salt, keyBytes, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 });
}

function readKeyFile(path: string, onWarning: KeyPlace["onWarning"]): Uint8Array | undefined {
  let text;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw storeUnavailable("denied", `Cannot read key file ${path}: ${errorCode(error) ?? "unknown failure"}`);
  }
  const key = decodeKey(text.trim());
  if (key === undefined) {
    throw storeUnavailable(
      "wrong-key",
      `Cannot use key file ${path}: it does not hold 32 bytes in base64; put back the file that was there`,
    );
  }
  repairMode(path, onWarning);
  return key;
}

/** The file appears whole and once: of two processes at their first start, both get the key of the faster one. */
function createKeyFile(path: string, unique: string): Uint8Array {
  const draft = `${path}.${unique}`;
  const key = randomBytes(keyBytes);
  try {
    const handle = openSync(draft, "wx", 0o600);
    try {
      try {
        writeSync(handle, `${key.toString("base64")}\n`);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      linkSync(draft, path);
    } finally {
      unlinkSync(draft);
    }
    return key;
  } catch (error) {
    const code = errorCode(error);
    const theirs = code === "EEXIST" ? readKeyFile(path, () => {}) : undefined;
    if (theirs !== undefined) return theirs;
    const reason = code === "ENOSPC" ? "full" : "denied";
    throw storeUnavailable(reason, `Cannot create key file ${path}: ${code ?? "unknown failure"}`);
  }
}

/** Takes group and others their rights, and says so: somebody may have read it. */
export function repairMode(path: string, onWarning: KeyPlace["onWarning"]): void {
  if (process.platform === "win32") return;
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  const found = `${path} had mode ${mode.toString(8).padStart(4, "0")}, so that others could read it`;
  try {
    chmodSync(path, 0o600);
    onWarning(storeUnavailable("denied", `File ${found}; it is 0600 now`));
  } catch (error) {
    onWarning(
      storeUnavailable(
        "denied",
        `File ${found}, and cannot be changed to 0600: ${errorCode(error) ?? "unknown failure"}`,
      ),
    );
  }
}

/**
 * The key of a database: from `TURNOUT_KEY`, else from the key file, else from the keychain when that is wanted.
 *
 * @param mayCreate - The database is new: a key that is not there is made, in the keychain when it is wanted and works, else
 *   in the key file.
 * @returns Undefined when there is none and none may be made.
 */
export function findKey(place: KeyPlace, mayCreate: boolean): StoreKey | undefined {
  const { environmentKey, keychain } = place;
  if (environmentKey !== undefined && environmentKey !== "") {
    return { source: "environment", key: readEnvironmentKey(environmentKey, place.salt) };
  }
  const path = keyFileOf(place.dataDirectory);
  const fromFile = readKeyFile(path, place.onWarning);
  if (fromFile !== undefined) return { source: "file", key: fromFile };
  const kept = keychain?.read();
  if (kept !== undefined) return { source: "keychain", key: kept };
  if (!mayCreate) return undefined;
  const fresh = randomBytes(keyBytes);
  if (keychain?.write(fresh) === true) return { source: "keychain", key: fresh };
  return { source: "file", key: createKeyFile(path, place.uuid()) };
}
