import { type Credential, RouterError, type Runtime } from "@turnout/core";

import { accountTraits } from "../accounts/account-traits.ts";
import type { AccountRecord } from "../store/account-store.ts";
import type { StoredAccount } from "../refresh/stored-account.ts";
import { hasExpired, type Login, secretOf } from "../tokens/codex-login.ts";
import { type AuthFile, createAuthFile } from "./auth-file.ts";

/** `flow` of accounts whose tokens stay in a file of the Codex CLI, which refreshes them. Their stored secret is its path. */
export const followedFlow = "codex-auth-file";

/** True for an account whose tokens are another program's, read before each use and never refreshed. */
export function isFollowed({ flow }: Pick<AccountRecord, "flow">): boolean {
  return flow === followedFlow;
}

export interface FollowedAccountOptions {
  readonly record: AccountRecord;
  /** The path of the auth.json now, absolute; undefined when the account has been removed. */
  readonly readPath: () => string | undefined;
  readonly runtime: Runtime;
}

/** Uses the login in a file of the Codex CLI without ever touching its refresh token. */
export function createFollowedAccount({ readPath, runtime, ...options }: FollowedAccountOptions): StoredAccount {
  const { id: key, provider } = options.record;
  let record = options.record;
  /** Undefined until it is read, and after something in the store has changed. */
  let file: AuthFile | undefined;

  function read(): Promise<Login> {
    const path = file?.path ?? readPath();
    if (path === undefined) {
      const message = `Cannot use account "${record.label}" of ${provider}: it has been removed`;
      throw new RouterError("credential-unavailable", message, { provider });
    }
    file ??= createAuthFile(path, provider);
    return file.read();
  }

  function toCredential(login: Login): Credential {
    if (login.kind === "api-key") return { accountKey: key, kind: "api-key", secret: login.apiKey };
    const { accessToken, accountId = record.accountId, expiresAt } = login.tokens;
    return {
      accountKey: key,
      kind: "oauth",
      secret: accessToken,
      ...(accountId !== undefined && { accountId }),
      ...(expiresAt !== undefined && { expiresAt }),
    };
  }

  async function lease(signal: AbortSignal): Promise<Credential> {
    signal.throwIfAborted();
    const login = await read();
    if (login.kind === "api-key" || !hasExpired(login.tokens, runtime.now())) return toCredential(login);
    const reason =
      "its token has ended, and refreshing it is left to Codex CLI; run `codex` once, or take it over with";
    throw new RouterError(
      "credential-unavailable",
      `Cannot use account "${record.label}" of ${provider}: ${reason} \`turnout import codex --adopt\``,
      { provider },
    );
  }

  return {
    get record() {
      return record;
    },
    toAccount: () => ({
      key,
      ...accountTraits(record),
      lease,
      async renew(rejected, signal) {
        signal.throwIfAborted();
        const login = await read();
        // Codex CLI has refreshed it meanwhile, or there is nothing else to try.
        return secretOf(login) === rejected.secret ? undefined : lease(signal);
      },
    }),
    refreshAhead: () => Promise.resolve(true),
    invalidate(next) {
      record = next;
      file = undefined;
    },
  };
}
