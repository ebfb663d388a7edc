import { describe, expect, test } from "vitest";

import { createErrorReader, readResponsesErrorEvent } from "./error-reader.ts";

const read = createErrorReader("openai-chat", "acme at acme.example");

describe("createErrorReader()", () => {
  test.each([
    [403, "upstream-malformed"],
    [429, "upstream-overloaded"],
    [502, "upstream-unavailable"],
  ])("a page with status %i is %s: it says nothing of the account", (status, code) => {
    const byType = read(status, "Sorry", { "content-type": "text/html; charset=utf-8" }, 0);
    const byWords = read(status, " <!DOCTYPE html><p>Sorry", {}, 0);
    expect([byType.code, byWords.code]).toEqual([code, code]);
    expect(byType.message).toContain("acme at acme.example");
  });

  test("names Cloudflare's challenge", () => {
    expect(read(403, "<html>", { "cf-mitigated": "challenge" }, 0).message).toContain("challenge page");
  });

  test("a 403 speaks of our account, and keeps the upstream's words", () => {
    const error = read(403, '{"error":{"message":"Not yours","code":"denied"}}', {}, 0);
    expect(error).toMatchObject({
      code: "credential-rejected",
      details: { status: 403 },
      upstream: { message: "Not yours", code: "denied" },
    });
  });

  test("all else is what the codec says", () => {
    expect(read(400, '{"error":{"message":"No","code":"context_length_exceeded"}}', {}, 0).code).toBe(
      "context-too-long",
    );
  });
});

describe("readResponsesErrorEvent()", () => {
  test("reads error and response.failed, and nothing else", () => {
    const error = '{"type":"error","code":"rate_limit_exceeded","message":"Slow down"}';
    expect(readResponsesErrorEvent({ type: "error", data: error })?.code).toBe("rate-limited");
    const failed =
      '{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"x"}}}';
    expect(readResponsesErrorEvent({ type: "response.failed", data: failed })?.code).toBe("upstream-failed");
    expect(readResponsesErrorEvent({ type: "response.created", data: "{" })).toBeUndefined();
  });
});
