import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ModelRequest,
  type Tool,
  type ToolChoice,
} from "@turnout/core";

import type { LossCollector } from "../report.ts";
import { qualifiedToolName, type ToolNames } from "../tool-names.ts";
import { invalidRequest } from "../validate.ts";
import { type Fields, isNote, objectIn, ownFields, reportForeign, restore, wire } from "./extras.ts";
import { choiceKey, flatNote, legacyNote } from "./tools-decode.ts";

type ClientTool = Exclude<Tool, { type: "server" }>;

function encodeFunction(tool: Extract<Tool, { type: "function" }>, name: string): Fields {
  const { description, parameters, strict } = tool;
  return {
    name,
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && { parameters }),
    // `null` is refused by several servers (T39); whoever wrote it in Chat gets it back from the extras.
    ...(typeof strict === "boolean" && { strict }),
  };
}

/** Chat puts the fields of a grammar one level deeper than Responses. */
function nestFormat(format: JsonObject): JsonObject {
  if (format["type"] !== "grammar" || format["grammar"] !== undefined) return format;
  const { type, ...grammar } = format;
  return { type, grammar };
}

function encodeCustom(tool: Extract<Tool, { type: "custom" }>, name: string): Fields {
  const { description, format } = tool;
  const isFlat = ownFields(tool.extras)[flatNote] === true;
  const fields = {
    name,
    ...(description !== undefined && { description }),
    ...(format !== undefined && { format: isFlat ? format : nestFormat(format) }),
  };
  return isFlat
    ? { type: "custom", ...fields }
    : { type: "custom", custom: { ...fields, ...objectIn(ownFields(tool.extras), "custom") } };
}

/** Where a request's tools go in a Chat body. */
interface ToolFields {
  tools?: JsonValue;
  functions?: JsonValue;
  web_search_options?: JsonValue;
}

function encodeClientTool(tool: ClientTool, name: string): Fields {
  const own = ownFields(tool.extras);
  const encoded =
    tool.type === "custom"
      ? encodeCustom(tool, name)
      : { type: "function", function: { ...encodeFunction(tool, name), ...objectIn(own, "function") } };
  restore(encoded, tool.extras);
  return encoded;
}

/** `web_search` of Responses as `web_search_options`. */
function encodeWebSearch(tool: Extract<Tool, { type: "server" }>, path: string, losses: LossCollector): JsonObject {
  const options: Fields = {};
  for (const [key, value] of Object.entries(tool.extras.fields)) {
    if (value === undefined || key === "type" || isNote(key)) continue;
    if (key === "user_location" && isJsonObject(value)) {
      const { type, ...approximate } = value;
      options[key] = { type: type ?? "approximate", approximate };
    } else if (key === "search_context_size") options[key] = value;
    else if (value !== null) losses.dropped(`${path}.${key}`, "Chat's web search has no such setting");
  }
  return options;
}

const isWebSearch = (tool: Tool): boolean => tool.type === "server" && tool.name.startsWith("web_search");

function isForced(choice: ToolChoice | undefined, name: string): boolean {
  return choice?.type === "other" && choice.extras.fields["type"] === name;
}

/**
 * The tool fields of a Chat body; empty lists are left out (T41).
 *
 * @throws {RouterError} `request-invalid` when a tool only the provider of another format runs is the only one or forced.
 */
export function encodeTools(request: ModelRequest, names: ToolNames, losses: LossCollector): ToolFields {
  const tools: JsonValue[] = [];
  const functions: JsonValue[] = [];
  const fields: ToolFields = {};
  for (const [index, tool] of request.tools.entries()) {
    const path = `tools[${index}]`;
    if (tool.type !== "server") {
      reportForeign(tool.extras, path, losses);
      const name = names.toWire(tool.name, tool.namespace);
      if (name !== qualifiedToolName(tool.name, tool.namespace) || tool.namespace !== undefined) {
        losses.approximated(`${path}.name`, `sent as \`${name}\``);
      }
      if (tool.type === "function" && ownFields(tool.extras)[legacyNote] === true) {
        const legacy: Fields = encodeFunction(tool, name);
        restore(legacy, tool.extras);
        functions.push(legacy);
      } else tools.push(encodeClientTool(tool, name));
    } else if (tool.extras.wire === wire) tools.push(tool.extras.fields);
    else if (isWebSearch(tool)) fields.web_search_options = encodeWebSearch(tool, path, losses);
    else if (request.tools.length === 1 || isForced(request.toolChoice, tool.name)) {
      throw invalidRequest(path, `Cannot send tool \`${tool.name}\` to a Chat upstream: only its own provider runs it`);
    } else losses.dropped(path, `server-tool:${tool.name}`);
  }
  if (tools.length > 0) fields.tools = tools;
  if (functions.length > 0) fields.functions = functions;
  return fields;
}

function nestChoice(choice: JsonObject, names: ToolNames): JsonObject {
  const { type, name, namespace, ...rest } = choice;
  if ((type !== "function" && type !== "custom") || typeof name !== "string") return choice;
  const wireName = names.toWire(name, typeof namespace === "string" ? namespace : undefined);
  return { type, [type]: { name: wireName }, ...rest };
}

function encodeOtherChoice(choice: Extract<ToolChoice, { type: "other" }>, names: ToolNames, losses: LossCollector) {
  const { fields } = choice.extras;
  if (choice.extras.wire === wire) return fields[choiceKey] ?? fields;
  const { type, mode, tools } = fields;
  if (type === "allowed_tools" && Array.isArray(tools)) {
    const allowed: JsonObject[] = tools.filter(isJsonObject).map((tool) => nestChoice(tool, names));
    return { type, allowed_tools: { mode: mode ?? "auto", tools: allowed } };
  }
  if (typeof type === "string" && type.startsWith("web_search")) {
    losses.dropped("tool_choice", "Chat cannot force a web search");
    return undefined;
  }
  throw invalidRequest("tool_choice", "Cannot force this tool on a Chat upstream: only its own provider runs it");
}

/** `tool_choice`, in the words of Chat. */
export function encodeToolChoice(choice: ToolChoice, names: ToolNames, losses: LossCollector): JsonValue | undefined {
  switch (choice.type) {
    case "auto":
    case "none":
    case "required":
      return choice.type;
    case "tool":
      return { type: choice.kind, [choice.kind]: { name: names.toWire(choice.name) } };
    case "other":
      return encodeOtherChoice(choice, names, losses);
  }
}

/** The same in the words of `function_call`, the field before `tool_choice`. */
export function encodeLegacyChoice(choice: ToolChoice, names: ToolNames, losses: LossCollector): JsonValue | undefined {
  return choice.type === "tool" ? { name: names.toWire(choice.name) } : encodeToolChoice(choice, names, losses);
}
