import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ModelRequest,
  type Tool,
  type ToolChoice,
} from "@turnout/core";

import { type Fields, objectIn, put } from "../fields.ts";
import type { LossCollector } from "../report.ts";
import { qualifiedToolName, type ToolNames } from "../tool-names.ts";
import { invalidRequest } from "../validate.ts";
import { ownFields, reportForeign, restore, wire } from "./extras.ts";
import type { ModelCapabilities } from "./models.ts";
import { inputSchema } from "./tool-schema.ts";
import { typeNote } from "./tools-decode.ts";

type ClientTool = Exclude<Tool, { type: "server" }>;
type ServerTool = Extract<Tool, { type: "server" }>;

/**
 * The tool that a structured answer is emulated with where a model has no such thing: its input is the answer, and the
 * decoder turns it back into text by this name.
 */
export const answerToolName = "turnout_json_answer";

/** OpenRouter's clients write Anthropic's mark into Chat tools; it is sent. */
const markFields: ReadonlySet<string> = new Set(["cache_control"]);

const webSearchName = /^(?:web_search|google_?search)/iu;

/** Where a request's tools go in a body. */
export interface ToolFields {
  readonly tools?: readonly JsonValue[];
  readonly tool_choice?: JsonObject;
  /** The model must call a tool. */
  readonly isForced: boolean;
}

/** The free text of a custom tool travels as the one argument of a function; a grammar is told in words. */
function customDescription(tool: Extract<Tool, { type: "custom" }>): string {
  const { description = "", format } = tool;
  const definition = format?.["definition"];
  if (typeof definition !== "string") return description;
  const syntax = typeof format?.["syntax"] === "string" ? format["syntax"] : "given";
  return `${description}\n\nThe input must follow this ${syntax} grammar:\n${definition}`.trim();
}

function encodeForeignTool(tool: ClientTool, names: ToolNames, model: ModelCapabilities): Fields {
  const encoded: Fields = { name: names.toWire(tool.name, tool.namespace) };
  if (tool.type === "custom") {
    const description = customDescription(tool);
    if (description !== "") encoded["description"] = description;
    encoded["input_schema"] = { type: "object", properties: { input: { type: "string" } }, required: ["input"] };
    return encoded;
  }
  put(encoded, "description", tool.description);
  encoded["input_schema"] = inputSchema(tool.parameters);
  if (tool.strict === true && model.structuredOutput) encoded["strict"] = true;
  const mark = tool.extras?.fields["cache_control"];
  if (isJsonObject(mark) && mark["type"] === "ephemeral") encoded["cache_control"] = mark;
  return encoded;
}

function encodeOwnTool(tool: ClientTool): Fields {
  const encoded: Fields = {};
  if (ownFields(tool.extras)[typeNote] !== undefined) encoded["type"] = "custom";
  encoded["name"] = tool.name;
  put(encoded, "description", tool.description);
  if (tool.type === "function") {
    put(encoded, "input_schema", tool.parameters);
    if (typeof tool.strict === "boolean") encoded["strict"] = tool.strict;
  }
  restore(encoded, tool.extras);
  return encoded;
}

/** Web search of Responses (which is how Chat's is known too) and of Gemini. */
function encodeWebSearch(tool: ServerTool, path: string, losses: LossCollector): JsonObject {
  const { fields } = tool.extras;
  const options = isJsonObject(fields["tool"]) ? fields["tool"] : fields;
  const encoded: Fields = { type: "web_search_20250305", name: "web_search" };
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || value === null || key === "type" || key.startsWith("$")) continue;
    if (key === "filters") put(encoded, "allowed_domains", objectIn(options, key)["allowed_domains"]);
    else if (key === "user_location" && isJsonObject(value)) {
      const { approximate, ...location } = value;
      encoded[key] = { type: "approximate", ...(location as Fields), ...(isJsonObject(approximate) && approximate) };
    } else losses.dropped(`${path}.${key}`, "Anthropic's web search has no such setting");
  }
  return encoded;
}

function isForcedServer(choice: ToolChoice | undefined, name: string): boolean {
  return choice?.type === "other" && choice.extras.fields["type"] === name;
}

interface NamedTool {
  readonly tool: Tool;
  readonly name: string;
  readonly encoded: JsonValue;
}

function encodeForeignTools(
  request: ModelRequest,
  names: ToolNames,
  model: ModelCapabilities,
  losses: LossCollector,
): NamedTool[] {
  const encoded: NamedTool[] = [];
  for (const [index, tool] of request.tools.entries()) {
    const path = `tools[${index}]`;
    if (tool.type !== "server") {
      const name = names.toWire(tool.name, tool.namespace);
      // One declaration a name: the first (T35).
      if (encoded.some((other) => other.name === name)) continue;
      reportForeign(tool.extras, path, losses, markFields);
      if (name !== qualifiedToolName(tool.name, tool.namespace) || tool.namespace !== undefined) {
        losses.approximated(`${path}.name`, `sent as \`${name}\``);
      }
      if (tool.type === "custom") losses.approximated(path, "a tool with free text: sent as a function with `input`");
      encoded.push({ tool, name, encoded: encodeForeignTool(tool, names, model) });
    } else if (tool.extras.wire === wire) {
      encoded.push({ tool, name: tool.name, encoded: tool.extras.fields });
    } else if (webSearchName.test(tool.name)) {
      encoded.push({ tool, name: "web_search", encoded: encodeWebSearch(tool, path, losses) });
    } else if (request.tools.length === 1 || isForcedServer(request.toolChoice, tool.name)) {
      throw invalidRequest(
        path,
        `Cannot send tool \`${tool.name}\` to an Anthropic upstream: only its own provider runs it`,
      );
    } else losses.dropped(path, `server-tool:${tool.name}`);
  }
  return encoded;
}

/** The names in an `allowed_tools` choice of Chat or Responses. */
function allowedNames(fields: JsonObject, names: ToolNames): Set<string> {
  const { tools } = isJsonObject(fields["allowed_tools"]) ? fields["allowed_tools"] : fields;
  const list: JsonObject[] = Array.isArray(tools) ? tools.filter(isJsonObject) : [];
  return new Set(
    list.map((tool) => {
      const inner = tool["function"] ?? tool["custom"];
      const { name, namespace, type } = isJsonObject(inner) ? inner : tool;
      const called = name ?? type;
      return names.toWire(
        typeof called === "string" ? called : "",
        typeof namespace === "string" ? namespace : undefined,
      );
    }),
  );
}

interface Chosen {
  readonly choice: JsonObject | undefined;
  readonly tools: readonly NamedTool[];
}

function chooseOther(
  choice: Extract<ToolChoice, { type: "other" }>,
  tools: readonly NamedTool[],
  names: ToolNames,
  losses: LossCollector,
): Chosen {
  const { fields } = choice.extras;
  const { type } = fields;
  if (type === "allowed_tools") {
    const allowed = allowedNames(fields, names);
    losses.approximated("tool_choice", "only the allowed tools are sent");
    const { mode } = isJsonObject(fields["allowed_tools"]) ? fields["allowed_tools"] : fields;
    const chosen = tools.filter(({ name }) => allowed.has(name));
    return { choice: { type: mode === "required" ? "any" : "auto" }, tools: chosen };
  }
  if (typeof type === "string" && webSearchName.test(type) && tools.some(({ name }) => name === "web_search")) {
    return { choice: { type: "tool", name: "web_search" }, tools };
  }
  throw invalidRequest("tool_choice", "Cannot force this tool on an Anthropic upstream: only its own provider runs it");
}

function choose(request: ModelRequest, tools: readonly NamedTool[], names: ToolNames, losses: LossCollector): Chosen {
  const { toolChoice } = request;
  switch (toolChoice?.type) {
    case undefined:
      return { choice: undefined, tools };
    case "auto":
    case "none":
      return { choice: { type: toolChoice.type }, tools };
    case "required":
      return { choice: { type: "any" }, tools };
    case "tool":
      return { choice: { type: "tool", name: names.toWire(toolChoice.name) }, tools };
    case "other":
      return chooseOther(toolChoice, tools, names, losses);
  }
}

/** Some models take no forcing: they are left the wanted tools alone (T20). */
function soften(chosen: Chosen, losses: LossCollector): Chosen {
  const { choice, tools } = chosen;
  losses.approximated("tool_choice", "the model takes no forced tools: it is left the choice");
  const wanted = choice?.["type"] === "tool" ? tools.filter(({ name }) => name === choice["name"]) : tools;
  return { choice: { type: "auto" }, tools: wanted };
}

/**
 * `tools` and `tool_choice` of another format's request.
 *
 * @throws {RouterError} `request-invalid` when a tool that only another provider runs is the only one or forced.
 */
export function encodeTools(
  request: ModelRequest,
  names: ToolNames,
  model: ModelCapabilities,
  losses: LossCollector,
): ToolFields {
  const encoded = encodeForeignTools(request, names, model, losses);
  if (encoded.length === 0) {
    // T41: both are refused without tools.
    if (request.toolChoice !== undefined && request.toolChoice.type !== "none" && request.toolChoice.type !== "auto") {
      throw invalidRequest("tool_choice", "Cannot force a tool on an Anthropic upstream: there are no tools");
    }
    return { isForced: false };
  }
  let chosen = choose(request, encoded, names, losses);
  const isForcing = (choice: JsonObject | undefined): boolean =>
    choice?.["type"] === "any" || choice?.["type"] === "tool";
  if (isForcing(chosen.choice) && !model.forcedTools) chosen = soften(chosen, losses);
  const { choice, tools } = chosen;
  // The switch for parallel calls has no place but here (T43).
  const switched =
    request.parallelToolCalls === false && choice?.["type"] !== "none"
      ? { ...(choice ?? { type: "auto" }), disable_parallel_tool_use: true }
      : choice;
  return {
    tools: tools.map((entry) => entry.encoded),
    ...(switched !== undefined && { tool_choice: switched }),
    isForced: isForcing(choice),
  };
}

/** `tools` and `tool_choice` as they came from this format. */
export function encodeOwnTools(request: ModelRequest): Omit<ToolFields, "isForced"> {
  const { tools, toolChoice: choice, parallelToolCalls } = request;
  const rest = objectIn(ownFields(request.extras), "tool_choice");
  const parallel = parallelToolCalls !== undefined && { disable_parallel_tool_use: !parallelToolCalls };
  const encoded: Fields = {};
  switch (choice?.type) {
    case "auto":
    case "none":
      encoded["type"] = choice.type;
      break;
    case "required":
      encoded["type"] = "any";
      break;
    case "tool":
      Object.assign(encoded, { type: "tool", name: choice.name });
      break;
    case "other":
      Object.assign(encoded, choice.extras.fields);
      break;
    case undefined:
      break;
  }
  return {
    ...(tools.length > 0 && {
      tools: tools.map((tool) => (tool.type === "server" ? tool.extras.fields : encodeOwnTool(tool))),
    }),
    ...(choice !== undefined && { tool_choice: { ...encoded, ...parallel, ...rest } }),
  };
}
