import { type FinishReason, type ModelResponse } from "@turnout/core";
import { fold, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { qualifiedToolName } from "../src/tool-names.ts";
import { checkChatGrammar } from "./chat-grammar.ts";
import { isCarriedOrRefused, toldWords, writeStream } from "./across.ts";
import { hasCorpus, loadRecordings } from "./corpus.ts";
import { contextFor, decodeStream, parseStream } from "./laws.ts";

// Recorded answers and requests of one format, told in the other: laws 3 and 5 of translation.md section 8.

const chat = loadRecordings(["openai-chat", "openai-chat-compatible"]);
const responses = loadRecordings(["openai-responses", "openai-responses-compatible", "codex-responses"]);

/** What both formats can say, in an order both can say it: Chat has one text, and puts it before the calls. */
function told(response: ModelResponse) {
  const words = toldWords(response);
  return {
    ...words,
    calls: response.blocks.flatMap((block) => {
      if (block.type !== "tool-call") return [];
      const { name, namespace, kind, arguments: text, incomplete } = block;
      // Chat has no namespaces: the qualified name stands for both.
      return [{ name: qualifiedToolName(name, namespace), kind, text: text === "" ? "{}" : text, incomplete }];
    }),
  };
}

/** Chat says `content_filter` where Responses only refuses with a text, and `stop` for what it has no word for. */
function finishInChat(finish: FinishReason): FinishReason {
  if (finish === "refusal") return "content-filter";
  return finish === "other" ? "stop" : finish;
}

describe.skipIf(!hasCorpus)("Responses told in Chat", () => {
  const whole = responses.answers.filter(({ value }) => Array.isArray(value["output"]));

  test.for(responses.streams)("$name: the stream keeps the grammar of Chat and the meaning (law 5)", ({ value }) => {
    const { events, failure } = decodeStream(openaiResponses, parseStream(value));
    if (failure !== undefined) {
      const written = writeStream(openaiChat, events, failure);
      // One chunk, in the place of `[DONE]`.
      expect(written).toHaveLength(writeStream(openaiChat, events).length);
      expect(decodeStream(openaiChat, written).failure).toBeDefined();
      return;
    }
    const written = writeStream(openaiChat, events);
    checkChatGrammar(written);
    const again = decodeStream(openaiChat, written);
    expect(again.failure).toBeUndefined();
    expect(told(fold(again.events))).toEqual(told(fold(events)));
    expect(fold(again.events).finish).toBe(finishInChat(fold(events).finish));
  });

  test.for(whole)("$name: the answer comes back with the same meaning (law 3)", ({ value }) => {
    const decoded = openaiResponses.decodeResponse(value).value;
    const encoded = openaiChat.encodeResponse(decoded, contextFor("client-model")).value;
    const again = openaiChat.decodeResponse(encoded).value;
    expect(told(again)).toEqual(told(decoded));
    expect(again.finish).toBe(finishInChat(decoded.finish));
  });
});

describe.skipIf(!hasCorpus)("Chat told in Responses", () => {
  test.for(chat.streams)("$name: the stream comes back with the same meaning (law 5)", ({ value }) => {
    const { events, failure } = decodeStream(openaiChat, parseStream(value));
    if (failure !== undefined) {
      expect(failure.message).not.toBe("");
      return;
    }
    const again = decodeStream(openaiResponses, writeStream(openaiResponses, events));
    expect(again.failure).toBeUndefined();
    expect(told(fold(again.events))).toEqual(told(fold(events)));
    expect(fold(again.events).finish).toBe(fold(events).finish);
  });

  test.for(chat.answers)("$name: the answer comes back with the same meaning (law 3)", ({ value }) => {
    const decoded = openaiChat.decodeResponse(value).value;
    const encoded = openaiResponses.encodeResponse(decoded, contextFor("client-model")).value;
    const again = openaiResponses.decodeResponse(encoded).value;
    expect(told(again)).toEqual(told(decoded));
    expect(again.finish).toBe(decoded.finish);
  });
});

describe.skipIf(!hasCorpus)("recorded requests across", () => {
  test.for(chat.requests)("$name goes to Responses, or is refused by name (law 3)", ({ value }) => {
    expect(isCarriedOrRefused(openaiChat, openaiResponses, value)).toBe(true);
  });
  test.for(responses.requests)("$name goes to Chat, or is refused by name (law 3)", ({ value }) => {
    expect(isCarriedOrRefused(openaiResponses, openaiChat, value)).toBe(true);
  });
});
