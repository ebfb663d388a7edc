import type { AuthDeclaration } from "@turnout/core";

import type { CodexOptions } from "./options.ts";

/** The public client of the Codex CLI's login (codex.md 7.1, read 2026-11-24). */
const clientId = "app_EMoamEEZ73f0CkXaXp7hrann";

/** How Codex accounts prove who they are; the issuer follows the options. */
export function codexAuth(options: CodexOptions): AuthDeclaration {
  return {
    kinds: ["oauth", "api-key"],
    oauth: { issuer: options.issuer, clientId, tokenPath: "/oauth/token" },
  };
}
