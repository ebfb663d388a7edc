import { apiRefusal, type Refusal } from "../refusal.ts";
import type { RequestTool } from "./request-schema.ts";
import type { Rule } from "./rule.ts";

const namedTypes = new Set(["function", "custom", "namespace"]);
const knownTypes = new Set([...namedTypes, "web_search", "image_generation", "tool_search", "local_shell"]);
/** Of a Lite model; a namespace groups them. */
const liteTypes = new Set([...namedTypes, "tool_search"]);
const namePattern = /^[a-zA-Z0-9_-]{1,128}$/;

function checkTool(tool: RequestTool, param: string): Refusal | undefined {
  if (!knownTypes.has(tool.type)) {
    const message = `Unsupported tool type: ${tool.type}`;
    return apiRefusal(400, { message, code: "invalid_value", param: `${param}.type` });
  }
  if (!namedTypes.has(tool.type)) return undefined;
  if (tool.name === undefined) {
    const message = `Missing required parameter: '${param}.name'.`;
    return apiRefusal(400, { message, code: "missing_required_parameter", param: `${param}.name` });
  }
  if (!namePattern.test(tool.name)) {
    const message = `Invalid '${param}.name': expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`;
    return apiRefusal(400, { message, code: "invalid_value", param: `${param}.name` });
  }
  if (tool.type === "namespace" && !Array.isArray(tool.tools)) {
    const message = `Missing required parameter: '${param}.tools'.`;
    return apiRefusal(400, { message, code: "missing_required_parameter", param: `${param}.tools` });
  }
  return undefined;
}

function checkTools(tools: readonly RequestTool[], param: string): Refusal | undefined {
  for (const [index, tool] of tools.entries()) {
    const refusal = checkTool(tool, `${param}[${index}]`);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

const toolsAreKnown: Rule = ({ request }) => checkTools(request.tools ?? [], "tools");

const liteToolsAreKnown: Rule = ({ input }) => {
  for (const [index, item] of input.entries()) {
    if (item.type !== "additional_tools") continue;
    const param = `input[${index}].tools`;
    const other = item.tools?.find((tool) => !liteTypes.has(tool.type));
    if (other !== undefined) {
      const message = `Unsupported value: tools of type '${other.type}' are not supported with this model.`;
      return apiRefusal(400, { message, code: "unsupported_value", param: "tools" });
    }
    const refusal = checkTools(item.tools ?? [], param);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
};

export const toolRules: readonly Rule[] = [toolsAreKnown, liteToolsAreKnown];
