import type { AuthDeclaration } from "@turnout/core";

import type { CodexOptions } from "./options.ts";

/** The public client of the Codex CLI's login (codex.md 7.1, read 2026-11-24). */
const clientId = "app_EMoamEEZ73f0CkXaXp7hrann";

/** What the Codex CLI asks for without its connectors, which turnout has no use for (codex.md 7.1, read 2026-11-24). */
const loginScopes = ["openid", "profile", "email", "offline_access"];

/** How Codex accounts prove who they are; the issuer follows the options. */
export function codexAuth(options: CodexOptions): AuthDeclaration {
  return {
    kinds: ["oauth", "api-key"],
    oauth: {
      issuer: options.issuer,
      clientId,
      tokenPath: "/oauth/token",
      revokePath: "/oauth/revoke",
      browser: {
        authorizePath: "/oauth/authorize",
        scopes: loginScopes,
        // The issuer knows this one address; another port is for an issuer of one's own.
        redirect: { host: "localhost", port: options.callbackPort, path: "/auth/callback" },
        parameters: {
          id_token_add_organizations: "true",
          codex_cli_simplified_flow: "true",
          originator: options.originator,
        },
      },
      device: {
        userCodePath: "/api/accounts/deviceauth/usercode",
        pollPath: "/api/accounts/deviceauth/token",
        verificationPath: "/codex/device",
        redirectPath: "/deviceauth/callback",
        lifetimeMs: 15 * 60_000,
      },
    },
  };
}
