import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

import { type Fields, objectIn } from "../fields.ts";

const combiners = ["allOf", "anyOf", "oneOf"] as const;

function names(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}

/** Properties of all branches; required is what every alternative requires, or what any part of `allOf` does. */
function mergeBranches(schema: JsonObject, combiner: (typeof combiners)[number]): JsonObject {
  const { [combiner]: list, ...rest } = schema;
  const branches: JsonObject[] = Array.isArray(list) ? list.filter(isJsonObject) : [];
  const properties: Fields = {};
  for (const branch of branches) {
    for (const [name, property] of Object.entries(objectIn(branch, "properties"))) {
      const known = properties[name];
      if (property === undefined) continue;
      if (known === undefined) properties[name] = property;
      // The alternatives differ in this property: either form is right.
      else if (combiner !== "allOf" && JSON.stringify(known) !== JSON.stringify(property)) {
        properties[name] = { anyOf: [known, property] };
      }
    }
  }
  Object.assign(properties, objectIn(rest, "properties"));
  const required = new Set(names(rest["required"]));
  const lists = branches.map((branch) => names(branch["required"]));
  for (const name of lists.flat()) {
    if (combiner === "allOf" || lists.every((others) => others.includes(name))) required.add(name);
  }
  return {
    ...rest,
    type: "object",
    properties,
    ...(required.size > 0 && { required: [...required] }),
  };
}

/**
 * A JSON Schema as `input_schema` takes it: an object, and no alternatives at its top (T27).
 *
 * @returns The same object when it needs no change, so that caches see the same bytes.
 */
export function inputSchema(parameters: JsonObject | undefined): JsonObject {
  if (parameters === undefined) return { type: "object", properties: {} };
  let schema = parameters;
  for (const combiner of combiners) if (schema[combiner] !== undefined) schema = mergeBranches(schema, combiner);
  return schema["type"] === "object" ? schema : { ...schema, type: "object" };
}

/** Keywords a structured answer may not be limited by; what they said goes into the description (translation.md 2.6). */
const unsupported = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "not",
] as const;

const formats = new Set(["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"]);

/** Deeper than any schema a model could follow. */
const maxDepth = 64;

function cleanMap(value: JsonValue | undefined, depth: number): JsonValue | undefined {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, clean(schema, depth)]));
}

function cleanList(value: JsonValue | undefined, depth: number): JsonValue | undefined {
  return Array.isArray(value) ? value.map((schema: JsonValue) => clean(schema, depth) ?? schema) : value;
}

function clean(schema: JsonValue | undefined, depth: number): JsonValue | undefined {
  if (!isJsonObject(schema) || depth > maxDepth) return schema;
  const cleaned: Fields = {};
  const hints: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined) continue;
    if (unsupported.some((keyword) => keyword === key)) hints.push(`${key}: ${JSON.stringify(value)}`);
    else if (key === "format" && !(typeof value === "string" && formats.has(value)))
      hints.push(`format: ${JSON.stringify(value)}`);
    else if (key === "properties" || key === "$defs" || key === "definitions") {
      cleaned[key] = cleanMap(value, depth + 1) ?? value;
    } else if (key === "oneOf" || key === "anyOf" || key === "allOf") {
      cleaned[key === "oneOf" ? "anyOf" : key] = cleanList(value, depth + 1) ?? value;
    } else if (key === "items") cleaned[key] = clean(value, depth + 1) ?? value;
    else cleaned[key] = value;
  }
  const { type } = cleaned;
  const isObject = type === "object" || (type === undefined && cleaned["properties"] !== undefined);
  if (isObject) cleaned["additionalProperties"] = false;
  if (hints.length > 0) {
    const described = typeof cleaned["description"] === "string" ? `${cleaned["description"]} ` : "";
    cleaned["description"] = `${described}(${hints.join(", ")})`;
  }
  return cleaned;
}

/** A JSON Schema as `output_config.format` takes it: closed objects, no limits, known formats. */
export function outputSchema(schema: JsonObject): JsonObject {
  const cleaned = clean(schema, 0);
  return isJsonObject(cleaned) ? cleaned : schema;
}
