import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

import { type Fields, objectIn } from "../fields.ts";
import { mergeAll, nonNullBranches, resolveReference } from "./schema-parts.ts";

// What `parameters` and `responseSchema` take is a subset of OpenAPI's schema; any other key is a 400 "Unknown name …",
// at every depth (T24, T25). So the schema is built anew from an allow-list, and what had to go but limits the values is
// told in the description, where the model can read it (translation.md 2.6).

/** Copied as they are. The others of the subset are built below: type, nullable, enum, items, properties, anyOf, required. */
const copied = [
  "title",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
  "minLength",
  "maxLength",
  "pattern",
  "minimum",
  "maximum",
  "default",
  "example",
] as const;

/** Keywords that limit the values and have no place: the description tells them. */
const hinted = [
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "uniqueItems",
  "patternProperties",
  "propertyNames",
  "contains",
  "not",
  "contentEncoding",
  "contentMediaType",
] as const;

/** The formats that are not refused, by type. */
const formats: Readonly<Record<string, readonly string[]>> = {
  string: ["enum", "date-time"],
  number: ["float", "double"],
  integer: ["int32", "int64"],
};

const types = new Set(["string", "number", "integer", "boolean", "array", "object", "null"]);

/** Limits against schemas that unfold without end. */
const maxDepth = 50;
const maxNodes = 10_000;

const anyObject: JsonObject = { type: "object" };

export interface CleanedSchema {
  readonly schema: JsonObject;
  /** Keywords that were left out or told in another way. */
  readonly changed: readonly string[];
}

interface Walk {
  readonly root: JsonObject;
  readonly changed: Set<string>;
  nodes: number;
}

/** What came of a schema, and the fields its parent needs to know of. */
interface Cleaned {
  readonly schema: Fields;
  /** Broken servers write `required: true` on the property itself (T30). */
  readonly isRequired: boolean;
}

function typesOf(schema: JsonObject): string[] {
  const { type } = schema;
  const list: readonly unknown[] = Array.isArray(type) ? type : [type];
  return list
    .filter((entry) => typeof entry === "string")
    .map((entry) => entry.toLowerCase())
    .filter((entry) => types.has(entry));
}

function impliedType(schema: JsonObject): string | undefined {
  if (isJsonObject(schema["properties"])) return "object";
  if (schema["items"] !== undefined || schema["prefixItems"] !== undefined) return "array";
  const [first] = Array.isArray(schema["enum"]) ? (schema["enum"] as readonly JsonValue[]) : [];
  if (typeof first === "number") return Number.isInteger(first) ? "integer" : "number";
  return typeof first === "boolean" ? "boolean" : undefined;
}

function isSchema(value: JsonValue | undefined): value is JsonObject {
  return isJsonObject(value);
}

/** The members a tuple may have, as one schema (T26). */
function itemsOf(schema: JsonObject): JsonObject | undefined {
  const { items, prefixItems } = schema;
  const tuple = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : undefined;
  if (tuple === undefined) return isJsonObject(items) ? items : undefined;
  const members = [...(tuple as readonly JsonValue[]), ...(isJsonObject(items) ? [items] : [])].filter(isSchema);
  const unique = [...new Map(members.map((member) => [JSON.stringify(member), member])).values()];
  return unique.length === 1 ? unique[0] : { anyOf: unique };
}

function hintsOf(schema: JsonObject, walk: Walk): string[] {
  const hints: string[] = [];
  for (const key of hinted) {
    const value = schema[key];
    if (value === undefined) continue;
    walk.changed.add(key);
    hints.push(`${key}: ${JSON.stringify(value)}`);
  }
  const { additionalProperties } = schema;
  if (additionalProperties !== undefined) walk.changed.add("additionalProperties");
  if (isJsonObject(additionalProperties) && Object.keys(additionalProperties).length > 0) {
    hints.push(`additionalProperties: ${JSON.stringify(additionalProperties)}`);
  }
  return hints;
}

/**
 * The schema with `$ref`, `allOf` and `if`/`then`/`else` put into it. `seen` grows by the references that were followed: a
 * second visit would never end, and any object stands in for it.
 */
function flatten(schema: JsonObject, walk: Walk, seen: Set<string>): JsonObject {
  const { $ref: reference, ...own } = schema;
  const follow = (part: JsonObject): JsonObject => flatten(part, walk, seen);
  if (typeof reference !== "string") return mergeAll(schema, walk.changed, follow);
  walk.changed.add("$ref");
  const target = seen.has(reference) ? undefined : resolveReference(walk.root, reference);
  if (target === undefined) return { ...anyObject, ...own };
  seen.add(reference);
  return flatten({ ...target, ...own }, walk, seen);
}

function describe(target: Fields, schema: JsonObject, hints: readonly string[]): void {
  const description = typeof schema["description"] === "string" ? schema["description"] : "";
  const hint = hints.length > 0 ? `(${hints.join("; ")})` : "";
  const text = [description, hint].filter((piece) => piece !== "").join(" ");
  if (text !== "") target["description"] = text;
}

/** `enum` as texts with the type kept; `const` is an enum of one. */
function enumOf(schema: JsonObject, walk: Walk): string[] | undefined {
  const { const: constant } = schema;
  if (constant !== undefined) walk.changed.add("const");
  const list = constant === undefined ? schema["enum"] : [constant];
  if (!Array.isArray(list)) return undefined;
  const texts = (list as readonly JsonValue[])
    .filter((entry) => entry !== null)
    .map((entry) => (typeof entry === "string" ? entry : JSON.stringify(entry)));
  return texts.length > 0 ? texts : undefined;
}

function cleanProperties(target: Fields, schema: JsonObject, walk: Walk, visited: ReadonlySet<string>, depth: number) {
  const properties: Fields = {};
  const listed: readonly unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
  const required = new Set(listed.filter((name) => typeof name === "string"));
  for (const [name, property] of Object.entries(objectIn(schema, "properties"))) {
    // `false` forbids the property, `true` leaves it open.
    if (property === false || property === undefined || name === "__proto__") continue;
    const cleaned = clean(isJsonObject(property) ? property : {}, walk, visited, depth + 1);
    properties[name] = cleaned.schema;
    if (cleaned.isRequired) required.add(name);
  }
  if (Object.keys(properties).length > 0) target["properties"] = properties;
  const present = [...required].filter((name) => Object.hasOwn(properties, name));
  if (present.length > 0) target["required"] = present;
  const ordering = schema["propertyOrdering"];
  if (Array.isArray(ordering)) target["propertyOrdering"] = ordering;
}

function putType(target: Fields, schema: JsonObject, hints: string[], walk: Walk): string | undefined {
  const all = typesOf(schema);
  const [first, ...others] = all.filter((name) => name !== "null");
  const type = first ?? impliedType(schema) ?? (all.length > 0 ? "string" : undefined);
  if (all.includes("null")) target["nullable"] = true;
  if (schema["nullable"] === true) target["nullable"] = true;
  if (others.length > 0) {
    walk.changed.add("type");
    hints.push(`also allowed: ${others.join(", ")}`);
  }
  if (type !== undefined) target["type"] = type;
  return type;
}

function clean(source: JsonObject, walk: Walk, visited: ReadonlySet<string>, depth: number): Cleaned {
  walk.nodes += 1;
  if (depth > maxDepth || walk.nodes > maxNodes) {
    walk.changed.add("depth");
    return { schema: { ...anyObject } as Fields, isRequired: false };
  }
  const seen = new Set(visited);
  const flat = flatten(source, walk, seen);
  const { branches, isNullable, rest } = nonNullBranches(flat, walk.changed);
  const [only] = branches;
  if (only !== undefined && branches.length === 1) {
    const { schema, isRequired } = clean({ ...only, ...rest }, walk, seen, depth + 1);
    return { schema: isNullable ? { ...schema, nullable: true } : schema, isRequired };
  }
  const target: Fields = {};
  const hints = hintsOf(rest, walk);
  const type = putType(target, rest, hints, walk);
  if (isNullable) target["nullable"] = true;
  const { format } = rest;
  if (typeof format === "string") {
    if (formats[type ?? ""]?.includes(format) === true) target["format"] = format;
    else {
      walk.changed.add("format");
      hints.push(`format: ${format}`);
    }
  }
  for (const key of copied) {
    const value = rest[key];
    if (value !== undefined && value !== null) target[key] = value;
  }
  const texts = enumOf(rest, walk);
  if (texts !== undefined) target["enum"] = texts;
  if (branches.length > 1) target["anyOf"] = branches.map((branch) => clean(branch, walk, seen, depth + 1).schema);
  else if (type === undefined) target["type"] = "string";
  if (type === "array") {
    if (Array.isArray(rest["prefixItems"]) || Array.isArray(rest["items"])) walk.changed.add("prefixItems");
    // "items: missing field" otherwise.
    target["items"] = clean(itemsOf(rest) ?? {}, walk, seen, depth + 1).schema;
  }
  if (type === "object" || (type === undefined && isJsonObject(rest["properties"]))) {
    cleanProperties(target, rest, walk, seen, depth);
  }
  describe(target, rest, hints);
  return { schema: target, isRequired: source["required"] === true };
}

const keywords =
  /^\$|^(?:type|properties|items|anyOf|oneOf|allOf|enum|const|description|title|required|additionalProperties)$/u;

/** Some MCP servers send the bare map of properties (T30). */
function wrapBareMap(schema: JsonObject): JsonObject {
  const keys = Object.keys(schema);
  const isBare = keys.length > 0 && keys.every((key) => isJsonObject(schema[key]) && !keywords.test(key));
  return isBare ? { type: "object", properties: schema } : schema;
}

/**
 * A JSON Schema as the OpenAPI subset of Gemini. Pure; the schema given is not changed. Only ever called with schemas:
 * arguments in a history look alike and are data (T31).
 */
export function cleanSchema(schema: JsonObject): CleanedSchema {
  const root = wrapBareMap(schema);
  const walk: Walk = { root, changed: new Set(), nodes: 0 };
  const cleaned = clean(root, walk, new Set(), 0).schema;
  return { schema: cleaned, changed: [...walk.changed] };
}

/** True for an object that may not hold anything, which older models refuse: such a function has no `parameters`. */
export function isEmptyObjectSchema(schema: JsonObject): boolean {
  const { type } = schema;
  const [only, ...others] = isJsonArray(type) ? type : [type];
  const isObject =
    type === undefined || (others.length === 0 && typeof only === "string" && only.toLowerCase() === "object");
  const hasMore = ["properties", "anyOf", "oneOf", "allOf", "$ref", "additionalProperties", "patternProperties"].some(
    (key) => {
      const value = schema[key];
      return (
        Array.isArray(value) || typeof value === "string" || (isJsonObject(value) && Object.keys(value).length > 0)
      );
    },
  );
  return isObject && !hasMore && !Object.keys(schema).some((key) => isJsonObject(schema[key]) && !keywords.test(key));
}
