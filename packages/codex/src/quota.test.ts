import { expect, test } from "vitest";

import { readCodexQuota, readCodexQuotaEvent } from "./quota.ts";

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
    limitId: "codex",
    limitName: "Codex",
    windows: [{ usedPercent: 42.5, windowMinutes: 10_080, resetsAt: 1_700_000_000_000 }, { usedPercent: 7 }],
    credits: { hasCredits: true, unlimited: false, balance: "123" },
  });
});

test("readCodexQuota() reads another limit by its id, and nothing where there is nothing", () => {
  expect(readCodexQuota({ "x-code-review-primary-used-percent": "1" }, "code_review")).toEqual({
    limitId: "code_review",
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
    limitId: "codex",
    planType: "plus",
    limitReached: false,
    windows: [{ usedPercent: 42, windowMinutes: 300, resetsAt: 1_700_000_000_000 }],
    credits: { hasCredits: true, unlimited: false, balance: "123" },
  });
  expect(readCodexQuotaEvent({ type: "codex.rate_limits", rate_limits: null, plan_type: 7 })).toEqual({
    limitId: "codex",
    windows: [],
  });
  expect(readCodexQuotaEvent({ type: "response.created" })).toBeUndefined();
});
