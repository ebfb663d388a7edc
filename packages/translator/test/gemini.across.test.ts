import {
  type FinishReason,
  type JsonObject,
  type ModelResponse,
  RouterError,
  type StreamEvent,
  type WireEvent,
} from "@turnout/core";
import {
  anthropicMessages,
  type Codec,
  createSseDecoder,
  fold,
  gemini,
  openaiChat,
  openaiResponses,
} from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { qualifiedToolName } from "../src/tool-names.ts";
import { hasCorpus, loadCapturedRequests, loadRecordings } from "./corpus.ts";
import { checkGeminiGrammar } from "./gemini-grammar.ts";
import { contextFor, decodeStream } from "./laws.ts";

// Recorded answers and requests of Gemini told in the three other formats, and theirs in Gemini: laws 3, 5 and 8.

const google = loadRecordings(["gemini"]);
const others = [
  { codec: openaiChat, recordings: loadRecordings(["openai-chat", "openai-chat-compatible"]), list: "choices" },
  {
    codec: openaiResponses,
    recordings: loadRecordings(["openai-responses", "openai-responses-compatible"]),
    list: "output",
  },
  { codec: anthropicMessages, recordings: loadRecordings(["anthropic-messages"]), list: "content" },
] as const;

function parseStream(text: string): WireEvent[] {
  const decoder = createSseDecoder();
  return [...decoder.decode(text), ...decoder.end()];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text === "" ? "{}" : text);
  } catch {
    return { input: text };
  }
}

/** What all three formats can say, in an order all can say it. Gemini offers no call that was cut off. */
function told(response: ModelResponse) {
  const { blocks, usage } = response;
  return {
    text: blocks.map((block) => (block.type === "text" ? block.text : "")).join(""),
    thoughts: blocks
      .map((block) => (block.type === "reasoning" ? block.parts.map((part) => part.text).join("\n\n") : ""))
      .filter((text) => text !== "")
      .join("\n\n"),
    calls: blocks.flatMap((block) => {
      if (block.type !== "tool-call" || block.incomplete === true) return [];
      const { name, namespace, kind, arguments: text } = block;
      const args: unknown = kind === "custom" ? { input: text } : parsed(text);
      return [{ name: qualifiedToolName(name, namespace), args }];
    }),
    counts: { output: usage?.output ?? 0, reasoning: usage?.reasoning ?? 0, cacheRead: usage?.cacheRead ?? 0 },
  };
}

/** Words that more than one of ours share in Gemini or in the other format. */
function coarse(finish: FinishReason): string {
  switch (finish) {
    case "refusal":
    case "content-filter":
      return "withheld";
    case "stop":
    case "stop-sequence":
    case "other":
    case "pause":
      return "ended";
    default:
      return finish;
  }
}

/** Only calls that were not offered can change how the end is called. */
function sameEnd(again: ModelResponse, before: ModelResponse): void {
  const hasCut = before.blocks.some((block) => block.type === "tool-call" && block.incomplete === true);
  const hasRefusal = before.blocks.some((block) => block.type === "refusal");
  if (!hasCut && !hasRefusal) expect(coarse(again.finish)).toBe(coarse(before.finish));
}

function writeStream(codec: Codec, events: readonly StreamEvent[]): WireEvent[] {
  const encoder = codec.createEventEncoder(contextFor("client-model"));
  const written: WireEvent[] = [];
  for (const event of events) encoder.encode(event, written);
  if (codec.endOfStream !== undefined) written.push(codec.endOfStream);
  return written;
}

/** Law 3 for requests; what would change the meaning is refused with the path of what it is about. */
function isRequestOrRefused(from: Codec, to: Codec, body: JsonObject): boolean {
  const request = from.decodeRequest(body).value;
  let written;
  try {
    written = to.encodeRequest(request, { model: "a-model" }).value;
  } catch (error) {
    return RouterError.is(error) && error.code === "request-invalid" && error.details.path !== undefined;
  }
  const again = to.decodeRequest(to.requestPlace === "address" ? { ...written, model: "a-model" } : written).value;
  checkPairs(again.turns);
  return again.turns.length > 0;
}

/** Law 8: every result finds its call. */
function checkPairs(turns: ReturnType<Codec["decodeRequest"]>["value"]["turns"]): void {
  const calls = new Set<string>();
  for (const { blocks } of turns) {
    for (const block of blocks) {
      if (block.type === "tool-call") calls.add(block.callId);
      if (block.type === "tool-result") expect(calls.has(block.callId), `result of ${block.callId}`).toBe(true);
    }
  }
}

const captured = loadCapturedRequests((_body, path) => /\/models\/[^/]+:(?:g|streamG)enerateContent/u.test(path));

describe.for(others)("Gemini and $codec.wire", ({ codec, recordings, list }) => {
  test.skipIf(!hasCorpus)("there are recordings to tell", () => expect(google.streams.length).toBeGreaterThan(3));
  test.for(google.streams)("$name: a Gemini stream keeps its meaning there (law 5)", ({ value }) => {
    const { events, failure } = decodeStream(gemini, parseStream(value));
    if (failure !== undefined) {
      expect(failure.message).not.toBe("");
      return;
    }
    const before = fold(events);
    const again = decodeStream(codec, writeStream(codec, events));
    expect(again.failure).toBeUndefined();
    expect(told(fold(again.events))).toEqual(told(before));
    sameEnd(fold(again.events), before);
  });

  test.for(google.answers)("$name: a Gemini answer keeps its meaning there (law 3)", ({ value }) => {
    const before = gemini.decodeResponse(value).value;
    const again = codec.decodeResponse(codec.encodeResponse(before, contextFor("client-model")).value).value;
    expect(told(again)).toEqual(told(before));
    sameEnd(again, before);
  });

  test.for(recordings.streams)("$name: the stream keeps Gemini's grammar and its meaning (law 5)", ({ value }) => {
    const { events, failure } = decodeStream(codec, parseStream(value));
    if (failure !== undefined) {
      const encoder = gemini.createEventEncoder(contextFor("client-model"));
      const written: WireEvent[] = [];
      for (const event of events) encoder.encode(event, written);
      written.push(...encoder.fail(failure, "request-1"));
      expect(decodeStream(gemini, written).failure).toBeDefined();
      return;
    }
    const written = writeStream(gemini, events);
    checkGeminiGrammar(written);
    const again = decodeStream(gemini, written);
    expect(again.failure).toBeUndefined();
    expect(told(fold(again.events))).toEqual(told(fold(events)));
    sameEnd(fold(again.events), fold(events));
  });

  const whole = recordings.answers.filter(({ value }) => Array.isArray(value[list]));
  test.for(whole)("$name: the answer keeps its meaning in Gemini (law 3)", ({ value }) => {
    const before = codec.decodeResponse(value).value;
    const again = gemini.decodeResponse(gemini.encodeResponse(before, contextFor("client-model")).value).value;
    expect(told(again)).toEqual(told(before));
    sameEnd(again, before);
  });

  test.for(recordings.requests)("$name goes to Gemini, or is refused by name (law 3, 8)", ({ value }) => {
    expect(isRequestOrRefused(codec, gemini, value)).toBe(true);
  });

  test.for([...google.requests, ...captured])("$name goes there, or is refused by name (law 3, 8)", ({ value }) => {
    expect(isRequestOrRefused(gemini, codec, { ...value, model: "a-model" })).toBe(true);
  });
});
