import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import { listOf, objectOf } from "../json.ts";

const maximumDepth = 100;

const refusedKeywords = ["allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "patternProperties"];

function contextText(path: readonly string[]): string {
  const words = path.map((word) => `'${word}'`).join(", ");
  return `In context=(${path.length === 1 ? `${words},` : words})`;
}

function objectProblem(schema: JsonObject, path: readonly string[]): string | undefined {
  if (schema.additionalProperties !== false) {
    return `${contextText(path)}, 'additionalProperties' is required to be supplied and to be false.`;
  }
  const names = Object.keys(objectOf(schema.properties));
  const required = listOf(schema.required);
  const missing = names.find((name) => !required.includes(name));
  return missing === undefined
    ? undefined
    : `${contextText(path)}, 'required' is required to be supplied and to be an array including every key in properties. ` +
        `Missing '${missing}'.`;
}

/** What is wrong with a schema that is to be strict, in OpenAI's words. */
export function strictSchemaProblem(value: JsonValue | undefined, path: readonly string[] = []): string | undefined {
  if (!isJsonObject(value) || path.length > maximumDepth) return undefined;
  const keyword = refusedKeywords.find((word) => Object.hasOwn(value, word));
  if (keyword !== undefined) return `${contextText(path)}, '${keyword}' is not permitted.`;
  if (value.type === "object") {
    const problem = objectProblem(value, path);
    if (problem !== undefined) return problem;
  }
  const inner: [readonly string[], JsonValue | undefined][] = [[[...path, "items"], value.items]];
  for (const word of ["properties", "$defs", "definitions"]) {
    const group = value[word];
    if (isJsonObject(group))
      for (const [name, each] of Object.entries(group)) inner.push([[...path, word, name], each]);
  }
  for (const [index, each] of listOf(value.anyOf).entries()) inner.push([[...path, "anyOf", String(index)], each]);
  for (const [place, each] of inner) {
    const problem = strictSchemaProblem(each, place);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** What is wrong with the parameters of a function, strict or not. */
export function parametersProblem(schema: JsonObject | undefined, strict: boolean): string | undefined {
  if (schema === undefined) return undefined;
  if (schema.type !== "object") {
    const type = typeof schema.type === "string" ? schema.type : "None";
    return `schema must be a JSON Schema of 'type: "object"', got 'type: "${type}"'.`;
  }
  return strict ? strictSchemaProblem(schema) : arrayProblem(schema, []);
}

function arrayProblem(value: JsonValue | undefined, path: readonly string[]): string | undefined {
  if (!isJsonObject(value) || path.length > maximumDepth) return undefined;
  if (value.type === "array" && !isJsonObject(value.items)) return `${contextText(path)}, array schema missing items.`;
  const properties = objectOf(value.properties);
  for (const [name, each] of Object.entries(properties)) {
    const problem = arrayProblem(each, [...path, "properties", name]);
    if (problem !== undefined) return problem;
  }
  return arrayProblem(value.items, [...path, "items"]);
}
