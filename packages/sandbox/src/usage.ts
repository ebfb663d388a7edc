import type { JsonObject, Runtime } from "@turnout/core";
import type { Caller } from "./accounts.ts";

const primarySeconds = 18_000;
const secondarySeconds = 604_800;

interface Window {
  readonly usedPercent: number;
  readonly seconds: number;
  /** Seconds since the epoch. */
  readonly resetAt: number;
}

/** What the sandbox tells about an account's plan, in the four places where the backend tells it. */
export interface PlanUsage {
  /** Counts one answer. */
  count(caller: Caller): void;
  /** The `x-codex-*` headers of an answer. */
  headers(caller: Caller): Record<string, string>;
  /** The `codex.rate_limits` event. */
  event(caller: Caller): JsonObject;
  /** The body of `GET /wham/usage`. */
  document(caller: Caller): JsonObject;
}

function eventWindow({ usedPercent, seconds, resetAt }: Window): JsonObject {
  return { used_percent: usedPercent, window_minutes: seconds / 60, reset_at: resetAt };
}

export function createPlanUsage(runtime: Runtime): PlanUsage {
  const answers = new Map<string, number>();
  const startedAt = Math.floor(runtime.now() / 1000);

  function now(): number {
    return Math.floor(runtime.now() / 1000);
  }

  /** A tenth of a percent each, and never full by itself. */
  function windows({ accountId }: Caller): { primary: Window; secondary: Window } {
    const used = Math.min(99, Math.floor((answers.get(accountId) ?? 0) / 10));
    const nextReset = (seconds: number) => startedAt + seconds * (Math.floor((now() - startedAt) / seconds) + 1);
    return {
      primary: { usedPercent: used, seconds: primarySeconds, resetAt: nextReset(primarySeconds) },
      secondary: {
        usedPercent: Math.floor(used / 10),
        seconds: secondarySeconds,
        resetAt: nextReset(secondarySeconds),
      },
    };
  }

  function documentWindow({ usedPercent, seconds, resetAt }: Window): JsonObject {
    return {
      used_percent: usedPercent,
      limit_window_seconds: seconds,
      reset_after_seconds: Math.max(0, resetAt - now()),
      reset_at: resetAt,
    };
  }

  const credits = { has_credits: false, unlimited: false, balance: null };

  return {
    count({ accountId }) {
      answers.set(accountId, (answers.get(accountId) ?? 0) + 1);
    },
    headers(caller) {
      const { primary, secondary } = windows(caller);
      return {
        "x-codex-primary-used-percent": String(primary.usedPercent),
        "x-codex-primary-window-minutes": String(primary.seconds / 60),
        "x-codex-primary-reset-at": String(primary.resetAt),
        "x-codex-secondary-used-percent": String(secondary.usedPercent),
        "x-codex-secondary-window-minutes": String(secondary.seconds / 60),
        "x-codex-secondary-reset-at": String(secondary.resetAt),
        "x-codex-credits-has-credits": "False",
        "x-codex-credits-unlimited": "False",
      };
    },
    event(caller) {
      const { primary, secondary } = windows(caller);
      return {
        type: "codex.rate_limits",
        plan_type: caller.planType,
        rate_limits: {
          allowed: true,
          limit_reached: false,
          primary: eventWindow(primary),
          secondary: eventWindow(secondary),
        },
        code_review_rate_limits: null,
        credits,
        promo: null,
      };
    },
    document(caller) {
      const { primary, secondary } = windows(caller);
      return {
        plan_type: caller.planType,
        rate_limit: {
          allowed: true,
          limit_reached: false,
          primary_window: documentWindow(primary),
          secondary_window: documentWindow(secondary),
        },
        credits: { ...credits, approx_local_messages: null, approx_cloud_messages: null },
        additional_rate_limits: [],
        rate_limit_reached_type: null,
        rate_limit_reset_credits: { available_count: 0 },
      };
    },
  };
}
