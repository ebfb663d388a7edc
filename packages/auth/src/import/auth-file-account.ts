import { type Account, type Credential, RouterError, type Runtime } from "@turnout/core";

import {
  type CodexTokens,
  findAccountId,
  hasExpired,
  type Login,
  needsRefresh,
  secretOf,
  type TokenLogin,
} from "../tokens/codex-login.ts";
import { readCodexClaims } from "../tokens/codex-claims.ts";
import type { CredentialStore } from "./credential-store.ts";
import type { LoginSource } from "./login-source.ts";
import { createSingleFlight, waitFor } from "../refresh/single-flight.ts";
import { type RefreshedTokens, refreshTokens, type TokenRequestOptions } from "../refresh/token-refresh.ts";

/** After all tries of a refresh have failed, requests fail at once for this long instead of trying again each. */
const failurePauseMs = 15_000;
/** A token that is refused so soon after its refresh will not get better by another one. */
const minRenewIntervalMs = 60_000;

export interface AuthFileAccountOptions {
  readonly key: string;
  readonly provider: string;
  readonly runtime: Runtime;
  readonly source: LoginSource;
  readonly store: CredentialStore;
  readonly token: TokenRequestOptions;
  /** Told when a refresh failed while the old token still works, or a renewal found nothing. */
  readonly onWarning: (error: RouterError) => void;
}

/** New tokens over old ones: every field of the answer is optional (codex.md 7.3). */
function mergeTokens(old: CodexTokens, fresh: RefreshedTokens, now: number): CodexTokens {
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

/** An account whose login was made by Codex CLI and is kept alive here. */
export function createAuthFileAccount(options: AuthFileAccountOptions): Account {
  const { key, runtime, source } = options;
  const loadOnce = createSingleFlight<Login>();
  const refreshOnce = createSingleFlight<Login>();
  const renewals = new Map<string, Promise<Credential | undefined>>();
  let failure: { readonly accessToken: string; readonly error: RouterError; readonly until: number } | undefined;
  let lastRefresh: { readonly accessToken: string; readonly at: number } | undefined;

  function unavailable(reason: string): RouterError {
    return new RouterError("credential-unavailable", `Cannot use account ${key}: ${reason}`, {
      provider: options.provider,
    });
  }

  function toCredential(login: Login): Credential {
    if (login.kind === "api-key") return { accountKey: key, kind: "api-key", secret: login.apiKey };
    const { accessToken, accountId, expiresAt } = login.tokens;
    return {
      accountKey: key,
      kind: "oauth",
      secret: accessToken,
      ...(accountId !== undefined && { accountId }),
      ...(expiresAt !== undefined && { expiresAt }),
    };
  }

  /** The refresh token of a login, when there is one that is worth trying. */
  function refreshTokenOf(login: TokenLogin): string {
    const { refreshToken } = login.tokens;
    if (refreshToken === undefined) {
      throw unavailable("its access token has expired and there is no refresh token; log in with `codex login`");
    }
    const code = source.refusal(refreshToken);
    if (code !== undefined) throw unavailable(`its refresh token was refused (${code}); log in with \`codex login\``);
    return refreshToken;
  }

  /** Somebody else (Codex CLI, another turnout) has put a working token there since `stale` was read. */
  function isReplaced(login: Login, stale: TokenLogin): boolean {
    if (login.kind === "api-key") return true;
    return login.tokens.accessToken !== stale.tokens.accessToken && !needsRefresh(login.tokens, runtime.now());
  }

  async function refreshLocked(stale: TokenLogin): Promise<Login> {
    const login = await source.reload();
    if (login.kind === "api-key" || isReplaced(login, stale)) return login;
    const refreshToken = refreshTokenOf(login);
    const result = await refreshTokens(refreshToken, options.token, runtime);
    switch (result.outcome) {
      case "refreshed": {
        const tokens = mergeTokens(login.tokens, result.tokens, runtime.now());
        // On disk before anybody uses it: the old refresh token is spent, and a crash now must not lose the new one.
        await source.save(login, tokens);
        lastRefresh = { accessToken: tokens.accessToken, at: runtime.now() };
        if (result.tokens.accessToken === undefined) throw unavailable("its refresh brought no access token");
        return source.load();
      }
      case "refused": {
        // Codex CLI takes no lock: it may have spent the token while we asked, and then its file has the successor.
        const latest = await source.reload();
        if (isReplaced(latest, login)) return latest;
        await source.refuse(refreshToken, result.code);
        throw unavailable(`its refresh token was refused (${result.code}); log in with \`codex login\``);
      }
      case "failed":
        throw unavailable(`its token cannot be refreshed now (${result.reason})`);
    }
  }

  async function refresh(stale: TokenLogin): Promise<Login> {
    const { accessToken } = stale.tokens;
    if (failure?.accessToken === accessToken && runtime.now() < failure.until) throw failure.error;
    // Known beforehand: no lock and no data folder are needed to say no.
    refreshTokenOf(stale);
    try {
      return await options.store.locked(() => refreshLocked(stale));
    } catch (error) {
      const known = RouterError.from(error);
      failure = { accessToken, error: known, until: runtime.now() + failurePauseMs };
      options.onWarning(known);
      throw known;
    }
  }

  async function currentLogin(): Promise<Login> {
    const login = await loadOnce(() => source.load());
    if (login.kind === "api-key" || !needsRefresh(login.tokens, runtime.now())) return login;
    try {
      return await refreshOnce(() => refresh(login));
    } catch (error) {
      // Refreshed beforehand and in vain: the old token is good for a little longer.
      if (
        RouterError.is(error) &&
        error.code === "credential-unavailable" &&
        !hasExpired(login.tokens, runtime.now())
      ) {
        return login;
      }
      throw error;
    }
  }

  async function replace(rejected: Credential): Promise<Login | undefined> {
    const login = await loadOnce(() => source.load());
    if (secretOf(login) !== rejected.secret) return currentLogin();
    if (login.kind === "api-key") return undefined;
    const isFresh = lastRefresh?.accessToken === rejected.secret && runtime.now() - lastRefresh.at < minRenewIntervalMs;
    return isFresh ? undefined : refreshOnce(() => refresh(login));
  }

  async function renewOnce(rejected: Credential): Promise<Credential | undefined> {
    let login;
    try {
      login = await replace(rejected);
    } catch (error) {
      if (RouterError.is(error) && error.code === "credential-unavailable") return undefined;
      throw error;
    }
    if (login === undefined || secretOf(login) === rejected.secret) return undefined;
    const credential = toCredential(login);
    // Somebody logged in with another account: the request in hand belongs to the old one, the next lease gets the new one.
    return credential.accountId === rejected.accountId ? credential : undefined;
  }

  return {
    key,
    async lease(signal) {
      signal.throwIfAborted();
      return toCredential(await waitFor(currentLogin(), signal));
    },
    renew(rejected, signal) {
      // One entry for each renewal under way; it goes when that one settles.
      const flight =
        renewals.get(rejected.secret) ?? renewOnce(rejected).finally(() => renewals.delete(rejected.secret));
      renewals.set(rejected.secret, flight);
      return waitFor(flight, signal);
    },
  };
}
