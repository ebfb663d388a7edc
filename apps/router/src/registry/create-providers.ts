import { createAccountPool, createAccounts } from "@turnout/auth";
import type { Account, AuthDeclaration, ModelInfo, ProviderPlugin, Runtime } from "@turnout/core";
import { createCommons, RouterError } from "@turnout/core";
import type { Logger } from "pino";
import type { ProviderConfig } from "../config/config-schema.ts";
import type { AccountHouse } from "./account-house.ts";
import type { Provider } from "./provider.ts";
import { tokenRequestOf } from "./token-request.ts";

export interface ProviderSurroundings {
  readonly runtime: Runtime;
  readonly homeDirectory: string;
  readonly house: AccountHouse;
  readonly log: Logger;
}

/** What the user set for one provider: the router's part and the plugin's part of it. */
export interface ProviderSettings {
  readonly accounts: ProviderConfig["accounts"];
  readonly models: readonly string[];
  readonly options: Record<string, unknown>;
}

/** Splits `providers.<name>` into what the router reads and what belongs to the plugin. */
export function providerSettings(config: ProviderConfig | undefined): ProviderSettings {
  const { use: _use, accounts, models, ...options } = config ?? { accounts: [], models: [] };
  return { accounts, models, options };
}

/** Plugins of one provider make one provider: their executors in order, their models together. */
export function createProvider(
  name: string,
  plugins: readonly ProviderPlugin[],
  settings: ProviderSettings,
  surroundings: ProviderSurroundings,
): Provider {
  const [first] = plugins;
  if (first === undefined) throw new RouterError("internal", `Provider "${name}" needs a plugin`, {});
  const auth = first.auth(first.options.parse(settings.options));
  const configured = createConfiguredAccounts(name, auth, settings, surroundings);
  const { house, runtime } = surroundings;
  const everyAccount = (): readonly Account[] => {
    const accounts = [...configured, ...house.stored.list(name)];
    return auth.keyless === true && accounts.length === 0 ? [keylessAccount] : accounts;
  };
  const parts = { name, plugins, settings, accounts: everyAccount(), simulated: false };
  const provider = assembleProvider(parts, runtime, house);
  house.stored.watch(() => provider.pool.update(everyAccount()));
  return provider;
}

/** The accounts that stand in the config; they come before those of the store. */
function createConfiguredAccounts(
  provider: string,
  auth: AuthDeclaration,
  settings: ProviderSettings,
  { runtime, homeDirectory, house, log }: ProviderSurroundings,
): Account[] {
  return createAccounts(settings.accounts, {
    ...tokenRequestOf(auth, settings.options),
    provider,
    runtime,
    homeDirectory,
    store: house.store,
    rotator: house.rotations,
    onWarning: ({ code, message }) => log.warn({ provider, code, message }, "trouble with an account"),
  });
}

/** For servers that ask for no key, on one's own machine for the most part. */
const keylessAccount: Account = {
  key: "keyless",
  lease: () => Promise.resolve({ accountKey: "keyless", kind: "api-key", secret: "" }),
  renew: () => Promise.resolve(undefined),
};

/** Providers that work without a word in the config; the others must be configured first. */
export function worksUnconfigured(plugin: ProviderPlugin): boolean {
  return plugin.options.safeParse({}).success;
}

export interface ProviderParts {
  readonly name: string;
  readonly plugins: readonly ProviderPlugin[];
  readonly settings: Pick<ProviderSettings, "models" | "options">;
  readonly accounts: readonly Account[];
  readonly simulated: boolean;
}

/** @param house - Remembers what is learned of the accounts' limits. Default: that is forgotten at the end. */
export function assembleProvider(parts: ProviderParts, runtime: Runtime, house?: AccountHouse): Provider {
  const memory = house === undefined ? {} : { memory: { table: house.store.limits, provider: parts.name } };
  const commons = createCommons();
  const executors = parts.plugins.flatMap((plugin) =>
    plugin.createExecutors(plugin.options.parse(parts.settings.options), runtime, commons),
  );
  return {
    name: parts.name,
    executors,
    pool: createAccountPool(parts.accounts, { runtime, ...memory }),
    models: modelsOf(parts),
    simulated: parts.simulated,
  };
}

function modelsOf(parts: ProviderParts): ReadonlyMap<string, ModelInfo> {
  const known = parts.plugins.flatMap((plugin) => plugin.models.map((info): [string, ModelInfo] => [info.id, info]));
  const named = parts.settings.models.map((id): [string, ModelInfo] => [id, { id }]);
  // What the provider knows of a model stays when the user names it again.
  return new Map([...named, ...known]);
}
