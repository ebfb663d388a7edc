import { isJsonObject, type JsonObject, type JsonValue, type Usage } from "@turnout/core";

function count(object: JsonValue | undefined, key: string): number | undefined {
  if (!isJsonObject(object)) return undefined;
  const value = object[key];
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/**
 * Reads `usage`. Its `input_tokens` include what was read from and written to the cache; core's counters are disjoint.
 *
 * @returns Undefined for `null` and for anything that is no object (T99).
 */
export function decodeUsage(value: JsonValue | undefined): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const input = count(value, "input_tokens");
  const cacheRead = count(value["input_tokens_details"], "cached_tokens");
  const cacheWrite = count(value["input_tokens_details"], "cache_write_tokens");
  const output = count(value, "output_tokens");
  const reasoning = count(value["output_tokens_details"], "reasoning_tokens");
  return {
    ...(input !== undefined && { inputFresh: Math.max(0, input - (cacheRead ?? 0) - (cacheWrite ?? 0)) }),
    ...(cacheRead !== undefined && { cacheRead }),
    ...(cacheWrite !== undefined && { cacheWrite }),
    ...(output !== undefined && { output }),
    ...(reasoning !== undefined && { reasoning }),
    raw: value,
  };
}

/** Anthropic has `input_tokens` too, meaning something else, but no total. */
function isOwnUsage(raw: JsonObject): boolean {
  return typeof raw["input_tokens"] === "number" && typeof raw["total_tokens"] === "number";
}

/**
 * Writes `usage`. Strict clients want both detail objects and every counter (T106), so what is not known is 0 here.
 */
export function encodeUsage(usage: Usage = {}): JsonObject {
  if (usage.raw !== undefined && isOwnUsage(usage.raw)) return usage.raw;
  const cached = usage.cacheRead ?? 0;
  const written = usage.cacheWrite ?? 0;
  const input = (usage.inputFresh ?? 0) + cached + written;
  const output = usage.output ?? 0;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: input + output,
  };
}
