import { type Block, isJsonObject, type JsonObject, type JsonValue, type ModelResponse } from "@turnout/core";
import { anthropicMessages, createSseDecoder, fold } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { checkAnthropicGrammar } from "./anthropic-grammar.ts";
import { hasCorpus, loadCapturedRequests, loadRecordings } from "./corpus.ts";
import { decodeStream, describeLaws, plain } from "./laws.ts";

/** What a stream does not tell, or tells otherwise than the document: what is only kept for the same format. */
function comparable({ extras: _extras, ...response }: ModelResponse): JsonValue {
  return plain({
    ...response,
    blocks: response.blocks.map(({ extras: _blockExtras, ...block }) => {
      if (block.type === "opaque") return isJsonObject(block.value) ? { type: block.value["type"] } : null;
      // Half a call is told as its text in a stream and as what could be read of it in a document.
      if (block.type === "tool-call" && block.incomplete === true) return { ...block, arguments: "" };
      // A stream tells the very text the model wrote, a document its value.
      if (block.type === "tool-call") return { ...block, arguments: JSON.parse(block.arguments || "{}") };
      if (block.type !== "text") return block;
      return { ...block, citations: block.citations?.map(({ extras: _citation, ...citation }) => citation) };
    }),
  });
}

const isMessages = (path: string): boolean => /\/messages(?:\?|$)/u.test(path);
const isCount = (path: string): boolean => path.includes("/messages/count_tokens");

describeLaws("anthropic-messages", {
  codec: anthropicMessages,
  recordings: loadRecordings(["anthropic-messages"]),
  requests: loadCapturedRequests((_body, path) => isMessages(path)),
  checkGrammar: checkAnthropicGrammar,
  comparable,
});

const counts: { name: string; value: JsonObject }[] = loadCapturedRequests((_body, path) => isCount(path));

describe.skipIf(!hasCorpus)("captured requests to count tokens", () => {
  test("there are some", () => expect(counts.length).toBeGreaterThan(20));
  test.for(counts)("$name comes back as it was", ({ value }) => {
    const encoded = anthropicMessages.encodeRequest(anthropicMessages.counting!.decodeRequest(value).value);
    expect(plain(encoded.value)).toEqual(value);
    expect(encoded.report.dropped).toEqual([]);
  });
});

interface Step {
  readonly name: string;
  readonly answer: ModelResponse;
  readonly next: JsonObject;
}

/** Recordings of several steps: each answer with the request that followed it. */
function steps(): Step[] {
  const { requests, answers, streams } = loadRecordings(["anthropic-messages"]);
  const next = new Map(requests.map(({ name, value }) => [name, value]));
  const followed = (name: string): JsonObject | undefined => {
    const match = /^(.*)\.(\d+)\.response\./u.exec(name);
    return match === null ? undefined : next.get(`${match[1]}.${Number(match[2]) + 1}.request.json`);
  };
  const decoded = [
    ...answers.map(({ name, value }) => ({ name, answer: anthropicMessages.decodeResponse(value).value })),
    ...streams.flatMap(({ name, value }) => {
      const sse = createSseDecoder();
      const { events, failure } = decodeStream(anthropicMessages, [...sse.decode(value), ...sse.end()]);
      return failure === undefined ? [{ name, answer: fold(events) }] : [];
    }),
  ];
  return decoded.flatMap(({ name, answer }) => {
    const request = followed(name);
    return request === undefined ? [] : [{ name, answer, next: request }];
  });
}

describe.skipIf(!hasCorpus)("recordings of several steps", () => {
  // Some recordings begin another conversation with the next request.
  const isContinued = ({ answer, next }: Step): boolean => {
    const request = JSON.stringify(next);
    return answer.blocks.some((block) => {
      if (block.type === "tool-call") return request.includes(block.callId);
      return block.type === "text" && block.text !== "" && request.includes(JSON.stringify(block.text));
    });
  };
  const thoughtful = steps().filter(
    (step) => isContinued(step) && step.answer.blocks.some((block) => block.type === "reasoning"),
  );
  test("there are some", () => expect(thoughtful.length).toBeGreaterThan(1));
  test.for(thoughtful)("$name: the next request holds its payloads and its calls (law 8, 9)", ({ answer, next }) => {
    const blocks = anthropicMessages.decodeRequest(next).value.turns.flatMap((turn) => turn.blocks);
    const payloads = (list: readonly Block[]) =>
      list.flatMap((block) => (block.type === "reasoning" ? [block.payload] : []));
    const calls = (list: readonly Block[]) =>
      list.flatMap((block) => (block.type === "tool-call" ? [block.callId] : []));
    expect(payloads(blocks)).toEqual(expect.arrayContaining(payloads(answer.blocks)));
    expect(calls(blocks)).toEqual(expect.arrayContaining(calls(answer.blocks)));
  });
});
