export interface StoreSurroundings {
  readonly dataDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Where the store of accounts is, and the key to it when the environment has one. */
export function storePlace({ dataDirectory, environment }: StoreSurroundings) {
  const { TURNOUT_KEY: environmentKey = "" } = environment;
  return { dataDirectory, ...(environmentKey !== "" && { environmentKey }) };
}
