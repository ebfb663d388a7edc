import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

import type { Fields } from "../fields.ts";

const maxDepth = 100;

/** Numbers that protobuf's JSON writes as texts. */
const longKeys = new Set(["minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength"]);

function convert(schema: JsonObject, depth: number): JsonObject {
  if (depth > maxDepth) return {};
  const result: Fields = {};
  const isNullable = schema["nullable"] === true;
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || value === null || key === "__proto__") continue;
    if (key === "type" && typeof value === "string") {
      const type = value.toLowerCase();
      result["type"] = isNullable ? [type, "null"] : type;
    } else if (key === "nullable" || key === "propertyOrdering") continue;
    else if (key === "example") result["examples"] = [value];
    else if (longKeys.has(key) && typeof value === "string") result[key] = Number(value);
    else if (key === "properties" && isJsonObject(value)) result[key] = convertEach(value, depth);
    else if (key === "items" && isJsonObject(value)) result[key] = convert(value, depth + 1);
    else if (key === "anyOf" && Array.isArray(value)) {
      result[key] = value.map((branch: JsonValue) => (isJsonObject(branch) ? convert(branch, depth + 1) : branch));
    } else result[key] = value;
  }
  if (isNullable && Array.isArray(result["enum"])) result["enum"] = [...(result["enum"] as readonly JsonValue[]), null];
  return result;
}

function convertEach(properties: JsonObject, depth: number): Fields {
  const result: Fields = {};
  for (const [name, property] of Object.entries(properties)) {
    if (name === "__proto__" || property === undefined) continue;
    result[name] = isJsonObject(property) ? convert(property, depth + 1) : property;
  }
  return result;
}

/**
 * The OpenAPI subset of Gemini as JSON Schema, for every other format: types in small letters, `nullable` as a type. A
 * schema that is JSON Schema already comes out the same.
 */
export function toJsonSchema(schema: JsonObject): JsonObject {
  return convert(schema, 0);
}
