import { createAccountPool, readQuota } from "@turnout/auth";
import { type QuotaReader, RouterError, systemRuntime } from "@turnout/core";
import { createLog } from "../log.ts";
import { type AccountHouse, openAccountHouse } from "../registry/account-house.ts";
import { usedPlugins } from "../registry/used-plugins.ts";
import { createQuotaReader, providerSettings } from "../registry/create-providers.ts";
import type { Setup } from "./setup.ts";
import type { Surroundings } from "./surroundings.ts";
import { plainText } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Asks the upstreams what is left of every stored account, and keeps it for tables and for the next start. What cannot be read
 * is told, and keeps nothing else from being read.
 *
 * @returns False when something could not be read.
 */
export async function refreshQuotas(
  { config, plugins }: Setup,
  { dataDirectory, environment }: Surroundings,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<boolean> {
  const log = createLog("warn", { write: (line) => terminal.say(line.trimEnd()) });
  const house = await openAccountHouse({ config, plugins, dataDirectory, runtime: systemRuntime, log, environment });
  try {
    const providers = [...new Set(house.store.accounts.list().map(({ provider }) => provider))];
    const results = await Promise.all(
      providers.map(async (provider) => {
        const { options } = providerSettings(config.providers[provider]);
        const reader = createQuotaReader(usedPlugins(provider, { config, plugins }), options, systemRuntime);
        return reader === undefined ? true : refreshProvider(provider, reader, house, terminal, signal);
      }),
    );
    return results.every(Boolean);
  } finally {
    terminal.endProgress();
    await house.close();
  }
}

async function refreshProvider(
  provider: string,
  reader: QuotaReader,
  house: AccountHouse,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<boolean> {
  const accounts = house.stored.list(provider).filter(({ disabled }) => disabled === undefined);
  const memory = { table: house.store.limits, provider };
  const pool = createAccountPool(accounts, { runtime: systemRuntime, memory });
  let isComplete = true;
  try {
    // One after the other: nobody waits for a table of a thousand accounts, and no upstream likes so many at once.
    for (const account of accounts) {
      const name = `${provider} account "${plainText(account.label ?? account.key)}"`;
      terminal.progress(`Reading what is left of ${name}`);
      try {
        await readQuota(pool, account, reader, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        isComplete = false;
        terminal.say(`Cannot read what is left of ${name}: ${plainText(RouterError.from(error).message)}`);
      }
    }
  } finally {
    pool.close();
    await reader.close?.();
  }
  return isComplete;
}
