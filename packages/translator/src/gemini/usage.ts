import { isJsonObject, type JsonObject, type JsonValue, type Usage } from "@turnout/core";

function count(object: JsonObject, key: string): number | undefined {
  const value = object[key];
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/**
 * Reads `usageMetadata`. Its `promptTokenCount` includes what came from the cache but not what tools brought into the
 * prompt; its `candidatesTokenCount` leaves thoughts out. Core's counters are disjoint, with reasoning inside the output
 * (T118).
 *
 * @returns Undefined for anything that is no object.
 */
export function decodeUsage(value: JsonValue | undefined): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const prompt = count(value, "promptTokenCount");
  const cacheRead = count(value, "cachedContentTokenCount");
  const toolInput = count(value, "toolUsePromptTokenCount");
  const candidates = count(value, "candidatesTokenCount");
  const reasoning = count(value, "thoughtsTokenCount");
  const hasInput = prompt !== undefined || toolInput !== undefined;
  const hasOutput = candidates !== undefined || reasoning !== undefined;
  return {
    ...(hasInput && { inputFresh: Math.max(0, (prompt ?? 0) - (cacheRead ?? 0)) + (toolInput ?? 0) }),
    ...(cacheRead !== undefined && { cacheRead }),
    ...(hasOutput && { output: (candidates ?? 0) + (reasoning ?? 0) }),
    ...(reasoning !== undefined && { reasoning }),
    raw: value,
  };
}

/** True for a snapshot with numbers: Vertex sends some that name the kind of traffic only. */
export function hasCounts(usage: JsonValue | undefined): usage is JsonObject {
  return isJsonObject(usage) && (count(usage, "promptTokenCount") ?? count(usage, "totalTokenCount")) !== undefined;
}

/** True for a `usageMetadata` object. Other formats' objects have none of these names. */
function isOwnUsage(raw: JsonObject): boolean {
  return "promptTokenCount" in raw || "totalTokenCount" in raw || "trafficType" in raw;
}

/** Writes `usageMetadata`. An object that came from Gemini goes back as it is. */
export function encodeUsage(usage: Usage): JsonObject {
  const { raw, inputFresh, cacheRead, cacheWrite, output, reasoning } = usage;
  if (raw !== undefined && isOwnUsage(raw)) return raw;
  const prompt = (inputFresh ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0);
  const candidates = Math.max(0, (output ?? 0) - (reasoning ?? 0));
  return {
    promptTokenCount: prompt,
    ...(cacheRead !== undefined && { cachedContentTokenCount: cacheRead }),
    candidatesTokenCount: candidates,
    ...(reasoning !== undefined && { thoughtsTokenCount: reasoning }),
    totalTokenCount: prompt + candidates + (reasoning ?? 0),
  };
}
