import { homedir } from "node:os";
import { join, resolve } from "node:path";

import { type Account, RouterError, type Runtime, systemRuntime } from "@turnout/core";
import type { Dispatcher } from "undici";

import type { AccountConfig } from "./account-config.ts";
import { createAuthFile } from "../import/auth-file.ts";
import { createAuthFileAccount } from "../import/auth-file-account.ts";
import { readCodexClaims } from "../tokens/codex-claims.ts";
import { fingerprint } from "../tokens/codex-login.ts";
import { createSavedLogin } from "../import/saved-login.ts";
import type { Rotator } from "../refresh/rotation.ts";
import type { AccountStore } from "../store/account-store.ts";
import { createAccessTokenAccount, createApiKeyAccount } from "./fixed-account.ts";
import { createLoginSource } from "../import/login-source.ts";
import type { OAuthClient } from "../refresh/token-refresh.ts";

export interface AccountsOptions {
  /** Clock, timers, randomness. Default: the real ones. */
  readonly runtime?: Runtime;
  /** Has the tokens that those of an auth.json were refreshed to. */
  readonly store: AccountStore;
  /** Exchanges refresh tokens: see `createRotations`. */
  readonly rotator: Rotator;
  /** What `~` in `authFile` stands for. Default: the home folder of the user. */
  readonly homeDirectory?: string;
  /** Where logins are refreshed; the provider's plugin declares it. Without it only fixed credentials can be used. */
  readonly oauth?: OAuthClient;
  /** Named in errors. Default `codex`. */
  readonly provider?: string;
  /** How token requests travel (proxy, test). Default: undici's global dispatcher. */
  readonly http?: Dispatcher;
  /** HTTP proxy of token requests. */
  readonly proxyUrl?: string;
  /** Headers of token requests, for example `user-agent`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for one token request. Default 30 000. */
  readonly timeoutMs?: number;
  /** Told of troubles that no request fails of: a login not written back, a refresh that failed early. Default: nobody. */
  readonly onWarning?: (error: RouterError) => void;
}

/** `~/.codex/auth.json` as an absolute path; a relative one counts from the working folder. */
export function expandHome(path: string, homeDirectory: string): string {
  if (path === "~") return resolve(homeDirectory);
  return /^~[/\\]/u.test(path) ? join(homeDirectory, path.slice(2)) : resolve(path);
}

/** Tells one account from another; the same for the same config at every start. */
function identify(config: AccountConfig, homeDirectory: string): string {
  if ("authFile" in config) return `authFile ${expandHome(config.authFile, homeDirectory)}`;
  if ("apiKey" in config) return `apiKey ${config.apiKey}`;
  // Several people of one workspace share an account id; an opaque token has nothing better than itself.
  const owner = readCodexClaims(config.accessToken)?.userId ?? config.accessToken;
  return `accessToken ${config.accountId} ${owner}`;
}

function defaultKey(identity: string): string {
  return `acc_${fingerprint(identity).slice(0, 12)}`;
}

function rejectTwins(values: readonly string[], what: string): void {
  values.forEach((value, index) => {
    const first = values.indexOf(value);
    if (first === index) return;
    const path = `accounts[${index}]`;
    throw new RouterError("config-invalid", `Cannot use ${path}: it has the same ${what} as accounts[${first}]`, {
      path,
    });
  });
}

/**
 * Makes the accounts of one provider, in the order of the config. Opens no file and no connection: a missing auth.json
 * shows at the first lease, so that one broken account does not keep the others from working.
 *
 * @throws {RouterError} `config-invalid` when two accounts have one name, or are the same login, or when a login is given to
 *   a provider that has none.
 * @example
 * ```ts
 * const accounts = createAccounts([{ authFile: "~/.codex/auth.json", writeBack: false }], { store, rotator, oauth });
 * const credential = await accounts[0].lease(signal);
 * ```
 */
export function createAccounts(configs: readonly AccountConfig[], options: AccountsOptions): Account[] {
  const { runtime = systemRuntime, provider = "codex", homeDirectory = homedir(), onWarning = () => {} } = options;
  const identities = configs.map((config) => identify(config, homeDirectory));
  const keys = configs.map((config, index) => config.name ?? defaultKey(identities[index] ?? ""));
  rejectTwins(identities, "login");
  rejectTwins(
    keys.map((key) => key.toLowerCase()),
    "name",
  );

  function create(config: AccountConfig, key: string, identity: string): Account {
    if ("apiKey" in config) return createApiKeyAccount({ key, apiKey: config.apiKey });
    if ("accessToken" in config) {
      return createAccessTokenAccount({
        key,
        provider,
        accessToken: config.accessToken,
        accountId: config.accountId,
        runtime,
      });
    }
    const { oauth } = options;
    if (oauth === undefined) {
      const reason = `provider ${provider} takes no login, only fixed credentials`;
      throw new RouterError("config-invalid", `Cannot use authFile of account ${key}: ${reason}`, {});
    }
    // By the path of auth.json, not by the account's name: giving it another name must not lose the only live token.
    const savedName = defaultKey(identity);
    const source = createLoginSource({
      file: createAuthFile(expandHome(config.authFile, homeDirectory), provider),
      saved: createSavedLogin(options.store, savedName, provider),
      provider,
      writeBack: config.writeBack,
      uuid: () => runtime.uuid(),
      onWarning,
    });
    const token = {
      oauth,
      ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
      ...(options.http && { dispatcher: options.http }),
      ...(options.proxyUrl !== undefined && { proxyUrl: options.proxyUrl }),
      ...(options.headers && { headers: options.headers }),
    };
    const { rotator } = options;
    return createAuthFileAccount({ key, name: savedName, provider, runtime, source, rotator, token, onWarning });
  }

  return configs.map((config, index) => ({
    ...create(config, keys[index] ?? "", identities[index] ?? ""),
    ...(config.priority !== undefined && { priority: config.priority }),
    ...(config.weight !== undefined && { weight: config.weight }),
  }));
}
