import { isJsonObject, type JsonObject, type JsonValue, type Usage } from "@turnout/core";

function count(object: JsonValue | undefined, key: string): number | undefined {
  if (!isJsonObject(object)) return undefined;
  const value = object[key];
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/**
 * A later report of the same answer over an earlier one: what it names replaces what was there, field by field (T113);
 * what it leaves out or says `null` to stays (T116).
 */
export function mergeRawUsage(earlier: JsonObject | undefined, later: JsonValue | undefined): JsonObject | undefined {
  if (!isJsonObject(later)) return earlier;
  const merged: Record<string, JsonValue> = {};
  for (const source of [earlier ?? {}, later]) {
    for (const key in source) {
      const value = source[key];
      if (value !== undefined && (value !== null || merged[key] === undefined)) merged[key] = value;
    }
  }
  return merged;
}

/**
 * Reads `usage`. Its `input_tokens` are the fresh ones alone, like core's.
 *
 * @returns Undefined for anything that is no object.
 */
export function decodeUsage(value: JsonValue | undefined): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const inputFresh = count(value, "input_tokens");
  const cacheRead = count(value, "cache_read_input_tokens");
  const cacheWrite1h = count(value["cache_creation"], "ephemeral_1h_input_tokens");
  const cacheWrite5m = count(value["cache_creation"], "ephemeral_5m_input_tokens");
  const split = cacheWrite5m === undefined ? undefined : cacheWrite5m + (cacheWrite1h ?? 0);
  const cacheWrite = count(value, "cache_creation_input_tokens") ?? split;
  const output = count(value, "output_tokens");
  const reasoning = count(value["output_tokens_details"], "thinking_tokens");
  return {
    ...(inputFresh !== undefined && { inputFresh }),
    ...(cacheRead !== undefined && { cacheRead }),
    ...(cacheWrite !== undefined && { cacheWrite }),
    ...(cacheWrite1h !== undefined && { cacheWrite1h }),
    ...(output !== undefined && { output }),
    ...(reasoning !== undefined && { reasoning }),
    raw: value,
  };
}

/** Responses has `input_tokens` too, meaning something else, and always a total beside them. */
function isOwnUsage(raw: JsonObject | undefined): raw is JsonObject {
  return raw !== undefined && typeof raw["output_tokens"] === "number" && raw["total_tokens"] === undefined;
}

/** Writes `usage`: the four counters always, since clients add them up, and the details that are known. */
export function encodeUsage(usage: Usage = {}): JsonObject {
  if (isOwnUsage(usage.raw)) return usage.raw;
  const { cacheWrite, cacheWrite1h, reasoning } = usage;
  const written = cacheWrite ?? 0;
  return {
    input_tokens: usage.inputFresh ?? 0,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: usage.cacheRead ?? 0,
    ...(cacheWrite1h !== undefined && {
      cache_creation: {
        ephemeral_5m_input_tokens: Math.max(0, written - cacheWrite1h),
        ephemeral_1h_input_tokens: cacheWrite1h,
      },
    }),
    output_tokens: usage.output ?? 0,
    ...(reasoning !== undefined && { output_tokens_details: { thinking_tokens: reasoning } }),
  };
}

const tierByWord: Readonly<Record<string, string>> = { standard: "default", priority: "priority" };
const wordByTier: Readonly<Record<string, string>> = { default: "standard", priority: "priority" };

/** The tier that answered, in the words of OpenAI, which is how the hub has it. */
export function decodeTier(usage: JsonValue | undefined): string | undefined {
  const word = isJsonObject(usage) ? usage["service_tier"] : undefined;
  return typeof word === "string" && Object.hasOwn(tierByWord, word) ? tierByWord[word] : undefined;
}

/** The same in Anthropic's words, or undefined for tiers it does not have. */
export function encodeTier(tier: string | undefined): string | undefined {
  return tier !== undefined && Object.hasOwn(wordByTier, tier) ? wordByTier[tier] : undefined;
}
