import type { TranslationReport, WireResponseMeta } from "@turnout/core";
import type { OpenedAnswer } from "./attempt.ts";
import type { AttemptTrail } from "./commit.ts";
import type { DecodedExchange } from "./exchange.ts";

/** What the head of an answer tells of how it travelled. */
export function answerHeaders(
  exchange: DecodedExchange | undefined,
  trail: AttemptTrail,
  opened: OpenedAnswer | undefined,
  simulated: boolean,
): Record<string, string> {
  const headers: Record<string, string> = {};
  const meta = opened?.meta;
  if (trail.last !== undefined && trail.count > 0) {
    headers["x-turnout-executor"] = trail.last.executor;
    headers["x-turnout-transport"] = trail.last.transport;
    headers["x-turnout-attempts"] = String(trail.count);
  }
  if (meta?.session !== undefined) headers["x-turnout-session"] = meta.session;
  const translation = describeLosses(opened?.report);
  if (translation !== undefined) headers["x-turnout-translation"] = translation;
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

/** Longest value of `x-turnout-translation`; the log has the whole list. */
const longestDescription = 200;

/** `dropped 2: temperature, stop; approximated 1: tool_choice`, or undefined when nothing was lost. */
function describeLosses(report: TranslationReport | undefined): string | undefined {
  const parts = [describeKind("dropped", report?.dropped), describeKind("approximated", report?.approximated)];
  const text = parts.filter((part) => part !== undefined).join("; ");
  if (text === "") return undefined;
  return text.length > longestDescription ? `${text.slice(0, longestDescription - 3)}...` : text;
}

function describeKind(kind: string, losses: TranslationReport["dropped"] | undefined): string | undefined {
  if (losses === undefined || losses.length === 0) return undefined;
  // Paths may hold names from the request; a header takes printable ASCII only.
  const paths = losses.map((loss) => loss.path.replaceAll(/[^\u0021-\u007e]/gu, "?"));
  return `${kind} ${losses.length}: ${paths.join(", ")}`;
}
