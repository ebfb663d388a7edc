export { type AccountConfig, accountConfigSchema } from "./accounts/account-config.ts";
export { type AccountPool, createAccountPool } from "./account-pool.ts";
export { type CodexClaims, readCodexClaims } from "./tokens/codex-claims.ts";
export { type AccountsOptions, createAccounts } from "./accounts/create-accounts.ts";
export {
  type OAuthClient,
  readTokenRefreshResponse,
  type RefreshedTokens,
  requestTokenRefresh,
  type TokenRefreshResult,
  type TokenReply,
  type TokenRequestOptions,
} from "./refresh/token-refresh.ts";
export type * from "./store/account-store.ts";
export type { ClientKeyRecord, ClientKeyTable } from "./store/client-keys.ts";
export type { CredentialTable, NewSecrets, StoredCredential } from "./store/credentials.ts";
export type { LimitRow, LimitTable } from "./store/limits.ts";
export { type AccountStoreOptions, openAccountStore } from "./store/open-store.ts";
