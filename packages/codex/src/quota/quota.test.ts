import type { QuotaReading, WireResponse } from "@turnout/core";
import { createExecuteContext, createFakeRuntime, createSandbox } from "@turnout/testing";
import { expect, onTestFinished, test } from "vitest";

import { codexOptionsSchema } from "../options.ts";

import { codexQuotaNotice, readCodexQuotaEvent, tellCodexQuotas } from "./quota-event.ts";
import { readCodexQuota, readCodexQuotas } from "./quota-headers.ts";
import { createCodexQuotaReader, readCodexUsage } from "./usage-endpoint.ts";

test("readCodexQuota() reads windows and credits, in the order of the headers", () => {
  const headers = {
    "x-codex-primary-used-percent": "42.5",
    "x-codex-primary-window-minutes": "10080",
    "x-codex-primary-reset-at": "1700000000",
    "x-codex-secondary-used-percent": "7",
    "x-codex-limit-name": "Codex",
    "x-codex-credits-has-credits": "True",
    "x-codex-credits-unlimited": "False",
    "x-codex-credits-balance": "123",
  };
  expect(readCodexQuota(headers)).toEqual({
    limit: "codex",
    name: "Codex",
    windows: [{ usedPercent: 42.5, lengthMs: 7 * 86_400_000, resetsAt: 1_700_000_000_000 }, { usedPercent: 7 }],
    credits: { hasCredits: true, unlimited: false, balance: "123" },
  });
});

test("readCodexQuota() reads another limit by its id, and nothing where there is nothing", () => {
  expect(readCodexQuota({ "x-code-review-primary-used-percent": "1" }, "code_review")).toEqual({
    limit: "code_review",
    models: [],
    windows: [{ usedPercent: 1 }],
  });
  expect(readCodexQuota({ "x-codex-primary-used-percent": "much" })).toBeUndefined();
  expect(readCodexQuota({})).toBeUndefined();
});

test("readCodexQuotaEvent() reads the event and stands what is missing or odd in it", () => {
  expect(
    readCodexQuotaEvent({
      type: "codex.rate_limits",
      plan_type: "plus",
      rate_limits: {
        allowed: true,
        limit_reached: false,
        primary: { used_percent: 42, window_minutes: 300, reset_at: 1_700_000_000 },
        secondary: null,
      },
      credits: { has_credits: true, unlimited: false, balance: "123" },
      promo: null,
    }),
  ).toEqual({
    limit: "codex",
    plan: "plus",
    reached: false,
    windows: [{ usedPercent: 42, lengthMs: 5 * 3_600_000, resetsAt: 1_700_000_000_000 }],
    credits: { hasCredits: true, unlimited: false, balance: "123" },
  });
  expect(readCodexQuotaEvent({ type: "codex.rate_limits", rate_limits: null, plan_type: 7 })).toEqual({
    limit: "codex",
    windows: [],
  });
  expect(readCodexQuotaEvent({ type: "response.created" })).toBeUndefined();
});

test("readCodexQuotas() finds every limit, and the model one is named after", () => {
  const headers = {
    "x-codex-primary-used-percent": "42",
    "x-codex-secondary-used-percent": "7",
    "x-codex-bengalfox-primary-used-percent": "100",
    "x-codex-bengalfox-limit-name": "GPT-5.3-Codex-Spark",
    "x-codex-other-secondary-used-percent": "3",
    "x-codex-turn-state": "opaque",
  };
  expect(readCodexQuotas(headers)).toEqual([
    { limit: "codex", windows: [{ usedPercent: 42 }, { usedPercent: 7 }] },
    {
      limit: "codex_bengalfox",
      name: "GPT-5.3-Codex-Spark",
      models: ["gpt-5.3-codex-spark"],
      windows: [{ usedPercent: 100 }],
    },
    { limit: "codex_other", models: [], windows: [{ usedPercent: 3 }] },
  ]);
});

function responseWith(session: "fresh" | "reused" | undefined): WireResponse {
  const headers = { "x-codex-primary-used-percent": "42" };
  return { kind: "document", meta: { headers, ...(session === undefined ? {} : { session }) }, body: {} };
}

test("tellCodexQuotas() passes over the head of a socket that was open already", () => {
  const told: QuotaReading[] = [];
  const context = { ...createExecuteContext(), onQuota: (reading: QuotaReading) => void told.push(reading) };
  tellCodexQuotas(responseWith("reused"), context);
  expect(told).toEqual([]);
  tellCodexQuotas(responseWith("fresh"), context);
  tellCodexQuotas(responseWith(undefined), context);
  expect(told).toHaveLength(2);
});

test("codexQuotaNotice tells what its event says, and nothing of one that is damaged", () => {
  const told: QuotaReading[] = [];
  const context = { ...createExecuteContext(), onQuota: (reading: QuotaReading) => void told.push(reading) };
  const data = JSON.stringify({ type: "codex.rate_limits", rate_limits: { primary: { used_percent: 5 } } });
  codexQuotaNotice.read({ type: codexQuotaNotice.type, data }, context);
  codexQuotaNotice.read({ type: codexQuotaNotice.type, data: "{nonsense}" }, context);
  codexQuotaNotice.read({ type: codexQuotaNotice.type, data }, createExecuteContext());
  expect(told).toEqual([{ limit: "codex", windows: [{ usedPercent: 5 }] }]);
});

const now = 1_782_757_782_000;

test("readCodexUsage() reads the plan, what is metered apart, and seconds from now before the backend's clock", () => {
  const body = {
    plan_type: "plus",
    rate_limit: {
      allowed: true,
      limit_reached: false,
      primary_window: { used_percent: 27, limit_window_seconds: 18_000, reset_after_seconds: 13_140, reset_at: 1 },
      secondary_window: { used_percent: 4, limit_window_seconds: 604_800, reset_at: 1_783_357_722 },
    },
    credits: { has_credits: false, unlimited: false, balance: null },
    additional_rate_limits: [
      { limit_name: "GPT-5.3-Codex-Spark", metered_feature: "codex_bengalfox", rate_limit: { limit_reached: true } },
    ],
  };
  expect(readCodexUsage(body, now)).toEqual([
    {
      limit: "codex",
      plan: "plus",
      reached: false,
      windows: [
        { usedPercent: 27, lengthMs: 18_000_000, resetsAt: now + 13_140_000 },
        { usedPercent: 4, lengthMs: 604_800_000, resetsAt: 1_783_357_722_000 },
      ],
      credits: { hasCredits: false, unlimited: false },
    },
    {
      limit: "codex_bengalfox",
      name: "GPT-5.3-Codex-Spark",
      models: ["gpt-5.3-codex-spark"],
      reached: true,
      windows: [],
    },
  ]);
});

test("readCodexUsage() reads a business account, whose limit is what it may spend, and stands odd values", () => {
  const body = {
    plan_type: "business",
    rate_limit: null,
    spend_control: { individual_limit: { used_percent: 80, reset_at: 1_800_000_000 } },
    additional_rate_limits: "none",
  };
  expect(readCodexUsage(body, now)).toEqual([
    { limit: "codex", plan: "business", windows: [] },
    { limit: "spend_control", windows: [{ usedPercent: 80, resetsAt: 1_800_000_000_000 }] },
  ]);
});

test("createCodexQuotaReader() asks the backend as the account, and nothing for an API key", async () => {
  const sandbox = await createSandbox();
  const { accountId, accessToken } = sandbox.createAccount({ planType: "pro" });
  const reader = createCodexQuotaReader(
    codexOptionsSchema.parse({ baseUrl: sandbox.codexBaseUrl }),
    createFakeRuntime({ now: Date.now() }),
  );
  onTestFinished(async () => {
    await reader.close?.();
    await sandbox.close();
  });
  const { signal } = new AbortController();
  const credential = { accountKey: "a", kind: "oauth", secret: accessToken, accountId } as const;
  expect(await reader.read(credential, signal)).toMatchObject([
    { limit: "codex", plan: "pro", reached: false, windows: [{ lengthMs: 18_000_000 }, { lengthMs: 604_800_000 }] },
  ]);
  expect(sandbox.requests.at(-1)).toMatchObject({ path: "/backend-api/wham/usage", accountId });
  await expect(reader.read({ ...credential, secret: "wrong" }, signal)).rejects.toMatchObject({
    code: "credential-rejected",
  });
  const asked = sandbox.requests.length;
  expect(await reader.read({ ...credential, kind: "api-key" }, signal)).toEqual([]);
  expect(sandbox.requests).toHaveLength(asked);
});
