import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

// The public API takes the names of protobuf fields in camelCase and in snake_case; Google's internal endpoints ignore
// the latter in silence (T73). Both are read here and camelCase is written. Only names of the protocol are changed, never
// names that clients chose: arguments, responses, property names in schemas, labels.

/** Names of a request's own fields, in which nothing else may be taken for one (`session_id` is none). */
const requestNames = new Set([
  "systemInstruction",
  "generationConfig",
  "safetySettings",
  "toolConfig",
  "cachedContent",
  "modelArmorConfig",
  "serviceTier",
  "generateContentRequest",
]);

/** Fields whose content belongs to the client. */
const opaqueNames = new Set([
  "args",
  "response",
  "parameters",
  "parametersJsonSchema",
  "responseJsonSchema",
  "responseSchema",
  "labels",
  "inputSchema",
  "toolCall",
  "toolResponse",
]);

function camelName(name: string): string {
  return name.replaceAll(/_([a-z0-9])/gu, (_match, letter: string) => letter.toUpperCase());
}

function camelValue(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((entry: JsonValue) => camelValue(entry) ?? null);
  return isJsonObject(value) ? camelObject(value) : value;
}

function camelObject(value: JsonObject): JsonObject {
  const result: Record<string, JsonValue> = {};
  for (const [key, field] of Object.entries(value)) {
    if (field === undefined) continue;
    const name = key.includes("_") && !key.startsWith("_") ? camelName(key) : key;
    const converted = opaqueNames.has(name) ? field : (camelValue(field) ?? null);
    // A name given both ways: the camelCase one counts. `__proto__` stays a field like any other.
    if (name !== key && Object.hasOwn(value, name)) continue;
    Object.defineProperty(result, name, { value: converted, enumerable: true, configurable: true, writable: true });
  }
  return result;
}

/** A request with its protocol's names in camelCase. Anything but an object comes back as it is. */
export function camelRequest(body: unknown): unknown {
  if (!isJsonObject(body)) return body;
  const known: Record<string, JsonValue> = {};
  const other: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(body)) {
    if (value === undefined) continue;
    const name = camelName(key);
    if (name !== key && requestNames.has(name)) {
      if (!Object.hasOwn(body, name)) known[name] = value;
    } else if (requestNames.has(key) || key === "contents" || key === "tools") known[key] = value;
    else if (key !== "__proto__") other[key] = value;
  }
  return { ...other, ...camelObject(known) };
}
