import { type Account, type Credential, RouterError, type Runtime } from "@turnout/core";

import { hasExpired, mergeTokens, type Login, needsRefresh, secretOf, type TokenLogin } from "../tokens/codex-login.ts";
import type { LoginSource } from "./login-source.ts";
import { createSingleFlight, waitFor } from "../refresh/single-flight.ts";
import type { TokenRequestOptions } from "../refresh/token-refresh.ts";
import { describeRefusal, refreshInTurn, type Rotator } from "../refresh/rotation.ts";

/** After all tries of a refresh have failed, requests fail at once for this long instead of trying again each. */
const failurePauseMs = 15_000;
/** A token that is refused so soon after its refresh will not get better by another one. */
const minRenewIntervalMs = 60_000;

export interface AuthFileAccountOptions {
  readonly key: string;
  readonly provider: string;
  readonly runtime: Runtime;
  readonly source: LoginSource;
  /** Of this auth.json in the store. */
  readonly name: string;
  readonly rotator: Rotator;
  readonly token: TokenRequestOptions;
  /** Told when a refresh failed while the old token still works, or a renewal found nothing. */
  readonly onWarning: (error: RouterError) => void;
}

/** An account whose login was made by Codex CLI and is kept alive here. */
export function createAuthFileAccount(options: AuthFileAccountOptions): Account {
  const { key, name, runtime, source, rotator } = options;
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

  function refused(code: string): RouterError {
    return unavailable(`its refresh token was refused (${code}); log in with \`codex login\``);
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
    if (code !== undefined) throw refused(code);
    return refreshToken;
  }

  /** Somebody else (Codex CLI, another turnout) has put a working token there since `stale` was read. */
  function isReplaced(login: Login, stale: TokenLogin): boolean {
    if (login.kind === "api-key") return true;
    return login.tokens.accessToken !== stale.tokens.accessToken && !needsRefresh(login.tokens, runtime.now());
  }

  /** Undefined when another process has taken over, whose result is not there yet. */
  async function refreshLocked(stale: TokenLogin, owner: string): Promise<Login | undefined> {
    const login = await source.reload();
    if (login.kind === "api-key" || isReplaced(login, stale)) return login;
    const refreshToken = refreshTokenOf(login);
    const result = await rotator.rotate({ subject: name, owner, refreshToken, token: options.token });
    switch (result.outcome) {
      case "refreshed": {
        const tokens = mergeTokens(login.tokens, result.tokens, runtime.now());
        // On disk before anybody uses it: the old refresh token is spent, and a crash now must not lose the new one.
        await source.save(login, tokens);
        rotator.applied(name);
        lastRefresh = { accessToken: tokens.accessToken, at: runtime.monotonic() };
        if (result.tokens.accessToken === undefined) throw unavailable("its refresh brought no access token");
        return source.load();
      }
      case "refused": {
        // Codex CLI takes no lock: it may have spent the token while we asked, and then its file has the successor.
        const latest = await source.reload();
        if (isReplaced(latest, login)) return latest;
        source.refuse(refreshToken, describeRefusal(result));
        throw refused(describeRefusal(result));
      }
      case "superseded":
        return undefined;
      case "failed":
        throw unavailable(`its token cannot be refreshed now (${result.reason})`);
    }
  }

  async function refresh(stale: TokenLogin): Promise<Login> {
    const { accessToken } = stale.tokens;
    if (failure?.accessToken === accessToken && runtime.monotonic() < failure.until) throw failure.error;
    // Known beforehand: no lease is needed to say no.
    refreshTokenOf(stale);
    try {
      const fresh = await refreshInTurn(rotator, name, (owner) => refreshLocked(stale, owner));
      if (fresh !== undefined) return fresh;
      throw unavailable("another process refreshes it, and does not come to an end");
    } catch (error) {
      const known = RouterError.from(error);
      failure = { accessToken, error: known, until: runtime.monotonic() + failurePauseMs };
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
        (error.code === "credential-unavailable" || error.code === "store-unavailable") &&
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
    const isFresh =
      lastRefresh?.accessToken === rejected.secret && runtime.monotonic() - lastRefresh.at < minRenewIntervalMs;
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
