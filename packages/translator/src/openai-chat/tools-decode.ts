import { isJsonObject, type JsonObject, type ModelRequest, type Tool, type ToolChoice } from "@turnout/core";

import { extrasFrom, type Fields, restOf, wire, withNested } from "./extras.ts";
import type { ChatFunction, ChatRequest, ChatTool, ChatToolChoice, ChatWebSearchOptions } from "./schema.ts";

/** Note on a tool: it came in `functions`, the list before `tools`. */
export const legacyNote = "$legacy";
/** Note on a custom tool: it came in the flat shape of Responses. */
export const flatNote = "$flat";

const functionKeys = new Set(["name", "description", "parameters", "strict"]);
const customKeys = new Set(["name", "description", "format"]);
const functionToolKeys = new Set(["type", "function"]);
const customToolKeys = new Set(["type", "custom"]);
const flatToolKeys = new Set(["type", "name", "description", "format"]);

function decodeFunction(source: ChatFunction, fields: Fields): Tool {
  const { name, description, parameters, strict } = source;
  return {
    type: "function",
    name,
    ...(typeof description === "string" && { description }),
    ...(parameters !== undefined && parameters !== null && { parameters }),
    ...(typeof strict === "boolean" && { strict }),
    ...extrasFrom(fields),
  };
}

/** A grammar as the hub has it, which is the flat form of Responses: Chat puts its fields one level deeper. */
function flattenFormat(format: JsonObject): JsonObject {
  const grammar = format["grammar"];
  if (!isJsonObject(grammar)) return format;
  const { grammar: _, ...rest } = format;
  return { ...rest, ...grammar };
}

function decodeCustom(tool: ChatTool): Tool {
  const { custom } = tool;
  const source = custom ?? tool;
  const fields = custom
    ? withNested(restOf(tool, customToolKeys), "custom", restOf(custom, customKeys))
    : { ...restOf(tool, flatToolKeys), [flatNote]: true };
  const { description, format } = source;
  return {
    type: "custom",
    name: source.name ?? "",
    ...(typeof description === "string" && { description }),
    ...(format !== undefined && format !== null && { format: flattenFormat(format) }),
    ...extrasFrom(fields),
  };
}

function decodeTool(tool: ChatTool): Tool {
  const type = tool.type ?? "function";
  if (type === "function" && tool.function) {
    const fields = withNested(restOf(tool, functionToolKeys), "function", restOf(tool.function, functionKeys));
    return decodeFunction(tool.function, fields);
  }
  if (type === "custom") return decodeCustom(tool);
  // A tool the vendor runs itself, for example OpenRouter's `openrouter:web_search`.
  return { type: "server", name: type, extras: { wire, fields: restOf(tool, new Set()) } };
}

/**
 * Web search as a server tool in the words of Responses, which is how the hub has it: Chat has it beside its tools and
 * with the location one level deeper.
 */
function decodeWebSearch(options: ChatWebSearchOptions): Tool {
  const { user_location: location, ...rest } = options;
  const approximate = location?.approximate;
  const fields: Fields = { type: "web_search", ...restOf(rest, new Set()) };
  if (location) fields["user_location"] = { ...restOf(location, new Set(["approximate"])), ...approximate };
  return { type: "server", name: "web_search", extras: { wire: "openai-responses", fields } };
}

/** All tools of the request: `tools`, the older `functions`, and web search, in this order. */
export function decodeTools(request: ChatRequest): Tool[] {
  const tools = (request.tools ?? []).map(decodeTool);
  for (const source of request.functions ?? []) {
    tools.push(decodeFunction(source, { ...restOf(source, functionKeys), [legacyNote]: true }));
  }
  if (request.web_search_options) tools.push(decodeWebSearch(request.web_search_options));
  return tools;
}

/** `{type:function,function:{name}}` of Chat as `{type:function,name}` of Responses. */
function flattenChoice(choice: JsonObject): JsonObject {
  const { type } = choice;
  if (type !== "function" && type !== "custom") return choice;
  const { [type]: named, ...rest } = choice;
  return isJsonObject(named) ? { ...rest, ...named } : choice;
}

function decodeNamedChoice(choice: Exclude<ChatToolChoice, string>): ToolChoice {
  const { type, allowed_tools: allowed } = choice;
  const name = choice.function?.name ?? choice.custom?.name ?? choice.name;
  if ((type === "function" || type === "custom") && typeof name === "string") return { type: "tool", name, kind: type };
  if (type === "allowed_tools" && allowed) {
    const fields = { type, mode: allowed.mode, tools: allowed.tools.map(flattenChoice) };
    return { type: "other", extras: { wire: "openai-responses", fields } };
  }
  return { type: "other", extras: { wire, fields: restOf(choice, new Set()) } };
}

function decodeChoice(choice: ChatToolChoice): ToolChoice {
  if (typeof choice !== "string") return decodeNamedChoice(choice);
  switch (choice) {
    case "auto":
    case "none":
    case "required":
      return { type: choice };
    // Mistral's word.
    case "any":
      return { type: "required" };
    default:
      return { type: "other", extras: { wire, fields: { [choiceKey]: choice } } };
  }
}

/** Key under which a choice is kept that is a plain word we do not know. */
export const choiceKey = "$choice";

/** What the model must do with the tools, out of `tool_choice` or the older `function_call`. */
export function decodeToolChoice(request: ChatRequest): Pick<ModelRequest, "toolChoice"> {
  const { tool_choice: choice, function_call: legacy } = request;
  if (choice !== undefined && choice !== null) return { toolChoice: decodeChoice(choice) };
  if (typeof legacy === "string") return { toolChoice: decodeChoice(legacy) };
  return legacy ? { toolChoice: { type: "tool", name: legacy.name, kind: "function" } } : {};
}
