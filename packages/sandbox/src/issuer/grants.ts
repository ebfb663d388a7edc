import { createHash } from "node:crypto";
import type { Runtime } from "@turnout/core";
import type { AccountBook, TokenSet } from "../accounts.ts";
import type { Minter } from "../minter.ts";

/** Milliseconds that a code may wait for its exchange. */
const codeLifetimeMs = 10 * 60_000;

/** Codes that are remembered; the oldest go first. */
const maximumGrants = 10_000;

/** What a code was given for; the exchange must say the same. */
export interface GrantTerms {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly scopes: readonly string[];
}

export interface CodeExchange {
  readonly code: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
}

export type ExchangeResult =
  | { readonly ok: true; readonly tokens: TokenSet; readonly scopes: readonly string[] }
  | { readonly ok: false; readonly reason: string };

interface Grant extends GrantTerms {
  readonly accountId: string;
  readonly expiresAt: number;
  /** Set once the code has been exchanged. */
  tokens: TokenSet | undefined;
}

/** Authorization codes: each is good once, for the client, address and verifier it was made for. */
export interface GrantBook {
  /** @returns A new code. */
  grant(accountId: string, terms: GrantTerms): string;
  /** @throws Nothing; a code that comes a second time also ends the tokens of the first (RFC 6749, section 4.1.2). */
  exchange(request: CodeExchange): ExchangeResult;
}

/** S256 of RFC 7636. */
export function codeChallengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}

export function createGrantBook(accounts: AccountBook, minter: Minter, runtime: Runtime): GrantBook {
  const grants = new Map<string, Grant>();

  function refusalOf(grant: Grant, request: CodeExchange): string | undefined {
    if (grant.expiresAt <= runtime.now()) return "The authorization code has expired";
    if (grant.clientId !== request.clientId) return "The authorization code was issued to another client";
    if (grant.redirectUri !== request.redirectUri)
      return "The redirect_uri is not the one of the authorization request";
    if (grant.codeChallenge !== codeChallengeOf(request.codeVerifier)) return "The code_verifier does not match";
    return undefined;
  }

  return {
    grant(accountId, terms) {
      const code = `ac_${minter.token(accountId)}`;
      grants.set(code, { ...terms, accountId, expiresAt: runtime.now() + codeLifetimeMs, tokens: undefined });
      const oldest = grants.keys().next();
      if (grants.size > maximumGrants && oldest.done !== true) grants.delete(oldest.value);
      return code;
    },
    exchange(request) {
      const grant = grants.get(request.code);
      if (grant === undefined) return { ok: false, reason: "The authorization code is not known" };
      if (grant.tokens !== undefined) {
        accounts.revoke(grant.tokens.refreshToken);
        return { ok: false, reason: "The authorization code has been used before" };
      }
      const reason = refusalOf(grant, request);
      if (reason !== undefined) return { ok: false, reason };
      const tokens = accounts.login(grant.accountId);
      if (tokens === undefined) return { ok: false, reason: "There is no such account any more" };
      grant.tokens = tokens;
      return { ok: true, tokens, scopes: grant.scopes };
    },
  };
}
