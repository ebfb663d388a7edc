import { type Account, type Credential, RouterError, type Runtime } from "@turnout/core";

import { readCodexClaims } from "../tokens/codex-claims.ts";

/** An account with an API key: always the same credential, nothing to renew. */
export function createApiKeyAccount(options: { readonly key: string; readonly apiKey: string }): Account {
  const credential: Credential = { accountKey: options.key, kind: "api-key", secret: options.apiKey };
  return {
    key: options.key,
    async lease(signal) {
      signal.throwIfAborted();
      return credential;
    },
    renew: () => Promise.resolve(undefined),
  };
}

export interface AccessTokenAccountOptions {
  readonly key: string;
  readonly provider: string;
  readonly accessToken: string;
  readonly accountId: string;
  readonly runtime: Runtime;
}

/** An account with a fixed access token. It is never refreshed; once its `exp` has passed, leases fail. */
export function createAccessTokenAccount(options: AccessTokenAccountOptions): Account {
  const { key, accountId, accessToken, runtime } = options;
  const expiresAt = readCodexClaims(accessToken)?.expiresAt;
  const credential: Credential = {
    accountKey: key,
    kind: "oauth",
    secret: accessToken,
    accountId,
    ...(expiresAt !== undefined && { expiresAt }),
  };
  return {
    key,
    async lease(signal) {
      signal.throwIfAborted();
      if (expiresAt !== undefined && runtime.now() >= expiresAt) {
        throw new RouterError(
          "credential-unavailable",
          `Cannot use account ${key}: its access token expired at ${new Date(expiresAt).toISOString()}; put a new accessToken ` +
            "in the config, or use authFile for a login that is refreshed",
          { provider: options.provider },
        );
      }
      return credential;
    },
    renew: () => Promise.resolve(undefined),
  };
}
