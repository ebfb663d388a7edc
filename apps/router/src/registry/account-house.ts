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
import { providerSettings, worksUnconfigured } from "./create-providers.ts";
import { tokenRequestOf } from "./token-request.ts";

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
  const { TURNOUT_KEY: environmentKey = "" } = environment;
  const key = environmentKey === "" ? {} : { environmentKey };
  const store = await openAccountStore({ dataDirectory, runtime, onWarning, ...key });
  try {
    await adoptSavedLogins(store, dataDirectory, onWarning);
    const rotations = createRotations({ store, runtime, onWarning });
    const requests = tokenRequests(options.config, options.plugins);
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
function tokenRequests(config: Config, plugins: readonly ProviderPlugin[]): ReadonlyMap<string, TokenRequestOptions> {
  const ready = plugins.filter(worksUnconfigured).map(({ provider }) => provider);
  const requests = new Map<string, TokenRequestOptions>();
  for (const name of new Set([...ready, ...Object.keys(config.providers)])) {
    const used = config.providers[name]?.use ?? name;
    const plugin = plugins.find(({ provider }) => provider === used);
    const { options } = providerSettings(config.providers[name]);
    const request = plugin && tokenRequestOf(plugin.auth(plugin.options.parse(options)), options);
    if (request !== undefined) requests.set(name, request);
  }
  return requests;
}
