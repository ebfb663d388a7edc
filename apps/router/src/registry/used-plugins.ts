import type { ProviderPlugin } from "@turnout/core";
import type { Config } from "../config/config-schema.ts";
import { worksUnconfigured } from "./create-providers.ts";

/** What says which providers there are. */
export interface ProviderSources {
  readonly config: Config;
  readonly plugins: readonly ProviderPlugin[];
}

/** Every provider: those that need no word in the config, and those the config names. */
export function providerNames({ config, plugins }: ProviderSources): readonly string[] {
  const ready = plugins.filter(worksUnconfigured).map((plugin) => plugin.provider);
  return [...new Set([...ready, ...Object.keys(config.providers)])];
}

/** The plugins of a provider, which may stand in the config under a name of the user's own. */
export function usedPlugins(provider: string, { config, plugins }: ProviderSources): readonly ProviderPlugin[] {
  const used = config.providers[provider]?.use ?? provider;
  return plugins.filter((plugin) => plugin.provider === used);
}
