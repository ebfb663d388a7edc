import type { JsonObject, JsonValue } from "@turnout/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { schemaInstance } from "./schema-instance.ts";

const schemas: readonly (readonly [string, z.ZodType])[] = [
  ["scalars", z.object({ a: z.string(), b: z.int(), c: z.number(), d: z.boolean(), e: z.null() })],
  ["nesting", z.object({ list: z.array(z.object({ name: z.string(), tags: z.array(z.string()).min(2) })) })],
  ["choices", z.object({ a: z.enum(["x", "y"]), b: z.literal(7), c: z.union([z.int(), z.string()]), d: z.null() })],
  ["limits", z.object({ a: z.string().min(12).max(20), b: z.string().max(3), c: z.int().min(5).max(6) })],
  ["open limits", z.object({ a: z.number().gt(1).lt(2.6), b: z.int().max(-3), c: z.int().multipleOf(5).min(1) })],
  ["upper limits", z.object({ a: z.number().lt(0), b: z.int().lt(-4), c: z.number().max(-1.5) })],
  ["formats", z.object({ a: z.email(), b: z.uuid(), c: z.iso.datetime(), d: z.url(), e: z.ipv4() })],
  ["nullable", z.object({ a: z.string().nullable(), b: z.int().optional() })],
  ["both", z.object({ a: z.string() }).and(z.object({ b: z.int() }))],
  ["records", z.record(z.string(), z.int())],
  ["tuples of nothing", z.array(z.string()).max(0)],
];

describe("schemaInstance()", () => {
  test.each(schemas)("fits: %s", (_name, schema) => {
    const json: JsonValue = JSON.parse(JSON.stringify(z.toJSONSchema(schema)));
    expect(schema.safeParse(schemaInstance(json))).toMatchObject({ success: true });
  });

  test("follows references, and ends a recursive schema", () => {
    const node: JsonObject = {
      type: "object",
      required: ["value", "next"],
      properties: { value: { type: "integer" }, next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] } },
    };
    const value = schemaInstance({ $ref: "#/$defs/node", $defs: { node } });
    expect(value).toMatchObject({ value: 1, next: { value: 1 } });
    expect(JSON.stringify(value)).toContain('"next":null');
  });

  test("is bounded for a list of itself", () => {
    const tree: JsonObject = {
      type: "object",
      required: ["kids"],
      properties: { kids: { type: "array", items: { $ref: "#" } } },
    };
    expect(JSON.stringify(schemaInstance(tree)).length).toBeLessThan(1_000);
  });

  test.each([[{}], [true], [{ type: ["string", "null"] }]])("gives something for %o", (schema) => {
    expect(schemaInstance(schema)).toBe("simulated");
  });
});
