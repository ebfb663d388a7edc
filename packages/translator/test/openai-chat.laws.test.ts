import { isJsonObject, type JsonObject, type JsonValue, type ModelResponse, type WireEvent } from "@turnout/core";
import { openaiChat } from "@turnout/translator";
import { expect, test } from "vitest";

import { normaliseChatAnswer, normaliseChatRequest } from "./chat-normalisations.ts";
import { hasCorpus, loadCapturedRequests, loadRecordings, type Recorded } from "./corpus.ts";
import { contextFor, describeLaws, plain } from "./laws.ts";

function parse(event: WireEvent): JsonObject {
  const value: unknown = JSON.parse(event.data);
  if (!isJsonObject(value)) throw new Error(`Not an object: ${event.data}`);
  return value;
}

function firstChoice(chunk: JsonObject): JsonObject | undefined {
  const { choices } = chunk;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isJsonObject(first) ? first : undefined;
}

function deltaOf(chunk: JsonObject): JsonObject {
  const delta = firstChoice(chunk)?.["delta"];
  return isJsonObject(delta) ? delta : {};
}

/** One role, first; one finish; tool indexes dense from 0 with id and name once; usage after the finish; `[DONE]` last. */
function checkGrammar(written: readonly WireEvent[]): void {
  expect(written.every((event) => event.type === "")).toBe(true);
  expect(written.at(-1)?.data).toBe("[DONE]");
  const chunks = written.slice(0, -1).map(parse);
  for (const key of ["id", "created", "model", "object"])
    expect(new Set(chunks.map((chunk) => chunk[key])).size).toBe(1);
  const roles = chunks.map((chunk) => deltaOf(chunk)["role"]);
  expect(roles.indexOf("assistant")).toBe(0);
  expect(roles.lastIndexOf("assistant")).toBe(0);
  const finishes = chunks.map((chunk) => firstChoice(chunk)?.["finish_reason"] ?? null);
  expect(finishes.filter((finish) => finish !== null)).toHaveLength(1);
  const end = finishes.findIndex((finish) => finish !== null);
  expect(chunks.slice(end + 1).every((chunk) => firstChoice(chunk) === undefined && isJsonObject(chunk["usage"]))).toBe(
    true,
  );
  expect(chunks.length - end).toBeLessThanOrEqual(2);
  const calls = chunks.flatMap((chunk) => {
    const list = deltaOf(chunk)["tool_calls"];
    return Array.isArray(list) ? list.filter(isJsonObject) : [];
  });
  const openings = calls.filter((call) => call["id"] !== undefined);
  expect(openings.map((call) => call["index"])).toEqual(openings.map((_, index) => index));
  expect(new Set(calls.map((call) => call["index"])).size).toBe(openings.length);
}

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
  checkGrammar,
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
