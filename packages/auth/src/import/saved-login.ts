import { z } from "zod";

import { RouterError } from "@turnout/core";

import { parseJson } from "../library/parse-json.ts";
import type { AccountStore } from "../store/account-store.ts";
import type { CodexTokens } from "../tokens/codex-login.ts";

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

/** What the store keeps for one auth.json. */
export interface SavedRecord {
  readonly login: { readonly tokens: CodexTokens; readonly origin: string } | undefined;
  readonly refused: readonly { readonly fingerprint: string; readonly code: string }[];
}

/** The tokens that those of one auth.json were refreshed to. */
export interface SavedLogin {
  /** Undefined when there are none. Throws {RouterError} `store-unavailable`, or `credential-unavailable` for a damaged record. */
  read(): SavedRecord | undefined;
  /** On disk when it returns; ends the rotation of this auth.json. Throws {RouterError} `store-unavailable`. */
  write(record: SavedRecord): void;
}

/** Reads the text of a record; undefined when it is none. */
export function decodeRecord(text: string): SavedRecord | undefined {
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

function encodeRecord(record: SavedRecord): string {
  const login = record.login && { ...record.login.tokens, origin: record.login.origin };
  return JSON.stringify({ version: 1, login, refused: record.refused });
}

/**
 * @param name - Of the auth.json; no two may share one.
 * @param provider - For the details of errors.
 */
export function createSavedLogin(store: AccountStore, name: string, provider: string): SavedLogin {
  return {
    read() {
      const text = store.authFiles.read(name);
      if (text === undefined) return undefined;
      const record = decodeRecord(text);
      if (record !== undefined) return record;
      // Not overwritten in silence: it may be the only copy of a login, made by a newer turnout.
      throw new RouterError(
        "credential-unavailable",
        `Cannot use saved login ${name} in ${store.path}: it is of a kind this turnout does not know`,
        { provider },
      );
    },
    write: (record) => store.authFiles.write(name, encodeRecord(record)),
  };
}
