import {
  type AccountPool,
  createAccountPool,
  createAccounts,
  createQuotaPolling,
  type QuotaPolling,
} from "@turnout/auth";
import type { Account, AuthDeclaration, ModelInfo, ProviderPlugin, QuotaReader, Runtime } from "@turnout/core";
import { createCommons, RouterError } from "@turnout/core";
import type { Logger } from "pino";
import { type ProviderConfig, providerBaseSchema } from "../config/config-schema.ts";
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
  readonly strategy: ProviderConfig["strategy"];
  readonly quotaIntervalMs: number;
  readonly options: Record<string, unknown>;
}

/** What holds for a provider that the config does not name. */
const unnamed: ProviderConfig = providerBaseSchema.parse({});

/** Splits `providers.<name>` into what the router reads and what belongs to the plugin. */
export function providerSettings(config: ProviderConfig | undefined): ProviderSettings {
  const { use: _use, accounts, models, strategy, quotaIntervalMs, ...options } = config ?? unnamed;
  return { accounts, models, strategy, quotaIntervalMs, options };
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
  const { house } = surroundings;
  const everyAccount = (): readonly Account[] => {
    const accounts = [...configured, ...house.stored.list(name)];
    return auth.keyless === true && accounts.length === 0 ? [keylessAccount] : accounts;
  };
  const parts = { name, plugins, settings, accounts: everyAccount(), simulated: false };
  const provider = assembleProvider(parts, surroundings);
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
  readonly settings: Pick<ProviderSettings, "models" | "options" | "strategy" | "quotaIntervalMs">;
  readonly accounts: readonly Account[];
  readonly simulated: boolean;
}

/** @param surroundings - Without a house, what is learned of the accounts' limits is forgotten at the end. */
export function assembleProvider(
  parts: ProviderParts,
  surroundings: Pick<ProviderSurroundings, "runtime" | "log"> & Partial<Pick<ProviderSurroundings, "house">>,
): Provider {
  const { runtime, log, house } = surroundings;
  const { name, plugins, settings } = parts;
  const commons = createCommons();
  const executors = plugins.flatMap((plugin) =>
    plugin.createExecutors(plugin.options.parse(settings.options), runtime, commons),
  );
  const pool = createAccountPool(parts.accounts, {
    runtime,
    strategy: settings.strategy,
    ...(house === undefined ? {} : { memory: { table: house.store.limits, provider: name } }),
    onWarning: ({ code, message }) => log.warn({ provider: name, code, message }, "trouble with the account store"),
  });
  const polling = pollQuota(parts, pool, surroundings);
  return {
    name,
    executors,
    pool,
    models: modelsOf(parts),
    simulated: parts.simulated,
    async close() {
      await polling?.close();
      await Promise.all(executors.map(async (executor) => executor.close?.()));
      pool.close();
    },
  };
}

/** The one of the first plugin that has one; undefined when there is no place to ask. */
export function createQuotaReader(
  plugins: readonly ProviderPlugin[],
  options: Record<string, unknown>,
  runtime: Runtime,
): QuotaReader | undefined {
  const plugin = plugins.find((candidate) => candidate.createQuotaReader !== undefined);
  return plugin?.createQuotaReader?.(plugin.options.parse(options), runtime);
}

/** Undefined where nobody can be asked, or nobody shall be. */
function pollQuota(
  { name, plugins, settings, simulated }: ProviderParts,
  pool: AccountPool,
  { runtime, log }: Pick<ProviderSurroundings, "runtime" | "log">,
): QuotaPolling | undefined {
  const { quotaIntervalMs: intervalMs } = settings;
  if (intervalMs === 0 || simulated) return undefined;
  const reader = createQuotaReader(plugins, settings.options, runtime);
  if (reader === undefined) return undefined;
  const onWarning = (account: string, { code, message }: RouterError) =>
    log.warn({ provider: name, account, code, message }, "cannot read what is left of an account");
  return createQuotaPolling({ pool, reader, runtime, intervalMs, onWarning });
}

function modelsOf(parts: ProviderParts): ReadonlyMap<string, ModelInfo> {
  const known = parts.plugins.flatMap((plugin) => plugin.models.map((info): [string, ModelInfo] => [info.id, info]));
  const named = parts.settings.models.map((id): [string, ModelInfo] => [id, { id }]);
  // What the provider knows of a model stays when the user names it again.
  return new Map([...named, ...known]);
}
