import { RouterError } from "@turnout/core";
import { describe, expect, test } from "vitest";
import { nextStep, type Progress } from "./failover.ts";
import type { PlannedAttempt } from "./plan.ts";

const attempts: PlannedAttempt[] = ["a", "b"].flatMap((account) => [
  { executor: "codex-ws", transport: "ws", account },
  { executor: "codex-http", transport: "http", account },
]);

function after(error: ReturnType<typeof RouterError.from>, progress: Partial<Progress> = {}) {
  return nextStep(error, attempts, { index: 0, isRenewed: false, waits: 0, ...progress }, () => 0.5);
}

const unavailable = RouterError.from(
  new RouterError("upstream-unavailable", "gone", { status: undefined, requestSent: true }),
);
const limited = RouterError.from(new RouterError("rate-limited", "slow down", { retryAfterMs: 1000 }));
const rejected = RouterError.from(new RouterError("credential-rejected", "no", { status: 401 }));
const invalid = RouterError.from(new RouterError("request-invalid", "wrong", {}));

function overloaded(retryAfterMs?: number) {
  return RouterError.from(new RouterError("upstream-overloaded", "full", { retryAfterMs }));
}

describe("nextStep()", () => {
  test("goes to the next transport of the same account after a transport failure", () => {
    expect(after(unavailable)).toEqual({ step: "attempt", index: 1 });
  });

  test("does not take another account for a transport failure", () => {
    expect(after(unavailable, { index: 1 })).toEqual({ step: "stop" });
  });

  test("goes to another account after a limit", () => {
    expect(after(limited)).toEqual({ step: "other-account" });
  });

  test("renews a refused credential once, then takes another account", () => {
    expect(after(rejected)).toEqual({ step: "renew", index: 0 });
    expect(after(rejected, { isRenewed: true })).toEqual({ step: "other-account" });
  });

  test("waits for an overloaded upstream, longer each time, and no more than twice", () => {
    expect(after(overloaded())).toEqual({ step: "wait", index: 0, milliseconds: 500 });
    expect(after(overloaded(), { waits: 1 })).toEqual({ step: "wait", index: 0, milliseconds: 1000 });
    expect(after(overloaded(), { waits: 2 })).toEqual({ step: "stop" });
  });

  test("takes the upstream's own delay, unless it is too long to make a client wait", () => {
    expect(after(overloaded(1500))).toEqual({ step: "wait", index: 0, milliseconds: 1500 });
    expect(after(overloaded(60_000))).toEqual({ step: "stop" });
  });

  test("returns the client's own mistake at once", () => {
    expect(after(invalid)).toEqual({ step: "stop" });
  });
});
