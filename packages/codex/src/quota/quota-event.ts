import type { ExecuteContext, QuotaReading, QuotaWindow, WireEvent, WireResponse } from "@turnout/core";
import { tryParseJson } from "@turnout/translator";
import type { UpstreamNotice } from "@turnout/upstream";
import { z } from "zod";

import { creditsSchema, readCredits } from "./credits.ts";
import { modelsOfLimit, planLimit } from "./limit-scope.ts";
import { readCodexQuotas } from "./quota-headers.ts";

/** The event that carries on a socket what headers carry over HTTP. */
const rateLimitsEvent = "codex.rate_limits";

const windowSchema = z
  .object({ used_percent: z.number(), window_minutes: z.number().nullish(), reset_at: z.number().nullish() })
  .nullish()
  .catch(undefined);

/** What is used of `codex.rate_limits`; everything may be missing. */
const rateLimitsSchema = z.object({
  type: z.literal(rateLimitsEvent),
  plan_type: z.string().nullish().catch(undefined),
  metered_limit_name: z.string().nullish().catch(undefined),
  limit_name: z.string().nullish().catch(undefined),
  rate_limits: z
    .object({ limit_reached: z.boolean().nullish().catch(undefined), primary: windowSchema, secondary: windowSchema })
    .nullish()
    .catch(undefined),
  credits: creditsSchema,
});

function toWindow(window: z.infer<typeof windowSchema>): QuotaWindow | undefined {
  if (window === undefined || window === null) return undefined;
  const { used_percent: usedPercent, window_minutes: windowMinutes, reset_at: resetAt } = window;
  return {
    usedPercent,
    ...(typeof windowMinutes === "number" ? { lengthMs: windowMinutes * 60_000 } : {}),
    ...(typeof resetAt === "number" ? { resetsAt: resetAt * 1_000 } : {}),
  };
}

/**
 * Reads the event `codex.rate_limits`.
 *
 * @param event - The parsed event; anything else gives undefined.
 */
export function readCodexQuotaEvent(event: unknown): QuotaReading | undefined {
  const parsed = rateLimitsSchema.safeParse(event);
  if (!parsed.success) return undefined;
  const { plan_type: plan, limit_name: name, metered_limit_name: metered, rate_limits: limits, credits } = parsed.data;
  const limit = metered ?? planLimit;
  return {
    limit,
    ...modelsOfLimit(limit, name ?? undefined),
    windows: [toWindow(limits?.primary), toWindow(limits?.secondary)].filter((window) => window !== undefined),
    ...(typeof plan === "string" ? { plan } : {}),
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof limits?.limit_reached === "boolean" ? { reached: limits.limit_reached } : {}),
    ...readCredits(credits),
  };
}

/** Reads the event along with the answer it stands in; no other event is parsed for it. */
export const codexQuotaNotice: UpstreamNotice = {
  type: rateLimitsEvent,
  read: ({ data }: WireEvent, { onQuota }: ExecuteContext) => {
    if (onQuota === undefined) return;
    // One that cannot be read passes on all the same; what it says of limits is lost.
    const reading = readCodexQuotaEvent(tryParseJson(data));
    if (reading !== undefined) onQuota(reading);
  },
};

/** Tells what the head of an answer says of limits. On a socket that was open already the head is an old one. */
export function tellCodexQuotas({ meta }: WireResponse, { onQuota }: ExecuteContext): void {
  if (onQuota === undefined || meta.session === "reused" || meta.session === "incremental") return;
  for (const reading of readCodexQuotas(meta.headers)) onQuota(reading);
}
