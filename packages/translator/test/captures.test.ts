import {
  type AnyRouterError,
  type JsonObject,
  type JsonValue,
  RouterError,
  type TranslationReport,
} from "@turnout/core";
import { type Codec, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { normaliseChatRequest } from "./chat-normalisations.ts";
import { hasCorpus, loadCapturedRequests, type Recorded } from "./corpus.ts";
import { plain } from "./laws.ts";

// What real client programs sent must survive decoding and encoding in their own format, and lose nothing in silence on
// the way to the other one.

/** Under which names of the target a field of the source goes on. A field of the same name needs no entry. */
type Renames = Readonly<Record<string, readonly string[]>>;

const chatToResponses: Renames = {
  messages: ["input", "instructions"],
  max_tokens: ["max_output_tokens"],
  max_completion_tokens: ["max_output_tokens"],
  reasoning_effort: ["reasoning"],
  response_format: ["text"],
  verbosity: ["text"],
  web_search_options: ["tools"],
};

const responsesToChat: Renames = {
  input: ["messages"],
  instructions: ["messages"],
  max_output_tokens: ["max_completion_tokens"],
  reasoning: ["reasoning_effort"],
  text: ["response_format", "verbosity"],
};

/** Fields whose meaning the other format has by itself. */
const needless: ReadonlySet<string> = new Set([
  // Says whether the client wants to see usage; Responses always tells it, and the hub remembers the wish.
  "stream_options",
  // The envelope of a WebSocket message, which HTTP does not have.
  "type",
]);

function isNothing(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** What `stream: false` and an absent `stream` say alike. */
function isDefault(field: string, value: JsonValue | undefined): boolean {
  return (field === "stream" && value === false) || (field === "n" && value === 1);
}

/** The fields of the source that neither appear in the target nor are named in the report. */
function lostInSilence(source: JsonObject, target: JsonObject, report: TranslationReport, renames: Renames): string[] {
  const named = [...report.dropped, ...report.approximated].map((loss) => loss.path);
  return Object.keys(source).filter((field) => {
    const value = source[field];
    if (isNothing(value) || isDefault(field, value) || needless.has(field)) return false;
    if ((renames[field] ?? [field]).some((name) => target[name] !== undefined)) return false;
    return !named.some((path) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`));
  });
}

/** The request in the other format, or the refusal; a refusal names what it is about. */
function translate(from: Codec, to: Codec, body: JsonObject) {
  const decoded = from.decodeRequest(body).value;
  try {
    return to.encodeRequest(decoded);
  } catch (error) {
    if (!RouterError.is(error)) throw error;
    return error;
  }
}

/** What is wrong with the way of a request into the other format; nothing, when it is carried, reported or refused. */
function faultsOnTheWay(from: Codec, to: Codec, body: JsonObject, renames: Renames): string[] {
  const result: AnyRouterError | { value: JsonObject; report: TranslationReport } = translate(from, to, body);
  if (result instanceof Error) {
    const isNamed = result.code === "request-invalid" && result.details.path !== undefined;
    return isNamed ? [] : [`refused without a path: ${result.message}`];
  }
  // What was written must be a request of that format.
  to.decodeRequest(result.value);
  return lostInSilence(body, result.value, result.report, renames);
}

const chat: Recorded<JsonObject>[] = loadCapturedRequests((_body, path) => path.includes("/chat/completions"));
const responses: Recorded<JsonObject>[] = loadCapturedRequests(
  (body, path) => /\/responses(?:\?|$)/u.test(path) || body["type"] === "response.create",
);

describe.skipIf(!hasCorpus)("captured Chat requests", () => {
  test("there are some", () => expect(chat.length).toBeGreaterThan(20));
  test.for(chat)("$name comes back as it was", ({ value }) => {
    const encoded = openaiChat.encodeRequest(openaiChat.decodeRequest(value).value);
    expect(plain(encoded.value)).toEqual(normaliseChatRequest(value));
    expect(encoded.report.dropped).toEqual([]);
  });
  test.for(chat)("$name loses nothing in silence on the way to Responses", ({ value }) => {
    expect(faultsOnTheWay(openaiChat, openaiResponses, value, chatToResponses)).toEqual([]);
  });
});

describe.skipIf(!hasCorpus)("captured Responses requests", () => {
  test("there are some, over HTTP and over WebSocket", () => {
    expect(responses.length).toBeGreaterThan(50);
    expect(responses.some(({ value }) => value["type"] === "response.create")).toBe(true);
    expect(responses.some(({ value }) => value["type"] === undefined)).toBe(true);
  });
  test.for(responses)("$name comes back as it was", ({ value }) => {
    const encoded = openaiResponses.encodeRequest(openaiResponses.decodeRequest(value).value);
    expect(plain(encoded.value)).toEqual(value);
    expect(encoded.report.dropped).toEqual([]);
  });
  test.for(responses)("$name loses nothing in silence on the way to Chat", ({ value }) => {
    expect(faultsOnTheWay(openaiResponses, openaiChat, value, responsesToChat)).toEqual([]);
  });
});
