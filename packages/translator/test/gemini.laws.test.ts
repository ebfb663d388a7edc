import type { JsonObject, JsonValue, ModelResponse } from "@turnout/core";
import { gemini } from "@turnout/translator";

import { loadCapturedRequests, loadRecordings, type Recorded } from "./corpus.ts";
import { checkGeminiGrammar } from "./gemini-grammar.ts";
import { normaliseGeminiRequest } from "./gemini-normalisations.ts";
import { describeLaws, plain } from "./laws.ts";

function mapped(recorded: readonly Recorded<JsonObject>[], map: (value: JsonObject) => JsonObject) {
  return recorded.map(({ name, value }) => ({ name, value: map(value) }));
}

/** What a stream does not tell: fields of the document outside the answer, and notes on how its parts were written. */
function comparable({ extras: _extras, ...response }: ModelResponse): JsonValue {
  const blocks = response.blocks.map(({ extras: _blockExtras, ...block }) => block);
  return plain({ ...response, blocks });
}

const recordings = loadRecordings(["gemini"]);

describeLaws("gemini", {
  codec: gemini,
  recordings: { ...recordings, requests: mapped(recordings.requests, normaliseGeminiRequest) },
  requests: mapped(
    loadCapturedRequests((_body, path) => /\/models\/[^/]+:(?:g|streamG)enerateContent/u.test(path)),
    normaliseGeminiRequest,
  ),
  checkGrammar: checkGeminiGrammar,
  comparable,
});
