import type { JsonObject, ModelResponse } from "@turnout/core";
import { createSseDecoder, fold, gemini, openaiChat } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { type Parts, chunk, stop, event, answerOf, wholeOf } from "./gemini-streams.ts";
import { contextFor, decodeStream } from "./laws.ts";

// Streams of Gemini read; the reported bugs of translation.md section 7 by number.

describe("createEventDecoder()", () => {
  test("T14: a signed text is text, not a thought", () => {
    const { blocks } = answerOf(chunk([{ text: "shown", thoughtSignature: "c2ln" }], stop));
    expect(blocks).toEqual([
      { type: "text", text: "shown", extras: { wire: "gemini", fields: { thoughtSignature: "c2ln" } } },
    ]);
  });

  test("T15: stream and document keep the same signatures, on calls, texts and thoughts", () => {
    const parts: Parts = [
      { text: "hm", thought: true, thoughtSignature: "dDE=" },
      { text: "said", thoughtSignature: "dDI=" },
      { functionCall: { name: "f", args: { a: 1 }, id: "x" }, thoughtSignature: "dDM=" },
      { functionCall: { name: "g", args: {}, id: "y" } },
    ];
    const streamed = answerOf(...parts.map((part) => chunk([part])), chunk([], stop));
    expect(streamed.blocks).toEqual(wholeOf(parts).blocks);
    const payloads = streamed.blocks.map((block) => ("payload" in block ? block.payload : undefined));
    expect(payloads).toEqual(["dDE=", undefined, "dDM=", undefined]);
  });

  test("a signature on an empty part at the end belongs to what was said last", () => {
    const { blocks } = answerOf(chunk([{ text: "said" }]), chunk([{ text: "", thoughtSignature: "c2ln" }], stop));
    expect(blocks).toEqual([
      { type: "text", text: "said", extras: { wire: "gemini", fields: { thoughtSignature: "c2ln" } } },
    ]);
    // What follows a signature is another part.
    const two = answerOf(chunk([{ text: "a", thoughtSignature: "c2ln" }]), chunk([{ text: "b" }], stop));
    expect(two.blocks.map((block) => block.type === "text" && block.text)).toEqual(["a", "b"]);
  });

  test("T12: thinking twice makes two blocks", () => {
    const { blocks } = answerOf(
      chunk([{ text: "a", thought: true }]),
      chunk([{ text: "b" }]),
      chunk([{ text: "c", thought: true }], stop),
    );
    expect(blocks.map((block) => block.type)).toEqual(["reasoning", "text", "reasoning"]);
  });

  test("T84: a chunk may hold thought, text, several whole calls and the end at once", () => {
    const parts: Parts = [
      { text: "t", thought: true },
      { text: "x" },
      { functionCall: { name: "f", args: { a: 1 } } },
      { functionCall: { name: "f", args: { a: 2 } } },
    ];
    const answer = answerOf(chunk(parts, stop));
    expect(answer.finish).toBe("tool-calls");
    expect(answer.blocks).toMatchObject([
      { type: "reasoning" },
      { type: "text" },
      { name: "f", arguments: '{"a":1}' },
      { name: "f", arguments: '{"a":2}' },
    ]);
    const chat = openaiChat.encodeResponse(answer, contextFor("m")).value;
    expect(JSON.stringify(chat)).toContain('"arguments":"{\\"a\\":2}"');
  });

  test("T50: calls without ids get the same ones in stream and document, each time", () => {
    const parts: Parts = [{ functionCall: { name: "f" } }, { functionCall: { name: "f" } }];
    const ids = (response: ModelResponse) => response.blocks.map((block) => block.type === "tool-call" && block.callId);
    const streamed = ids(answerOf(chunk(parts.slice(0, 1)), chunk(parts.slice(1), stop)));
    expect(new Set(streamed).size).toBe(2);
    expect(ids(wholeOf(parts))).toEqual(streamed);
  });

  test("T68: a call without args has the arguments {}", () => {
    expect(answerOf(chunk([{ functionCall: { name: "f" } }], stop)).blocks[0]).toMatchObject({ arguments: "{}" });
  });

  test("arguments in pieces are whole when the call closes; a last piece may be missing", () => {
    const piece = (partialArgs: JsonObject[], willContinue: boolean): JsonObject => {
      return { functionCall: { partialArgs, ...(willContinue && { willContinue }) } };
    };
    const opening: JsonObject = { functionCall: { name: "f", willContinue: true }, thoughtSignature: "c2ln" };
    const pieces = [
      piece([{ jsonPath: "$.a[0]['b c']", stringValue: "Bos", willContinue: true }], true),
      piece([{ jsonPath: "$.a[0]['b c']", stringValue: "ton" }], true),
      piece(
        [
          { jsonPath: "$.n", nullValue: "NULL_VALUE" },
          { jsonPath: "$.t", boolValue: true },
        ],
        true,
      ),
    ];
    const expected = { name: "f", arguments: '{"a":[{"b c":"Boston"}],"n":null,"t":true}', payload: "c2ln" };
    const closed = answerOf(
      chunk([opening]),
      ...pieces.map((part) => chunk([part])),
      chunk([{ functionCall: {} }], stop),
    );
    expect(closed.blocks).toMatchObject([expected]);
    const open = answerOf(chunk([opening]), ...pieces.map((part) => chunk([part])), chunk([{ text: "" }], stop));
    expect(open.blocks).toEqual(closed.blocks);
    // T96: the model was cut off inside it.
    const cut = answerOf(
      chunk([opening]),
      ...pieces.map((part) => chunk([part])),
      chunk([], { finishReason: "MAX_TOKENS" }),
    );
    expect(cut.blocks).toMatchObject([{ ...expected, incomplete: true }]);
    expect(cut.finish).toBe("length");
  });

  test("pieces cannot pollute prototypes, nor fill memory with a place", () => {
    const piece = (jsonPath: string): JsonObject => ({
      functionCall: { name: "f", partialArgs: [{ jsonPath, numberValue: 1 }] },
    });
    const answer = answerOf(chunk([piece("$.__proto__.polluted")], stop));
    expect(answer.blocks[0]).toMatchObject({ arguments: '{"__proto__":{"polluted":1}}' });
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    for (const path of ["$.a[99999999]", "$", "$..", `$${".a".repeat(500)}`]) {
      const { failure } = decodeStream(gemini, [event(chunk([piece(path)], stop))]);
      expect(failure?.code).toBe("upstream-malformed");
    }
  });

  test.for([
    ["STOP", "stop"],
    ["MAX_TOKENS", "length"],
    ["SAFETY", "content-filter"],
    ["RECITATION", "content-filter"],
    ["MODEL_ARMOR", "content-filter"],
    ["UNEXPECTED_TOOL_CALL", "other"],
    ["SOMETHING_NEW", "other"],
    [1, "stop"],
    [2, "length"],
    [3, "content-filter"],
  ] as const)("T98: %s with a text is %s", ([word, expected]) => {
    expect(answerOf(chunk([{ text: "x" }], { finishReason: word })).finish).toBe(expected);
    expect(wholeOf([{ text: "x" }], { finishReason: word }).finish).toBe(expected);
  });

  test("T94: calls decide over STOP, a cut answer stays cut", () => {
    const call: Parts = [{ functionCall: { name: "f", args: {} } }];
    expect(answerOf(chunk(call, stop)).finish).toBe("tool-calls");
    expect(answerOf(chunk(call), chunk([{ text: "" }], stop)).finish).toBe("tool-calls");
    expect(answerOf(chunk(call, { finishReason: "UNEXPECTED_TOOL_CALL" })).finish).toBe("tool-calls");
    expect(answerOf(chunk(call, { finishReason: "MAX_TOKENS" })).finish).toBe("length");
  });

  test("an error word without content is a failure, in stream and document", () => {
    const failed = chunk([], { finishReason: "MALFORMED_FUNCTION_CALL", finishMessage: "bad call" });
    const { failure } = decodeStream(gemini, [event(failed)]);
    expect(failure?.code).toBe("upstream-failed");
    expect(failure?.message).toContain("bad call");
    expect(() => gemini.decodeResponse(failed)).toThrow("MALFORMED_FUNCTION_CALL");
  });

  test("T97: a refused prompt and a withheld answer are no normal end", () => {
    const blocked = {
      promptFeedback: { blockReason: "PROHIBITED_CONTENT", blockReasonMessage: "No" },
      responseId: "r1",
    };
    const refusal = { category: "PROHIBITED_CONTENT", explanation: "No" };
    expect(answerOf(blocked)).toMatchObject({ finish: "content-filter", blocks: [], refusal });
    expect(gemini.decodeResponse(blocked).value).toMatchObject({ finish: "content-filter", blocks: [], refusal });
    const safety = answerOf(chunk([], { finishReason: "SAFETY", finishMessage: "Hidden" }));
    expect(safety).toMatchObject({ finish: "content-filter", refusal: { category: "SAFETY", explanation: "Hidden" } });
  });

  test("T103: a stream cut before its end is a failure, also in the middle of a call", () => {
    for (const parts of [[{ text: "x" }], [{ functionCall: { name: "f", willContinue: true } }]]) {
      const { events, failure } = decodeStream(gemini, [event(chunk(parts))]);
      expect(failure?.code).toBe("upstream-unavailable");
      expect(events.some((one) => one.type === "finish")).toBe(false);
      if ("functionCall" in (parts[0] ?? {})) expect(events.some((one) => one.type === "block-stop")).toBe(false);
    }
    expect(decodeStream(gemini, []).failure?.code).toBe("upstream-unavailable");
  });

  test("T109: an error inside the stream is reported, truncated JSON too", () => {
    const error = { error: { code: 503, message: "Overloaded", status: "UNAVAILABLE" } };
    expect(decodeStream(gemini, [event(chunk([{ text: "x" }])), event(error)]).failure?.code).toBe(
      "upstream-overloaded",
    );
    expect(decodeStream(gemini, [{ type: "", data: '{"candidates":[{' }]).failure?.code).toBe("upstream-malformed");
  });

  test("T105: CRLF, and characters cut between two reads, as the public endpoint sends them", () => {
    const text = `data: ${JSON.stringify(chunk([{ text: "Grüße 🎉" }], stop))}\r\n\r\n`;
    const bytes = new TextEncoder().encode(text);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const sse = createSseDecoder();
      const events = [...sse.decode(bytes.subarray(0, cut)), ...sse.decode(bytes.subarray(cut)), ...sse.end()];
      expect(fold(decodeStream(gemini, events).events).blocks).toMatchObject([{ text: "Grüße 🎉" }]);
    }
  });

  test("T118: thoughts are output, cached tokens are part of the prompt, tool tokens are input", () => {
    const usageMetadata: JsonObject = {
      promptTokenCount: 100,
      cachedContentTokenCount: 40,
      toolUsePromptTokenCount: 5,
      candidatesTokenCount: 7,
      thoughtsTokenCount: 20,
      totalTokenCount: 132,
    };
    // T99: the last snapshot with numbers counts.
    const snapshots = [{ promptTokenCount: 100, totalTokenCount: 100 }, usageMetadata, { trafficType: "ON_DEMAND" }];
    const answer = answerOf(
      ...snapshots.map((usage, index) => chunk([{ text: "x" }], index === 2 ? stop : {}, { usageMetadata: usage })),
    );
    expect(answer.usage).toEqual({ inputFresh: 65, cacheRead: 40, output: 27, reasoning: 20, raw: usageMetadata });
    expect(openaiChat.encodeResponse(answer, contextFor("m")).value["usage"]).toMatchObject({
      prompt_tokens: 105,
      completion_tokens: 27,
      total_tokens: 132,
      prompt_tokens_details: { cached_tokens: 40 },
      completion_tokens_details: { reasoning_tokens: 20 },
    });
  });

  test("an answer without anything visible is legal", () => {
    expect(wholeOf([], { finishReason: "MAX_TOKENS" })).toMatchObject({ blocks: [], finish: "length" });
    const document = { candidates: [{ content: { role: "model" }, finishReason: "MAX_TOKENS", index: 0 }] };
    expect(gemini.decodeResponse(document).value).toMatchObject({ blocks: [], finish: "length" });
  });

  test("what only Google knows goes through whole, internal endpoints' wrapping is taken off", () => {
    const code: JsonObject = { executableCode: { language: "PYTHON", code: "1" }, thoughtSignature: "c2ln" };
    const answer = answerOf({
      response: chunk([code, { inlineData: { mimeType: "image/png", data: "QQ==" } }], stop),
      traceId: "t",
    });
    expect(answer.blocks.map((block) => block.type)).toEqual(["opaque", "opaque"]);
    expect(answer.blocks).toEqual(wholeOf([code, { inlineData: { mimeType: "image/png", data: "QQ==" } }]).blocks);
  });

  test("citations count UTF-16 units, in stream and document", () => {
    const text = "Grüße 🎉 aus Köln.";
    const part = "🎉 aus";
    const startIndex = new TextEncoder().encode("Grüße ").length;
    const endIndex = startIndex + new TextEncoder().encode(part).length;
    const groundingMetadata: JsonObject = {
      groundingChunks: [{ web: { uri: "https://a.example", title: "A" } }, { web: { uri: "https://b.example" } }],
      groundingSupports: [{ segment: { startIndex, endIndex, text: part }, groundingChunkIndices: [0, 1] }],
    };
    const answer = answerOf(
      chunk([{ text: text.slice(0, 4) }]),
      chunk([{ text: text.slice(4) }], { ...stop, groundingMetadata }),
    );
    const [block] = answer.blocks;
    const citations = block?.type === "text" ? (block.citations ?? []) : [];
    expect(citations).toMatchObject([{ url: "https://a.example", title: "A" }, { url: "https://b.example" }]);
    expect(text.slice(citations[0]?.start, citations[0]?.end)).toBe(part);
    expect(wholeOf([{ text }], { ...stop, groundingMetadata }).blocks).toMatchObject([{ citations }]);
    // Without the quoted text the bytes alone tell.
    const bare: JsonObject = {
      ...groundingMetadata,
      groundingSupports: [{ segment: { startIndex, endIndex }, groundingChunkIndices: [0, 1] }],
    };
    expect(wholeOf([{ text }], { ...stop, groundingMetadata: bare }).blocks).toMatchObject([{ citations }]);
    // And back to bytes for a client of Gemini.
    const again = gemini.encodeResponse(answer, contextFor("m")).value;
    expect(JSON.stringify(again)).toContain(JSON.stringify({ startIndex, endIndex }));
  });
});
