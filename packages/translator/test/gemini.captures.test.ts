import { isJsonObject, type JsonObject, type JsonValue, RouterError, type TranslationReport } from "@turnout/core";
import { anthropicMessages, type Codec, gemini, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { hasCorpus, loadCapturedRequests } from "./corpus.ts";
import { normaliseGeminiRequest } from "./gemini-normalisations.ts";

// What real client programs sent to and from Gemini loses nothing in silence: every field of the source appears in the
// target, is named in the report, or makes the request refused by name.

/** Under which names of the target a field of the source goes on; `config.` stands for `generationConfig.`. */
type Renames = Readonly<Record<string, readonly string[]>>;

const fromGemini: Renames = {
  tools: ["tools", "web_search_options"],
  contents: ["messages", "input"],
  systemInstruction: ["messages", "input", "instructions", "system"],
  toolConfig: ["tool_choice"],
  "config.thinkingConfig": ["reasoning_effort", "reasoning", "thinking", "output_config"],
  "config.topP": ["top_p"],
  "config.topK": ["top_k"],
  "config.temperature": ["temperature"],
  "config.maxOutputTokens": ["max_tokens", "max_completion_tokens", "max_output_tokens"],
  "config.responseMimeType": ["response_format", "text", "output_config", "tools"],
  "config.responseSchema": ["response_format", "text", "output_config", "tools"],
  "config.responseJsonSchema": ["response_format", "text", "output_config", "tools"],
};

const toGemini: Renames = {
  messages: ["contents"],
  input: ["contents"],
  instructions: ["systemInstruction"],
  system: ["systemInstruction"],
  tool_choice: ["toolConfig"],
  functions: ["tools"],
  function_call: ["toolConfig"],
  service_tier: ["serviceTier"],
  max_tokens: ["generationConfig"],
  max_completion_tokens: ["generationConfig"],
  max_output_tokens: ["generationConfig"],
  temperature: ["generationConfig"],
  top_p: ["generationConfig"],
  top_k: ["generationConfig"],
  seed: ["generationConfig"],
  stop: ["generationConfig"],
  n: ["generationConfig"],
  reasoning: ["generationConfig"],
  reasoning_effort: ["generationConfig"],
  thinking: ["generationConfig"],
  output_config: ["generationConfig"],
  response_format: ["generationConfig"],
  text: ["generationConfig"],
};

/** Fields whose meaning the target has by itself, each with the reason. */
const needless = new Set([
  // In the address.
  "model",
  "stream",
  // Gemini always tells its usage, stores nothing, and returns reasoning payloads by itself.
  "stream_options",
  "store",
  "include",
  // The envelope of a WebSocket message.
  "type",
  // Every answer is text.
  "config.responseModalities",
]);

function isNothing(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

const unspecified = "THINKING_LEVEL_UNSPECIFIED";

/** `{"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}` and budget -1 ask for what an absent one is. */
function isDefault(field: string, value: JsonValue | undefined): boolean {
  // A wish to see thoughts, without one for how many: Chat has no switch for that, vendors show them by themselves.
  if (field === "config.thinkingConfig") {
    return (
      isJsonObject(value) &&
      (value["thinkingLevel"] ?? unspecified) === unspecified &&
      (value["thinkingBudget"] ?? -1) === -1
    );
  }
  if (field === "parallel_tool_calls") return value === true;
  if (field === "toolConfig")
    return JSON.stringify(value) === '{"functionCallingConfig":{"streamFunctionCallArguments":true}}';
  return false;
}

/** The fields of a request, those of `generationConfig` one by one. */
function fieldsOf(request: JsonObject): [string, JsonValue | undefined][] {
  const { generationConfig, ...rest } = request;
  const config = isJsonObject(generationConfig) ? Object.entries(generationConfig) : [];
  return [
    ...Object.entries(rest),
    ...config.map(([key, value]): [string, JsonValue | undefined] => [`config.${key}`, value]),
  ];
}

function lostInSilence(source: JsonObject, target: JsonObject, report: TranslationReport, renames: Renames): string[] {
  const named = [...report.dropped, ...report.approximated].map((loss) => loss.path);
  return fieldsOf(source).flatMap(([field, value]) => {
    if (isNothing(value) || needless.has(field) || isDefault(field, value)) return [];
    if ((renames[field] ?? [field]).some((name) => target[name] !== undefined)) return [];
    const bare = field.replace(/^config\./u, "");
    const words = [bare, ...(reportNames[field] ?? [])];
    const isNamed = named.some((path) => words.some((word) => path.includes(word)));
    return isNamed ? [] : [field];
  });
}

/** Under which words a report speaks of a field, where it is not the field's own. */
const reportNames: Readonly<Record<string, readonly string[]>> = {
  "config.topK": ["top_k"],
  "config.topP": ["top_p"],
  "config.thinkingConfig": ["reasoning"],
  toolConfig: ["tool_choice"],
  metadata: ["safety_identifier"],
};

/** What is wrong with the way of a request into the other format; nothing, when it is carried, reported or refused. */
function faults(from: Codec, to: Codec, body: JsonObject, renames: Renames): string[] {
  try {
    const { value, report } = to.encodeRequest(from.decodeRequest(body).value, { model: "a-model" });
    return lostInSilence(body, value, report, renames);
  } catch (error) {
    if (!RouterError.is(error) || error.code !== "request-invalid") throw error;
    return error.details.path === undefined ? ["a refusal without a path"] : [];
  }
}

const google = loadCapturedRequests((_body, path) => /\/models\/[^/]+:(?:g|streamG)enerateContent/u.test(path));
const counts = loadCapturedRequests((_body, path) => path.includes(":countTokens"));
const others = [
  { codec: openaiChat, requests: loadCapturedRequests((_body, path) => path.includes("/chat/completions")) },
  {
    codec: openaiResponses,
    requests: loadCapturedRequests(
      (body, path) => /\/responses(?:\?|$)/u.test(path) || body["type"] === "response.create",
    ),
  },
  { codec: anthropicMessages, requests: loadCapturedRequests((_body, path) => /\/messages(?:\?|$)/u.test(path)) },
];

describe.skipIf(!hasCorpus)("captured Gemini requests", () => {
  test("there are some, of several clients, and bodies of countTokens", () => {
    expect(new Set(google.map(({ name }) => name.split("/")[0])).size).toBeGreaterThan(3);
    expect(counts.length).toBeGreaterThan(1);
  });
  describe.for(others)("to $codec.wire", ({ codec }) => {
    test.for(google)("$name loses nothing in silence", ({ value }) => {
      const body = { ...normaliseGeminiRequest(value), model: "a-model" };
      expect(faults(gemini, codec, body, fromGemini)).toEqual([]);
    });
  });
  test.for(counts)("$name is read for counting", ({ value }) => {
    expect(gemini.counting?.decodeRequest(value).value.turns.length).toBeGreaterThan(0);
  });
});

describe.for(others)("captured requests of $codec.wire", ({ codec, requests }) => {
  test.skipIf(!hasCorpus)("there are some", () => expect(requests.length).toBeGreaterThan(3));
  test.for(requests)("$name loses nothing in silence on the way to Gemini", ({ value }) => {
    expect(faults(codec, gemini, value, toGemini)).toEqual([]);
  });
});
