import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

import { type Fields, objectIn } from "../fields.ts";

/** The schema a local `#/$defs/X` points at. */
export function resolveReference(root: JsonObject, reference: string): JsonObject | undefined {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  let value: JsonValue | undefined = root;
  for (const raw of reference.slice(2).split("/")) {
    const key = raw.replaceAll("~1", "/").replaceAll("~0", "~");
    const container: JsonValue | undefined = value;
    if (isJsonArray(container)) value = container[Number(key)];
    else if (isJsonObject(container) && Object.hasOwn(container, key)) value = container[key];
    else return undefined;
  }
  return isJsonObject(value) ? value : undefined;
}

function listIn(schema: JsonObject, key: string): readonly JsonValue[] {
  const value = schema[key];
  return isJsonArray(value) ? value : [];
}

/** Both schemas hold: properties and required come together, of anything else the first one counts. */
function merge(left: JsonObject, right: JsonObject): JsonObject {
  const merged: Fields = {};
  for (const [key, value] of [...Object.entries(right), ...Object.entries(left)]) {
    if (value !== undefined && key !== "__proto__") merged[key] = value;
  }
  const properties = { ...objectIn(right, "properties"), ...objectIn(left, "properties") };
  // Spreading keeps what JSON held; a property cannot be undefined in it.
  if (Object.keys(properties).length > 0) merged["properties"] = properties;
  const required = [...new Set([...listIn(left, "required"), ...listIn(right, "required")])];
  if (required.length > 0) merged["required"] = required;
  return merged;
}

/**
 * `allOf` put into the schema itself; of `if`, `then` and `else` the properties are kept, not the condition (T29).
 *
 * @param follow - Flattens a part: its references and its own `allOf`.
 */
export function mergeAll(
  schema: JsonObject,
  changed: Set<string>,
  follow: (part: JsonObject) => JsonObject,
): JsonObject {
  const { allOf, if: condition, then, else: otherwise, ...rest } = schema;
  let merged: JsonObject = rest;
  if (Array.isArray(allOf)) {
    changed.add("allOf");
    const parts = (allOf as readonly JsonValue[]).filter(isJsonObject);
    for (const part of parts) merged = merge(merged, follow(part));
  }
  for (const branch of [condition, then, otherwise]) {
    if (!isJsonObject(branch)) continue;
    changed.add("if");
    // What a branch requires holds under its condition only.
    const open = follow(branch);
    merged = merge(merged, { properties: objectIn(open, "properties") });
  }
  return merged;
}

function isNull(schema: JsonObject): boolean {
  return schema["type"] === "null" || schema["const"] === null;
}

/** The alternatives of `anyOf` or `oneOf` without `null`, and the schema without them. */
export function nonNullBranches(schema: JsonObject, changed: Set<string>) {
  const { anyOf, oneOf, ...rest } = schema;
  if (oneOf !== undefined) changed.add("oneOf");
  const list: readonly unknown[] = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : [];
  const all = list.filter(isJsonObject);
  const branches = all.filter((branch) => !isNull(branch));
  return { branches, isNullable: branches.length < all.length, rest };
}
