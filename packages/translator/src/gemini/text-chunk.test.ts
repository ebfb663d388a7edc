import { type JsonObject, RouterError, type StreamEvent } from "@turnout/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createEventDecoder } from "./event-decoder.ts";
import { createTextChunkReader } from "./text-chunk.ts";

function textChunk(text: string, count: number): string {
  const usageMetadata = { promptTokenCount: 3, candidatesTokenCount: count, totalTokenCount: count + 3 };
  const candidates = [{ content: { parts: [{ text }], role: "model" }, index: 0 }];
  return JSON.stringify({ candidates, usageMetadata, modelVersion: "m", responseId: "r1" });
}

/** What a decoder tells of these chunks; a failure is told by its code. */
function decode(chunks: readonly string[]): unknown[] {
  const out: StreamEvent[] = [];
  const decoder = createEventDecoder();
  try {
    for (const data of chunks) decoder.decode({ type: "", data }, out);
    decoder.end(out);
    return out;
  } catch (error) {
    if (!RouterError.is(error)) throw error;
    return [...out, error.code];
  }
}

describe("createTextChunkReader()", () => {
  test("reads a chunk like the one it has seen, whatever its text and usage are", () => {
    const reader = createTextChunkReader();
    expect(reader.read(textChunk("a", 1))).toBeUndefined();
    reader.learn(textChunk("a", 1), JSON.parse(textChunk("a", 1)));
    for (const text of ["b", "", 'say "x"', "back\\", '\\\\"', "ü🎉\n", '"}],"role":"model"},"index":0}],']) {
      expect(reader.read(textChunk(text, 12))).toBe(text);
    }
  });

  test("leaves to the parser whatever says more, or is cut", () => {
    const reader = createTextChunkReader();
    reader.learn(textChunk("a", 1), JSON.parse(textChunk("a", 1)));
    const whole: JsonObject = JSON.parse(textChunk("a", 1));
    const variants = [
      textChunk("abc", 2).slice(0, -1),
      textChunk("abc", 2).replace('"index":0', '"finishReason":"STOP","index":0'),
      textChunk("abc", 2).replace('"text"', '"thought":true,"text"'),
      textChunk("abc", 2).replace('"}]', '","thought":true}]'),
      JSON.stringify({ ...whole, promptFeedback: { blockReason: "SAFETY" } }),
      JSON.stringify({ candidates: whole["candidates"], usageMetadata: {}, error: { code: 500 }, responseId: "r1" }),
    ];
    for (const data of variants) expect(reader.read(data), data).toBeUndefined();
  });

  test("does not learn from chunks that are more than text", () => {
    const parts = [[{ text: "a", thought: true }], [{ text: "a" }, { text: "b" }], [{ functionCall: { name: "f" } }]];
    for (const list of parts) {
      const chunk = { candidates: [{ content: { parts: list }, index: 0 }] };
      const reader = createTextChunkReader();
      reader.learn(JSON.stringify(chunk), chunk);
      expect(reader.read(JSON.stringify(chunk))).toBeUndefined();
    }
  });

  test("with and without it a stream tells the same", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom('"', "\\", '\\"', "finishReason", ""));
    const part = fc.oneof(
      { weight: 5, arbitrary: fc.record({ text }) },
      fc.record({ text, thought: fc.constant(true) }),
      fc.record({ text, thoughtSignature: fc.constant("c2ln") }),
      fc.record({ functionCall: fc.record({ name: fc.constant("f"), args: fc.dictionary(text, text) }) }),
    );
    const usageMetadata = fc.oneof(
      fc.record({ promptTokenCount: fc.nat(), totalTokenCount: fc.nat() }),
      fc.record({ trafficType: fc.constant("ON_DEMAND") }),
    );
    const chunk = fc.record({
      candidates: fc.tuple(
        fc.record(
          {
            content: fc.record({ parts: fc.array(part, { minLength: 1, maxLength: 2 }) }),
            finishReason: fc.constant("STOP"),
          },
          { requiredKeys: ["content"] },
        ),
      ),
      usageMetadata,
      responseId: fc.constant("r1"),
    });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 12 }), (chunks) => {
        const alike = chunks.map((value) => JSON.stringify(value));
        // Blanks that differ from chunk to chunk leave nothing to learn.
        const unlike = alike.map((data, index) => `${" ".repeat(index + 1)}${data}`);
        expect(decode(alike)).toEqual(decode(unlike));
      }),
      { numRuns: 300 },
    );
  });
});
