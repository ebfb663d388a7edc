import { type Account, type Credential, RouterError, type Runtime } from "@turnout/core";

import { accountTraits } from "../accounts/account-traits.ts";
import type { AccountRecord, AccountStore } from "../store/account-store.ts";
import type { StoredCredential } from "../store/credentials.ts";
import { findAccountId, hasExpired, mergeTokens, needsRefresh } from "../tokens/codex-login.ts";
import { readCodexClaims } from "../tokens/codex-claims.ts";
import { describeRefusal, refreshInTurn, type Rotator } from "./rotation.ts";
import { refreshTimeOf } from "./refresh-time.ts";
import { createSingleFlight, waitFor } from "./single-flight.ts";
import type { TokenRequestOptions } from "./token-refresh.ts";

/** After a refresh has failed, requests fail at once for this long instead of trying again each. */
const failurePauseMs = 15_000;
/** A token that is refused so soon after its refresh will not get better by another one. */
const minRenewIntervalMs = 60_000;

/** An account of the store, with its credential in hand. */
export interface StoredAccount {
  /** As of the last look at the store. */
  readonly record: AccountRecord;
  /** For a pool. What it says of priority and the like is as it was when it was made; what it leases is not. */
  toAccount(): Account;
  /**
   * Refreshes the access token although it still works; where nothing can be done now, nothing is.
   *
   * @returns False when it failed and should be tried again later.
   */
  refreshAhead(): Promise<boolean>;
  /** Something in the store has changed: looks again before the next use. */
  invalidate(record: AccountRecord): void;
}

export interface StoredAccountOptions {
  readonly record: AccountRecord;
  readonly store: AccountStore;
  readonly runtime: Runtime;
  readonly rotator: Rotator;
  /** Where tokens are refreshed, and how the requests travel; undefined when the provider has no logins. */
  readonly token: TokenRequestOptions | undefined;
  /** A stored key may be a reference to a secret kept elsewhere. */
  readonly resolveSecret: (secret: string) => string;
  readonly onWarning: (warning: RouterError) => void;
}

/** What is in hand: a generation of the credential, ready to be leased. */
interface Hand {
  readonly stored: StoredCredential;
  readonly credential: Credential;
}

export function createStoredAccount(options: StoredAccountOptions): StoredAccount {
  const { store, runtime, rotator, onWarning } = options;
  const { id: key, provider, kind } = options.record;
  const refreshOnce = createSingleFlight<Hand>();
  let record = options.record;
  let hand: Hand | undefined;
  let isStale = false;
  let failure: { readonly generation: number; readonly error: RouterError; readonly until: number } | undefined;
  let refreshed: { readonly generation: number; readonly at: number } | undefined;

  function unavailable(reason: string, needsLogin = false): RouterError {
    const name = record.label === key ? key : `"${record.label}" (${key})`;
    const details = needsLogin ? { provider, needsLogin } : { provider };
    return new RouterError("credential-unavailable", `Cannot use account ${name} of ${provider}: ${reason}`, details);
  }

  function loginNeeded(reason: string): RouterError {
    return unavailable(`${reason}; log in again: ${loginCommand()}`, true);
  }

  /** The command that helps, so that it can be copied. */
  function loginCommand(): string {
    return `\`turnout login ${provider} --label ${JSON.stringify(record.label)}\``;
  }

  function toCredential(stored: StoredCredential): Credential {
    if (kind === "api-key") return { accountKey: key, kind, secret: options.resolveSecret(stored.secret) };
    const accountId =
      record.accountId ?? findAccountId({ ...stored, accountId: undefined, accessToken: stored.secret });
    return {
      accountKey: key,
      kind,
      secret: stored.secret,
      ...(accountId !== undefined && { accountId }),
      ...(stored.expiresAt !== undefined && { expiresAt: stored.expiresAt }),
    };
  }

  /** Reads the store again when another generation is there. */
  function reload(): Hand {
    const generation = store.credentials.generation(key);
    if (hand !== undefined && hand.stored.generation === generation) return hand;
    const stored = generation === undefined ? undefined : store.credentials.read(key);
    if (stored === undefined) throw unavailable("it has been removed");
    hand = { stored, credential: toCredential(stored) };
    return hand;
  }

  function current(): Hand {
    if (hand !== undefined && !isStale) return hand;
    const fresh = reload();
    isStale = false;
    return fresh;
  }

  function isDue({ stored }: Hand): boolean {
    return kind === "oauth" && needsRefresh(stored, runtime.now());
  }

  /** Why a refresh cannot help, if that is known beforehand. */
  function refusal({ stored }: Hand): RouterError | undefined {
    const { needsLogin } = record;
    if (needsLogin !== undefined) return loginNeeded(needsLogin.reason);
    if (options.token === undefined) return unavailable(`provider ${provider} has no logins to refresh`);
    if (stored.refreshToken !== undefined) return undefined;
    return loginNeeded("its access token has ended and there is no refresh token");
  }

  function keep({ stored }: Hand, tokens: ReturnType<typeof mergeTokens>): Hand {
    const secrets = { ...tokens, secret: tokens.accessToken };
    const plan = readCodexClaims(tokens.idToken ?? tokens.accessToken)?.planType;
    // Stored before anybody uses it: the old refresh token is spent, and a crash now must not lose the new one.
    store.transaction(() => {
      const generation = store.credentials.replace(key, stored.generation, secrets);
      if (generation === undefined) return;
      refreshed = { generation, at: runtime.monotonic() };
      record = store.accounts.update(key, plan === undefined ? {} : { plan });
    });
    rotator.applied(key);
    return reload();
  }

  function condemn({ stored }: Hand, refusal: string): void {
    store.transaction(() => {
      if (store.credentials.generation(key) !== stored.generation) return;
      store.rotations.end(key);
      record = store.accounts.update(key, { needsLogin: `its refresh token was refused (${refusal})` });
    });
  }

  /** Undefined when another process has taken over, whose result is not there yet. */
  async function refreshLocked(old: Hand, owner: string, patient: boolean): Promise<Hand | undefined> {
    record = store.accounts.get(key) ?? record;
    const now = reload();
    const wasFaster = patient ? (refreshTimeOf(record) ?? Infinity) > runtime.now() : !isDue(now);
    if (wasFaster && (patient || now.stored.generation !== old.stored.generation)) return now;
    const refused = refusal(now);
    if (refused !== undefined) throw refused;
    const { refreshToken } = now.stored;
    const { token } = options;
    if (refreshToken === undefined || token === undefined) throw unavailable("it cannot be refreshed");
    const oauth = { ...token.oauth, ...(record.clientId !== undefined && { clientId: record.clientId }) };
    const order = { subject: key, owner, refreshToken, token: { ...token, oauth } };
    const result = await rotator.rotate(order, { patient });
    switch (result.outcome) {
      case "refreshed": {
        const tokens = { ...now.stored, accessToken: now.stored.secret, accountId: record.accountId };
        const kept = keep(now, mergeTokens(tokens, result.tokens, runtime.now()));
        if (result.tokens.accessToken === undefined) throw unavailable("its refresh brought no access token");
        return kept;
      }
      case "refused":
        condemn(now, describeRefusal(result));
        throw refusal(reload()) ?? unavailable("its login was replaced meanwhile; try again");
      case "failed":
        throw unavailable(`its token cannot be refreshed now (${result.reason})`);
      case "superseded":
        return undefined;
    }
  }

  async function refresh(old: Hand, patient: boolean): Promise<Hand> {
    const { generation } = old.stored;
    if (failure?.generation === generation && runtime.monotonic() < failure.until) throw failure.error;
    // Known beforehand: no lease is needed to say no.
    const refused = refusal(old);
    if (refused !== undefined) throw refused;
    try {
      const fresh = await refreshInTurn(rotator, key, (owner) => refreshLocked(old, owner, patient));
      if (fresh !== undefined) return fresh;
      throw unavailable("another process refreshes it, and does not come to an end");
    } catch (error) {
      const known = RouterError.from(error);
      failure = { generation, error: known, until: runtime.monotonic() + failurePauseMs };
      onWarning(known);
      throw known;
    }
  }

  async function refreshWhenDue(old: Hand): Promise<Hand> {
    try {
      return await refreshOnce(() => refresh(old, false));
    } catch (error) {
      // In vain, but the old token is good for a little longer.
      if (RouterError.is(error) && !hasExpired(old.stored, runtime.now())) return old;
      throw error;
    }
  }

  async function replace(rejected: Credential): Promise<Hand | undefined> {
    const now = reload();
    if (now.credential.secret !== rejected.secret) return isDue(now) ? refreshWhenDue(now) : now;
    if (kind === "api-key") return undefined;
    const isFresh =
      refreshed?.generation === now.stored.generation && runtime.monotonic() - refreshed.at < minRenewIntervalMs;
    return isFresh ? undefined : refreshOnce(() => refresh(now, false));
  }

  async function renew(rejected: Credential): Promise<Credential | undefined> {
    let next;
    try {
      next = await replace(rejected);
    } catch (error) {
      if (RouterError.is(error) && error.code === "credential-unavailable") return undefined;
      throw error;
    }
    if (next === undefined || next.credential.secret === rejected.secret) return undefined;
    // Somebody logged in with another account: the request in hand belongs to the old one, the next lease gets the new one.
    return next.credential.accountId === rejected.accountId ? next.credential : undefined;
  }

  async function lease(signal: AbortSignal): Promise<Credential> {
    signal.throwIfAborted();
    const now = current();
    if (!isDue(now)) return now.credential;
    return (await waitFor(refreshWhenDue(now), signal)).credential;
  }

  return {
    get record() {
      return record;
    },
    toAccount: () => ({
      key,
      ...accountTraits(record),
      lease,
      renew: (rejected, signal) => waitFor(renew(rejected), signal),
    }),
    async refreshAhead() {
      const now = reload();
      if (refusal(now) !== undefined) return true;
      try {
        await refreshOnce(() => refresh(now, !isDue(now)));
        return true;
      } catch (error) {
        if (!RouterError.is(error)) throw error;
        return false;
      }
    },
    invalidate(next) {
      record = next;
      isStale = true;
    },
  };
}
