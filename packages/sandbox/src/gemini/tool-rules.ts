import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import { listOf, objectOf } from "../json.ts";
import { at, declarationsOf, type GeminiRule } from "./rule.ts";

const namePattern = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

const namesAreGood: GeminiRule = ({ request }) => {
  for (const [index, { functionDeclarations }] of request.tools.entries()) {
    const place = functionDeclarations.findIndex(({ name }) => !namePattern.test(name));
    if (place !== -1) {
      return at(
        `tools[${index}].function_declarations[${place}].name`,
        "Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), " +
          "underscores (_), dots (.) or dashes (-), with a maximum length of 64.",
      );
    }
  }
  return undefined;
};

const namesAreUnique: GeminiRule = ({ request }) => {
  const names = declarationsOf(request).map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? undefined : `Duplicate function declaration found: ${twice}`;
};

const oneKindOfParameters: GeminiRule = ({ request }) =>
  declarationsOf(request).some(
    ({ parameters, parametersJsonSchema }) => parameters !== undefined && parametersJsonSchema !== undefined,
  )
    ? "parameters and parameters_json_schema cannot both be set on a function declaration."
    : undefined;

/** What the service finds in a schema that its front end let through. */
function schemaProblem(schema: JsonObject, place: string): string | undefined {
  const { type, items, properties, required } = schema;
  if (type === "ARRAY" && !isJsonObject(items)) return at(`${place}.items`, "missing field.");
  if (Array.isArray(schema.enum) && type !== "STRING") return at(`${place}.enum`, "only allowed for STRING type");
  if (type === "STRING" && schema.format !== undefined && schema.format !== "enum" && schema.format !== "date-time") {
    return at(`${place}.format`, "only 'enum' and 'date-time' are supported for STRING type");
  }
  const names = objectOf(properties);
  const missing = listOf(required).findIndex((name) => typeof name !== "string" || !Object.hasOwn(names, name));
  if (missing !== -1) return at(`${place}.required[${missing}]`, "property is not defined");
  const inner: [string, JsonValue | undefined][] = Object.entries(names).map(([name, each]) => [
    `${place}.properties[${name}]`,
    each,
  ]);
  inner.push([`${place}.items`, items]);
  if (Array.isArray(schema.anyOf)) {
    schema.anyOf.forEach((each: JsonValue, index) => inner.push([`${place}.any_of[${index}]`, each]));
  }
  for (const [name, each] of inner) {
    const problem = isJsonObject(each) ? schemaProblem(each, name) : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const schemasAreWhole: GeminiRule = ({ request }) => {
  for (const [index, { functionDeclarations }] of request.tools.entries()) {
    for (const [place, { parameters }] of functionDeclarations.entries()) {
      if (parameters === undefined) continue;
      const name = `tools[${index}].function_declarations[${place}].parameters`;
      if (parameters.type !== "OBJECT") return at(name, "schema at top-level must be of type OBJECT");
      const problem = schemaProblem(parameters, name);
      if (problem !== undefined) return problem;
    }
  }
  const response = request.generationConfig?.responseSchema;
  return response === undefined ? undefined : schemaProblem(response, "generation_config.response_schema");
};

const callingFitsTools: GeminiRule = ({ request }) => {
  const config = request.toolConfig?.functionCallingConfig;
  if (config === undefined) return undefined;
  const names = declarationsOf(request).map(({ name }) => name);
  const { mode, allowedFunctionNames } = config;
  if ((mode === "ANY" || mode === "VALIDATED") && names.length === 0) {
    return "Function calling config is set without function_declarations.";
  }
  if (allowedFunctionNames.length > 0 && mode !== "ANY" && mode !== "VALIDATED") {
    return "Allowed function names should only be set when the function calling mode is ANY or VALIDATED.";
  }
  const unknown = allowedFunctionNames.find((name) => !names.includes(name));
  return unknown === undefined
    ? undefined
    : `Allowed function name ${unknown} is not found in the function declarations.`;
};

const serverTools = [
  "googleSearch",
  "googleSearchRetrieval",
  "codeExecution",
  "urlContext",
  "fileSearch",
  "googleMaps",
];

const serverToolsStandAlone: GeminiRule = ({ request, model }) => {
  const hosted = request.tools.some((tool) => serverTools.some((name) => tool[name] !== undefined));
  if (!hosted || declarationsOf(request).length === 0) return undefined;
  if (model.generation !== 3) return "Tool use with function calling is unsupported";
  return request.toolConfig?.includeServerSideToolInvocations === true
    ? undefined
    : "Built-in tools and function calling can only be combined when tool_config.include_server_side_tool_invocations is true.";
};

const jsonNeedsNoFunctions: GeminiRule = ({ request, model }) =>
  model.generation !== 3 &&
  request.generationConfig?.responseMimeType === "application/json" &&
  declarationsOf(request).length > 0
    ? "Function calling with a response mime type: 'application/json' is unsupported"
    : undefined;

export const toolRules: readonly GeminiRule[] = [
  namesAreGood,
  namesAreUnique,
  oneKindOfParameters,
  schemasAreWhole,
  callingFitsTools,
  serverToolsStandAlone,
  jsonNeedsNoFunctions,
];
