import { describe, expect, test } from "vitest";

import { carriedText, createShownText, unwrapPayload, wrapPayload } from "./payload-envelope.ts";

const provenance = { wire: "anthropic-messages" } as const;

describe("carriedText()", () => {
  test("only what Anthropic signed goes along with its payload", () => {
    expect(carriedText("anthropic-messages", "a thought")).toBe("a thought");
    expect(carriedText("openai-responses", "a thought")).toBeUndefined();
    expect(carriedText("gemini", "a thought")).toBeUndefined();
    expect(carriedText("anthropic-messages", "")).toBeUndefined();
  });

  test("the text comes out of the envelope as it went in", () => {
    const text = "Ein Gedanke \u{1F4AD}";
    expect(unwrapPayload(wrapPayload({ provenance, payload: "sig", text }))).toEqual({
      provenance,
      payload: "sig",
      text,
    });
  });
});

describe("createShownText()", () => {
  test("pieces are put together, and too much of them is not carried", () => {
    const shown = createShownText();
    shown.add("one ");
    shown.add("two");
    expect(shown.carried("anthropic-messages")).toBe("one two");
    shown.add("x".repeat(256 * 1024));
    shown.add("y");
    expect(shown.carried("anthropic-messages")).toBeUndefined();
  });
});
