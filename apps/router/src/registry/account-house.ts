import {
  type AccountStore,
  adoptSavedLogins,
  createRotations,
  createStoredAccounts,
  openAccountStore,
  resolveSecret,
  type Rotations,
  type StoredAccounts,
  type TokenRequestOptions,
} from "@turnout/auth";
import type { ProviderPlugin, RouterError, Runtime } from "@turnout/core";
import type { Logger } from "pino";
import type { Config } from "../config/config-schema.ts";
import { providerSettings } from "./create-providers.ts";
import { storePlace } from "./store-place.ts";
import { tokenRequestOf } from "./token-request.ts";
import { providerNames, type ProviderSources, usedPlugins } from "./used-plugins.ts";

/** The accounts of the data folder as a running router has them. */
export interface AccountHouse {
  readonly store: AccountStore;
  readonly rotations: Rotations;
  readonly stored: StoredAccounts;
  /** After the last request: no lease, no renewal any more. */
  close(): Promise<void>;
}

export interface AccountHouseOptions {
  readonly config: Config;
  readonly plugins: readonly ProviderPlugin[];
  readonly dataDirectory: string;
  readonly runtime: Runtime;
  readonly log: Logger;
  /** `TURNOUT_KEY`, and what stored keys refer to. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens the store, moves in what an earlier turnout has saved elsewhere, and begins to refresh tokens ahead of their end.
 *
 * @throws {RouterError} `store-unavailable`, with what to do.
 */
export async function openAccountHouse(options: AccountHouseOptions): Promise<AccountHouse> {
  const { dataDirectory, runtime, log, environment } = options;
  const onWarning = ({ code, message }: RouterError) => log.warn({ code, message }, "trouble with an account");
  const store = await openAccountStore({ ...storePlace(options), runtime, onWarning });
  try {
    await adoptSavedLogins(store, dataDirectory, onWarning);
    const rotations = createRotations({ store, runtime, onWarning });
    const requests = tokenRequests(options);
    const stored = createStoredAccounts({
      store,
      runtime,
      rotator: rotations,
      tokenRequestOf: (provider) => requests.get(provider),
      resolveSecret: (secret, provider) => resolveSecret(secret, environment, provider),
      onWarning,
    });
    stored.startRefreshing();
    return {
      store,
      rotations,
      stored,
      async close() {
        await rotations.close();
        await stored.close();
        store.close();
      },
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** How tokens are refreshed, for every provider of a config that has logins, by its name. */
function tokenRequests(sources: ProviderSources): ReadonlyMap<string, TokenRequestOptions> {
  const requests = new Map<string, TokenRequestOptions>();
  for (const name of providerNames(sources)) {
    const [plugin] = usedPlugins(name, sources);
    const { options } = providerSettings(sources.config.providers[name]);
    const request = plugin && tokenRequestOf(plugin.auth(plugin.options.parse(options)), options);
    if (request !== undefined) requests.set(name, request);
  }
  return requests;
}
