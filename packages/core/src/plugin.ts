import type { z } from "zod";
import type { Commons } from "./commons.ts";
import type { Executor } from "./executor.ts";
import type { ModelInfo } from "./model.ts";
import type { QuotaReader } from "./quota.ts";
import type { Runtime } from "./runtime.ts";
import type { WireFormat } from "./wire-format.ts";

/** How accounts of a provider prove who they are; `@turnout/auth` acts on it. */
export interface AuthDeclaration {
  /** Kinds of account the provider takes. */
  readonly kinds: readonly ("api-key" | "oauth")[];
  /** Requests may go without an account; the executor is then given a credential whose secret is empty. Default false. */
  readonly keyless?: boolean;
  readonly oauth?: {
    /** For example `https://auth.openai.com`. */
    readonly issuer: string;
    readonly clientId: string;
    /** Path on the issuer where tokens are refreshed. */
    readonly tokenPath: string;
  };
}

/**
 * A way to reach a provider: data first, code as the escape hatch. Several plugins may name the same `provider`; their
 * executors are then tried in the order the plugins are listed.
 */
export interface ProviderPlugin<Schema extends z.ZodObject = z.ZodObject> {
  /** Unique, for example `codex-ws`. */
  readonly name: string;
  /** The first part of a qualified model name, for example `codex` in `codex/gpt-5.4`. */
  readonly provider: string;
  readonly wire: WireFormat;
  /** How its accounts prove who they are; options may move the issuer. */
  auth(options: z.output<Schema>): AuthDeclaration;
  /**
   * What a user may set under `providers.<provider>` in the config: a strict object with described fields. `accounts` and
   * `models` stand beside them and are read by the router.
   */
  readonly options: Schema;
  /** Models known without asking the upstream. */
  readonly models: readonly ModelInfo[];
  /**
   * @param commons - What all executors of one provider hold in common, whichever plugin they come from. Default: these
   *   executors have nothing in common with others.
   */
  createExecutors(options: z.output<Schema>, runtime: Runtime, commons?: Commons): readonly Executor[];
  /** Where the upstream can be asked what is left of an account's limits. Absent: nowhere. */
  createQuotaReader?(options: z.output<Schema>, runtime: Runtime): QuotaReader;
}

/** Checks nothing at run time; it lets the compiler infer the options from the schema. */
export function definePlugin<Schema extends z.ZodObject>(plugin: ProviderPlugin<Schema>): ProviderPlugin<Schema> {
  return plugin;
}
