import type { HeaderMap } from "@turnout/upstream";
import { z } from "zod";

/** One window of a plan's limit. Which one it is shows its length, not its place: a week can stand first. */
export interface CodexQuotaWindow {
  readonly usedPercent: number;
  readonly windowMinutes?: number;
  /** Milliseconds since the epoch. */
  readonly resetsAt?: number;
}

/** What the backend says of a plan's limits beside an answer. */
export interface CodexQuota {
  /** Which limit this is: `codex`, or the id of another metered one. */
  readonly limitId: string;
  readonly limitName?: string;
  readonly planType?: string;
  readonly limitReached?: boolean;
  /** In the order the backend gave them. */
  readonly windows: readonly CodexQuotaWindow[];
  readonly credits?: { readonly hasCredits: boolean; readonly unlimited: boolean; readonly balance?: string };
}

/** The event that carries the same on a socket. */
export const codexRateLimitsEvent = "codex.rate_limits";

function readNumber(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function readWindow(headers: HeaderMap, prefix: string): CodexQuotaWindow | undefined {
  const usedPercent = readNumber(headers[`${prefix}-used-percent`]);
  if (usedPercent === undefined) return undefined;
  const windowMinutes = readNumber(headers[`${prefix}-window-minutes`]);
  const resetAtSeconds = readNumber(headers[`${prefix}-reset-at`]);
  return {
    usedPercent,
    ...(windowMinutes === undefined ? {} : { windowMinutes }),
    ...(resetAtSeconds === undefined ? {} : { resetsAt: resetAtSeconds * 1_000 }),
  };
}

function readCredits(headers: HeaderMap, prefix: string): CodexQuota["credits"] {
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
 * Reads the limit headers of an answer.
 *
 * @param headers - By lower-case name.
 * @param limitId - Default `codex`; other limits have headers of their own, `_` written as `-`.
 * @returns undefined when there are none.
 */
export function readCodexQuota(headers: HeaderMap, limitId = "codex"): CodexQuota | undefined {
  const prefix = `x-${limitId.replaceAll("_", "-")}`;
  const windows = [readWindow(headers, `${prefix}-primary`), readWindow(headers, `${prefix}-secondary`)].filter(
    (window) => window !== undefined,
  );
  const credits = readCredits(headers, prefix);
  if (windows.length === 0 && credits === undefined) return undefined;
  const limitName = headers[`${prefix}-limit-name`];
  return {
    limitId,
    windows,
    ...(limitName === undefined ? {} : { limitName }),
    ...(credits === undefined ? {} : { credits }),
  };
}

const windowSchema = z
  .object({ used_percent: z.number(), window_minutes: z.number().nullish(), reset_at: z.number().nullish() })
  .nullish()
  .catch(undefined);

/** What is used of `codex.rate_limits`; everything may be missing. */
const rateLimitsSchema = z.object({
  type: z.literal(codexRateLimitsEvent),
  plan_type: z.string().nullish().catch(undefined),
  metered_limit_name: z.string().nullish().catch(undefined),
  limit_name: z.string().nullish().catch(undefined),
  rate_limits: z
    .object({ limit_reached: z.boolean().nullish().catch(undefined), primary: windowSchema, secondary: windowSchema })
    .nullish()
    .catch(undefined),
  credits: z
    .object({
      has_credits: z.boolean(),
      unlimited: z.boolean().nullish(),
      balance: z.union([z.string(), z.number()]).nullish(),
    })
    .nullish()
    .catch(undefined),
});

function toWindow(window: z.infer<typeof windowSchema>): CodexQuotaWindow | undefined {
  if (window === undefined || window === null) return undefined;
  const { used_percent: usedPercent, window_minutes: windowMinutes, reset_at: resetAt } = window;
  return {
    usedPercent,
    ...(typeof windowMinutes === "number" ? { windowMinutes } : {}),
    ...(typeof resetAt === "number" ? { resetsAt: resetAt * 1_000 } : {}),
  };
}

/**
 * Reads the event `codex.rate_limits`.
 *
 * @param event - The parsed event; anything else gives undefined.
 */
export function readCodexQuotaEvent(event: unknown): CodexQuota | undefined {
  const parsed = rateLimitsSchema.safeParse(event);
  if (!parsed.success) return undefined;
  const {
    plan_type: planType,
    limit_name: limitName,
    metered_limit_name: limitId,
    rate_limits: limits,
    credits,
  } = parsed.data;
  const windows = [toWindow(limits?.primary), toWindow(limits?.secondary)].filter((window) => window !== undefined);
  return {
    limitId: limitId ?? "codex",
    windows,
    ...(typeof planType === "string" ? { planType } : {}),
    ...(typeof limitName === "string" ? { limitName } : {}),
    ...(typeof limits?.limit_reached === "boolean" ? { limitReached: limits.limit_reached } : {}),
    ...(credits === undefined || credits === null
      ? {}
      : {
          credits: {
            hasCredits: credits.has_credits,
            unlimited: credits.unlimited ?? false,
            ...(credits.balance === undefined || credits.balance === null ? {} : { balance: String(credits.balance) }),
          },
        }),
  };
}
