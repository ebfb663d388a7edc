import type { z } from "zod";
import type { Commons } from "./commons.ts";
import type { Executor } from "./executor.ts";
import type { ModelInfo } from "./model.ts";
import type { QuotaReader } from "./quota.ts";
import type { Runtime } from "./runtime.ts";
import type { WireFormat } from "./wire-format.ts";

/** A login through a browser: authorization code with PKCE S256, and a page on loopback to come back to. */
export interface BrowserLoginDeclaration {
  /** Path on the issuer the browser is sent to. */
  readonly authorizePath: string;
  readonly scopes: readonly string[];
  /** The address the issuer sends the browser back to, `http://HOST:PORT/PATH`. */
  readonly redirect: {
    /** As the issuer knows it; the page itself listens on 127.0.0.1 either way. */
    readonly host: "localhost" | "127.0.0.1";
    /** 0: the issuer takes any port, and a free one is picked. */
    readonly port: number;
    readonly path: string;
    /** The issuer takes any port, so that a taken one need not stop a login. Default false. */
    readonly otherPorts?: boolean;
  };
  /** Further parameters of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A login with a code that is typed on another device, by the protocol of ChatGPT's issuer, which is not RFC 8628. */
export interface DeviceLoginDeclaration {
  /** Path on the issuer that gives a code. */
  readonly userCodePath: string;
  /** Path on the issuer that tells whether it was typed. */
  readonly pollPath: string;
  /** Path on the issuer where people type it. */
  readonly verificationPath: string;
  /** Path on the issuer that stands as redirect address in the exchange of the code. */
  readonly redirectPath: string;
  /** Milliseconds that a code lives. */
  readonly lifetimeMs: number;
}

/** Where tokens come from, and how logins are made: facts only, `@turnout/auth` acts on them. */
export interface OAuthDeclaration {
  /** For example `https://auth.openai.com`. */
  readonly issuer: string;
  readonly clientId: string;
  /** Path on the issuer where codes are exchanged and tokens refreshed. */
  readonly tokenPath: string;
  /** Path on the issuer where tokens are revoked; absent: they are only forgotten. */
  readonly revokePath?: string;
  /** Absent: no login through a browser. */
  readonly browser?: BrowserLoginDeclaration;
  /** Absent: no login with a device code. */
  readonly device?: DeviceLoginDeclaration;
}

/** How accounts of a provider prove who they are; `@turnout/auth` acts on it. */
export interface AuthDeclaration {
  /** Kinds of account the provider takes. */
  readonly kinds: readonly ("api-key" | "oauth")[];
  /** Requests may go without an account; the executor is then given a credential whose secret is empty. Default false. */
  readonly keyless?: boolean;
  readonly oauth?: OAuthDeclaration;
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
