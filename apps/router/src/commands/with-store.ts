import { type AccountStore, openAccountStore } from "@turnout/auth";
import { systemRuntime } from "@turnout/core";
import { storePlace } from "../registry/store-place.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Terminal } from "./terminal.ts";

/** Opens the store of accounts for one command. */
export async function withStore<T>(
  surroundings: Surroundings,
  terminal: Terminal,
  work: (store: AccountStore) => Promise<T> | T,
): Promise<T> {
  const store = await openAccountStore({
    ...storePlace(surroundings),
    runtime: systemRuntime,
    onWarning: ({ message }) => terminal.say(message),
  });
  try {
    return await work(store);
  } finally {
    store.close();
  }
}
