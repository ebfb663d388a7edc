import { isJsonObject, type JsonObject, type JsonValue, type ModelResponse } from "@turnout/core";
import { anthropicMessages } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { checkAnthropicGrammar } from "./anthropic-grammar.ts";
import { hasCorpus, loadCapturedRequests, loadRecordings } from "./corpus.ts";
import { describeLaws, plain } from "./laws.ts";

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
