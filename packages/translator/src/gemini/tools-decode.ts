import type { JsonObject, JsonValue, ModelRequest, Tool, ToolChoice } from "@turnout/core";

import { type Fields, restOf } from "../fields.ts";
import { extrasFrom, wire } from "./extras.ts";
import { toJsonSchema } from "./json-schema.ts";
import type { GeminiFunctionDeclaration, GeminiRequest, GeminiTool } from "./schema.ts";

/** Notes of this codec on tools. */
export const toolNotes = {
  /** The field the schema came in, and how it was written there. */
  schema: "$schema",
} as const;

/** Note on the request: its `functionCallingConfig` as it came, and the choice it was read as. */
export const callingConfigNote = "$functionCallingConfig";

const declarationKeys = new Set(["name", "description", "parameters", "parametersJsonSchema"]);
const toolKeys = new Set(["functionDeclarations"]);

function decodeDeclaration(declaration: GeminiFunctionDeclaration): Tool {
  const { name, description, parameters, parametersJsonSchema } = declaration;
  const fields = restOf(declaration, declarationKeys);
  const source = parameters ?? parametersJsonSchema ?? undefined;
  if (source !== undefined) fields[toolNotes.schema] = { [parameters ? "parameters" : "parametersJsonSchema"]: source };
  // Types in capitals come in the field for plain JSON Schema too (Gemini CLI).
  const schema = source && toJsonSchema(source);
  return {
    type: "function",
    name,
    ...(typeof description === "string" && { description }),
    ...(schema !== undefined && { parameters: schema }),
    ...extrasFrom(fields),
  };
}

/** A search without settings is everybody's web search, in the words of Responses as core has it. */
function decodeServerTool(name: string, settings: JsonValue): Tool {
  const isPlain = typeof settings === "object" && settings !== null && Object.keys(settings).length === 0;
  if (name === "googleSearch" && isPlain) {
    return { type: "server", name: "web_search", extras: { wire: "openai-responses", fields: { type: "web_search" } } };
  }
  return { type: "server", name, extras: { wire, fields: { [name]: settings } } };
}

function decodeTool(tool: GeminiTool): Tool[] {
  const functions = (tool.functionDeclarations ?? []).map(decodeDeclaration);
  const server = Object.entries(restOf(tool, toolKeys)).flatMap(([name, settings]) =>
    settings === null ? [] : [decodeServerTool(name, settings)],
  );
  return [...functions, ...server];
}

/** The tools of the request; every kind in an entry of `tools` is a tool of its own. */
export function decodeTools(tools: GeminiRequest["tools"]): Tool[] {
  return (tools ?? []).flatMap(decodeTool);
}

function decodeChoice(mode: string, names: readonly string[]): ToolChoice | undefined {
  const [name] = names;
  const allowed = (required: boolean): ToolChoice => {
    const tools: JsonObject[] = names.map((allowedName) => ({ type: "function", name: allowedName }));
    const fields = { type: "allowed_tools", mode: required ? "required" : "auto", tools };
    return { type: "other", extras: { wire: "openai-responses", fields } };
  };
  switch (mode.toUpperCase()) {
    case "AUTO":
      return { type: "auto" };
    case "VALIDATED":
      return name === undefined ? { type: "auto" } : allowed(false);
    case "NONE":
      return { type: "none" };
    case "ANY":
      if (name === undefined) return { type: "required" };
      return names.length === 1 ? { type: "tool", name, kind: "function" } : allowed(true);
    default:
      return undefined;
  }
}

/** What of `toolConfig` core has a word for, and the rest of it under the paths of its fields. */
export function decodeToolConfig(
  config: NonNullable<GeminiRequest["toolConfig"]>,
  fields: Fields,
): Pick<ModelRequest, "toolChoice"> {
  for (const [key, value] of Object.entries(restOf(config, new Set(["functionCallingConfig"])))) {
    fields[`toolConfig.${key}`] = value;
  }
  const { functionCallingConfig: calling } = config;
  if (!calling) {
    if (Object.keys(config).length === 0) fields["$toolConfig"] = true;
    return {};
  }
  // Came from JSON, so what the schema left open is JSON.
  fields[callingConfigNote] = calling as JsonObject;
  const choice = decodeChoice(calling.mode ?? "", calling.allowedFunctionNames ?? []);
  return choice === undefined ? {} : { toolChoice: choice };
}
