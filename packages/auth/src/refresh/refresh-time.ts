import { hash } from "node:crypto";

import type { AccountRecord } from "../store/account-store.ts";

const dayMs = 86_400_000;

/** Codex CLI refreshes a token without `exp` after 8 days (codex-rs `login/src/auth/manager.rs`, read 2026-10); we a day earlier. */
const maxAgeMs = 7 * dayMs;
/** Taken for the lifetime of a token that does not say when it was issued. */
const usualLifetimeMs = 10 * dayMs;
const longestLeadMs = 3 * dayMs;
/**
 * When an access token is refreshed, milliseconds since the epoch: when 10 to 30 % of its life are left, at most 3 days. Where
 * in that span follows from the account and the token, so that tokens issued together are not refreshed together, and
 * every process comes to the same time.
 *
 * @returns Undefined when there is nothing to refresh.
 */
export function refreshTimeOf(account: AccountRecord): number | undefined {
  const { id, kind, refreshable, needsLogin, expiresAt, refreshedAt } = account;
  if (kind !== "oauth" || !refreshable || needsLogin !== undefined) return undefined;
  const spread = Number.parseInt(hash("sha256", `${id} ${expiresAt} ${refreshedAt}`, "hex").slice(0, 8), 16) / 2 ** 32;
  if (expiresAt === undefined) return (refreshedAt ?? account.createdAt) + maxAgeMs - spread * dayMs;
  const lifetime = refreshedAt === undefined ? usualLifetimeMs : Math.max(0, expiresAt - refreshedAt);
  return expiresAt - Math.min(lifetime * (0.1 + 0.2 * spread), longestLeadMs * (0.3 + 0.7 * spread));
}
