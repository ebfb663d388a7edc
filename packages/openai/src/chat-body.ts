import type { JsonObject, JsonValue, Loss, Translated } from "@turnout/core";

// What Chat Completions of OpenAI refuses by model. Clients and translators do not know it: they speak the format, and the
// model is the router's choice. Facts: OpenAI's refusals as of November 2026.

/** gpt-5 and later but for those made to chat, and the o series. */
const reasoner = /^(?:gpt-(?:[5-9]|\d\d)(?!.*chat)|o\d)/u;

/** `gpt-4o-search-preview`, `gpt-5-search-api`. */
const searcher = /search/u;

/** Settings that reasoning models take at this value only. */
const usualTuning: Readonly<Record<string, JsonValue>> = {
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
};

function refusedTuning(model: string, body: JsonObject): string[] {
  if (!reasoner.test(model) || body["reasoning_effort"] === "none") return [];
  return Object.entries(usualTuning).flatMap(([key, usual]) => {
    const value = body[key];
    return value === undefined || value === null || value === usual ? [] : [key];
  });
}

/**
 * A body as its model takes it: the token limit under its newer name, which no model refuses; without tuning that reasoning
 * models refuse, and without a web search where there is none, both reported.
 *
 * @param model - As OpenAI knows it.
 */
export function fitToModel(model: string, body: JsonObject): Translated<JsonObject> {
  const { max_tokens: limit, ...fitted }: Record<string, JsonValue | undefined> = body;
  if (limit !== undefined && limit !== null) fitted["max_completion_tokens"] ??= limit;
  const dropped: Loss[] = [];
  for (const key of refusedTuning(model, body)) {
    delete fitted[key];
    dropped.push({ path: key, reason: "a reasoning model takes no such setting" });
  }
  if (body["web_search_options"] !== undefined && !searcher.test(model)) {
    delete fitted["web_search_options"];
    dropped.push({ path: "web_search_options", reason: "this model does not search" });
  }
  return { value: fitted, report: { approximated: [], dropped } };
}
