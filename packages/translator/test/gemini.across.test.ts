import { type FinishReason, type ModelResponse } from "@turnout/core";
import { anthropicMessages, fold, gemini, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { qualifiedToolName } from "../src/tool-names.ts";
import { isCarriedOrRefused, toldWords, writeStream } from "./across.ts";
import { hasCorpus, loadCapturedRequests, loadRecordings } from "./corpus.ts";
import { checkGeminiGrammar } from "./gemini-grammar.ts";
import { contextFor, decodeStream, parseStream } from "./laws.ts";

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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text === "" ? "{}" : text);
  } catch {
    return { input: text };
  }
}

/** What all three formats can say, in an order all can say it. Gemini offers no call that was cut off. */
function told(response: ModelResponse) {
  // Gemini tells a refusal by its finish.
  const { refusal: _, ...words } = toldWords(response);
  return {
    ...words,
    calls: response.blocks.flatMap((block) => {
      if (block.type !== "tool-call" || block.incomplete === true) return [];
      const { name, namespace, kind, arguments: text } = block;
      const args: unknown = kind === "custom" ? { input: text } : parsed(text);
      return [{ name: qualifiedToolName(name, namespace), args }];
    }),
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
      expect(decodeStream(gemini, writeStream(gemini, events, failure)).failure).toBeDefined();
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
    expect(isCarriedOrRefused(codec, gemini, value)).toBe(true);
  });

  test.for([...google.requests, ...captured])("$name goes there, or is refused by name (law 3, 8)", ({ value }) => {
    expect(isCarriedOrRefused(gemini, codec, { ...value, model: "a-model" })).toBe(true);
  });
});
