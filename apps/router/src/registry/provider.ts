import type { AccountPool } from "@turnout/auth";
import type { Executor, ModelInfo } from "@turnout/core";

/** One provider as the router runs it. */
export interface Provider {
  readonly name: string;
  /** In the order they are tried. */
  readonly executors: readonly Executor[];
  readonly pool: AccountPool;
  readonly models: ReadonlyMap<string, ModelInfo>;
  /** Answers are simulated; no model takes part. */
  readonly simulated: boolean;
  /** Lets running streams end, frees connections, and writes what was learned of the accounts. */
  close(): Promise<void>;
}
