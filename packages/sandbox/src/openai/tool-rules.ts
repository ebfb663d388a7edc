import type { ChatRequest, ChatTool } from "./request-schema.ts";
import { emptyArray, tooLong, type ChatRule } from "./rule.ts";
import { parametersProblem, strictSchemaProblem } from "./strict-schema.ts";

const maximumNameLength = 64;

export function toolName(tool: ChatTool): string {
  return tool.type === "function" ? tool.function.name : tool.custom.name;
}

const toolsAreNotEmpty: ChatRule = ({ request }) => (request.tools?.length === 0 ? emptyArray("tools") : undefined);

const namesAreGood: ChatRule = ({ request }) => {
  for (const [index, tool] of (request.tools ?? []).entries()) {
    const param = `tools[${index}].${tool.type}.name`;
    const name = toolName(tool);
    if (name.length > maximumNameLength) return tooLong(param, maximumNameLength, name.length);
    if (!/^[a-zA-Z0-9_-]+$/.test(name)) {
      return {
        message: `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
        param,
        code: "invalid_value",
      };
    }
  }
  return undefined;
};

const parametersAreGood: ChatRule = ({ request }) => {
  for (const [index, tool] of (request.tools ?? []).entries()) {
    if (tool.type !== "function") continue;
    const { name, parameters, strict } = tool.function;
    const problem = parametersProblem(parameters, strict === true);
    if (problem !== undefined) {
      return {
        message: `Invalid schema for function '${name}': ${problem}`,
        param: `tools[${index}].function.parameters`,
        code: "invalid_function_parameters",
      };
    }
  }
  return undefined;
};

const formatIsStrict: ChatRule = ({ request }) => {
  const format = request.response_format;
  if (format?.type !== "json_schema" || format.json_schema.strict !== true) return undefined;
  const problem = strictSchemaProblem(format.json_schema.schema);
  return problem === undefined
    ? undefined
    : {
        message: `Invalid schema for response_format '${format.json_schema.name}': ${problem}`,
        param: "response_format",
      };
};

const choiceNeedsTools: ChatRule = ({ request }) => {
  if (request.tools !== undefined) return undefined;
  for (const name of ["tool_choice", "parallel_tool_calls"] as const) {
    if (request[name] !== undefined) {
      const message = `Invalid value for '${name}': '${name}' is only allowed when 'tools' are specified.`;
      return { message, param: name };
    }
  }
  return undefined;
};

/** The name that `tool_choice` insists on. */
export function chosenName(choice: ChatRequest["tool_choice"]): string | undefined {
  if (typeof choice !== "object") return undefined;
  if (choice.type === "function") return choice.function.name;
  return choice.type === "custom" ? choice.custom.name : undefined;
}

const choiceIsDeclared: ChatRule = ({ request }) => {
  const name = chosenName(request.tool_choice);
  if (name === undefined || (request.tools ?? []).some((tool) => toolName(tool) === name)) return undefined;
  return {
    message: `Invalid value for 'tool_choice': Tool choice '${name}' not found in 'tools' parameter.`,
    param: "tool_choice",
  };
};

export const toolRules: readonly ChatRule[] = [
  toolsAreNotEmpty,
  namesAreGood,
  parametersAreGood,
  choiceNeedsTools,
  choiceIsDeclared,
  formatIsStrict,
];
