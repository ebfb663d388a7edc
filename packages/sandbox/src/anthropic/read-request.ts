import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import type { z } from "zod";
import { valueAt, valueIn } from "../json-path.ts";
import {
  countRequestSchema,
  messagesRequestSchema,
  type CountRequest,
  type MessagesRequest,
} from "./request-schema.ts";

function textBlocks(content: JsonValue | undefined): JsonValue | undefined {
  if (typeof content !== "string") return content;
  return content === "" ? [] : [{ type: "text", text: content }];
}

function normaliseBlock(block: JsonValue): JsonValue {
  if (!isJsonObject(block) || block.type !== "tool_result" || typeof block.content !== "string") return block;
  return { ...block, content: textBlocks(block.content) };
}

function normaliseMessage(message: JsonValue): JsonValue {
  if (!isJsonObject(message)) return message;
  const content = textBlocks(message.content);
  return { ...message, content: Array.isArray(content) ? content.map(normaliseBlock) : content };
}

function normaliseTool(tool: JsonValue): JsonValue {
  return isJsonObject(tool) && (tool.type === undefined || tool.type === null) ? { ...tool, type: "custom" } : tool;
}

/** Turns every short form into the long one: texts into block lists, tools without type into `custom`. */
function normalise(body: JsonObject): JsonObject {
  const { messages, system, tools } = body;
  return {
    ...body,
    messages: Array.isArray(messages) ? messages.map(normaliseMessage) : messages,
    ...(system === undefined ? {} : { system: textBlocks(system) }),
    ...(tools === undefined ? {} : { tools: Array.isArray(tools) ? tools.map(normaliseTool) : tools }),
  };
}

function quoteList(values: readonly unknown[]): string {
  const quoted = values.map((value) => `'${String(value)}'`);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

const wantedTypes: Readonly<Record<string, string>> = {
  string: "a valid string",
  number: "a valid number",
  int: "a valid integer",
  boolean: "a valid boolean",
  array: "a valid list",
  object: "an object",
  record: "a valid dictionary",
};

/** Blocks, sources and tools are named by their type in a path: `messages.0.content.1.tool_use.id`. */
function pathText(body: JsonValue, path: readonly PropertyKey[]): string {
  const words: string[] = [];
  let value: JsonValue | undefined = body;
  for (const [index, key] of path.entries()) {
    value = valueIn(value, key);
    words.push(String(key));
    const tagged = typeof key === "number" || key === "source" || key === "thinking" || key === "tool_choice";
    if (tagged && isJsonObject(value) && typeof value.type === "string" && index < path.length - 1) {
      words.push(value.type);
    }
  }
  return words.join(".");
}

type Issue = z.core.$ZodIssue;

/** Pydantic's words for an issue of zod. */
function issueText(body: JsonValue, issue: Issue): string {
  const at = pathText(body, issue.path);
  if (valueAt(body, issue.path) === undefined) return `${at}: Field required`;
  switch (issue.code) {
    case "unrecognized_keys":
      return `${pathText(body, [...issue.path, issue.keys[0] ?? ""])}: Extra inputs are not permitted`;
    case "invalid_type":
      return `${at}: Input should be ${wantedTypes[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `${at}: Input should be ${quoteList(issue.values)}`;
    case "invalid_union": {
      // Tools: the issues of the branch whose `type` fits.
      const branch = issue.errors.find((issues) => issues.length > 0 && issues.every(({ path }) => path[0] !== "type"));
      const inner = branch?.[0];
      if (inner !== undefined) return issueText(body, { ...inner, path: [...issue.path, ...inner.path] });
      const place = issue.path.at(-1) === "type" ? issue.path.slice(0, -1) : issue.path;
      const value = valueAt(body, place);
      const tag = isJsonObject(value) && typeof value.type === "string" ? value.type : "";
      return `${place.join(".")}: Input tag '${tag}' found using 'type' does not match any of the expected tags`;
    }
    case "too_small":
      if (issue.origin === "string") return `${at}: String should have at least ${issue.minimum} character`;
      if (issue.origin === "array")
        return `${at}: List should have at least ${issue.minimum} item after validation, not 0`;
      return `${at}: Input should be greater than or equal to ${issue.minimum}`;
    case "too_big":
      if (issue.origin === "string") return `${at}: String should have at most ${issue.maximum} characters`;
      return `${at}: Input should be less than or equal to ${issue.maximum}`;
    case "invalid_format":
      return "pattern" in issue && typeof issue.pattern === "string" && issue.format === "regex"
        ? `${at}: String should match pattern '${issue.pattern.slice(1, -1)}'`
        : `${at}: Invalid base64 data`;
    default:
      return `${at}: ${issue.message}`;
  }
}

export type ReadRequest<T> =
  | { readonly ok: true; readonly request: T }
  | { readonly ok: false; readonly message: string };

function read<T>(schema: z.ZodType<T>, body: JsonObject): ReadRequest<T> {
  const whole = normalise(body);
  const result = schema.safeParse(whole);
  if (result.success) return { ok: true, request: result.data };
  const issue = result.error.issues[0];
  return { ok: false, message: issue === undefined ? "Invalid request" : issueText(whole, issue) };
}

/** Reads a body; says in the provider's words what is wrong with its form. */
export function readMessagesRequest(body: JsonObject): ReadRequest<MessagesRequest> {
  return read(messagesRequestSchema, body);
}

/** The same for `/count_tokens`, which takes no limit and no sampling. */
export function readCountRequest(body: JsonObject): ReadRequest<CountRequest> {
  return read(countRequestSchema, body);
}
