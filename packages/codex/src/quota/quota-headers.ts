import type { QuotaReading, QuotaWindow } from "@turnout/core";
import type { HeaderMap } from "@turnout/upstream";

import { modelsOfLimit, planLimit } from "./limit-scope.ts";

function readNumber(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function readWindow(headers: HeaderMap, prefix: string): QuotaWindow | undefined {
  const usedPercent = readNumber(headers[`${prefix}-used-percent`]);
  if (usedPercent === undefined) return undefined;
  const windowMinutes = readNumber(headers[`${prefix}-window-minutes`]);
  const resetAtSeconds = readNumber(headers[`${prefix}-reset-at`]);
  return {
    usedPercent,
    ...(windowMinutes === undefined ? {} : { lengthMs: windowMinutes * 60_000 }),
    ...(resetAtSeconds === undefined ? {} : { resetsAt: resetAtSeconds * 1_000 }),
  };
}

function readCredits(headers: HeaderMap, prefix: string): QuotaReading["credits"] {
  const hasCredits = headers[`${prefix}-credits-has-credits`];
  if (hasCredits === undefined) return undefined;
  const balance = headers[`${prefix}-credits-balance`];
  return {
    hasCredits: hasCredits.toLowerCase() === "true",
    unlimited: headers[`${prefix}-credits-unlimited`]?.toLowerCase() === "true",
    ...(balance === undefined || balance === "" ? {} : { balance }),
  };
}

/**
 * Reads the headers of one limit.
 *
 * @param headers - By lower-case name.
 * @param limit - Default `codex`, the plan's own; other limits have headers of their own, `_` written as `-`.
 * @returns undefined when there are none.
 */
export function readCodexQuota(headers: HeaderMap, limit: string = planLimit): QuotaReading | undefined {
  const prefix = `x-${limit.replaceAll("_", "-")}`;
  const windows = [readWindow(headers, `${prefix}-primary`), readWindow(headers, `${prefix}-secondary`)].filter(
    (window) => window !== undefined,
  );
  const credits = readCredits(headers, prefix);
  if (windows.length === 0 && credits === undefined) return undefined;
  const name = headers[`${prefix}-limit-name`];
  return {
    limit,
    ...modelsOfLimit(limit, name),
    windows,
    ...(name === undefined ? {} : { name }),
    ...(credits === undefined ? {} : { credits }),
  };
}

/** `x-codex-primary-used-percent` of the plan, `x-codex-other-primary-used-percent` of the limit `codex_other`. */
const usedPercentHeader = /^x-(codex(?:-[a-z\d-]+?)?)-(?:primary|secondary)-used-percent$/u;

/** Every limit that the headers of an answer tell of. */
export function readCodexQuotas(headers: HeaderMap): QuotaReading[] {
  const limits = new Set<string>();
  for (const name in headers) {
    const [, found] = usedPercentHeader.exec(name) ?? [];
    if (found !== undefined) limits.add(found.replaceAll("-", "_"));
  }
  return [...limits].flatMap((limit) => readCodexQuota(headers, limit) ?? []);
}
