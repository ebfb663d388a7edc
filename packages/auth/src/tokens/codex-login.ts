import { hash } from "node:crypto";

import { readCodexClaims } from "./codex-claims.ts";

/** A ChatGPT login: tokens and what is known about them. Secret; goes into no message. */
export interface CodexTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  readonly accountId: string | undefined;
  /** Milliseconds since the epoch; undefined when neither the token nor the upstream said it. */
  readonly expiresAt: number | undefined;
  /** When the access token was last issued, milliseconds since the epoch. */
  readonly refreshedAt: number | undefined;
}

/** Tokens, and where they come from. */
export interface TokenLogin {
  readonly kind: "tokens";
  readonly tokens: CodexTokens;
  /** Fingerprint of the refresh token in auth.json they descend from; undefined when there is none. */
  readonly origin: string | undefined;
}

/** What an account has in hand now. */
export type Login = TokenLogin | { readonly kind: "api-key"; readonly apiKey: string };

/** What a refresh gave; an absent field keeps its old value. */
export interface RefreshedTokens {
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  /** Lifetime of the access token in milliseconds. */
  readonly expiresInMs: number | undefined;
}

/** A token this close to its end is refreshed beforehand: the request still has to travel. */
const expirySkewMs = 60_000;
/** Codex CLI refreshes a token without `exp` after this time (codex-rs `login/src/auth/manager.rs`, read 2026-10). */
const maxAgeMs = 8 * 24 * 60 * 60 * 1000;

/** Account id: as stored, else from the id token, else from the access token. */
export function findAccountId(tokens: {
  readonly accountId: string | undefined;
  readonly idToken: string | undefined;
  readonly accessToken: string;
}): string | undefined {
  return (
    tokens.accountId ??
    (tokens.idToken === undefined ? undefined : readCodexClaims(tokens.idToken)?.accountId) ??
    readCodexClaims(tokens.accessToken)?.accountId
  );
}

/** True when the access token has expired, is about to, or (without `exp`) is older than 8 days. */
export function needsRefresh(tokens: Pick<CodexTokens, "expiresAt" | "refreshedAt">, now: number): boolean {
  if (tokens.expiresAt !== undefined) return now + expirySkewMs >= tokens.expiresAt;
  return tokens.refreshedAt !== undefined && now - tokens.refreshedAt >= maxAgeMs;
}

/** True when the access token is known to be of no use any more; age alone is only a guess. */
export function hasExpired(tokens: Pick<CodexTokens, "expiresAt">, now: number): boolean {
  return tokens.expiresAt !== undefined && now >= tokens.expiresAt;
}

/** New tokens over old ones: every field of the answer is optional (codex.md 7.3). */
export function mergeTokens(old: CodexTokens, fresh: RefreshedTokens, now: number): CodexTokens {
  const accessToken = fresh.accessToken ?? old.accessToken;
  const idToken = fresh.idToken ?? old.idToken;
  const lifetimeEnd = fresh.expiresInMs === undefined ? undefined : now + fresh.expiresInMs;
  return {
    accessToken,
    refreshToken: fresh.refreshToken ?? old.refreshToken,
    idToken,
    accountId: findAccountId({ accountId: old.accountId, idToken, accessToken }),
    expiresAt:
      fresh.accessToken === undefined ? old.expiresAt : (readCodexClaims(fresh.accessToken)?.expiresAt ?? lifetimeEnd),
    refreshedAt: fresh.accessToken === undefined ? old.refreshedAt : now,
  };
}

/** Recognises a secret without keeping it. */
export function fingerprint(secret: string): string {
  return hash("sha256", secret, "hex");
}

/** The bearer token or key of a login. */
export function secretOf(login: Login): string {
  return login.kind === "tokens" ? login.tokens.accessToken : login.apiKey;
}
