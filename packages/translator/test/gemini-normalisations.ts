import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

import { camelRequest } from "../src/gemini/camel-case.ts";

type Change = (document: JsonObject) => JsonObject;

function without(object: JsonObject, key: string): JsonObject {
  const { [key]: _, ...rest } = object;
  return rest;
}

/** Every kind of tool is an entry of its own, all functions together in the first that has one. */
function splitTools(value: JsonValue | undefined): JsonValue {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  const functions: JsonValue[] = [];
  const split: JsonValue[] = [];
  for (const entry of entries.filter(isJsonObject)) {
    for (const [key, tool] of Object.entries(entry)) {
      if (tool === undefined) continue;
      if (key !== "functionDeclarations") split.push({ [key]: tool });
      else if (Array.isArray(tool)) {
        if (functions.length === 0) split.push({ functionDeclarations: functions });
        functions.push(...(tool as readonly JsonValue[]));
      }
    }
  }
  return split;
}

/**
 * Everything in which a Gemini request that is read and written again may differ from the original, each with its reason.
 * Nothing else may differ.
 */
const requestChanges: readonly Change[] = [
  // T73: names in snake_case are ignored in silence by Google's internal endpoints.
  (request) => {
    const camel = camelRequest(request);
    return isJsonObject(camel) ? camel : request;
  },
  // The address has them; whoever routes puts them beside the body.
  (request) => without(without(request, "model"), "stream"),
  // One tool alone, and entries that hold several kinds.
  (request) => (request["tools"] === undefined ? request : { ...request, tools: splitTools(request["tools"]) }),
  // T41: empty lists say nothing.
  (request) => (Array.isArray(request["tools"]) && request["tools"].length === 0 ? without(request, "tools") : request),
];

/** The request as it comes back from Gemini to Gemini. */
export function normaliseGeminiRequest(request: JsonObject): JsonObject {
  return requestChanges.reduce((changed, change) => change(changed), request);
}
