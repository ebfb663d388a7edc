import { RouterError } from "@turnout/core";
import { expect, test } from "vitest";

import { parseRetryAfter, withRetryAfter } from "./retry-after.ts";

const now = Date.parse("2026-11-24T10:00:00Z");

test.each([
  [{ "retry-after-ms": "1500" }, 1_500],
  [{ "retry-after-ms": "1500", "retry-after": "9" }, 1_500],
  [{ "retry-after-ms": "soon", "retry-after": "9" }, 9_000],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": " 2.5 " }, 2_500],
  [{ "retry-after": "Tue, 24 Nov 2026 10:00:30 GMT" }, 30_000],
  [{ "retry-after": "Tue, 24 Nov 2026 09:00:00 GMT" }, 0],
  [{ "retry-after": "2026-11-24" }, undefined],
  [{ "retry-after": "-5" }, undefined],
  [{ "retry-after": "soon" }, undefined],
  [{ "x-retry-after": "3" }, 3_000],
  [{ "x-ratelimit-reset-after": "4" }, 4_000],
  [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s" }, 360_000],
  [{ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "250ms" }, 250],
  [{ "x-ratelimit-remaining-tokens": "7", "x-ratelimit-reset-tokens": "250ms" }, undefined],
  [{ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "2 s" }, undefined],
  [{}, undefined],
] as [Record<string, string>, number | undefined][])("parseRetryAfter(%j) is %s ms", (headers, expected) => {
  expect(parseRetryAfter(headers, now)).toBe(expected);
});

test("withRetryAfter() fills in what is missing, keeps what is known, and keeps the upstream's words", () => {
  const upstream = { code: "slow_down" };
  const unknown = RouterError.from(
    new RouterError("usage-limited", "x", { retryAfterMs: undefined, resetsAt: 9, planType: "plus" }, { upstream }),
  );
  const filled = withRetryAfter(unknown, 5);
  expect(filled.details).toEqual({ retryAfterMs: 5, resetsAt: 9, planType: "plus" });
  expect(filled.upstream).toBe(upstream);
  const known = RouterError.from(new RouterError("rate-limited", "x", { retryAfterMs: 1 }));
  expect(withRetryAfter(known, 5)).toBe(known);
  const placeless = RouterError.from(new RouterError("not-found", "x", {}));
  expect(withRetryAfter(placeless, 5)).toBe(placeless);
});
