import type { ModelRequest, Tool } from "@turnout/core";

import { type Fields, restOf } from "../fields.ts";
import { own } from "./extras.ts";
import type { AnthropicTool, MessagesRequest } from "./schema.ts";

/** Note on a tool: its type was written, although it is the usual one. */
export const typeNote = "$type";

const functionKeys = new Set(["type", "name", "description", "input_schema", "strict"]);

function decodeTool(tool: AnthropicTool): Tool {
  const { name, description, input_schema: parameters, strict } = tool;
  const type = tool.type ?? "custom";
  if (type !== "custom") {
    // Anthropic's own: it runs them, or has taught its models how they are called.
    return { type: "server", name: name ?? type, ...own(restOf(tool, new Set())) };
  }
  const fields: Fields = restOf(tool, functionKeys);
  if (tool.type === "custom") fields[typeNote] = type;
  return {
    type: "function",
    name: name ?? "",
    ...(typeof description === "string" && { description }),
    ...(parameters !== undefined && parameters !== null && { parameters }),
    ...(typeof strict === "boolean" && { strict }),
    ...own(fields),
  };
}

export function decodeTools(tools: readonly AnthropicTool[]): Tool[] {
  return tools.map(decodeTool);
}

/** `tool_choice`, and the switch for parallel calls that stands in it (T43). */
export function decodeToolChoice(request: MessagesRequest): Pick<ModelRequest, "toolChoice" | "parallelToolCalls"> {
  const choice = request.tool_choice;
  if (!choice) return {};
  const disabled = choice.disable_parallel_tool_use;
  const parallel = typeof disabled === "boolean" && { parallelToolCalls: !disabled };
  switch (choice.type) {
    case "auto":
    case "none":
      return { toolChoice: { type: choice.type }, ...parallel };
    case "any":
      return { toolChoice: { type: "required" }, ...parallel };
    case "tool": {
      const name = choice.name ?? "";
      const named = request.tools?.find((tool) => tool.name === name);
      const isServer = (named?.type ?? "custom") !== "custom";
      return isServer
        ? { toolChoice: { type: "other", ...own({ type: "tool", name }) }, ...parallel }
        : { toolChoice: { type: "tool", name, kind: "function" }, ...parallel };
    }
  }
}
