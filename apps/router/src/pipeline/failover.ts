import type { AnyRouterError, Runtime } from "@turnout/core";
import { failureAction, retryAfterMs } from "@turnout/core";
import type { PlannedAttempt } from "./plan.ts";

/** How often and how long the router waits for an overloaded upstream before it gives the error to the client. */
const backOff = { retries: 2, firstMs: 500, longestMs: 4_000 };

/** Where a request stands among its planned attempts. */
export interface Progress {
  readonly index: number;
  /** The account's credential was renewed for this request already. */
  readonly isRenewed: boolean;
  /** Waits for an overloaded upstream so far. */
  readonly waits: number;
}

export type NextStep =
  /** With the same account. */
  | { readonly step: "attempt"; readonly index: number }
  /** Whichever the pool says now: while this one was tried, others may have changed. */
  | { readonly step: "other-account" }
  | { readonly step: "renew"; readonly index: number }
  | { readonly step: "wait"; readonly index: number; readonly milliseconds: number }
  | { readonly step: "stop" };

/** What follows from a failure before anything reached the client, by core's one table. */
export function nextStep(
  error: AnyRouterError,
  attempts: readonly PlannedAttempt[],
  progress: Progress,
  random: Runtime["random"],
): NextStep {
  const current = attempts[progress.index];
  if (current === undefined) return { step: "stop" };
  switch (failureAction[error.code]) {
    case "stop":
      return { step: "stop" };
    case "next-transport":
      return sameAccount(attempts, progress.index, current);
    case "next-account":
      return { step: "other-account" };
    case "renew-credential":
      if (!progress.isRenewed) return { step: "renew", index: progress.index };
      return { step: "other-account" };
    case "back-off":
      return waitOrStop(error, progress, random);
  }
}

function sameAccount(attempts: readonly PlannedAttempt[], index: number, current: PlannedAttempt): NextStep {
  const next = attempts[index + 1];
  return next?.account === current.account ? { step: "attempt", index: index + 1 } : { step: "stop" };
}

function waitOrStop(error: AnyRouterError, progress: Progress, random: Runtime["random"]): NextStep {
  if (progress.waits >= backOff.retries) return { step: "stop" };
  const own = backOff.firstMs * 2 ** progress.waits * (0.9 + 0.2 * random());
  const milliseconds = retryAfterMs(error) ?? own;
  // A longer wait is the client's to decide: it gets the error with its retry-after.
  if (milliseconds > backOff.longestMs) return { step: "stop" };
  return { step: "wait", index: progress.index, milliseconds };
}
