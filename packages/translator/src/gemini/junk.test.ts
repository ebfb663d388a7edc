import { isJsonObject, RouterError, type StreamEvent, type WireEvent } from "@turnout/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { openaiChat } from "../openai-chat/index.ts";
import { gemini as codec } from "./index.ts";

// Whatever comes from outside, the answer is a value or a RouterError.

const word = fc.constantFrom(
  "user",
  "model",
  "STOP",
  "OBJECT",
  "image/png",
  "$.a[0].b",
  "rs1.e30",
  "cnMxLg==",
  "-0",
  "\uD800",
);
const key = fc.constantFrom(
  "contents",
  "parts",
  "role",
  "text",
  "thought",
  "thoughtSignature",
  "thought_signature",
  "functionCall",
  "function_call",
  "functionResponse",
  "name",
  "args",
  "id",
  "response",
  "partialArgs",
  "jsonPath",
  "stringValue",
  "willContinue",
  "inlineData",
  "mimeType",
  "data",
  "fileData",
  "fileUri",
  "tools",
  "functionDeclarations",
  "parameters",
  "type",
  "properties",
  "items",
  "googleSearch",
  "toolConfig",
  "functionCallingConfig",
  "mode",
  "allowedFunctionNames",
  "generationConfig",
  "thinkingConfig",
  "thinkingBudget",
  "responseSchema",
  "responseMimeType",
  "systemInstruction",
  "candidates",
  "content",
  "finishReason",
  "promptFeedback",
  "blockReason",
  "usageMetadata",
  "promptTokenCount",
  "groundingMetadata",
  "groundingSupports",
  "groundingChunks",
  "segment",
  "error",
  "details",
  "__proto__",
  "constructor",
);

const { value: json } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 7, depthSize: "medium" },
    word,
    fc.string({ maxLength: 8 }),
    fc.constantFrom(null, true, false, 0, 1, -1, 1e9),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4 }),
  ),
}));

/** Runs and answers undefined for a RouterError; everything else is a bug. */
function outcome<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!RouterError.is(error)) throw error;
    expect(error.message).not.toBe("");
    return undefined;
  }
}

const part = fc.oneof(
  fc.record({ text: fc.string(), thought: fc.option(fc.boolean()), thoughtSignature: fc.option(word) }),
  fc.record({
    functionCall: fc.record({
      name: fc.constantFrom("f", "g"),
      args: fc.option(fc.dictionary(key, json)),
      id: fc.option(word),
    }),
  }),
  fc.record({ functionCall: fc.dictionary(key, json, { maxKeys: 4 }) }),
  fc.record({
    functionResponse: fc.record({ name: fc.constantFrom("f", "g"), response: fc.option(fc.dictionary(key, json)) }),
  }),
  fc.record({ inlineData: fc.record({ mimeType: word, data: fc.string() }) }),
  fc.dictionary(key, json, { maxKeys: 3 }),
);
const content = fc.record({
  role: fc.constantFrom("user", "model", "function", null),
  parts: fc.array(part, { maxLength: 4 }),
});
const nearRequest = fc.record(
  {
    contents: fc.array(content, { maxLength: 4 }),
    tools: fc.array(fc.dictionary(key, json, { maxKeys: 2 })),
    generationConfig: fc.dictionary(key, json, { maxKeys: 3 }),
    toolConfig: fc.dictionary(key, json, { maxKeys: 2 }),
  },
  { requiredKeys: ["contents"] },
);
const chunk = fc.oneof(
  fc.record({
    candidates: fc.array(
      fc.record({
        content: fc.record({ parts: fc.array(part) }),
        finishReason: fc.option(fc.constantFrom("STOP", "MAX_TOKENS", "OTHER", 1)),
        groundingMetadata: fc.option(json),
      }),
      { maxLength: 2 },
    ),
    usageMetadata: fc.option(json),
  }),
  fc.dictionary(key, json),
);

describe("junk", () => {
  test("decodeRequest() gives a request that can be written, or request-invalid with a path", () => {
    fc.assert(
      fc.property(fc.oneof(json, nearRequest), (body) => {
        let request;
        try {
          request = codec.decodeRequest(body).value;
        } catch (error) {
          if (!RouterError.is(error)) throw error;
          expect(error.code).toBe("request-invalid");
          return;
        }
        const again = codec.encodeRequest(request).value;
        expect(JSON.stringify(codec.encodeRequest(codec.decodeRequest(again).value).value)).toBe(JSON.stringify(again));
        outcome(() => openaiChat.encodeRequest(request));
        outcome(() => codec.encodeRequest({ ...request, extras: { wire: "openai-chat", fields: {} } }));
        expect(Reflect.get({}, "a")).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });

  test("decodeResponse() gives an answer or an upstream's error", () => {
    fc.assert(
      fc.property(fc.oneof(json, chunk), (body) => {
        const decoded = outcome(() => codec.decodeResponse(body));
        const encoded = decoded === undefined ? {} : codec.encodeResponse(decoded.value, context).value;
        expect(isJsonObject(encoded)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test("decoder, observer and collector agree on whether a stream failed", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 4, arbitrary: chunk }, json), { maxLength: 6 }), (chunks) => {
        const events = chunks.map((value): WireEvent => ({ type: "", data: JSON.stringify(value) ?? "" }));
        const out: StreamEvent[] = [];
        const decoder = codec.createEventDecoder();
        const decoded = outcome(() => {
          for (const event of events) decoder.decode(event, out);
          decoder.end(out);
          return true;
        });
        const observer = codec.createStreamObserver(context);
        for (const event of events) observer.observe(event);
        const collector = codec.createDocumentCollector();
        outcome(() => {
          for (const event of events) collector.add(event);
          return collector.end();
        });
        if (decoded === true) expect(out.filter((event) => event.type === "finish")).toHaveLength(1);
        const written: WireEvent[] = [];
        const encoder = codec.createEventEncoder(context);
        for (const event of out) encoder.encode(event, written);
        for (const event of written) expect(isJsonObject(JSON.parse(event.data))).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test("decodeError() reads anything", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          json.map((value) => JSON.stringify(value) ?? ""),
        ),
        (text) => {
          expect(RouterError.is(codec.decodeError(400, text))).toBe(true);
        },
      ),
    );
  });

  test("deep nesting is no way to crash", () => {
    const nested = (depth: number): unknown => {
      return JSON.parse(`${'{"type":"array","items":'.repeat(depth)}{}${"}".repeat(depth)}`);
    };
    const withTool = (parameters: unknown) => ({
      contents: [{ parts: [{ text: "x" }] }],
      tools: [{ functionDeclarations: [{ name: "f", parameters }] }],
    });
    const withCall = (args: unknown) => ({
      contents: [{ role: "model", parts: [{ functionCall: { name: "f", args } }] }],
    });
    for (const body of [withTool(nested(400)), withCall(nested(400))]) {
      const request = codec.decodeRequest(body).value;
      const foreign = { ...request, extras: { wire: "openai-chat", fields: {} } } as const;
      expect(codec.encodeRequest(foreign, { model: "gemini-2.0-flash" }).value).toBeDefined();
    }
    for (const body of [withTool(nested(20_000)), withCall(nested(20_000))]) {
      expect(() => codec.decodeRequest(body)).toThrow("nested deeper than 500 levels");
    }
    const answer = { candidates: [{ content: { parts: [{ functionCall: { name: "f", args: nested(20_000) } }] } }] };
    expect(() => codec.decodeResponse(answer)).toThrow("nested too deeply");
  });
});

const context = {
  request: { model: "m", stream: true, turns: [], tools: [], sampling: {} },
  model: "m",
  createdAt: 1,
  idSeed: "0".repeat(48),
} as const;
