import { type JsonObject, RouterError } from "@turnout/core";
import { gemini, openaiChat } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { chunk, stop, event } from "./gemini-streams.ts";
import { contextFor } from "./laws.ts";

// Whole answers of Gemini, and streams that pass untouched.

describe("createStreamObserver()", () => {
  test("T99: sees the opening, the content, one end, and the usage of the last chunk", () => {
    const observer = gemini.createStreamObserver(contextFor("m"));
    const chunks = [
      {},
      chunk([{ text: "" }]),
      chunk([{ text: 'says "finishReason": "STOP" and "error"' }]),
      chunk([{ functionCall: { name: "f" } }], {}, { usageMetadata: { promptTokenCount: 1, totalTokenCount: 1 } }),
      chunk([{ text: "" }], stop, { usageMetadata: { promptTokenCount: 2, totalTokenCount: 2 } }),
      chunk([], stop),
    ];
    const roles = chunks.map((one) => observer.observe(event(one)));
    expect(roles).toEqual(["opening", "opening", "content", "content", "terminal", "content"]);
    expect(observer.finish).toBe("tool-calls");
    expect(observer.usage?.inputFresh).toBe(2);
  });

  test("tells failures of every kind", () => {
    const observe = (data: string) => {
      const observer = gemini.createStreamObserver(contextFor("m"));
      return [observer.observe({ type: "", data }), observer.failure?.code];
    };
    expect(observe('{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}')).toEqual([
      "failed",
      "rate-limited",
    ]);
    expect(observe("[")).toEqual(["failed", "upstream-malformed"]);
    expect(observe(JSON.stringify(chunk([], { finishReason: "OTHER" })))).toEqual(["failed", "upstream-failed"]);
  });
});

describe("decodeResponse()", () => {
  test("reads the list that a stream without alt=sse is", () => {
    const list = [chunk([{ text: "a" }]), chunk([{ text: "b" }], stop)];
    expect(gemini.decodeResponse(list).value.blocks).toMatchObject([{ text: "ab" }]);
  });

  test("an error document is the error it reports, anything else malformed", () => {
    const failing = (body: unknown) => {
      try {
        gemini.decodeResponse(body);
      } catch (error) {
        return RouterError.is(error) ? error.code : error;
      }
      return undefined;
    };
    expect(failing({ error: { code: 404, message: "models/x is not found", status: "NOT_FOUND" } })).toBe("not-found");
    for (const body of [null, 3, {}, [], { candidates: [] }, { candidates: "x" }])
      expect(failing(body)).toMatch(/^upstream-/u);
  });

  test("further candidates and unknown fields go back to the same format, and are named for others", () => {
    const document = chunk([{ text: "x" }], { ...stop, safetyRatings: [{ category: "c" }] }, { turnToken: "t" });
    document satisfies JsonObject;
    const two: JsonObject = {
      ...document,
      candidates: [...(document["candidates"] as JsonObject[]), { index: 1, finishReason: "STOP" }],
    };
    const decoded = gemini.decodeResponse(two).value;
    expect(gemini.encodeResponse(decoded, contextFor("gemini-3-pro")).value).toEqual(two);
    const paths = openaiChat.encodeResponse(decoded, contextFor("m")).report.dropped.map((loss) => loss.path);
    expect(paths.toSorted()).toEqual(["candidates", "candidates[0].safetyRatings", "turnToken"]);
  });
});
