import type { RouterError } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { isCodexTerminal, readCodexError, readCodexErrorEvent, readCodexRefusal } from "./error.ts";

const now = 1_700_000_000_000;

function body(error: Record<string, unknown>): string {
  return JSON.stringify({ error });
}

function detail(text: string): string {
  return JSON.stringify({ detail: text });
}

function facts(error: RouterError | undefined) {
  return error === undefined ? undefined : { code: error.code, details: error.details };
}

describe("readCodexError()", () => {
  test.each([
    [400, detail("Unsupported parameter: foo"), "request-invalid", {}],
    [400, body({ code: "context_length_exceeded", message: "too long" }), "context-too-long", {}],
    [400, body({ code: "invalid_encrypted_content", message: "no" }), "reasoning-invalid", {}],
    [400, body({ code: "cyber_policy", message: "no" }), "content-refused", { upstreamCode: "cyber_policy" }],
    [
      400,
      detail("The 'x' model is not supported when using Codex with a ChatGPT account."),
      "not-found",
      { path: "model" },
    ],
    [404, body({ message: "Model not found gpt-5.6-luna" }), "not-found", { path: "model" }],
    [401, body({ code: "token_expired", message: "expired" }), "credential-rejected", { status: 401 }],
    [401, "", "credential-rejected", { status: 401 }],
    [403, body({ message: "Country not supported" }), "credential-rejected", { status: 403 }],
    [403, body({ code: "subscription_sharing_user_not_eligible", message: "no" }), "billing-required", {}],
    [429, body({ type: "usage_not_included", message: "no" }), "billing-required", {}],
    [429, body({ code: "insufficient_quota", message: "no" }), "billing-required", {}],
    [429, body({ message: "slow down, friend" }), "rate-limited", { retryAfterMs: undefined }],
    [503, body({ code: "server_is_overloaded", message: "busy" }), "upstream-overloaded", { retryAfterMs: undefined }],
    [500, body({ message: "oops" }), "upstream-failed", { status: 500, upstreamCode: undefined }],
  ])("%i %s is %s", (status, text, code, details) => {
    expect(facts(readCodexError(status, text, {}, now))).toEqual({ code, details });
  });

  test("an old client version is a matter of the config, and says which key", () => {
    const text = detail("The 'gpt-5.6-sol' model requires a newer version of Codex. Please upgrade");
    const error = readCodexError(400, text, {}, now);
    expect(facts(error)).toEqual({ code: "config-invalid", details: { path: "providers.codex.clientVersion" } });
    expect(error.message).toContain("providers.codex.clientVersion");
  });

  test("a used-up plan tells its reset by the absolute time, which wins over the relative one", () => {
    const resetsAt = now / 1_000 + 60;
    const text = body({ type: "usage_limit_reached", message: "used up", plan_type: "plus", resets_at: resetsAt });
    expect(facts(readCodexError(429, text, {}, now))).toEqual({
      code: "usage-limited",
      details: { retryAfterMs: 60_000, resetsAt: now + 60_000, planType: "plus" },
    });
  });

  test.each([
    [403, "upstream-malformed"],
    [401, "upstream-malformed"],
    [429, "upstream-overloaded"],
    [502, "upstream-unavailable"],
  ])("an HTML page with %i says nothing of the account: %s", (status, code) => {
    const page = "<!DOCTYPE html><title>Just a moment...</title>";
    expect(readCodexError(status, page, { "content-type": "text/html" }, now).code).toBe(code);
    expect(readCodexError(status, page, {}, now).code).toBe(code);
  });
});

describe("readCodexRefusal()", () => {
  test.each([400, 403, 404, 405, 426, 500, 503])("%i is upstream-unavailable, and nothing was sent", (status) => {
    expect(facts(readCodexRefusal(status, body({ message: "x" }), {}, now))).toEqual({
      code: "upstream-unavailable",
      details: { status, requestSent: false },
    });
  });

  test("401 and 429 speak of the account", () => {
    expect(readCodexRefusal(401, "", {}, now).code).toBe("credential-rejected");
    expect(readCodexRefusal(429, body({ type: "usage_limit_reached", message: "x" }), {}, now).code).toBe(
      "usage-limited",
    );
  });

  test("a page with 429 does not", () => {
    expect(readCodexRefusal(429, "<html>", {}, now).code).toBe("upstream-unavailable");
  });
});

describe("readCodexErrorEvent()", () => {
  function read(event: Record<string, unknown>) {
    return facts(readCodexErrorEvent({ type: String(event["type"]), data: JSON.stringify(event) }, now));
  }

  const limited = { type: "usage_limit_reached", message: "x", resets_at: now / 1_000 + 5 };
  test.each([
    ["details under error", { type: "error", status: 429, error: limited }],
    ["status_code", { type: "error", status_code: 429, error: limited }],
    ["details under body.error", { type: "error", status: 429, body: { error: limited } }],
    ["response.failed", { type: "response.failed", response: { id: "r", error: { ...limited, code: limited.type } } }],
  ])("%s", (_shape, event) => {
    expect(read(event)).toEqual({ code: "usage-limited", details: { retryAfterMs: 5_000, resetsAt: now + 5_000 } });
  });

  test("details at the top", () => {
    const event = { type: "error", code: "server_is_overloaded", message: "busy" };
    expect(read(event)?.code).toBe("upstream-overloaded");
  });

  test.each([
    { code: "previous_response_not_found", message: "x" },
    { message: "Invalid `previous_response_id`." },
    { code: "codex_previous_response_stale", message: "x" },
  ])("a stale anchor %#", (error) => {
    const event = { type: "error", status: 400, error: { type: "invalid_request_error", ...error } };
    expect(read(event)).toEqual({ code: "not-found", details: { path: "previous_response_id" } });
  });

  test("a socket that is too old was not sent the request", () => {
    const error = { type: "invalid_request_error", code: "websocket_connection_limit_reached", message: "60 minutes" };
    expect(read({ type: "error", status: 400, error })).toEqual({
      code: "upstream-unavailable",
      details: { status: undefined, requestSent: false },
    });
  });

  test("a wait in words is read", () => {
    const error = { code: "rate_limit_exceeded", message: "Rate limit reached. Please try again in 1.5s." };
    const event = { type: "response.failed", response: { id: "r", error } };
    expect(read(event)).toEqual({ code: "rate-limited", details: { retryAfterMs: 1_500 } });
  });

  test.each(["response.created", "response.incomplete", "codex.rate_limits"])("%s is none", (type) => {
    expect(read({ type })).toBeUndefined();
  });
});

test.each([
  ["response.completed", true],
  ["response.done", true],
  ["response.failed", true],
  ["response.incomplete", true],
  ["error", true],
  ["response.created", false],
  ["codex.rate_limits", false],
])("isCodexTerminal() of %s is %s", (type, expected) => {
  expect(isCodexTerminal({ type, data: "{}" })).toBe(expected);
});

describe("limits and what their headers tell", () => {
  const full = { "x-codex-primary-used-percent": "100", "x-codex-primary-reset-at": String(now / 1_000 + 60) };
  const quota = { limit: "codex", windows: [{ usedPercent: 100, resetsAt: now + 60_000 }] };

  test("a used-up limit without a reset ends when its window does", () => {
    const error = readCodexError(429, body({ type: "usage_limit_reached", message: "no" }), full, now);
    expect(facts(error)).toEqual({
      code: "usage-limited",
      details: { retryAfterMs: 60_000, resetsAt: now + 60_000, quota },
    });
  });

  test("a plain 429 beside a full window is that limit; beside one with room, or with a time of its own, it is not", () => {
    expect(facts(readCodexError(429, detail("Too many"), full, now))).toMatchObject({
      code: "usage-limited",
      details: { resetsAt: now + 60_000 },
    });
    const room = { ...full, "x-codex-primary-used-percent": "99" };
    expect(readCodexError(429, detail("Too many"), room, now).code).toBe("rate-limited");
    const message = "Please try again in 2s";
    expect(readCodexError(429, body({ code: "rate_limit_exceeded", message }), full, now).code).toBe("rate-limited");
  });

  test("a limit of some models is told as such, over HTTP and on a socket", () => {
    const headers = {
      "x-codex-active-limit": "codex_bengalfox",
      "x-codex-bengalfox-limit-name": "GPT-5.3-Codex-Spark",
      "x-codex-bengalfox-primary-used-percent": "100.0",
    };
    const error = { type: "usage_limit_reached", message: "no", resets_at: now / 1_000 + 60 };
    const expected = { limit: "codex_bengalfox", models: ["gpt-5.3-codex-spark"] };
    expect(readCodexError(429, body(error), headers, now).details).toMatchObject({ quota: expected });
    const event = { type: "error", data: JSON.stringify({ type: "error", status: 429, error, headers }) };
    expect(readCodexErrorEvent(event, now)?.details).toMatchObject({ resetsAt: now + 60_000, quota: expected });
  });
});
