import type { OAuthDeclaration } from "@turnout/core";
import { createSandbox, type Sandbox, type SandboxOptions } from "@turnout/sandbox";
import { onTestFinished } from "vitest";

/** The facts of Codex's login (codex.md 7.1, 7.2), for an issuer of our own; a free port for the browser to come back to. */
export function codexLogin(issuer: string): OAuthDeclaration {
  return {
    issuer,
    clientId: "app_EMoamEEZ73f0CkXaXp7hrann",
    tokenPath: "/oauth/token",
    revokePath: "/oauth/revoke",
    browser: {
      authorizePath: "/oauth/authorize",
      scopes: ["openid", "profile", "email", "offline_access"],
      redirect: { host: "localhost", port: 0, path: "/auth/callback" },
      parameters: { codex_cli_simplified_flow: "true" },
    },
    device: {
      userCodePath: "/api/accounts/deviceauth/usercode",
      pollPath: "/api/accounts/deviceauth/token",
      verificationPath: "/codex/device",
      redirectPath: "/deviceauth/callback",
      lifetimeMs: 900_000,
    },
  };
}

export async function startIssuer(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await createSandbox(options);
  onTestFinished(() => sandbox.close());
  return sandbox;
}
