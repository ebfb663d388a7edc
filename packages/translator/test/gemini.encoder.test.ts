import { type JsonObject, RouterError, type WireEvent } from "@turnout/core";
import { fold, gemini, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { carried } from "../src/gemini/carrier.ts";
import { unwrapPayload } from "../src/payload-envelope.ts";
import { chunk, stop, event, write, partsOf, start, finish, reasoning, toolCall } from "./gemini-streams.ts";
import { contextFor, decodeStream } from "./laws.ts";

// Answers written for clients of Gemini; the reported bugs of translation.md section 7 by number.

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
