import type { Runtime } from "@turnout/core";
import { mintJwt } from "./issuer/mint-jwt.ts";
import type { Minter } from "./minter.ts";
import { apiRefusal, detailRefusal, type Refusal } from "./refusal.ts";

export interface CreateAccountOptions {
  /** Default: made from the seed. */
  readonly accountId?: string;
  /** Default `plus`. */
  readonly planType?: string;
  /** Default `<accountId>@sandbox.invalid`. */
  readonly email?: string;
  /** True: an account of the public API with a key, and no tokens. */
  readonly apiKey?: boolean;
}

/** The file that Codex keeps its login in. */
export interface CodexAuthJson {
  readonly auth_mode: "chatgpt";
  readonly OPENAI_API_KEY: null;
  readonly tokens: {
    readonly id_token: string;
    readonly access_token: string;
    readonly refresh_token: string;
    readonly account_id: string;
  };
  /** ISO 8601. */
  readonly last_refresh: string;
}

/** A ChatGPT account with the tokens it had when it was made. */
export interface SandboxAccount {
  readonly accountId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string;
  /** The content of an `auth.json` with these tokens. */
  authJson(): CodexAuthJson;
}

export interface SandboxApiKeyAccount {
  readonly accountId: string;
  readonly apiKey: string;
}

export interface TokenSet {
  readonly accessToken: string;
  /** Opens a family when it comes from a login; a rotated one belongs to the family of the one before it. */
  readonly refreshToken: string;
  readonly idToken: string;
  readonly expiresInSeconds: number;
}

/** Who a request is from. */
export interface Caller {
  readonly accountId: string;
  readonly planType: string;
  readonly kind: "chatgpt" | "api-key";
}

export type Authentication =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly refusal: Refusal };

export type Refresh =
  | { readonly ok: true; readonly tokens: TokenSet }
  | { readonly ok: false; readonly refusal: Refusal };

export interface AccountBook {
  create(options?: CreateAccountOptions): SandboxAccount | SandboxApiKeyAccount;
  authenticate(authorization: string | undefined): Authentication;
  /** Tokens of a new login; undefined when there is no such ChatGPT account. */
  login(accountId: string): TokenSet | undefined;
  /** Takes a refresh token, once, for new tokens. A second time kills all its descendants. */
  refresh(refreshToken: string): Refresh;
  /** Ends the family of a refresh token; an access token answers `token_invalidated` from now on. Unknown ones are no error. */
  revoke(token: string): void;
  /** How often a refresh token came that had been used before. */
  readonly refreshTokenReuses: number;
  /** ChatGPT accounts, oldest first. */
  list(): readonly { readonly accountId: string; readonly email: string; readonly planType: string }[];
  /** From now on every access token made so far answers `token_expired`. */
  expireTokens(accountId: string): void;
  /** From now on the refresh tokens made so far answer `refresh_token_invalidated`. */
  revokeRefreshToken(accountId: string): void;
  /** From now on the refresh tokens made so far answer `refresh_token_expired`. */
  expireRefreshToken(accountId: string): void;
}

interface RefreshTokenState {
  state: "active" | "used" | "revoked" | "expired";
  /** The login it descends from. */
  readonly family: number;
}

interface AccountState extends Caller {
  readonly email: string;
  readonly accessTokens: Map<string, { expiresAt: number }>;
  readonly refreshTokens: Map<string, RefreshTokenState>;
}

/** Old tokens that are still told apart; older ones are simply unknown. */
const maximumTokensOfAccount = 1_000;
const maximumTokens = 100_000;

function setBounded<V>(map: Map<string, V>, key: string, value: V, limit: number): void {
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > limit && oldest.done !== true) map.delete(oldest.value);
}

const refreshFailures = {
  used: {
    code: "refresh_token_reused",
    message: "Your refresh token has already been used to generate a new access token.",
  },
  revoked: { code: "refresh_token_invalidated", message: "Your refresh token has been invalidated." },
  expired: { code: "refresh_token_expired", message: "Your refresh token has expired." },
} as const;

export interface AccountBookOptions {
  readonly runtime: Runtime;
  readonly minter: Minter;
  readonly tokenLifetimeSeconds: number;
  /** The issuer's own address, for the claim `iss`; known once the server listens. */
  issuer(): string;
}

export function createAccountBook(options: AccountBookOptions): AccountBook {
  const { runtime, minter, tokenLifetimeSeconds } = options;
  const accounts = new Map<string, AccountState>();
  const byAccessToken = new Map<string, AccountState>();
  const byRefreshToken = new Map<string, AccountState>();
  const byApiKey = new Map<string, AccountState>();
  let families = 0;
  let reuses = 0;

  function newFamily(): number {
    families += 1;
    return families;
  }

  function issue(account: AccountState, family: number): TokenSet {
    const times = { issuedAt: runtime.now(), lifetimeSeconds: tokenLifetimeSeconds, issuer: options.issuer() };
    const tokens = {
      accessToken: mintJwt(account, { ...times, kind: "access", id: minter.uuid() }),
      refreshToken: `rt_${minter.token(account.accountId)}`,
      idToken: mintJwt(account, { ...times, kind: "id", id: minter.uuid() }),
      expiresInSeconds: tokenLifetimeSeconds,
    };
    const expiresAt = runtime.now() + tokenLifetimeSeconds * 1000;
    setBounded(account.accessTokens, tokens.accessToken, { expiresAt }, maximumTokensOfAccount);
    setBounded(account.refreshTokens, tokens.refreshToken, { state: "active", family }, maximumTokensOfAccount);
    setBounded(byAccessToken, tokens.accessToken, account, maximumTokens);
    setBounded(byRefreshToken, tokens.refreshToken, account, maximumTokens);
    return tokens;
  }

  function find(accountId: string): AccountState {
    const account = accounts.get(accountId);
    if (account === undefined) throw new RangeError(`Cannot find sandbox account: there is no '${accountId}'`);
    return account;
  }

  /** @param family - Default: all of them. */
  function mark(account: AccountState, state: "revoked" | "expired", family?: number): void {
    for (const token of account.refreshTokens.values()) {
      if (token.state === "active" && (family === undefined || token.family === family)) token.state = state;
    }
  }

  return {
    create({ accountId = `acct-${minter.uuid()}`, planType = "plus", apiKey = false, email } = {}) {
      if (accounts.has(accountId))
        throw new RangeError(`Cannot make sandbox account: there is a '${accountId}' already`);
      const account: AccountState = {
        accountId,
        planType,
        email: email ?? `${accountId}@sandbox.invalid`,
        kind: apiKey ? "api-key" : "chatgpt",
        accessTokens: new Map(),
        refreshTokens: new Map(),
      };
      accounts.set(accountId, account);
      if (apiKey) {
        const key = `sk-sandbox-${minter.token(accountId)}`;
        byApiKey.set(key, account);
        return { accountId, apiKey: key };
      }
      const lastRefresh = new Date(runtime.now()).toISOString();
      const { accessToken, refreshToken, idToken } = issue(account, newFamily());
      return {
        accountId,
        accessToken,
        refreshToken,
        idToken,
        authJson: () => ({
          auth_mode: "chatgpt",
          OPENAI_API_KEY: null,
          tokens: {
            id_token: idToken,
            access_token: accessToken,
            refresh_token: refreshToken,
            account_id: accountId,
          },
          last_refresh: lastRefresh,
        }),
      };
    },

    authenticate(authorization) {
      const [, secret] = /^Bearer (\S+)$/.exec(authorization ?? "") ?? [];
      if (secret === undefined) return { ok: false, refusal: detailRefusal(401, "Unauthorized") };
      const keyAccount = byApiKey.get(secret);
      if (keyAccount !== undefined) return { ok: true, caller: keyAccount };
      const account = byAccessToken.get(secret);
      const token = account?.accessTokens.get(secret);
      if (account === undefined || token === undefined) {
        const message = "Your authentication token has been invalidated. Please try signing in again.";
        return { ok: false, refusal: apiRefusal(401, { message, code: "token_invalidated" }) };
      }
      if (token.expiresAt <= runtime.now()) {
        const message = "Provided authentication token is expired. Please try signing in again.";
        return { ok: false, refusal: apiRefusal(401, { message, code: "token_expired" }) };
      }
      return { ok: true, caller: account };
    },

    login(accountId) {
      const account = accounts.get(accountId);
      return account?.kind === "chatgpt" ? issue(account, newFamily()) : undefined;
    },

    refresh(refreshToken) {
      const account = byRefreshToken.get(refreshToken);
      const token = account?.refreshTokens.get(refreshToken);
      if (account === undefined || token === undefined) {
        const fields = { message: "Could not validate your refresh token.", code: "refresh_token_invalidated" };
        return { ok: false, refusal: apiRefusal(401, fields) };
      }
      if (token.state === "used") {
        reuses += 1;
        mark(account, "revoked", token.family);
      }
      if (token.state !== "active") return { ok: false, refusal: apiRefusal(401, refreshFailures[token.state]) };
      token.state = "used";
      return { ok: true, tokens: issue(account, token.family) };
    },

    revoke(token) {
      const owner = byRefreshToken.get(token);
      const family = owner?.refreshTokens.get(token)?.family;
      if (owner !== undefined && family !== undefined) mark(owner, "revoked", family);
      byAccessToken.delete(token);
    },

    get refreshTokenReuses() {
      return reuses;
    },

    list: () => [...accounts.values()].filter(({ kind }) => kind === "chatgpt"),

    expireTokens(accountId) {
      for (const token of find(accountId).accessTokens.values()) token.expiresAt = runtime.now();
    },
    revokeRefreshToken: (accountId) => mark(find(accountId), "revoked"),
    expireRefreshToken: (accountId) => mark(find(accountId), "expired"),
  };
}
