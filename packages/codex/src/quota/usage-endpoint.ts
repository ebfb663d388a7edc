import type { Credential, JsonObject, QuotaReader, QuotaReading, QuotaWindow, Runtime } from "@turnout/core";
import { createHttpClient, readDocument } from "@turnout/upstream";
import { z } from "zod";

import { readCodexError } from "../error.ts";
import { accountHeaders } from "../headers.ts";
import { codexBaseUrlFor, type CodexOptions, codexUserAgent } from "../options.ts";
import { creditsSchema, readCredits } from "./credits.ts";
import { modelsOfLimit, planLimit } from "./limit-scope.ts";

const windowSchema = z
  .object({
    used_percent: z.number(),
    limit_window_seconds: z.number().nullish().catch(undefined),
    reset_after_seconds: z.number().nullish().catch(undefined),
    reset_at: z.number().nullish().catch(undefined),
  })
  .nullish()
  .catch(undefined);

const rateLimitSchema = z
  .object({
    limit_reached: z.boolean().nullish().catch(undefined),
    primary_window: windowSchema,
    secondary_window: windowSchema,
  })
  .nullish()
  .catch(undefined);

const text = z.string().nullish().catch(undefined);

/** What is used of it; everything may be missing, and business plans have no `rate_limit` at all. */
const usageSchema = z.object({
  plan_type: text,
  rate_limit: rateLimitSchema,
  credits: creditsSchema,
  additional_rate_limits: z
    .array(z.object({ limit_name: text, metered_feature: text, rate_limit: rateLimitSchema }))
    .nullish()
    .catch(undefined),
  spend_control: z.object({ individual_limit: windowSchema }).nullish().catch(undefined),
});

function toWindow(window: z.infer<typeof windowSchema>, now: number): QuotaWindow[] {
  if (window === undefined || window === null) return [];
  const { used_percent: usedPercent, limit_window_seconds: length, reset_after_seconds: after, reset_at: at } = window;
  // Seconds from now first: a clock that differs from the backend's does not matter to them.
  const resetsAt = typeof after === "number" ? now + after * 1_000 : typeof at === "number" ? at * 1_000 : undefined;
  return [
    {
      usedPercent,
      ...(typeof length === "number" ? { lengthMs: length * 1_000 } : {}),
      ...(resetsAt === undefined ? {} : { resetsAt }),
    },
  ];
}

function toLimits(limits: z.infer<typeof rateLimitSchema>, now: number): Pick<QuotaReading, "windows" | "reached"> {
  const reached = limits?.limit_reached;
  return {
    windows: [...toWindow(limits?.primary_window, now), ...toWindow(limits?.secondary_window, now)],
    ...(typeof reached === "boolean" ? { reached } : {}),
  };
}

/**
 * Reads the body of `GET /wham/usage`.
 *
 * @param now - Milliseconds since the epoch, for resets that are told as seconds from now.
 * @returns The plan's own limit first, then spend control and what is metered apart; undefined when it is no such body.
 */
export function readCodexUsage(body: JsonObject, now: number): QuotaReading[] | undefined {
  const parsed = usageSchema.safeParse(body);
  if (!parsed.success) return undefined;
  const usage = parsed.data;
  const plan = typeof usage.plan_type === "string" ? { plan: usage.plan_type } : {};
  const spending = toWindow(usage.spend_control?.individual_limit, now);
  const others = (usage.additional_rate_limits ?? []).map((other): QuotaReading => {
    const name = other.limit_name ?? undefined;
    const limit = other.metered_feature ?? name ?? "other";
    return {
      limit,
      ...modelsOfLimit(limit, name),
      ...toLimits(other.rate_limit, now),
      ...(name === undefined ? {} : { name }),
    };
  });
  return [
    { limit: planLimit, ...plan, ...toLimits(usage.rate_limit, now), ...readCredits(usage.credits) },
    ...(spending.length > 0 ? [{ limit: "spend_control", windows: spending }] : []),
    ...others,
  ];
}

/** Where the backend tells of usage: beside `/codex` on ChatGPT's backend, below `/api/codex` elsewhere. */
function usageUrl(baseUrl: string): string {
  if (baseUrl.includes("/backend-api")) return `${baseUrl.replace(/\/codex$/u, "")}/wham/usage`;
  return `${baseUrl.replace(/\/api\/codex$/u, "")}/api/codex/usage`;
}

const timeoutMs = 15_000;

/** Asks ChatGPT's backend what is left of a plan. API keys have no plan: nothing is asked for them. */
export function createCodexQuotaReader(options: CodexOptions, runtime: Runtime): QuotaReader {
  const client = createHttpClient({
    maxConnections: 8,
    connectTimeoutMs: options.connectTimeoutMs,
    ...(options.proxyUrl === undefined ? {} : { proxyUrl: options.proxyUrl }),
  });

  async function read(credential: Credential, signal: AbortSignal): Promise<readonly QuotaReading[]> {
    if (credential.kind === "api-key") return [];
    const url = usageUrl(codexBaseUrlFor(options, credential));
    const headers = {
      ...accountHeaders(credential),
      "user-agent": codexUserAgent(options),
      accept: "application/json",
    };
    const upstream = `usage of Codex at ${new URL(url).host}`;
    const request = { url, headers, upstream, timeoutMs, readError: readCodexError };
    const body = await readDocument(client, request, { credential, signal, runtime });
    return readCodexUsage(body, runtime.now()) ?? [];
  }

  return { read, close: () => client.close() };
}
