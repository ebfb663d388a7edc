export { accountTraits } from "./accounts/account-traits.ts";
export { type AccountConfig, accountConfigSchema } from "./accounts/account-config.ts";
export { createAccountPool } from "./pool/account-pool.ts";
export type { AccountPool, AccountPoolOptions, PoolAttempt, PoolRequest } from "./pool/pool-contract.ts";
export type { AccountReport, QuotaReport, QuotaWindowReport, StateReport } from "./pool/pool-report.ts";
export { createQuotaPolling, type QuotaPolling, type QuotaPollingOptions, readQuota } from "./pool/quota-polling.ts";
export type { ReachedLimit, Selection } from "./pool/selection.ts";
export { strategies, type Strategy } from "./pool/strategy.ts";
export { type CodexClaims, readCodexClaims } from "./tokens/codex-claims.ts";
export type { RefreshedTokens } from "./tokens/codex-login.ts";
export { type AccountsOptions, createAccounts } from "./accounts/create-accounts.ts";
export {
  type OAuthClient,
  readTokenRefreshResponse,
  requestTokenRefresh,
  type TokenRefreshResult,
  type TokenReply,
  type TokenRequestOptions,
} from "./refresh/token-refresh.ts";
export { isFollowed } from "./import/followed-account.ts";
export { importCodexLogin, type ImportCodexOptions, type ImportedLogin } from "./import/import-codex.ts";
export { adoptSavedLogins } from "./import/adopt-saved-logins.ts";
export { createRotations, type Rotations, type RotationsOptions } from "./refresh/create-rotations.ts";
export { createStoredAccounts, type StoredAccounts, type StoredAccountsOptions } from "./refresh/stored-accounts.ts";
export type * from "./store/account-store.ts";
export type { ClientKeyRecord, ClientKeyTable } from "./store/client-keys.ts";
export type { CredentialTable, NewSecrets, StoredCredential } from "./store/credentials.ts";
export type { LimitRow, LimitTable } from "./store/limits.ts";
export { type AccountStoreOptions, openAccountStore } from "./store/open-store.ts";
export { createClientKey, type NewClientKey } from "./keys/client-key.ts";
export { createKeyRing, type KeyRing, type KeyRingOptions } from "./keys/key-ring.ts";
export { type BrowserLogin, type BrowserLoginOptions, startBrowserLogin } from "./login/browser-login.ts";
export { type DeviceLogin, type DeviceLoginOptions, startDeviceLogin } from "./login/device-login.ts";
export { createIssuerFetch, type IssuerFetch, type IssuerFetchOptions } from "./login/issuer-fetch.ts";
export type { LoginTokens } from "./login/login-tokens.ts";
export { createOAuthExchange, type OAuthExchange, type OAuthExchangeOptions } from "./login/oauth-exchange.ts";
export {
  saveApiKey,
  type SaveApiKeyOptions,
  type SavedLogin,
  saveLogin,
  type SaveLoginOptions,
} from "./login/save-login.ts";
export { isSecretReference, isUsableSecret, resolveSecret } from "./login/secret-reference.ts";
