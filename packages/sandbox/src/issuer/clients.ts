/** The one client the issuer knows: that of the Codex CLI (codex.md 7.1, read 2026-11-24). */
export const codexClientId = "app_EMoamEEZ73f0CkXaXp7hrann";

/** What that client may ask for (codex.md 7.1). */
export const knownScopes: ReadonlySet<string> = new Set([
  "openid",
  "profile",
  "email",
  "offline_access",
  "api.connectors.read",
  "api.connectors.invoke",
]);

/**
 * Whether a browser may be sent there: `http://localhost:PORT/auth/callback` and nothing like it. The real issuer knows one
 * port, 1455; this one takes any, so that tests need not share it.
 */
export function isRedirectUri(text: string): boolean {
  return /^http:\/\/localhost:\d{1,5}\/auth\/callback$/.test(text);
}
