import { isJsonObject, type JsonObject, type JsonValue, type ModelRequest, type Tool } from "@turnout/core";

import { type Fields, objectIn } from "../fields.ts";
import type { LossCollector } from "../report.ts";
import { qualifiedToolName, type ToolNames } from "../tool-names.ts";
import { invalidRequest } from "../validate.ts";
import { cleanSchema, isEmptyObjectSchema } from "./clean-schema.ts";
import { ownFields, reportForeign, restore, wire } from "./extras.ts";
import type { GeminiModel } from "./models.ts";
import { callingConfigNote, toolNotes } from "./tools-decode.ts";

export interface ToolsContext {
  readonly losses: LossCollector;
  readonly model: GeminiModel;
  readonly names: ToolNames;
  readonly isOwn: boolean;
}

type ClientTool = Exclude<Tool, { type: "server" }>;

/** What a function for free text takes (translation.md 2.5). */
const freeText: JsonObject = { type: "object", properties: { input: { type: "string" } }, required: ["input"] };

/** The schema of a function under the name this model takes it; nothing for a function without parameters. */
function encodeParameters(schema: JsonObject, model: GeminiModel, path: string, losses: LossCollector): Fields {
  if (isEmptyObjectSchema(schema)) return {};
  if (model.jsonSchema) {
    const { $schema: _dialect, ...rest } = schema;
    return { parametersJsonSchema: rest };
  }
  const cleaned = cleanSchema(schema);
  if (cleaned.changed.length > 0) losses.approximated(path, `without ${cleaned.changed.join(", ")}`);
  return { parameters: cleaned.schema };
}

function customDescription(tool: Extract<Tool, { type: "custom" }>): string | undefined {
  const { description, format } = tool;
  const grammar =
    format === undefined || format["type"] === "text" ? "" : `Format of \`input\`: ${JSON.stringify(format)}`;
  const text = [description ?? "", grammar].filter((piece) => piece !== "").join("\n\n");
  return text === "" ? undefined : text;
}

function encodeOwnTool(tool: Extract<Tool, { type: "function" }>): Fields {
  const { name, description, parameters, extras } = tool;
  // As the client wrote it; a tool that somebody else added has no such note.
  const written = ownFields(extras)[toolNotes.schema];
  const added = parameters === undefined ? {} : { parametersJsonSchema: parameters };
  const schema = written === undefined ? added : objectIn({ written }, "written");
  const declaration: Fields = { name, ...(description !== undefined && { description }) };
  restore(declaration, { wire, fields: schema });
  restore(declaration, extras);
  return declaration;
}

function encodeClientTool(tool: ClientTool, path: string, context: ToolsContext): Fields {
  const { losses } = context;
  reportForeign(tool.extras, path, losses);
  const name = context.names.toWire(tool.name, tool.namespace);
  if (name !== qualifiedToolName(tool.name, tool.namespace) || tool.namespace !== undefined) {
    losses.approximated(`${path}.name`, `sent as \`${name}\``);
  }
  if (tool.type === "custom") {
    losses.approximated(path, "a tool for free text: sent as a function with `input`");
    const description = customDescription(tool);
    const schema = encodeParameters(freeText, context.model, path, losses);
    return { name, ...(description !== undefined && { description }), ...schema };
  }
  const { description, parameters } = tool;
  return {
    name,
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && encodeParameters(parameters, context.model, `${path}.parameters`, losses)),
  };
}

const isWebSearch = (tool: Tool): boolean => tool.type === "server" && tool.name.startsWith("web_search");

const hasClientTool = (request: ModelRequest): boolean => request.tools.some((tool) => tool.type !== "server");

/** Names a web search has in every format; its other fields are settings. */
const searchIdentity = new Set(["type", "name"]);

function reportSearch(tool: Extract<Tool, { type: "server" }>, path: string, losses: LossCollector): void {
  for (const [key, value] of Object.entries(tool.extras.fields)) {
    if (searchIdentity.has(key) || key.startsWith("$") || value === undefined || value === null) continue;
    losses.dropped(`${path}.${key}`, "Google's search has no such setting");
  }
}

function isForced(request: ModelRequest, name: string): boolean {
  const { toolChoice } = request;
  return toolChoice?.type === "other" && toolChoice.extras.fields["type"] === name;
}

/** The functions a choice leaves to the model, when it is a list with mode `auto`; undefined for all. */
function allowedNames(request: ModelRequest, names: ToolNames): { names: string[]; isRequired: boolean } | undefined {
  const { toolChoice } = request;
  if (toolChoice?.type !== "other") return undefined;
  const { type, mode, tools } = toolChoice.extras.fields;
  if (type !== "allowed_tools" || !Array.isArray(tools)) return undefined;
  const allowed = tools.filter(isJsonObject).flatMap(({ name, namespace }) => {
    if (typeof name !== "string") return [];
    return [names.toWire(name, typeof namespace === "string" ? namespace : undefined)];
  });
  return { names: allowed, isRequired: mode === "required" };
}

/**
 * `tools`: all functions in one entry, in the client's order (T37), every other tool in one of its own. Undefined when none
 * is left (T41).
 *
 * @throws {RouterError} `request-invalid` when a tool only another provider runs is the only one or forced.
 */
export function encodeTools(request: ModelRequest, context: ToolsContext): JsonValue | undefined {
  const { losses, isOwn, names } = context;
  const declarations: JsonValue[] = [];
  const entries: JsonValue[] = [];
  const seen = new Set<string>();
  const allowed = isOwn ? undefined : allowedNames(request, names);
  const isFiltered = allowed !== undefined && !allowed.isRequired;
  if (isFiltered) losses.approximated("tool_choice", "only the allowed tools are sent");
  for (const [index, tool] of request.tools.entries()) {
    const path = `tools[${index}]`;
    if (tool.type !== "server") {
      const name = isOwn ? tool.name : names.toWire(tool.name, tool.namespace);
      // T35: the first declaration of a name counts.
      if (!isOwn && (seen.has(name) || (isFiltered && !allowed.names.includes(name)))) continue;
      seen.add(name);
      if (declarations.length === 0) entries.push({ functionDeclarations: declarations });
      declarations.push(
        isOwn && tool.type === "function" ? encodeOwnTool(tool) : encodeClientTool(tool, path, context),
      );
    } else if (tool.extras.wire === wire) entries.push(tool.extras.fields);
    else if (isWebSearch(tool) && !context.model.generation3 && hasClientTool(request)) {
      losses.dropped(path, "this model does not search beside functions");
    } else if (isWebSearch(tool)) {
      reportSearch(tool, path, losses);
      entries.push({ googleSearch: {} });
    } else if (request.tools.length === 1 || isForced(request, tool.name)) {
      throw invalidRequest(path, `Cannot send tool \`${tool.name}\` to Gemini: only its own provider runs it`);
    } else losses.dropped(path, `server-tool:${tool.name}`);
  }
  return entries.length > 0 ? entries : undefined;
}

function callingConfig(request: ModelRequest, context: ToolsContext): Fields | undefined {
  const { toolChoice } = request;
  const isStrict = request.tools.some((tool) => tool.type === "function" && tool.strict === true);
  switch (toolChoice?.type) {
    case undefined:
      return isStrict && context.model.jsonSchema ? { mode: "VALIDATED" } : undefined;
    case "auto":
      return { mode: isStrict && context.model.jsonSchema ? "VALIDATED" : "AUTO" };
    case "none":
      return { mode: "NONE" };
    case "required":
      return { mode: "ANY" };
    case "tool":
      return { mode: "ANY", allowedFunctionNames: [context.names.toWire(toolChoice.name)] };
    case "other": {
      const allowed = allowedNames(request, context.names);
      if (allowed !== undefined) {
        return allowed.isRequired ? { mode: "ANY", allowedFunctionNames: allowed.names } : { mode: "AUTO" };
      }
      const { type } = toolChoice.extras.fields;
      if (typeof type === "string" && type.startsWith("web_search")) {
        context.losses.dropped("tool_choice", "Gemini cannot force a search");
        return undefined;
      }
      throw invalidRequest("tool_choice", "Cannot force this tool on Gemini: only its own provider runs it");
    }
  }
}

/**
 * `toolConfig`.
 *
 * @param hasFunctions - Without any, a choice is refused and left out (T41).
 */
export function encodeToolConfig(
  request: ModelRequest,
  hasFunctions: boolean,
  context: ToolsContext,
): Fields | undefined {
  const config: Fields = {};
  const own = ownFields(request.extras);
  for (const [key, value] of Object.entries(own)) {
    if (key.startsWith("toolConfig.") && value !== undefined) config[key.slice("toolConfig.".length)] = value;
  }
  const original = own[callingConfigNote];
  if (original !== undefined) config["functionCallingConfig"] = original;
  else if (!context.isOwn) {
    if (hasFunctions) {
      const calling = callingConfig(request, context);
      if (calling !== undefined) config["functionCallingConfig"] = calling;
      // Asked for by the API when its own tools stand beside functions.
      if (context.model.generation3 && request.tools.some(isWebSearch))
        config["includeServerSideToolInvocations"] = true;
      if (request.parallelToolCalls === false) context.losses.dropped("parallel_tool_calls", "parallel");
    } else if (request.toolChoice !== undefined && request.toolChoice.type !== "none") {
      context.losses.dropped("tool_choice", "there are no functions to choose from");
    }
  }
  return Object.keys(config).length > 0 || own["$toolConfig"] === true ? config : undefined;
}
