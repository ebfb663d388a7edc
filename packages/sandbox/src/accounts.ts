import type { Runtime } from "@turnout/core";
import type { Minter } from "./minter.ts";
import { apiRefusal, detailRefusal, type Refusal } from "./refusal.ts";

export interface CreateAccountOptions {
  /** Default: made from the seed. */
  readonly accountId?: string;
  /** Default `plus`. */
  readonly planType?: string;
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
  /** Takes a refresh token, once, for new tokens. */
  refresh(refreshToken: string): Refresh;
  /** From now on every access token made so far answers `token_expired`. */
  expireTokens(accountId: string): void;
  /** From now on the refresh tokens made so far answer `refresh_token_invalidated`. */
  revokeRefreshToken(accountId: string): void;
  /** From now on the refresh tokens made so far answer `refresh_token_expired`. */
  expireRefreshToken(accountId: string): void;
}

interface AccountState extends Caller {
  readonly accessTokens: Map<string, { expiresAt: number }>;
  readonly refreshTokens: Map<string, "active" | "used" | "revoked" | "expired">;
}

/** Old tokens that are still told apart; older ones are simply unknown. */
const maximumTokensOfAccount = 1_000;
const maximumTokens = 100_000;

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

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
}

export function createAccountBook({ runtime, minter, tokenLifetimeSeconds }: AccountBookOptions): AccountBook {
  const accounts = new Map<string, AccountState>();
  const byAccessToken = new Map<string, AccountState>();
  const byRefreshToken = new Map<string, AccountState>();
  const byApiKey = new Map<string, AccountState>();

  /** An unsigned token in the form of a real one: clients read its claims and do not verify it. */
  function jwt(account: AccountState, kind: "access" | "id"): string {
    const issuedAt = Math.floor(runtime.now() / 1000);
    const userId = `user-${account.accountId}`;
    const claims = {
      iss: "https://auth.openai.com",
      aud: kind === "id" ? ["app_EMoamEEZ73f0CkXaXp7hrann"] : ["https://api.openai.com/v1"],
      sub: userId,
      iat: issuedAt,
      exp: issuedAt + tokenLifetimeSeconds,
      jti: minter.uuid(),
      "https://api.openai.com/auth": {
        chatgpt_account_id: account.accountId,
        chatgpt_plan_type: account.planType,
        chatgpt_user_id: userId,
        user_id: userId,
      },
      "https://api.openai.com/profile": { email: `${account.accountId}@sandbox.invalid`, email_verified: true },
      ...(kind === "id" ? { email: `${account.accountId}@sandbox.invalid` } : {}),
    };
    return `${base64url({ alg: "none", typ: "JWT" })}.${base64url(claims)}.sandbox`;
  }

  function issue(account: AccountState): TokenSet {
    const tokens = {
      accessToken: jwt(account, "access"),
      refreshToken: `rt_${minter.token(account.accountId)}`,
      idToken: jwt(account, "id"),
      expiresInSeconds: tokenLifetimeSeconds,
    };
    const expiresAt = runtime.now() + tokenLifetimeSeconds * 1000;
    setBounded(account.accessTokens, tokens.accessToken, { expiresAt }, maximumTokensOfAccount);
    setBounded(account.refreshTokens, tokens.refreshToken, "active", maximumTokensOfAccount);
    setBounded(byAccessToken, tokens.accessToken, account, maximumTokens);
    setBounded(byRefreshToken, tokens.refreshToken, account, maximumTokens);
    return tokens;
  }

  function find(accountId: string): AccountState {
    const account = accounts.get(accountId);
    if (account === undefined) throw new RangeError(`Cannot find sandbox account: there is no '${accountId}'`);
    return account;
  }

  function mark(accountId: string, state: "revoked" | "expired"): void {
    const { refreshTokens } = find(accountId);
    for (const [token, current] of refreshTokens) if (current === "active") refreshTokens.set(token, state);
  }

  return {
    create({ accountId = `acct-${minter.uuid()}`, planType = "plus", apiKey = false } = {}) {
      if (accounts.has(accountId))
        throw new RangeError(`Cannot make sandbox account: there is a '${accountId}' already`);
      const account: AccountState = {
        accountId,
        planType,
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
      const { accessToken, refreshToken, idToken } = issue(account);
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

    refresh(refreshToken) {
      const account = byRefreshToken.get(refreshToken);
      const state = account?.refreshTokens.get(refreshToken);
      if (account === undefined || state === undefined) {
        const fields = { message: "Could not validate your refresh token.", code: "refresh_token_invalidated" };
        return { ok: false, refusal: apiRefusal(401, fields) };
      }
      if (state !== "active") return { ok: false, refusal: apiRefusal(401, refreshFailures[state]) };
      account.refreshTokens.set(refreshToken, "used");
      return { ok: true, tokens: issue(account) };
    },

    expireTokens(accountId) {
      for (const token of find(accountId).accessTokens.values()) token.expiresAt = runtime.now();
    },
    revokeRefreshToken: (accountId) => mark(accountId, "revoked"),
    expireRefreshToken: (accountId) => mark(accountId, "expired"),
  };
}
