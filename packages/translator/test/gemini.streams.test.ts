import { type JsonObject, type ModelResponse, RouterError, type StreamEvent, type WireEvent } from "@turnout/core";
import { type AnswerContext, createSseDecoder, fold, gemini, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { carried } from "../src/gemini/carrier.ts";
import { unwrapPayload } from "../src/payload-envelope.ts";
import { contextFor, decodeStream } from "./laws.ts";

// The reported bugs of translation.md section 7 that concern answers and streams of Gemini, by number.

type Parts = readonly JsonObject[];

function chunk(parts: Parts, candidate: JsonObject = {}, more: JsonObject = {}): JsonObject {
  const content: JsonObject = { role: "model", parts: [...parts] };
  return { candidates: [{ content, index: 0, ...candidate }], responseId: "r1", modelVersion: "gemini-3-pro", ...more };
}

const stop = { finishReason: "STOP" };
const event = (value: JsonObject): WireEvent => ({ type: "", data: JSON.stringify(value) });

/** The stream of these chunks as a whole answer. */
function answerOf(...chunks: readonly JsonObject[]): ModelResponse {
  const { events, failure } = decodeStream(gemini, chunks.map(event));
  if (failure !== undefined) throw failure;
  return fold(events);
}

/** The same as one document. */
function wholeOf(parts: Parts, candidate: JsonObject = stop): ModelResponse {
  const { extras: _extras, ...response } = gemini.decodeResponse(chunk(parts, candidate)).value;
  return response;
}

function write(events: readonly StreamEvent[], context: AnswerContext = contextFor("client-model")): JsonObject[] {
  const encoder = gemini.createEventEncoder(context);
  const out: WireEvent[] = [];
  for (const one of events) encoder.encode(one, out);
  return out.map(({ data }): JsonObject => JSON.parse(data));
}

/** The parts of written chunks. */
function partsOf(chunks: readonly JsonObject[]): JsonObject[] {
  return chunks.flatMap((one) => {
    const list = one["candidates"];
    const [candidate]: readonly unknown[] = Array.isArray(list) ? list : [];
    const { content }: { content?: { parts?: JsonObject[] } } = typeof candidate === "object" ? (candidate ?? {}) : {};
    return content?.parts ?? [];
  });
}

const start: StreamEvent = { type: "start", responseId: "resp_1", model: "m" };
const finish: StreamEvent = { type: "finish", reason: "stop" };

function reasoning(block: number, payload: string): StreamEvent[] {
  return [
    { type: "block-start", block, opening: { kind: "reasoning", itemId: `rs_${block}` } },
    { type: "reasoning-delta", block, part: 0, form: "summary", delta: "thinking" },
    { type: "block-stop", block, payload, provenance: { wire: "openai-responses" } },
  ];
}

function toolCall(block: number, text: string, stopped: Partial<StreamEvent> = {}): StreamEvent[] {
  return [
    { type: "block-start", block, opening: { kind: "tool-call", callId: "c1", name: "f", toolKind: "function" } },
    { type: "tool-call-delta", block, argumentsDelta: text.slice(0, 3) },
    { type: "tool-call-delta", block, argumentsDelta: text.slice(3) },
    { type: "block-stop", block, ...stopped } as StreamEvent,
  ];
}

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
    // And back to bytes for a client of Gemini.
    const again = gemini.encodeResponse(answer, contextFor("m")).value;
    expect(JSON.stringify(again)).toContain(JSON.stringify({ startIndex, endIndex }));
  });
});

describe("createEventEncoder()", () => {
  test("one chunk per delta, the usage and the end in the last one", () => {
    const chunks = write([
      start,
      { type: "block-start", block: 0, opening: { kind: "text" } },
      { type: "text-delta", block: 0, delta: "He" },
      { type: "text-delta", block: 0, delta: "" },
      { type: "text-delta", block: 0, delta: "llo" },
      { type: "block-stop", block: 0 },
      { type: "finish", reason: "stop", usage: { inputFresh: 3, output: 10, reasoning: 4 } },
    ]);
    expect(chunks).toEqual([
      {
        candidates: [{ content: { parts: [{ text: "He" }], role: "model" }, index: 0 }],
        modelVersion: "client-model",
        responseId: "resp_1",
      },
      {
        candidates: [{ content: { parts: [{ text: "llo" }], role: "model" }, index: 0 }],
        modelVersion: "client-model",
        responseId: "resp_1",
      },
      {
        candidates: [{ content: { parts: [{ text: "" }], role: "model" }, finishReason: "STOP", index: 0 }],
        usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 6, thoughtsTokenCount: 4, totalTokenCount: 13 },
        modelVersion: "client-model",
        responseId: "resp_1",
      },
    ]);
  });

  test("a call is written when it is whole, with its id; a cut one is not offered (T96)", () => {
    expect(partsOf(write([start, ...toolCall(0, '{"a":1}'), finish]))[0]).toEqual({
      functionCall: { id: "c1", name: "f", args: { a: 1 } },
    });
    const cut = write([start, ...toolCall(0, '{"a":', { incomplete: true }), { type: "finish", reason: "length" }]);
    expect(JSON.stringify(cut)).not.toContain("functionCall");
    expect(JSON.stringify(cut)).toContain("MAX_TOKENS");
  });

  test("T13: a foreign payload travels on the call after it, on the text after it, or on an empty thought", () => {
    const signatureOf = (part: JsonObject | undefined) => {
      const signature = part?.["thoughtSignature"];
      return typeof signature === "string" ? unwrapPayload(carried(signature)) : undefined;
    };
    const onCall = partsOf(write([start, ...reasoning(0, "gAAAA"), ...toolCall(1, "{}"), finish]));
    expect(onCall.map((part) => Object.keys(part))).toEqual([
      ["text", "thought"],
      ["functionCall", "thoughtSignature"],
      ["text"],
    ]);
    expect(signatureOf(onCall[1])).toEqual({
      provenance: { wire: "openai-responses" },
      payload: "gAAAA",
      itemId: "rs_0",
    });
    const onText = partsOf(
      write([
        start,
        ...reasoning(0, "p"),
        { type: "block-start", block: 1, opening: { kind: "text" } },
        { type: "text-delta", block: 1, delta: "x" },
        { type: "text-delta", block: 1, delta: "y" },
        { type: "block-stop", block: 1 },
        finish,
      ]),
    );
    expect(signatureOf(onText[1])?.payload).toBe("p");
    expect(onText[2]).toEqual({ text: "y" });
    const alone = partsOf(write([start, ...reasoning(0, "p"), ...reasoning(1, "q"), finish]));
    expect(alone.map((part) => signatureOf(part)?.payload)).toEqual([undefined, "p", undefined, "q", undefined]);
    // It is base64, which some of Google's clients check.
    expect(onCall[1]?.["thoughtSignature"]).toMatch(/^[A-Za-z0-9+/]+=*$/u);
  });

  test("law 9: what a client sends back holds the first answer's payload byte for byte", () => {
    const parts = partsOf(write([start, ...reasoning(0, "gAAAA=="), ...toolCall(1, '{"a":1}'), finish]));
    const history: JsonObject = {
      model: "m",
      contents: [
        { role: "user", parts: [{ text: "x" }] },
        // Gemini CLI leaves thoughts out of its history.
        { role: "model", parts: parts.filter((part) => part["thought"] !== true && part["text"] !== "") },
        { role: "user", parts: [{ functionResponse: { id: "c1", name: "f", response: { output: "r" } } }] },
      ],
    };
    const { input } = openaiResponses.encodeRequest(gemini.decodeRequest(history).value).value;
    expect(Array.isArray(input) && input.slice(1)).toMatchObject([
      { type: "reasoning", encrypted_content: "gAAAA==" },
      { type: "function_call", call_id: "c1", arguments: '{"a":1}' },
      { type: "function_call_output", call_id: "c1", output: "r" },
    ]);
  });

  test("a refusal is SAFETY with its words, without parts (3.4)", () => {
    const chunks = write([
      start,
      { type: "block-start", block: 0, opening: { kind: "refusal" } },
      { type: "refusal-delta", block: 0, delta: "I will not" },
      { type: "block-stop", block: 0 },
      { type: "finish", reason: "refusal" },
    ]);
    expect(chunks).toMatchObject([{ candidates: [{ finishReason: "SAFETY", finishMessage: "I will not" }] }]);
    const explained = write([start, { type: "finish", reason: "refusal", refusal: { explanation: "Policy" } }]);
    expect(explained).toMatchObject([{ candidates: [{ finishReason: "SAFETY", finishMessage: "Policy" }] }]);
  });

  test("T104: an answer that says nothing has an end all the same, once", () => {
    const chunks = write([start, finish, finish]);
    expect(chunks).toHaveLength(1);
    expect(chunks[0]).toMatchObject({ candidates: [{ finishReason: "STOP" }] });
  });

  test("T108: keep-alive is an empty chunk, which Gemini CLI takes where a comment would spoil the answer", () => {
    const encoder = gemini.createEventEncoder(contextFor("m"));
    expect(encoder.keepAlive()).toEqual({ type: "", data: "{}" });
    const { events } = decodeStream(gemini, [{ type: "", data: "{}" }, event(chunk([{ text: "x" }], stop))]);
    expect(fold(events).blocks).toMatchObject([{ text: "x" }]);
    expect(events.filter((one) => one.type === "start")).toHaveLength(1);
  });

  test("a failure is the last thing on the stream, in Google's words (4.6)", () => {
    const encoder = gemini.createEventEncoder(contextFor("m"));
    const error = new RouterError("rate-limited", "Too many", { retryAfterMs: 1500 });
    const [last, ...more] = encoder.fail(RouterError.from(error), "request-1");
    expect(more).toEqual([]);
    expect(JSON.parse(last?.data ?? "")).toEqual({
      error: {
        code: 429,
        message: "Too many",
        status: "RESOURCE_EXHAUSTED",
        details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1.5s" }],
      },
    });
    const out: WireEvent[] = [];
    encoder.encode(finish, out);
    expect(out).toEqual([]);
  });
});

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
