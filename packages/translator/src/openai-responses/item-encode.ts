import {
  type Block,
  isJsonObject,
  type JsonObject,
  type ReasoningBlock,
  type ToolCallBlock,
  type ToolResultBlock,
  type Turn,
} from "@turnout/core";

import type { ToolCallIds } from "../ids.ts";
import { blockPath, type LossCollector } from "../report.ts";
import type { ToolNames } from "../tool-names.ts";
import { invalidRequest } from "../validate.ts";
import { writeCarried } from "./carried-payload.ts";
import { objectField, ownFields, reportForeign, wire } from "./extras.ts";
import { encodePart } from "./parts.ts";

/** What writing items needs besides the blocks. */
export interface ItemContext {
  readonly losses: LossCollector;
  /** Undefined leaves the ids as they are: the same format gets back what it sent. */
  readonly ids: ToolCallIds | undefined;
  /** How the tools of another format are called here; undefined leaves names and namespaces as they are. */
  readonly names: ToolNames | undefined;
}

type Role = "user" | "assistant" | "system" | "developer";

/** Item ids go back only to where they came from unchanged: elsewhere they are unknown or pair with others (T07, T49). */
function ownItemId(block: ReasoningBlock | ToolCallBlock): JsonObject {
  return block.itemId === undefined || ownFields(block.extras) === undefined ? {} : { id: block.itemId };
}

function encodeReasoning(block: ReasoningBlock): JsonObject {
  const other = objectField(ownFields(block.extras), "$item");
  const summary = block.parts.filter((part) => part.form === "summary");
  const content = block.parts.filter((part) => part.form === "raw");
  const { summary: noSummary, ...rest } = other;
  return {
    ...ownItemId(block),
    ...rest,
    type: "reasoning",
    ...(noSummary !== null && { summary: summary.map(({ text }) => ({ type: "summary_text", text })) }),
    ...(content.length > 0 && { content: content.map(({ text }) => ({ type: "reasoning_text", text })) }),
    ...(block.payload !== undefined && { encrypted_content: encodePayload(block, block.payload) }),
  };
}

function encodePayload(block: ReasoningBlock, payload: string): string {
  const note = ownFields(block.extras)?.["$envelope"];
  if (!isJsonObject(note) || block.provenance === undefined) return payload;
  return writeCarried(payload, block.provenance, block.redacted === true, note);
}

/** @param callId - The one to write. */
function encodeToolCall(block: ToolCallBlock, callId: string, names: ToolNames | undefined): JsonObject {
  const common = {
    ...ownItemId(block),
    ...objectField(ownFields(block.extras), "$item"),
    call_id: callId,
    name: names?.toWire(block.name, block.namespace) ?? block.name,
    ...(names === undefined && block.namespace !== undefined && { namespace: block.namespace }),
  };
  return block.kind === "custom"
    ? { type: "custom_tool_call", ...common, input: block.arguments }
    : {
        type: "function_call",
        ...common,
        arguments: block.arguments === "" && names !== undefined ? "{}" : block.arguments,
      };
}

function encodeOutput(block: ToolResultBlock, path: string, losses: LossCollector): string | JsonObject[] {
  const [first] = block.content;
  if (first === undefined) return ownFields(block.extras) === undefined ? "" : [];
  if (ownFields(first.extras)?.["$form"] === "string" && first.type === "text") return first.text;
  if (block.content.length === 1 && first.type === "text" && ownFields(block.extras) === undefined) return first.text;
  const parts: JsonObject[] = [];
  for (const [index, part] of block.content.entries()) {
    const encoded = encodePart(part, "other");
    reportForeign(part.extras, `${path}.content[${index}]`, losses);
    if (encoded === undefined) losses.dropped(`${path}.content[${index}]`, `${part.type} in a tool result`);
    else parts.push(encoded);
  }
  return parts;
}

function encodeToolResult(block: ToolResultBlock, path: string, context: ItemContext): JsonObject {
  if (block.isError === true) {
    context.losses.approximated(`${path}.isError`, "the Responses format has no flag for a failed tool call");
  }
  return {
    type: block.kind === "custom" ? "custom_tool_call_output" : "function_call_output",
    ...objectField(ownFields(block.extras), "$item"),
    call_id: context.ids?.result(block.callId) ?? block.callId,
    output: encodeOutput(block, path, context.losses),
  };
}

/** A message that grows while content blocks follow each other. */
interface OpenMessage {
  readonly fields: JsonObject | undefined;
  readonly parts: JsonObject[];
  form: string | undefined;
  text: string;
}

function closeMessage(message: OpenMessage, role: Role): JsonObject {
  const base = message.fields ?? { type: "message" };
  const content = message.form === "string" ? message.text : message.form === "empty" ? [] : message.parts;
  return { role, ...base, content };
}

/** Only the model's own reasoning of this format may come back to it (T06). */
function isReplayable(block: ReasoningBlock): boolean {
  if (ownFields(block.extras) !== undefined) return true;
  return block.provenance?.wire === wire && block.payload !== undefined;
}

/** The item of a block that is no message content; undefined drops it. */
function encodeSingle(block: Block, path: string, context: ItemContext): JsonObject | undefined {
  switch (block.type) {
    case "reasoning":
      if (isReplayable(block)) return encodeReasoning(block);
      context.losses.dropped(path, "reasoning of another provider");
      return undefined;
    case "tool-call":
      return encodeToolCall(block, context.ids?.call(block.callId) ?? block.callId, context.names);
    case "tool-result":
      return encodeToolResult(block, path, context);
    case "opaque":
      if (block.wire === wire && isJsonObject(block.value)) return block.value;
      context.losses.dropped(path, `something only ${block.wire} knows`);
      return undefined;
    default:
      return undefined;
  }
}

function isContent(block: Block, isAssistant: boolean): boolean {
  switch (block.type) {
    case "text":
    case "refusal":
      return true;
    case "image":
    case "file":
    case "audio":
      return !isAssistant || ownFields(block.extras) !== undefined;
    case "opaque":
      return ownFields(block.extras)?.["$part"] !== undefined;
    default:
      return false;
  }
}

/**
 * The items of one turn: content blocks that follow each other share a message, everything else is an item of its own.
 * A turn of calls alone has no message (T59).
 *
 * @throws {RouterError} `request-invalid` for content of the user that only its own format knows: without it the model would
 *   be asked something else.
 */
export function encodeTurn(turn: Turn, role: Role, place: string, context: ItemContext): JsonObject[] {
  const items: JsonObject[] = [];
  let message: OpenMessage | undefined;
  const close = (): void => {
    if (message !== undefined) items.push(closeMessage(message, role));
    message = undefined;
  };
  if (turn.role === "assistant") context.ids?.nextTurn();
  for (const [index, block] of turn.blocks.entries()) {
    const path = blockPath(turn, place, index);
    reportForeign(block.extras, path, context.losses);
    if (!isContent(block, turn.role === "assistant")) {
      if (block.type === "image" || block.type === "file" || block.type === "audio") {
        context.losses.dropped(path, `assistant-${block.type}`);
        continue;
      }
      if (block.type === "opaque" && block.wire !== wire && turn.role !== "assistant") {
        throw invalidRequest(path, `Cannot send content of an unknown kind from ${block.wire} to this model`);
      }
      close();
      const carrier = ownFields(block.extras)?.["$carrier"];
      const item = encodeSingle(block, path, context);
      if (item !== undefined) items.push(item);
      if (isJsonObject(carrier)) items.push(carrier);
      continue;
    }
    const fields = ownFields(block.extras);
    if (fields?.["$item"] !== undefined) close();
    const form = fields?.["$form"];
    message ??= {
      fields: fields === undefined ? undefined : objectField(fields, "$item"),
      parts: [],
      form: typeof form === "string" ? form : undefined,
      text: block.type === "text" ? block.text : "",
    };
    const part = encodePart(block, turn.role === "assistant" ? "assistant" : "other");
    if (part === undefined) context.losses.dropped(path, `${block.type} without data`);
    else message.parts.push(part);
    if (block.cache !== undefined) context.losses.dropped(`${path}.cache`, "cache mark");
  }
  close();
  return items;
}
