import { type AnyRouterError, type JsonValue, RouterError } from "@turnout/core";
import { openaiChat } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { decodeOpenaiStreamError } from "../src/openai-error-decode.ts";

function decode(status: number, body: JsonValue, headers?: Record<string, string>): AnyRouterError {
  return RouterError.from(
    openaiChat.decodeError(status, typeof body === "string" ? body : JSON.stringify(body), headers),
  );
}

describe("decodeError()", () => {
  // The shapes vendors answer with; translation.md 3.7.
  test.for<[string, number, JsonValue, string, RegExp]>([
    [
      "OpenAI",
      400,
      { error: { message: "Bad field", type: "invalid_request_error", param: "tools", code: null } },
      "request-invalid",
      /Bad field/u,
    ],
    ["Mistral, Codex", 401, { detail: "Invalid API Key" }, "credential-rejected", /Invalid API Key/u],
    ["detail as an object", 400, { detail: { message: "No" } }, "request-invalid", /No/u],
    ["detail as a list", 422, { detail: [{ loc: ["body"], msg: "missing" }] }, "request-invalid", /missing/u],
    ["xAI", 400, { error: "Bad argument", code: "invalid-argument" }, "request-invalid", /Bad argument/u],
    [
      "OpenRouter",
      429,
      { error: { message: "Provider returned error", code: 429, metadata: { raw: "slow" } } },
      "rate-limited",
      /slow/u,
    ],
    ["Azure", 401, { error: { code: "401", message: "Access denied" } }, "credential-rejected", /Access denied/u],
    ["flat", 500, { message: "boom" }, "upstream-failed", /boom/u],
    ["a list", 503, [{ error: { message: "busy" } }], "upstream-overloaded", /busy/u],
    [
      "HTML",
      502,
      "<html><style>a{}</style><body><h1>Bad gateway</h1></body></html>",
      "upstream-failed",
      /Bad gateway/u,
    ],
    ["text", 500, "upstream connect error", "upstream-failed", /upstream connect error/u],
    ["nothing", 500, "", "upstream-failed", /500/u],
    ["an empty object", 404, {}, "not-found", /404/u],
    ["content filter", 400, { error: { code: "content_filter", message: "x" } }, "content-refused", /x/u],
    [
      "unknown model",
      404,
      { error: { code: "model_not_found", message: "x", type: "invalid_request_error" } },
      "not-found",
      /x/u,
    ],
    ["context", 400, { error: { code: "context_length_exceeded", message: "x" } }, "context-too-long", /x/u],
    [
      "context in words",
      400,
      { error: { message: "prompt too long; exceeded max context length" } },
      "context-too-long",
      /prompt/u,
    ],
    [
      "foreign reasoning",
      400,
      { error: { code: "invalid_encrypted_content", message: "x" } },
      "reasoning-invalid",
      /x/u,
    ],
    ["quota", 429, { error: { code: "insufficient_quota", message: "x" } }, "billing-required", /x/u],
    ["overload by code", 500, { error: { code: "server_is_overloaded", message: "x" } }, "upstream-overloaded", /x/u],
    ["too large", 413, "", "too-large", /413/u],
    ["forbidden", 403, { error: { message: "x" } }, "forbidden", /x/u],
    ["gateway timeout", 504, "", "upstream-unavailable", /504/u],
  ])("%s", ([, status, body, code, message]) => {
    const error = decode(status, body);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^Upstream answered \d{3}: ./u);
  });

  test("param and the upstream's own words are kept", () => {
    const error = decode(400, {
      error: { message: "Bad", type: "invalid_request_error", param: "tools[0].name", code: "invalid_value" },
    });
    expect(error.details).toEqual({ path: "tools[0].name" });
    expect(error.upstream).toEqual({
      type: "invalid_request_error",
      code: "invalid_value",
      message: "Bad",
      param: "tools[0].name",
    });
  });

  test.for<[Record<string, string>, string, number | undefined]>([
    [{ "retry-after": "3" }, "x", 3000],
    [{ "retry-after-ms": "250", "retry-after": "3" }, "x", 250],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:10 GMT", date: "Thu, 01 Jan 2026 00:00:00 GMT" }, "x", 10_000],
    [{}, "Please try again in 1.2s.", 1200],
    [{}, "Please try again in 250ms.", 250],
    [{}, "Please try again in 1m30s.", 90_000],
    [{}, "Please try again later.", undefined],
    [{ "retry-after": "soon" }, "x", undefined],
  ])("when to come back: %j %s", ([headers, message, expected]) => {
    expect(decode(429, { error: { message } }, headers).details).toEqual({ retryAfterMs: expected });
  });

  test("a used-up plan tells when it resets", () => {
    const body = {
      error: {
        type: "usage_limit_reached",
        message: "x",
        plan_type: "pro",
        resets_at: 1_738_888_888,
        resets_in_seconds: 3600,
      },
    };
    const error = decode(429, body);
    expect(error.code).toBe("usage-limited");
    expect(error.details).toEqual({ retryAfterMs: 3_600_000, resetsAt: 1_738_888_888_000, planType: "pro" });
  });

  test("a key quoted by the upstream is not repeated", () => {
    const error = decode(401, {
      error: { message: "Incorrect API key provided: sk-proj-abcdef123456.", code: "invalid_api_key" },
    });
    expect(JSON.stringify([error.message, error.upstream])).not.toContain("abcdef");
  });
});

describe("decodeOpenaiStreamError()", () => {
  test("takes a numeric code for the status, and the headers inside the event", () => {
    expect(decodeOpenaiStreamError({ error: { message: "x", code: 502 } })).toMatchObject({
      code: "upstream-failed",
      details: { status: 502 },
    });
    const event = { type: "error", status: 429, error: { message: "x" }, headers: { "Retry-After": "2" } };
    expect(decodeOpenaiStreamError(event)).toMatchObject({ code: "rate-limited", details: { retryAfterMs: 2000 } });
  });

  test("reads the error of a failed response and the flat form", () => {
    const failed = {
      type: "response.failed",
      response: { error: { code: "rate_limit_exceeded", message: "try again in 2s" } },
    };
    expect(decodeOpenaiStreamError(failed)).toMatchObject({ code: "rate-limited", details: { retryAfterMs: 2000 } });
    expect(
      decodeOpenaiStreamError({ type: "error", code: "server_error", message: "boom", param: null }).message,
    ).toMatch(/boom/u);
  });
});

describe("encodeError()", () => {
  const cases: [AnyRouterError, number, string, string | null][] = [
    [new RouterError("request-invalid", "m", { path: "a" }), 400, "invalid_request_error", null],
    [new RouterError("context-too-long", "m", {}), 400, "invalid_request_error", "context_length_exceeded"],
    [new RouterError("reasoning-invalid", "m", {}), 400, "invalid_request_error", "invalid_encrypted_content"],
    [
      new RouterError("content-refused", "m", { upstreamCode: undefined }),
      400,
      "invalid_request_error",
      "content_filter",
    ],
    [new RouterError("unauthenticated", "m", {}), 401, "invalid_request_error", "invalid_api_key"],
    [new RouterError("billing-required", "m", {}), 429, "insufficient_quota", "insufficient_quota"],
    [new RouterError("forbidden", "m", {}), 403, "permission_error", null],
    [new RouterError("not-found", "m", { path: "model" }), 404, "invalid_request_error", "model_not_found"],
    [new RouterError("too-large", "m", {}), 413, "invalid_request_error", "request_too_large"],
    [new RouterError("rate-limited", "m", { retryAfterMs: 1 }), 429, "rate_limit_error", "rate_limit_exceeded"],
    [
      new RouterError("upstream-overloaded", "m", { retryAfterMs: undefined }),
      503,
      "server_error",
      "server_is_overloaded",
    ],
    [
      new RouterError("upstream-failed", "m", { status: 500, upstreamCode: undefined }),
      502,
      "server_error",
      "server_error",
    ],
    [
      new RouterError("upstream-timeout", "m", { timeoutMs: 1, requestSent: true }),
      504,
      "server_error",
      "server_error",
    ],
    [new RouterError("internal", "m", {}), 500, "server_error", "server_error"],
  ];
  test.for(cases)("$0.code", ([error, status, type, code]) => {
    const encoded = openaiChat.encodeError(error, "request-1");
    expect(encoded.status).toBe(status);
    expect(encoded.body).toMatchObject({ error: { message: "m", type, code } });
    expect(encoded.headers["x-request-id"]).toBe("request-1");
  });

  test("param is the path of the wrong field, else null", () => {
    expect(
      openaiChat.encodeError(new RouterError("request-invalid", "m", { path: "messages[0]" }), "r").body,
    ).toMatchObject({
      error: { param: "messages[0]" },
    });
    expect(openaiChat.encodeError(new RouterError("internal", "m", {}), "r").body).toMatchObject({
      error: { param: null },
    });
  });

  test("retry-after is in whole seconds, rounded up, and on every 429 a client may repeat", () => {
    const headersOf = (error: AnyRouterError) => openaiChat.encodeError(error, "r").headers;
    expect(headersOf(new RouterError("rate-limited", "m", { retryAfterMs: 1200 }))["retry-after"]).toBe("2");
    expect(headersOf(new RouterError("rate-limited", "m", { retryAfterMs: undefined }))["retry-after"]).toBe("5");
    expect(headersOf(new RouterError("upstream-overloaded", "m", { retryAfterMs: 900 }))["retry-after"]).toBe("1");
    expect(headersOf(new RouterError("request-invalid", "m", {}))["retry-after"]).toBeUndefined();
  });

  test("a used-up plan is not tried again, and tells its reset as the backend does", () => {
    const details = { retryAfterMs: 3_600_000, resetsAt: 1_738_888_888_000, planType: "pro" };
    const encoded = openaiChat.encodeError(new RouterError("usage-limited", "m", details), "r");
    expect(encoded).toMatchObject({
      status: 429,
      headers: { "retry-after": "3600", "x-should-retry": "false" },
      body: {
        error: { type: "usage_limit_reached", plan_type: "pro", resets_at: 1_738_888_888, resets_in_seconds: 3600 },
      },
    });
    expect(openaiChat.encodeError(new RouterError("billing-required", "m", {}), "r").headers["x-should-retry"]).toBe(
      "false",
    );
  });
});
