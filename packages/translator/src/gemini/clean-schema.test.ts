import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { cleanSchema, isEmptyObjectSchema } from "./clean-schema.ts";
import { toJsonSchema } from "./json-schema.ts";

const allowed = new Set([
  "type",
  "format",
  "title",
  "description",
  "nullable",
  "enum",
  "items",
  "minItems",
  "maxItems",
  "properties",
  "required",
  "propertyOrdering",
  "minProperties",
  "maxProperties",
  "minLength",
  "maxLength",
  "pattern",
  "minimum",
  "maximum",
  "anyOf",
  "default",
  "example",
]);

/** Throws at the first key, at any depth of schemas, that Gemini would answer with "Unknown name". */
function checkKeys(schema: JsonValue | undefined): void {
  if (!isJsonObject(schema)) throw new Error(`Not a schema: ${JSON.stringify(schema)}`);
  for (const key of Object.keys(schema)) expect(allowed.has(key), `key ${key}`).toBe(true);
  if (schema["type"] !== undefined) expect(typeof schema["type"]).toBe("string");
  const { properties, items, anyOf } = schema;
  if (properties !== undefined) for (const property of Object.values(properties ?? {})) checkKeys(property);
  if (items !== undefined) checkKeys(items);
  if (Array.isArray(anyOf)) for (const branch of anyOf) checkKeys(branch);
  if (schema["enum"] !== undefined) expect(schema["enum"]).toEqual(expect.arrayContaining([expect.any(String)]));
}

function clean(schema: JsonObject): JsonObject {
  const cleaned = cleanSchema(schema).schema;
  checkKeys(cleaned);
  return cleaned;
}

describe("cleanSchema()", () => {
  test("T24: cleans inside anyOf and items too", () => {
    const inner: JsonObject = { type: "object", additionalProperties: false, properties: { a: { type: "string" } } };
    const schema: JsonObject = {
      type: "object",
      properties: { list: { type: "array", items: inner }, either: { anyOf: [inner, { type: "number" }] } },
    };
    const cleanInner = { type: "object", properties: { a: { type: "string" } } };
    expect(clean(schema)).toEqual({
      type: "object",
      properties: {
        list: { type: "array", items: cleanInner },
        either: { anyOf: [cleanInner, { type: "number" }] },
      },
    });
  });

  test("T25: keeps to an allow-list and tells in the description what limited the values", () => {
    const schema: JsonObject = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: "x",
      type: "object",
      propertyNames: { pattern: "^a" },
      somethingNew: true,
      properties: { count: { type: "integer", exclusiveMinimum: 0, multipleOf: 2, description: "How many" } },
    };
    expect(clean(schema)).toEqual({
      type: "object",
      description: '(propertyNames: {"pattern":"^a"})',
      properties: { count: { type: "integer", description: "How many (exclusiveMinimum: 0; multipleOf: 2)" } },
    });
  });

  test("T25: const becomes an enum of one, enums become texts with the type kept", () => {
    expect(clean({ const: "a" })).toEqual({ type: "string", enum: ["a"] });
    expect(clean({ type: "integer", enum: [1, 2] })).toEqual({ type: "integer", enum: ["1", "2"] });
  });

  test("T26: tuples become a list of what their members may be", () => {
    const members: JsonValue[] = [{ type: "string" }, { type: "number" }];
    const items = { anyOf: [{ type: "string" }, { type: "number" }] };
    expect(clean({ type: "array", prefixItems: members })).toEqual({ type: "array", items });
    expect(clean({ type: "array", items: members })).toEqual({ type: "array", items });
    expect(clean({ type: "array", prefixItems: [{ type: "string" }, { type: "string" }] })).toEqual({
      type: "array",
      items: { type: "string" },
    });
    expect(clean({ type: "array" })["items"]).toEqual({ type: "string" });
  });

  test("T28: a type list with null becomes nullable, never a text of the list", () => {
    expect(clean({ type: ["string", "null"] })).toEqual({ type: "string", nullable: true });
    expect(clean({ type: ["STRING", "NULL"] })).toEqual({ type: "string", nullable: true });
    expect(clean({ anyOf: [{ type: "number" }, { type: "null" }], title: "N" })).toEqual({
      type: "number",
      nullable: true,
      title: "N",
    });
    expect(clean({ type: ["string", "number"] })).toEqual({ type: "string", description: "(also allowed: number)" });
  });

  test("T29: properties under if, then and else are kept, without their conditions", () => {
    // As text: a literal with such a key would look like a promise.
    const conditional: JsonObject = JSON.parse('{"then":{"properties":{"a":{"type":"string"}},"required":["a"]}}');
    const schema: JsonObject = {
      type: "object",
      properties: { kind: { type: "string" } },
      if: { properties: { kind: { const: "a" } } },
      ...conditional,
      else: { properties: { b: { type: "number" } } },
    };
    expect(clean(schema)).toEqual({
      type: "object",
      properties: { kind: { type: "string" }, a: { type: "string" }, b: { type: "number" } },
    });
  });

  test("T30: a bare map of properties is wrapped, a boolean required moves to the parent", () => {
    expect(clean({ city: { type: "string", required: true }, days: { type: "integer" } })).toEqual({
      type: "object",
      properties: { city: { type: "string" }, days: { type: "integer" } },
      required: ["city"],
    });
  });

  test("T31: properties that are called like keywords stay properties", () => {
    const properties: JsonObject = {
      title: { type: "string" },
      default: { type: "string" },
      format: { type: "string" },
      const: { type: "string" },
      $ref: { type: "string" },
    };
    expect(clean({ type: "object", properties, required: ["const", "gone"] })).toEqual({
      type: "object",
      properties,
      required: ["const"],
    });
  });

  test("references are put in place, and one that meets itself becomes any object", () => {
    const node: JsonObject = {
      type: "object",
      properties: { name: { type: "string" }, next: { $ref: "#/$defs/node" } },
    };
    expect(clean({ $ref: "#/$defs/node", $defs: { node } })).toEqual({
      type: "object",
      properties: { name: { type: "string" }, next: { type: "object" } },
    });
    expect(clean({ allOf: [{ $ref: "#/$defs/node" }, { required: ["name"] }], $defs: { node } })).toEqual({
      type: "object",
      properties: { name: { type: "string" }, next: { type: "object" } },
      required: ["name"],
    });
  });

  test("a schema that unfolds without end stops at a limit", () => {
    const $defs: Record<string, JsonValue> = {};
    for (let level = 0; level < 40; level += 1) {
      const next = { $ref: `#/$defs/l${level + 1}` };
      $defs[`l${level}`] = { type: "object", properties: { a: next, b: next } };
    }
    const { schema } = cleanSchema({ $ref: "#/$defs/l0", $defs });
    expect(JSON.stringify(schema).length).toBeLessThan(2_000_000);
  });

  test("any schema comes out within the allow-list, and the same each time", () => {
    const keys = ["type", "properties", "items", "anyOf", "oneOf", "allOf", "$ref", "enum", "const", "required", "not"];
    const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom<JsonValue[]>("object", "string", "#", "#/properties/a", "array", true, null, 3),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys, "a", "__proto__", "if", "then", "prefixItems"), tie("tree"), {
          maxKeys: 5,
        }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), tree, { maxKeys: 6 }), (schema) => {
        const before = JSON.stringify(schema);
        const { schema: cleaned } = cleanSchema(schema);
        checkKeys(cleaned);
        expect(JSON.stringify(schema)).toBe(before);
        expect(cleanSchema(schema).schema).toEqual(cleaned);
      }),
    );
  });
});

describe("isEmptyObjectSchema()", () => {
  test("is true for objects that hold nothing", () => {
    expect(isEmptyObjectSchema({ type: "object", properties: {} })).toBe(true);
    expect(isEmptyObjectSchema({})).toBe(true);
    expect(isEmptyObjectSchema({ type: "object", properties: { a: {} } })).toBe(false);
    expect(isEmptyObjectSchema({ type: "object", additionalProperties: { type: "string" } })).toBe(false);
    expect(isEmptyObjectSchema({ city: { type: "string" } })).toBe(false);
  });
});

describe("toJsonSchema()", () => {
  test("writes types in small letters and nullable as a type, and leaves JSON Schema alone", () => {
    const schema: JsonObject = {
      type: "OBJECT",
      properties: {
        type: { type: "STRING", nullable: true, enum: ["A"] },
        n: { type: "ARRAY", minItems: "1", items: { type: "NUMBER" } },
      },
      propertyOrdering: ["type"],
    };
    expect(toJsonSchema(schema)).toEqual({
      type: "object",
      properties: {
        type: { type: ["string", "null"], enum: ["A", null] },
        n: { type: "array", minItems: 1, items: { type: "number" } },
      },
    });
    const plain: JsonObject = { type: "object", properties: { a: { type: "string", enum: ["X"] } }, required: ["a"] };
    expect(toJsonSchema(plain)).toEqual(plain);
  });
});
