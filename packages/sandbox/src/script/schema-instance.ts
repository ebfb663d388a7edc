import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import { listOf, objectOf } from "../json.ts";

const maximumDepth = 24;

const formats: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T00:00:00Z",
  date: "2026-01-01",
  time: "00:00:00Z",
  duration: "P1D",
  email: "someone@example.com",
  hostname: "example.com",
  uri: "https://example.com/",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uuid: "00000000-0000-4000-8000-000000000000",
};

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** Follows `#/a/b` inside the root. */
function resolve(root: JsonObject, reference: string): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const key of reference.replace(/^#\/?/, "").split("/")) {
    if (key === "") continue;
    const name = key.replaceAll("~1", "/").replaceAll("~0", "~");
    value = isJsonObject(value) ? value[name] : undefined;
  }
  return value;
}

function stringInstance(schema: JsonObject): string {
  const format = typeof schema.format === "string" ? formats[schema.format] : undefined;
  if (format !== undefined) return format;
  const text = "simulated";
  const minimum = numberOf(schema.minLength) ?? 0;
  return text.padEnd(minimum, "x").slice(0, numberOf(schema.maxLength) ?? Number.POSITIVE_INFINITY);
}

function numberInstance(schema: JsonObject, integer: boolean): number {
  const step = numberOf(schema.multipleOf) ?? (integer ? 1 : 0.5);
  const exclusiveMinimum = numberOf(schema.exclusiveMinimum);
  const lower = exclusiveMinimum === undefined ? numberOf(schema.minimum) : exclusiveMinimum + step;
  const exclusiveMaximum = numberOf(schema.exclusiveMaximum);
  const upper = exclusiveMaximum === undefined ? numberOf(schema.maximum) : exclusiveMaximum - step;
  const value = lower ?? Math.min(upper ?? step, step);
  const stepped = Math.ceil(value / step) * step;
  return upper !== undefined && stepped > upper ? upper : stepped;
}

/** The fields of all; where two have the same, the later counts. */
function mergeFields(objects: readonly JsonObject[]): JsonObject {
  return Object.fromEntries(objects.flatMap((object) => Object.entries(object)));
}

/** One schema that asks for everything that all of them ask for. */
function mergeSchemas(schemas: readonly JsonObject[]): JsonObject {
  return {
    ...mergeFields(schemas),
    properties: mergeFields(schemas.map(({ properties }) => objectOf(properties))),
    required: schemas.flatMap(({ required }) => listOf(required)),
  };
}

function mergeAll(root: JsonObject, schema: JsonObject): JsonObject {
  const { allOf, ...own } = schema;
  const parts = listOf(allOf).map((part) => {
    const { $ref } = objectOf(part);
    return objectOf(typeof $ref === "string" ? resolve(root, $ref) : part);
  });
  return mergeSchemas([own, ...parts]);
}

function pickType(schema: JsonObject): string | undefined {
  const { type } = schema;
  if (typeof type === "string") return type;
  const types = listOf(type);
  const first = types.find((each) => each !== "null") ?? types[0];
  if (typeof first === "string") return first;
  if (schema.properties !== undefined) return "object";
  return schema.items === undefined ? undefined : "array";
}

function instance(root: JsonObject, schema: JsonValue | undefined, depth: number): JsonValue {
  if (!isJsonObject(schema) || depth > maximumDepth)
    return schema === true || depth <= maximumDepth ? "simulated" : null;
  if (typeof schema.$ref === "string") return instance(root, resolve(root, schema.$ref), depth + 1);
  if (schema.const !== undefined) return schema.const;
  if (isJsonArray(schema.enum)) return schema.enum[0] ?? null;
  const choices = schema.anyOf ?? schema.oneOf;
  if (isJsonArray(choices)) {
    // Deep inside a recursive schema the branch that ends it is usually the last, often null.
    const choice = depth > maximumDepth / 3 ? choices.at(-1) : choices[0];
    return instance(root, choice, depth + 1);
  }
  if (Array.isArray(schema.allOf)) return instance(root, mergeAll(root, schema), depth + 1);
  switch (pickType(schema)) {
    case "object":
      return objectInstance(root, schema, depth);
    case "array": {
      const count = numberOf(schema.minItems) ?? (depth > maximumDepth / 3 ? 0 : 1);
      const length = Math.min(count, numberOf(schema.maxItems) ?? count, 100);
      return Array.from({ length }, () => instance(root, schema.items, depth + 1));
    }
    case "string":
      return stringInstance(schema);
    case "integer":
      return numberInstance(schema, true);
    case "number":
      return numberInstance(schema, false);
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return "simulated";
  }
}

function objectInstance(root: JsonObject, schema: JsonObject, depth: number): JsonObject {
  const properties = objectOf(schema.properties);
  const required = new Set(listOf(schema.required));
  // Optional fields too, while it is shallow: an answer shows the whole form.
  const names = Object.keys(properties).filter((name) => required.has(name) || depth < 4);
  return Object.fromEntries(names.map((name) => [name, instance(root, properties[name], depth + 1)]));
}

/**
 * A value that fits a JSON schema: the usual subset (types, `properties`, `required`, `items`, `enum`, `const`,
 * `anyOf`, `oneOf`, `allOf`, local `$ref`, lengths, ranges, common formats). Patterns are not looked at.
 */
export function schemaInstance(schema: JsonValue): JsonValue {
  return instance(isJsonObject(schema) ? schema : {}, schema, 0);
}
