import { type FinishReason, type JsonObject, type ModelResponse } from "@turnout/core";
import { anthropicMessages, type Codec, fold, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { qualifiedToolName } from "../src/tool-names.ts";
import { checkAnthropicGrammar } from "./anthropic-grammar.ts";
import { checkChatGrammar } from "./chat-grammar.ts";
import { isCarriedOrRefused, toldWords, writeStream } from "./across.ts";
import { hasCorpus, loadCapturedRequests, loadRecordings, type Recorded } from "./corpus.ts";
import { contextFor, decodeStream, parseStream } from "./laws.ts";

// Recorded answers and requests of one format, told in the other: laws 3, 5 and 8 of translation.md section 8.

const chat = loadRecordings(["openai-chat", "openai-chat-compatible"]);
const responses = loadRecordings(["openai-responses", "openai-responses-compatible", "codex-responses"]);
const anthropic = loadRecordings(["anthropic-messages"]);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text === "" ? "{}" : text);
  } catch {
    return text;
  }
}

interface ToldOptions {
  /** Half a call is not offered in a whole Anthropic answer (T96). */
  readonly wholeCallsOnly?: boolean;
}

/** What the formats can all say, in an order all can say it. */
function told(response: ModelResponse, options: ToldOptions = {}) {
  const words = toldWords(response);
  return {
    ...words,
    calls: response.blocks.flatMap((block) => {
      if (block.type !== "tool-call" || (options.wholeCallsOnly === true && block.incomplete === true)) return [];
      const { name, namespace, kind, arguments: text, incomplete } = block;
      // Anthropic has no free-text tools: the text is the one argument of a function.
      const input = kind === "custom" ? { input: text } : parsed(text);
      return [{ name: qualifiedToolName(name, namespace), input, incomplete }];
    }),
  };
}

/** Anthropic refuses where others filter, and stops where others have no word for it. */
function finishInAnthropic(finish: FinishReason, hasRefusal: boolean): FinishReason {
  if (finish === "content-filter" || hasRefusal) return "refusal";
  return finish === "other" ? "stop" : finish;
}

function retell(codec: Codec, value: string, from: Codec) {
  const decoded = decodeStream(from, parseStream(value));
  return { ...decoded, written: writeStream(codec, decoded.events, decoded.failure) };
}

/** A sentence is made up where Anthropic explains nothing, and an empty refusal says nothing elsewhere. */
function withoutMadeUp(refusal: string): string {
  return refusal === "The model refused to answer." ? "" : refusal;
}

function describeStreamsToAnthropic(name: string, from: Codec, streams: readonly Recorded<string>[]): void {
  describe.skipIf(!hasCorpus)(`${name} told in Messages`, () => {
    test.for(streams)("$name: the stream keeps the grammar and the meaning (law 5)", ({ value }) => {
      const { events, failure, written } = retell(anthropicMessages, value, from);
      if (failure !== undefined) {
        expect(written.at(-1)?.type).toBe("error");
        expect(decodeStream(anthropicMessages, written).failure).toBeDefined();
        return;
      }
      checkAnthropicGrammar(written);
      const again = decodeStream(anthropicMessages, written);
      expect(again.failure).toBeUndefined();
      const [before, after] = [fold(events), fold(again.events)];
      const said = told(after);
      const expected = told(before);
      expect({ ...said, refusal: withoutMadeUp(said.refusal) }).toEqual(expected);
      expect(after.finish).toBe(finishInAnthropic(before.finish, expected.refusal !== ""));
    });
  });
}

function describeAnswersToAnthropic(name: string, from: Codec, answers: readonly Recorded<JsonObject>[]): void {
  describe.skipIf(!hasCorpus)(`${name} answers told in Messages`, () => {
    test.for(answers)("$name: the answer comes back with the same meaning (law 3)", ({ value }) => {
      const before = from.decodeResponse(value).value;
      const encoded = anthropicMessages.encodeResponse(before, contextFor("client-model")).value;
      const after = anthropicMessages.decodeResponse(encoded).value;
      const said = told(after);
      expect({ ...said, refusal: withoutMadeUp(said.refusal) }).toEqual(told(before, { wholeCallsOnly: true }));
      expect(encoded).toMatchObject({ type: "message", role: "assistant", model: "client-model" });
    });
  });
}

describeStreamsToAnthropic("Chat", openaiChat, chat.streams);
describeStreamsToAnthropic("Responses", openaiResponses, responses.streams);
describeAnswersToAnthropic("Chat", openaiChat, chat.answers);
describeAnswersToAnthropic(
  "Responses",
  openaiResponses,
  responses.answers.filter(({ value }) => Array.isArray(value["output"])),
);

describe.skipIf(!hasCorpus)("Messages told in Chat and Responses", () => {
  test.for(anthropic.streams)("$name: as a Chat stream (law 5)", ({ value }) => {
    const { events, failure, written } = retell(openaiChat, value, anthropicMessages);
    if (failure !== undefined) {
      expect(decodeStream(openaiChat, written).failure).toBeDefined();
      return;
    }
    checkChatGrammar(written);
    const again = decodeStream(openaiChat, written);
    expect(told(fold(again.events))).toEqual(told(fold(events)));
  });
  test.for(anthropic.streams)("$name: as a Responses stream (law 5)", ({ value }) => {
    const { events, failure, written } = retell(openaiResponses, value, anthropicMessages);
    if (failure !== undefined) {
      expect(decodeStream(openaiResponses, written).failure).toBeDefined();
      return;
    }
    const again = decodeStream(openaiResponses, written);
    expect(again.failure).toBeUndefined();
    expect(told(fold(again.events))).toEqual(told(fold(events)));
  });
  test.for(anthropic.answers)("$name: as Chat and Responses answers (law 3)", ({ value }) => {
    const decoded = anthropicMessages.decodeResponse(value).value;
    for (const codec of [openaiChat, openaiResponses]) {
      const encoded = codec.encodeResponse(decoded, contextFor("client-model")).value;
      expect(told(codec.decodeResponse(encoded).value)).toEqual(told(decoded));
    }
  });
});

const captured = loadCapturedRequests(
  (body, path) => /\/messages(?:\?|$)/u.test(path) && body["messages"] !== undefined,
);

describe.skipIf(!hasCorpus)("requests across", () => {
  test.for(chat.requests)("$name goes from Chat to Messages (law 3)", ({ value }) => {
    expect(isCarriedOrRefused(openaiChat, anthropicMessages, value)).toBe(true);
  });
  test.for(responses.requests)("$name goes from Responses to Messages (law 3)", ({ value }) => {
    expect(isCarriedOrRefused(openaiResponses, anthropicMessages, value)).toBe(true);
  });
  test.for([...anthropic.requests, ...captured])(
    "$name goes from Messages to Chat and Responses (law 3)",
    ({ value }) => {
      expect(isCarriedOrRefused(anthropicMessages, openaiChat, value)).toBe(true);
      expect(isCarriedOrRefused(anthropicMessages, openaiResponses, value)).toBe(true);
    },
  );
});
