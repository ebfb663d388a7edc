import { join } from "node:path";

import { RouterError, type Runtime } from "@turnout/core";
import { z } from "zod";

import type { CodexTokens } from "../tokens/codex-login.ts";
import { withFileLock } from "./file-lock.ts";
import { errorCode, makePrivateFolder, readSmallFile, writeFileAtomically } from "../library/files.ts";
import { parseJson } from "../library/parse-json.ts";

const maxRecordBytes = 1024 * 1024;
/** Longer than one refresh with all its tries takes another process. */
const maxLockWaitMs = 120_000;

const recordSchema = z.object({
  version: z.literal(1),
  login: z
    .object({
      accountId: z.string().optional(),
      accessToken: z.string().min(1),
      refreshToken: z.string().min(1),
      idToken: z.string().optional(),
      expiresAt: z.number().optional(),
      refreshedAt: z.number().optional(),
      /** Fingerprint of the refresh token in auth.json that this login descends from. */
      origin: z.string(),
    })
    .optional(),
  /** Refresh tokens that will never work again, by fingerprint. */
  refused: z.array(z.object({ fingerprint: z.string(), code: z.string() })),
});

/** What the data folder keeps for one auth.json. */
export interface CredentialRecord {
  readonly login: { readonly tokens: CodexTokens; readonly origin: string } | undefined;
  readonly refused: readonly { readonly fingerprint: string; readonly code: string }[];
}

/** One file of refreshed tokens in the data folder, mode 0600 in a folder of mode 0700. */
export interface CredentialStore {
  readonly path: string;
  /**
   * The record on disk; undefined when there is none.
   *
   * @throws {RouterError} `credential-unavailable` when it cannot be read or is damaged.
   */
  read(): Promise<CredentialRecord | undefined>;
  /**
   * On disk, or not at all, when the promise settles.
   *
   * @throws {RouterError} `credential-unavailable` when it cannot be written.
   */
  write(record: CredentialRecord): Promise<void>;
  /**
   * Does `work` while no other turnout process on this data folder does so for this record.
   *
   * @throws {RouterError} `credential-unavailable` when another process holds the lock for 2 minutes.
   */
  locked<T>(work: () => Promise<T>): Promise<T>;
}

export interface CredentialStoreOptions {
  /** Usually `<data>/credentials`; made when first needed. */
  readonly folder: string;
  /** File name without `.json`; no two logins may share one. */
  readonly name: string;
  readonly provider: string;
  readonly runtime: Runtime;
}

function decodeRecord(text: string): CredentialRecord | undefined {
  const parsed = recordSchema.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { login, refused } = parsed.data;
  if (login === undefined) return { login: undefined, refused };
  const tokens: CodexTokens = {
    accessToken: login.accessToken,
    refreshToken: login.refreshToken,
    idToken: login.idToken,
    accountId: login.accountId,
    expiresAt: login.expiresAt,
    refreshedAt: login.refreshedAt,
  };
  return { login: { tokens, origin: login.origin }, refused };
}

function encodeRecord(record: CredentialRecord): string {
  const login = record.login && { ...record.login.tokens, origin: record.login.origin };
  return `${JSON.stringify({ version: 1, login, refused: record.refused }, undefined, 2)}\n`;
}

export function createCredentialStore(options: CredentialStoreOptions): CredentialStore {
  const { folder, runtime, provider } = options;
  const path = join(folder, `${options.name}.json`);

  function unavailable(tried: string, reason: string, cause?: unknown): RouterError {
    return new RouterError("credential-unavailable", `Cannot ${tried} ${path}: ${reason}`, { provider }, { cause });
  }

  async function prepareFolder(tried: string): Promise<void> {
    try {
      await makePrivateFolder(folder);
    } catch (error) {
      throw unavailable(tried, errorCode(error) ?? "unknown failure", error);
    }
  }

  return {
    path,
    async read() {
      let text;
      try {
        text = await readSmallFile(path, maxRecordBytes);
      } catch (error) {
        if (errorCode(error) === "ENOENT") return undefined;
        throw unavailable("read saved login", errorCode(error) ?? "unknown failure", error);
      }
      const record = decodeRecord(text);
      // Not overwritten in silence: it may be the only copy of a login, made by a newer turnout.
      if (record === undefined) throw unavailable("use saved login", "it is damaged; remove it and log in again");
      return record;
    },
    async write(record) {
      const tried = "save refreshed login in";
      await prepareFolder(tried);
      try {
        await writeFileAtomically(path, encodeRecord(record), { mode: 0o600 }, runtime.uuid());
      } catch (error) {
        throw unavailable(tried, errorCode(error) ?? "unknown failure", error);
      }
    },
    async locked(work) {
      // Also proves that the folder can be written, before a refresh token is spent.
      await prepareFolder("lock");
      const lock = join(folder, `${options.name}.lock`);
      const done = await withFileLock(lock, { runtime, maxWaitMs: maxLockWaitMs }, work).catch((error: unknown) => {
        throw RouterError.is(error) ? error : unavailable("lock", errorCode(error) ?? "unknown failure", error);
      });
      if (done === undefined) throw unavailable("lock", `another process holds ${lock} for ${maxLockWaitMs} ms`);
      return done.value;
    },
  };
}
