import type { WireResponseMeta } from "@turnout/core";
import type { AttemptTrail } from "./commit.ts";
import type { DecodedExchange } from "./exchange.ts";

/** What the head of an answer tells of how it travelled. */
export function answerHeaders(
  exchange: DecodedExchange | undefined,
  trail: AttemptTrail,
  meta: WireResponseMeta | undefined,
  simulated: boolean,
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (trail.last !== undefined && trail.count > 0) {
    headers["x-turnout-executor"] = trail.last.executor;
    headers["x-turnout-transport"] = trail.last.transport;
    headers["x-turnout-attempts"] = String(trail.count);
  }
  if (meta?.session !== undefined) headers["x-turnout-session"] = meta.session;
  if (simulated) headers["x-turnout-simulated"] = "true";
  if (exchange?.speaksCodex === true) Object.assign(headers, codexHeaders(meta));
  return headers;
}

/**
 * The backend's own headers go only to a client that reads them, and never `openai-model`: the Codex CLI tells its user
 * of a flagged account when the name differs from the one asked for (seen 2026-10).
 */
function codexHeaders(meta: WireResponseMeta | undefined): Record<string, string> {
  const entries = Object.entries(meta?.headers ?? {});
  return Object.fromEntries(entries.filter(([name]) => name.startsWith("x-codex-") || name === "x-reasoning-included"));
}
