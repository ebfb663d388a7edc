import { isJsonObject, type JsonObject, type JsonValue, type ModelResponse } from "@turnout/core";
import { openaiChat } from "@turnout/translator";
import { expect, test } from "vitest";

import { checkChatGrammar, firstChoice } from "./chat-grammar.ts";
import { normaliseChatAnswer, normaliseChatRequest } from "./chat-normalisations.ts";
import { hasCorpus, loadCapturedRequests, loadRecordings, type Recorded } from "./corpus.ts";
import { contextFor, describeLaws, plain } from "./laws.ts";

function mapped(recorded: readonly Recorded<JsonObject>[], map: (value: JsonObject) => JsonObject) {
  return recorded.map(({ name, value }) => ({ name, value: map(value) }));
}

/** What a stream does not tell: fields of the document outside the answer, and the vendor's own word for its end. */
function comparable({ extras: _extras, finishRaw: _raw, ...response }: ModelResponse): JsonValue {
  return plain({ ...response, blocks: response.blocks.map(({ extras: _blockExtras, ...block }) => block) });
}

/** Some upstreams leave ids empty; clients need them, so they are made up (see the test below). */
function hasIds(answer: JsonObject): boolean {
  const message = firstChoice(answer)?.["message"];
  const calls = isJsonObject(message) ? message["tool_calls"] : undefined;
  const ids = Array.isArray(calls) ? calls.filter(isJsonObject).map((call) => call["id"]) : [];
  return ![answer["id"], ...ids].includes("");
}

const recordings = loadRecordings(["openai-chat", "openai-chat-compatible"]);

describeLaws("openai-chat", {
  codec: openaiChat,
  recordings: {
    ...recordings,
    requests: mapped(recordings.requests, normaliseChatRequest),
    answers: mapped(recordings.answers, normaliseChatAnswer).filter(({ value }) => hasIds(value)),
  },
  requests: mapped(
    loadCapturedRequests((_body, path) => path.includes("/chat/completions")),
    normaliseChatRequest,
  ),
  checkGrammar: checkChatGrammar,
  comparable,
});

const withoutIds = mapped(recordings.answers, normaliseChatAnswer).filter(({ value }) => !hasIds(value));

test.skipIf(!hasCorpus)("answers without ids come back with ids and otherwise as they were (T50)", () => {
  expect(withoutIds.length).toBeGreaterThan(0);
  for (const { value } of withoutIds) {
    const decoded = openaiChat.decodeResponse(value).value;
    const encoded = openaiChat.encodeResponse(decoded, contextFor(decoded.model)).value;
    expect(hasIds(encoded)).toBe(true);
    const text = JSON.stringify(encoded);
    const strip = (json: string): unknown =>
      JSON.parse(json.replaceAll(/"id":"(?:|call_[^"]*|chatcmpl-[^"]*)"/gu, '"id":"x"'));
    expect(strip(text)).toEqual(strip(JSON.stringify(value)));
  }
});
