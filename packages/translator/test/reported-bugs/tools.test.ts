import type { JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { at, translate } from "./translate.ts";

// Tool definitions, schemas and names. Models before 2.5 take the OpenAPI subset only: anything else there is a 400.

const user = { role: "user", content: "Hi" };

function parametersFor(parameters: JsonObject) {
  const tools = [{ type: "function", function: { name: "f", parameters } }];
  const request = { model: "m", messages: [user], tools };
  const { body, report } = translate("openai-chat", "gemini", request, "gemini-2.0-flash");
  return { parameters: at(body, "tools[0].functionDeclarations[0].parameters"), report };
}

/** Every key that stands where Gemini reads keywords; names of properties are the client's own. */
function keywords(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap(keywords);
  return Object.entries(schema).flatMap(([key, value]): string[] => {
    if (key === "properties") return [key, ...Object.values(value as object).flatMap(keywords)];
    return [key, ...(key === "items" || key === "anyOf" ? keywords(value) : [])];
  });
}

const allowed = new Set(
  (
    "type format title description nullable enum items minItems maxItems properties required propertyOrdering " +
    "minProperties maxProperties minLength maxLength pattern minimum maximum anyOf default example"
  ).split(" "),
);

test("T24 additionalProperties goes at every depth, inside anyOf and items too", () => {
  const closed = { type: "object", additionalProperties: false, properties: { a: { type: "string" } } };
  const { parameters } = parametersFor({
    ...closed,
    properties: {
      one: { anyOf: [closed, { type: "string" }] },
      many: { type: "array", items: closed },
    },
  });
  expect(JSON.stringify(parameters)).not.toContain("additionalProperties");
  expect(at(parameters, "properties.one.anyOf[0].properties.a.type")).toBe("string");
  expect(at(parameters, "properties.many.items.properties.a.type")).toBe("string");
});

test("T25 only keywords on the list are sent, whatever else a schema says, and what was told otherwise is reported", () => {
  const { parameters, report } = parametersFor({
    $schema: "http://json-schema.org/draft-07/schema#",
    $id: "x",
    type: "object",
    propertyNames: { pattern: "^a" },
    unknownKeyword: 1,
    properties: {
      kind: { const: "x" },
      count: { type: "integer", exclusiveMinimum: 0, multipleOf: 2 },
      format: { type: "string", contentEncoding: "base64", format: "uri" },
    },
  });
  expect(keywords(parameters).filter((key) => !allowed.has(key))).toEqual([]);
  expect(at(parameters, "properties.kind.enum")).toEqual(["x"]);
  expect(at(parameters, "properties.count.description")).toContain("exclusiveMinimum");
  expect(at(parameters, "properties.format.type")).toBe("string");
  expect(report.approximated.map(({ path }) => path)).toContain("tools[0].function.parameters");
});

test("T26 a tuple has one schema for its items", () => {
  const members = [{ type: "string" }, { type: "integer" }];
  const { parameters } = parametersFor({
    type: "object",
    properties: {
      pair: { type: "array", prefixItems: members },
      old: { type: "array", items: members },
      same: { type: "array", prefixItems: [{ type: "string" }, { type: "string" }] },
      bare: { type: "array" },
    },
  });
  for (const name of ["pair", "old"]) {
    const items = at(parameters, `properties.${name}.items`);
    expect(at(items, "anyOf")).toMatchObject(members);
  }
  expect(at(parameters, "properties.same.items")).toEqual({ type: "string" });
  expect(at(parameters, "properties.bare.items")).toBeDefined();
  expect(JSON.stringify(parameters)).not.toContain("prefixItems");
});

test("T28 a type with null is one type that may be null", () => {
  const { parameters } = parametersFor({ type: "object", properties: { a: { type: ["string", "null"] } } });
  expect(at(parameters, "properties.a")).toMatchObject({ type: "string", nullable: true });
});

test("T29 properties of if, then and else stay", () => {
  const { parameters } = parametersFor({
    type: "object",
    properties: { kind: { type: "string" } },
    if: { properties: { kind: { const: "a" } } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { properties: { left: { type: "string" } }, required: ["left"] },
    else: { properties: { right: { type: "integer" } } },
  });
  expect(at(parameters, "properties.left.type")).toBe("string");
  expect(at(parameters, "properties.right.type")).toBe("integer");
  expect(at(parameters, "properties.kind.type")).toBe("string");
  expect(at(parameters, "required") ?? []).not.toContain("left");
});

test("T30 a bare map of properties is wrapped, and `required: true` moves to the parent", () => {
  const bare = { city: { type: "string", required: true }, unit: { type: "string" } };
  const { parameters } = parametersFor(bare);
  expect(parameters).toMatchObject({ type: "object", required: ["city"] });
  expect(at(parameters, "properties.city")).toEqual({ type: "string" });
  expect(at(parameters, "properties.unit")).toEqual({ type: "string" });
});

describe("T31 arguments in a history are data", () => {
  const text = '{"$schema":"x","additionalProperties":false,"const":1,"type":["string","null"]}';
  const messages = [
    user,
    { role: "assistant", tool_calls: [{ id: "call_1", type: "function", function: { name: "f", arguments: text } }] },
    { role: "tool", tool_call_id: "call_1", content: "ok" },
  ];

  test.each(["gemini-2.0-flash", "gemini-3-pro"])("no cleaner touches them on the way to %s", (model) => {
    const { body } = translate("openai-chat", "gemini", { model: "m", messages }, model);
    expect(at(body, "contents[1].parts[0].functionCall.args")).toEqual(JSON.parse(text));
  });

  test("nor on the way to Anthropic", () => {
    const { body } = translate("openai-chat", "anthropic-messages", { model: "claude-sonnet-4-5", messages });
    expect(at(body, "messages[1].content[0].input")).toEqual(JSON.parse(text));
  });
});
