import { z } from "zod";
import { type ConfigSurroundings, findConfigFile, readConfigFile } from "../config/load-config.ts";

/** Only what is looked at: whether the rest is right is told by `serve` and `doctor`. */
const configSchema = z.looseObject({
  providers: z.record(z.string(), z.looseObject({ accounts: z.array(z.unknown()).default([]) })).default({}),
});

/**
 * How many accounts stand in the config, for each provider that has some. Read without its plugins, and leniently.
 *
 * @throws {RouterError} `config-invalid` when the file that was named is not there, or is no YAML.
 */
export function countConfigAccounts(
  named: string | undefined,
  surroundings: ConfigSurroundings,
): readonly { readonly provider: string; readonly count: number }[] {
  const file = findConfigFile(named, surroundings);
  const parsed = configSchema.safeParse(file === undefined ? {} : readConfigFile(file).value);
  if (!parsed.success) return [];
  return Object.entries(parsed.data.providers)
    .map(([provider, { accounts }]) => ({ provider, count: accounts.length }))
    .filter(({ count }) => count > 0);
}
