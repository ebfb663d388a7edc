import { isJsonObject, type JsonValue } from "@turnout/core";
import { listOf } from "../json.ts";
import type { AnthropicRule } from "./rule.ts";

const combinators = ["oneOf", "allOf", "anyOf"];

const namesAreUnique: AnthropicRule = ({ request }) => {
  const names = (request.tools ?? []).map(({ name }) => name);
  return names.some((name, index) => name !== undefined && names.indexOf(name) !== index)
    ? "tools: Tool names must be unique."
    : undefined;
};

const schemasArePlainAtTheTop: AnthropicRule = ({ request }) => {
  for (const [index, tool] of (request.tools ?? []).entries()) {
    const schema = tool.input_schema;
    if (isJsonObject(schema) && combinators.some((word) => Object.hasOwn(schema, word))) {
      return `tools.${index}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`;
    }
  }
  return undefined;
};

const choiceHasItsTool: AnthropicRule = ({ request }) => {
  const { tool_choice: choice, tools = [] } = request;
  if (choice === undefined) return undefined;
  if (tools.length === 0) return "tool_choice: tool_choice may only be specified while providing tools.";
  return choice.type === "tool" && !tools.some(({ name }) => name === choice.name)
    ? `tool_choice: Tool '${choice.name}' not found in provided tools`
    : undefined;
};

const forcingFits: AnthropicRule = ({ request, model }) => {
  const forced = request.tool_choice?.type === "any" || request.tool_choice?.type === "tool";
  if (!forced) return undefined;
  if (!model.forcedTools) return "tool_choice: forcing tool use is not supported on this model.";
  // Adaptive thinking allows it.
  return request.thinking?.type === "enabled"
    ? "Thinking may not be enabled when tool_choice forces tool use."
    : undefined;
};

/** Keywords that a schema for structured output may not have, by type. */
const refusedKeywords = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "maxItems",
  "uniqueItems",
  "not",
  "oneOf",
  "minProperties",
  "maxProperties",
];

const stringFormats = new Set([
  "date-time",
  "time",
  "date",
  "duration",
  "email",
  "hostname",
  "uri",
  "ipv4",
  "ipv6",
  "uuid",
]);

const maximumDepth = 100;

/** What is wrong with a schema for structured output; looks into every place where a schema can be. */
function schemaProblem(schema: JsonValue | undefined, depth = 0): string | undefined {
  if (depth > maximumDepth) return "Schema is too deep";
  if (!isJsonObject(schema)) return undefined;
  const type = typeof schema.type === "string" ? schema.type : "any";
  if (type === "object" && schema.additionalProperties !== false) {
    return "For 'object' type, 'additionalProperties' must be explicitly set to false";
  }
  const keyword = refusedKeywords.find((word) => Object.hasOwn(schema, word));
  if (keyword !== undefined) return `For '${type}' type, property '${keyword}' is not supported`;
  const { format } = schema;
  if (typeof format === "string" && !stringFormats.has(format))
    return `For 'string' type, format '${format}' is not supported`;
  const inner: JsonValue[] = [];
  for (const word of ["properties", "$defs", "definitions"]) {
    const group = schema[word];
    if (isJsonObject(group)) for (const value of Object.values(group)) if (value !== undefined) inner.push(value);
  }
  for (const word of ["anyOf", "allOf"]) {
    inner.push(...listOf(schema[word]));
  }
  if (schema.items !== undefined) inner.push(schema.items);
  for (const each of inner) {
    const problem = schemaProblem(each, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const formatIsStrict: AnthropicRule = ({ request }) => {
  const problem = schemaProblem(request.output_config?.format?.schema);
  return problem === undefined ? undefined : `output_config.format.schema: ${problem}`;
};

export const toolRules: readonly AnthropicRule[] = [
  namesAreUnique,
  schemasArePlainAtTheTop,
  choiceHasItsTool,
  forcingFits,
  formatIsStrict,
];
