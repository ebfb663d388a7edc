import { type ErrorDetails, RouterError } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { decodeError } from "./error-decode.ts";
import { encodeError } from "./error-encode.ts";

function googleError(code: number, status: string, message: string, details: readonly object[] = []): string {
  return JSON.stringify({ error: { code, message, status, details } });
}

const type = (name: string): string => `type.googleapis.com/google.rpc.${name}`;

describe("decodeError()", () => {
  test.for([
    [400, "INVALID_ARGUMENT", "Bad", "request-invalid"],
    [400, "FAILED_PRECONDITION", "Bad", "request-invalid"],
    [
      400,
      "INVALID_ARGUMENT",
      "The input token count (9) exceeds the maximum number of tokens allowed (5).",
      "context-too-long",
    ],
    [
      400,
      "INVALID_ARGUMENT",
      "Function call is missing a thought_signature in functionCall parts",
      "reasoning-invalid",
    ],
    [401, "UNAUTHENTICATED", "No", "credential-rejected"],
    [403, "PERMISSION_DENIED", "No", "forbidden"],
    [404, "NOT_FOUND", "models/x is not found for API version v1beta", "not-found"],
    [429, "RESOURCE_EXHAUSTED", "Slow down", "rate-limited"],
    [429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted", "billing-required"],
    [500, "INTERNAL", "Oops", "upstream-failed"],
    [503, "UNAVAILABLE", "Overloaded", "upstream-overloaded"],
    [504, "DEADLINE_EXCEEDED", "Late", "upstream-unavailable"],
  ] as const)("%i %s %s is %s", ([status, word, message, expected]) => {
    const error = decodeError(status, googleError(status, word, message));
    expect(error.code).toBe(expected);
    expect(error.message).toBe(`Upstream answered ${status}: ${message}`);
  });

  test("400 with API_KEY_INVALID is about the key (recorded)", () => {
    const details = [{ "@type": type("ErrorInfo"), reason: "API_KEY_INVALID", domain: "googleapis.com" }];
    const error = decodeError(400, googleError(400, "INVALID_ARGUMENT", "API key not valid.", details));
    expect([error.code, error.upstream?.code]).toEqual(["credential-rejected", "API_KEY_INVALID"]);
  });

  test("the delay stands in RetryInfo, else in the header", () => {
    const details = [{ "@type": type("RetryInfo"), retryDelay: "34.4s" }];
    const body = googleError(429, "RESOURCE_EXHAUSTED", "m", details);
    expect(decodeError(429, body).details).toEqual({ retryAfterMs: 34_400 });
    expect(decodeError(429, googleError(429, "RESOURCE_EXHAUSTED", "m"), { "retry-after": "2" }).details).toEqual({
      retryAfterMs: 2000,
    });
  });

  test("the field is named, a list of one is read, keys are hidden", () => {
    const details = [{ "@type": type("BadRequest"), fieldViolations: [{ field: "contents[0]", description: "d" }] }];
    const body = `[${googleError(400, "INVALID_ARGUMENT", "Key AIzaSyD-1234567890 is bad", details)}]`;
    const error = decodeError(400, body);
    expect(error.details).toEqual({ path: "contents[0]" });
    expect(error.message).not.toContain("SyD-123");
  });

  test.for(["", "<html><body>Bad gateway</body></html>", '{"error":"x"}', "null", "[]", '{"message":"m"}'])(
    "reads %j without throwing",
    (body) => {
      const error = decodeError(502, body);
      expect(RouterError.is(error)).toBe(true);
      expect(error.message).not.toBe("");
    },
  );
});

describe("encodeError()", () => {
  const make = <C extends keyof ErrorDetails>(code: C, details: ErrorDetails[C]) =>
    encodeError(RouterError.from(new RouterError(code, "Message", details)), "request-1");

  test("writes status, word and details, and every error is read back as itself or its kind", () => {
    expect(make("request-invalid", { path: "contents" })).toEqual({
      status: 400,
      body: {
        error: {
          code: 400,
          message: "Message",
          status: "INVALID_ARGUMENT",
          details: [{ "@type": type("BadRequest"), fieldViolations: [{ field: "contents", description: "Message" }] }],
        },
      },
      headers: { "x-request-id": "request-1" },
    });
    expect(make("unauthenticated", {})).toMatchObject({
      status: 401,
      body: { error: { status: "UNAUTHENTICATED", details: [{ reason: "API_KEY_INVALID" }] } },
    });
    expect(make("upstream-overloaded", { retryAfterMs: 1200 })).toMatchObject({
      status: 503,
      body: { error: { status: "UNAVAILABLE", details: [{ retryDelay: "1.2s" }] } },
      headers: { "retry-after": "2" },
    });
    expect(make("billing-required", {})).toMatchObject({ status: 429, body: { error: { code: 429 } } });
  });
});
