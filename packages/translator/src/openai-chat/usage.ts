import { isJsonObject, type JsonObject, type JsonValue, type Usage } from "@turnout/core";

function count(object: JsonValue | undefined, key: string): number | undefined {
  if (!isJsonObject(object)) return undefined;
  const value = object[key];
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/**
 * Reads `usage`. Its `prompt_tokens` include what was read from and written to the cache; core's counters are disjoint.
 *
 * @returns Undefined for `null` and for anything that is no object (T99).
 */
function decodeUsage(value: JsonValue | undefined): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const prompt = count(value, "prompt_tokens");
  const details = value["prompt_tokens_details"];
  // DeepSeek and Moonshot have the cached tokens at the top.
  const cacheRead =
    count(details, "cached_tokens") ?? count(value, "prompt_cache_hit_tokens") ?? count(value, "cached_tokens");
  const cacheWrite = count(details, "cache_write_tokens");
  const completion = count(value, "completion_tokens");
  const reasoning = count(value["completion_tokens_details"], "reasoning_tokens");
  // xAI leaves reasoning out of `completion_tokens`; its total tells.
  const isApart =
    reasoning !== undefined &&
    reasoning > 0 &&
    count(value, "total_tokens") === (prompt ?? 0) + (completion ?? 0) + reasoning;
  return {
    ...(prompt !== undefined && { inputFresh: Math.max(0, prompt - (cacheRead ?? 0) - (cacheWrite ?? 0)) }),
    ...(cacheRead !== undefined && { cacheRead }),
    ...(cacheWrite !== undefined && { cacheWrite }),
    ...(completion !== undefined && { output: isApart ? completion + reasoning : completion }),
    ...(reasoning !== undefined && { reasoning }),
    raw: value,
  };
}

/** Writes `usage`: three totals always, the details that are known. An object that came from Chat goes back as it is. */
export function encodeUsage(usage: Usage): JsonObject {
  const { raw, inputFresh, cacheRead, cacheWrite, output, reasoning } = usage;
  if (raw !== undefined && typeof raw["prompt_tokens"] === "number") return raw;
  const prompt = (inputFresh ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0);
  const completion = output ?? 0;
  const hasCache = cacheRead !== undefined || cacheWrite !== undefined;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(hasCache && {
      prompt_tokens_details: {
        cached_tokens: cacheRead ?? 0,
        ...(cacheWrite !== undefined && { cache_write_tokens: cacheWrite }),
      },
    }),
    ...(reasoning !== undefined && { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}

/** Where vendors put the usage of an answer or chunk: at the top, in `x_groq`, or in the first choice (T100). */
export function findUsage(document: JsonObject, choice: JsonObject | undefined): Usage | undefined {
  const groq = document["x_groq"];
  return (
    decodeUsage(document["usage"]) ??
    (isJsonObject(groq) ? decodeUsage(groq["usage"]) : undefined) ??
    decodeUsage(choice?.["usage"])
  );
}
