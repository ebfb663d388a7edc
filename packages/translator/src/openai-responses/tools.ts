import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  RouterError,
  type Tool,
  type ToolChoice,
} from "@turnout/core";

import type { LossCollector } from "../report.ts";
import type { ToolNames } from "../tool-names.ts";
import { parseRequest } from "../validate.ts";
import { isEmpty, objectField, own, ownFields, reportForeign, withoutNotes } from "./extras.ts";
import { customToolSchema, functionToolSchema, namespaceToolSchema } from "./schema.ts";
import { isSet } from "./is-set.ts";

type Path = readonly PropertyKey[];
const what = "Responses request";

/** Where a tool was declared besides `tools`, so that writing the request again does not declare it twice. */
interface Place {
  readonly namespace?: string;
  readonly fields: JsonObject;
}

function decodeFunctionTool(value: JsonObject, place: Place, path: Path): Tool {
  const tool = parseRequest(functionToolSchema, value, what, path);
  const { type: _type, name, description, parameters, strict, ...rest } = tool;
  const other: Record<string, JsonValue> = { ...rest };
  if (description === null) other["description"] = null;
  if (parameters === null) other["parameters"] = null;
  return {
    type: "function",
    name,
    ...(place.namespace !== undefined && { namespace: place.namespace }),
    ...(isSet(description) && { description }),
    ...(isSet(parameters) && { parameters }),
    ...(strict !== undefined && { strict }),
    extras: own({ ...other, ...place.fields }),
  };
}

function decodeCustomTool(value: JsonObject, place: Place, path: Path): Tool {
  const { type: _type, name, description, format, ...rest } = parseRequest(customToolSchema, value, what, path);
  const other: Record<string, JsonValue> = { ...rest };
  if (description === null) other["description"] = null;
  if (format === null) other["format"] = null;
  return {
    type: "custom",
    name,
    ...(place.namespace !== undefined && { namespace: place.namespace }),
    ...(isSet(description) && { description }),
    ...(isSet(format) && { format }),
    extras: own({ ...other, ...place.fields }),
  };
}

function decodeTool(value: JsonObject, place: Place, path: Path): Tool[] {
  const { type } = value;
  if (type === "function") return [decodeFunctionTool(value, place, path)];
  if (type === "custom") return [decodeCustomTool(value, place, path)];
  if (type === "namespace" && place.namespace === undefined) {
    const { name, tools, ...rest } = parseRequest(namespaceToolSchema, value, what, path);
    const members = tools.flatMap((tool, index) =>
      // The first member of a namespace opens it again when the request is written.
      decodeTool(tool, { namespace: name, fields: index === 0 ? { ...place.fields, $opens: rest } : place.fields }, [
        ...path,
        "tools",
        index,
      ]),
    );
    if (members.length > 0 && members.every((tool) => tool.type !== "server")) return members;
  }
  if (typeof type !== "string" || type === "") {
    throw new RouterError("request-invalid", `Cannot read ${what}: a tool has no \`type\``, {
      path: `${path.join(".")}.type`.replaceAll(/\.(\d+)/gu, "[$1]"),
    });
  }
  return [{ type: "server", name: type, extras: own(value) }];
}

/**
 * The tools of a request, those of namespaces one by one, and after them those that `additional_tools` and
 * `tool_search_output` items bring along (the first declaration of a name counts, T35).
 *
 * @throws {RouterError} `request-invalid` with the path of the first wrong field.
 */
export function decodeTools(tools: readonly JsonObject[], items: readonly JsonObject[]): Tool[] {
  const decoded = tools.flatMap((tool, index) => decodeTool(tool, { fields: {} }, ["tools", index]));
  const seen = new Set(decoded.map(keyOf));
  for (const [index, item] of items.entries()) {
    const type = item["type"];
    if (type !== "additional_tools" && type !== "tool_search_output") continue;
    const declared = item["tools"];
    if (!Array.isArray(declared)) continue;
    for (const [position, value] of declared.entries()) {
      if (!isJsonObject(value)) continue;
      const path = ["input", index, "tools", position];
      for (const tool of decodeTool(value, { fields: { $inItem: true } }, path)) {
        // What the provider runs is declared by the item alone.
        if (tool.type === "server" || seen.has(keyOf(tool))) continue;
        seen.add(keyOf(tool));
        decoded.push(tool);
      }
    }
  }
  return decoded;
}

function keyOf(tool: Tool): string {
  return JSON.stringify([tool.type, tool.name, tool.type === "server" ? null : (tool.namespace ?? null)]);
}

function encodeClientTool(tool: Exclude<Tool, { type: "server" }>, names: ToolNames | undefined): JsonObject {
  const fields = ownFields(tool.extras);
  const name = names?.toWire(tool.name, tool.namespace) ?? tool.name;
  const common = { name, ...(tool.description !== undefined && { description: tool.description }) };
  if (fields !== undefined) {
    const other = withoutNotes(fields);
    if (tool.type === "custom") {
      return { ...other, type: "custom", ...common, ...(tool.format !== undefined && { format: tool.format }) };
    }
    return {
      ...other,
      type: "function",
      ...common,
      ...(tool.parameters !== undefined && { parameters: tool.parameters }),
      ...(tool.strict !== undefined && { strict: tool.strict }),
    };
  }
  if (tool.type === "custom") {
    return { type: "custom", ...common, ...(tool.format !== undefined && { format: tool.format }) };
  }
  return {
    type: "function",
    ...common,
    parameters: tool.parameters ?? { type: "object", properties: {} },
    // Absent would mean "strict where possible" here, which no other format means by it (T39).
    strict: tool.strict ?? false,
  };
}

/** Web search of Anthropic, whose list of domains lies one level deeper here. */
function encodeWebSearch(tool: Extract<Tool, { type: "server" }>, path: string, losses: LossCollector): JsonObject {
  const encoded: Record<string, JsonValue> = { type: "web_search" };
  for (const [key, value] of Object.entries(tool.extras.fields)) {
    if (value === undefined || value === null || key === "type" || key === "name" || key.startsWith("$")) continue;
    if (key === "allowed_domains") encoded["filters"] = { allowed_domains: value };
    else if (key === "user_location") encoded[key] = value;
    else losses.dropped(`${path}.${key}`, "the web search of the Responses format has no such setting");
  }
  return encoded;
}

/**
 * The request's `tools`.
 *
 * @param names - How tools of another format are called here; undefined writes the names as they are.
 */
export function encodeTools(tools: readonly Tool[], names: ToolNames | undefined, losses: LossCollector): JsonObject[] {
  const encoded: JsonObject[] = [];
  let members: JsonObject[] | undefined;
  let namespace: string | undefined;
  for (const [index, tool] of tools.entries()) {
    const fields = ownFields(tool.extras);
    if (fields?.["$inItem"] === true) continue;
    if (tool.type === "server") {
      members = undefined;
      if (fields !== undefined) encoded.push(fields);
      else if (tool.name.startsWith("web_search")) encoded.push(encodeWebSearch(tool, `tools[${index}]`, losses));
      else losses.dropped(`tools[${index}]`, `server-tool:${tool.name}`);
      continue;
    }
    reportForeign(tool.extras, `tools[${index}]`, losses);
    const written = encodeClientTool(tool, names);
    if (fields === undefined || tool.namespace === undefined) {
      members = undefined;
      encoded.push(written);
      continue;
    }
    if (members === undefined || namespace !== tool.namespace || fields["$opens"] !== undefined) {
      members = [];
      namespace = tool.namespace;
      encoded.push({ type: "namespace", ...objectField(fields, "$opens"), name: namespace, tools: members });
    }
    members.push(written);
  }
  return encoded;
}

/** `tool_choice`; what core has no word for is kept whole. */
export function decodeToolChoice(value: string | JsonObject): ToolChoice {
  if (value === "auto" || value === "none" || value === "required") return { type: value };
  if (typeof value === "string") {
    throw new RouterError(
      "request-invalid",
      `Cannot read ${what}: \`tool_choice\`: expected "auto", "none", "required" or an object`,
      { path: "tool_choice" },
    );
  }
  const { type, name, ...rest } = value;
  if ((type === "function" || type === "custom") && typeof name === "string" && isEmpty(rest)) {
    return { type: "tool", name, kind: type };
  }
  return { type: "other", extras: own(value) };
}

/** Chat's `{type: "allowed_tools", allowed_tools: {mode, tools}}` lies flat here, and so do the tools in it. */
function encodeAllowedTools(fields: JsonObject): JsonObject | undefined {
  const { mode, tools } = objectField(fields, "allowed_tools");
  if (!isJsonArray(tools)) return undefined;
  const flat = tools.map((tool) => {
    if (!isJsonObject(tool) || typeof tool["type"] !== "string") return tool;
    const { type, [type]: inner, ...rest } = tool;
    return isJsonObject(inner) ? { type, ...rest, ...inner } : tool;
  });
  return { type: "allowed_tools", mode: mode ?? "auto", tools: flat };
}

/**
 * `tool_choice`.
 *
 * @throws {RouterError} `request-invalid` when another format's choice cannot be said here.
 */
export function encodeToolChoice(choice: ToolChoice, names: ToolNames | undefined): string | JsonObject {
  switch (choice.type) {
    case "auto":
    case "none":
    case "required":
      return choice.type;
    case "tool":
      return { type: choice.kind, name: names?.toWire(choice.name) ?? choice.name };
    case "other": {
      const fields = ownFields(choice.extras);
      if (fields !== undefined) return fields;
      const allowed = encodeAllowedTools(choice.extras.fields);
      if (allowed !== undefined) return allowed;
      throw new RouterError("request-invalid", "Cannot translate `tool_choice` into the Responses format", {
        path: "tool_choice",
      });
    }
  }
}
