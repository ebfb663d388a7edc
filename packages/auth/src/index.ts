export { type AccountConfig, accountConfigSchema } from "./account-config.ts";
export { type AccountPool, createAccountPool } from "./account-pool.ts";
export { type CodexClaims, readCodexClaims } from "./codex-claims.ts";
export { type AccountsOptions, createAccounts } from "./create-accounts.ts";
export {
  type OAuthClient,
  readTokenRefreshResponse,
  type RefreshedTokens,
  requestTokenRefresh,
  type TokenRefreshResult,
  type TokenReply,
  type TokenRequestOptions,
} from "./token-refresh.ts";
