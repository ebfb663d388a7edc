import type { ProviderPlugin } from "@turnout/core";
import type { Config } from "../config/config-schema.ts";
import {
  type ConfigOverrides,
  findConfigFile,
  pluginNames,
  readConfig,
  readConfigFile,
} from "../config/load-config.ts";
import { builtInPlugins, loadPlugins } from "../plugins.ts";
import type { Surroundings } from "./surroundings.ts";

/** What every command that needs the config starts from. */
export interface Setup {
  readonly config: Config;
  readonly plugins: readonly ProviderPlugin[];
  /** Undefined when there is no config file and the defaults hold. */
  readonly file: string | undefined;
}

/** Finds and reads the config, and loads the plugins it names. */
export async function loadSetup(
  named: string | undefined,
  surroundings: Surroundings,
  overrides: ConfigOverrides = {},
): Promise<Setup> {
  const file = findConfigFile(named, surroundings);
  const source = file === undefined ? undefined : readConfigFile(file);
  const plugins = [...builtInPlugins, ...(await loadPlugins(pluginNames(source)))];
  return { config: readConfig(source, plugins, overrides), plugins, file };
}
