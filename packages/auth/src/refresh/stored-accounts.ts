import { type Account, RouterError, type Runtime } from "@turnout/core";

import { createFollowedAccount, isFollowed } from "../import/followed-account.ts";
import type { AccountRecord, AccountStore } from "../store/account-store.ts";
import { createBackgroundRefresh } from "./background-refresh.ts";
import type { Rotator } from "./rotation.ts";
import { createStoredAccount, type StoredAccount } from "./stored-account.ts";
import type { TokenRequestOptions } from "./token-refresh.ts";

export interface StoredAccountsOptions {
  readonly store: AccountStore;
  readonly runtime: Runtime;
  readonly rotator: Rotator;
  /** Where logins of a provider are refreshed, and how token requests travel; undefined when it has none. */
  readonly tokenRequestOf: (provider: string) => TokenRequestOptions | undefined;
  /** The secret behind a stored API key, which may be a reference. Default: the key itself. */
  readonly resolveSecret?: (secret: string, provider: string) => string;
  /** Told of troubles that fail no request. Default: nobody. */
  readonly onWarning?: (warning: RouterError) => void;
}

/** The accounts of a store as a router uses them, kept up to date. */
export interface StoredAccounts {
  /** Oldest first, those that are switched off included. Opens no credential. */
  list(provider: string): Account[];
  /** Calls back after accounts have come, gone or changed, also by another process, within a second. Returns what ends it. */
  watch(listener: () => void): () => void;
  /** Begins to refresh tokens ahead of their end. */
  startRefreshing(): void;
  /** Waits for refreshes under way. The store stays open. */
  close(): Promise<void>;
}

/**
 * Takes the accounts of a store into use.
 *
 * @throws {RouterError} `store-unavailable`.
 */
export function createStoredAccounts(options: StoredAccountsOptions): StoredAccounts {
  const { store, runtime, rotator, tokenRequestOf, onWarning = () => {} } = options;
  const resolveSecret = options.resolveSecret ?? ((secret: string) => secret);
  const accounts = new Map<string, StoredAccount>();
  const listeners = new Set<() => void>();

  function create(record: AccountRecord): StoredAccount {
    if (isFollowed(record)) {
      const readPath = () => store.credentials.read(record.id)?.secret;
      return createFollowedAccount({ record, readPath, runtime });
    }
    return createStoredAccount({
      record,
      store,
      runtime,
      rotator,
      token: tokenRequestOf(record.provider),
      resolveSecret: (secret) => resolveSecret(secret, record.provider),
      onWarning,
    });
  }

  function load(): void {
    const records = store.accounts.list();
    const ids = new Set(records.map(({ id }) => id));
    for (const id of accounts.keys()) if (!ids.has(id)) accounts.delete(id);
    for (const record of records) {
      const known = accounts.get(record.id);
      if (known === undefined) accounts.set(record.id, create(record));
      else known.invalidate(record);
    }
  }

  load();
  const background = createBackgroundRefresh({
    accounts: () => accounts.values(),
    runtime,
    onFailure: (error) => onWarning(RouterError.from(error)),
  });
  const endWatch = store.watch(() => {
    load();
    for (const listener of listeners) listener();
  });

  return {
    list: (provider) =>
      [...accounts.values()].filter(({ record }) => record.provider === provider).map((account) => account.toAccount()),
    watch(listener) {
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    startRefreshing: () => background.start(),
    async close() {
      endWatch();
      listeners.clear();
      await background.stop();
    },
  };
}
