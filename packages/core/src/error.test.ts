import { describe, expect, test } from "vitest";
import { type AnyRouterError, retryAfterMs, RouterError } from "./error.ts";
import { failureAction, httpStatus, statusOf } from "./http-status.ts";

function limited(milliseconds: number | undefined): AnyRouterError {
  return new RouterError("rate-limited", "Slow down", { retryAfterMs: milliseconds });
}

describe("retryAfterMs()", () => {
  test("is what the error tells, and nothing where it tells nothing", () => {
    expect(retryAfterMs(limited(1_500))).toBe(1_500);
    expect(retryAfterMs(limited(undefined))).toBeUndefined();
    expect(retryAfterMs(RouterError.from(new Error("x")))).toBeUndefined();
  });

  test("is never more than 8 days, nor no number, whatever an upstream says", () => {
    expect(retryAfterMs(limited(Infinity))).toBe(8 * 86_400_000);
    expect(retryAfterMs(limited(Number.NaN))).toBeUndefined();
  });
});

describe("RouterError", () => {
  test("from() keeps ours and wraps others with their cause", () => {
    const ours = limited(1);
    expect(RouterError.from(ours)).toBe(ours);
    const theirs = new TypeError("odd");
    expect(RouterError.from(theirs)).toMatchObject({ code: "internal", cause: theirs });
    expect(RouterError.from("text").message).toContain("text");
  });

  test("is() recognises by brand, so that two copies of the package agree", () => {
    const copy = Object.assign(new Error("copy"), { [Symbol.for("@turnout/core/RouterError")]: true });
    expect(RouterError.is(copy)).toBe(true);
    expect(RouterError.is(new Error("plain"))).toBe(false);
    expect(RouterError.is(null)).toBe(false);
  });

  test("every code has a status and an action", () => {
    expect(Object.keys(httpStatus).toSorted()).toEqual(Object.keys(failureAction).toSorted());
    expect(statusOf(limited(1))).toBe(429);
  });
});
