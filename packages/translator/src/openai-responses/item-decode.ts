import type {
  Block,
  JsonObject,
  JsonValue,
  Provenance,
  ReasoningBlock,
  ToolCallBlock,
  ToolResultBlock,
  Turn,
} from "@turnout/core";

import { parseRequest } from "../validate.ts";
import { readCarried } from "./carried-payload.ts";
import { isEmpty, own } from "./extras.ts";
import { decodePart } from "./parts.ts";
import {
  callOutputSchema,
  customCallSchema,
  functionCallSchema,
  type MessageItem,
  messageSchema,
  type ReasoningItem,
  reasoningSchema,
} from "./schema.ts";
import { isSet } from "./is-set.ts";

type Path = readonly PropertyKey[];

/** One item of `input` or `output` as blocks of one speaker. */
export interface DecodedItem {
  readonly role: Turn["role"];
  readonly level?: "system" | "developer";
  readonly blocks: readonly Block[];
  /** A message of its own, as against a call or result that joins the turn around it. */
  readonly isMessage: boolean;
}

const what = "Responses request";

function item(rest: JsonObject): { readonly extras: ReturnType<typeof own> } {
  return { extras: own(isEmpty(rest) ? {} : { $item: rest }) };
}

/**
 * The blocks of a message's content; the first one carries what else the item says.
 *
 * @param isOutput - It stands in an answer, where every message is the assistant's unless it says otherwise.
 */
export function decodeContent(message: MessageItem, path: Path, isOutput: boolean): Block[] {
  const { role, content, ...unnamed } = message;
  const rest: JsonObject = isOutput && role !== "assistant" ? { ...unnamed, role } : unnamed;
  const speaker = isOutput || role === "assistant" ? "assistant" : "other";
  if (typeof content === "string") {
    return [{ type: "text", text: content, extras: own({ $item: rest, $form: "string" }) }];
  }
  if (content.length === 0) {
    return [{ type: "text", text: "", extras: own({ $item: rest, $form: "empty" }) }];
  }
  return content.map((part, index) =>
    decodePart(part, speaker, index === 0 ? { $item: rest } : {}, [...path, "content", index]),
  );
}

function decodeMessage(value: JsonObject, path: Path): DecodedItem {
  const message = parseRequest(messageSchema, value, what, path);
  const blocks = decodeContent(message, path, false);
  const { role } = message;
  if (role === "user" || role === "assistant") return { role, blocks, isMessage: true };
  return { role: "system", level: role, blocks, isMessage: true };
}

/** Fields that are there but say nothing (`null`) have no place in core and are kept beside it. */
function keepNull(target: Record<string, JsonValue | undefined>, key: string, value: JsonValue | undefined): void {
  if (value === null) target[key] = null;
}

/** True for text that is some JSON; the empty text of a call without parameters counts. */
export function isWholeJson(text: string): boolean {
  if (text === "") return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What the items of both kinds of calls say. */
interface CallFields extends JsonObject {
  readonly call_id: string;
  readonly name: string;
  readonly id?: string | null | undefined;
  readonly namespace?: string | null | undefined;
}

function decodeCall(kind: ToolCallBlock["kind"], text: string, fields: CallFields): ToolCallBlock {
  const { type: _type, call_id: callId, name, id, namespace, ...rest } = fields;
  const other: Record<string, JsonValue | undefined> = { ...rest };
  keepNull(other, "id", id);
  keepNull(other, "namespace", namespace);
  return {
    type: "tool-call",
    callId,
    ...(isSet(id) && { itemId: id }),
    name,
    ...(isSet(namespace) && { namespace }),
    kind,
    arguments: text,
    ...(rest["status"] === "incomplete" && { incomplete: true }),
    ...item(other),
  };
}

export function decodeFunctionCall(value: JsonObject, path: Path): ToolCallBlock {
  const { arguments: text, ...fields } = parseRequest(functionCallSchema, value, what, path);
  return decodeCall("function", text, fields);
}

export function decodeCustomCall(value: JsonObject, path: Path): ToolCallBlock {
  const { input, ...fields } = parseRequest(customCallSchema, value, what, path);
  return decodeCall("custom", input, fields);
}

function decodeCallOutput(value: JsonObject, path: Path): ToolResultBlock {
  const { type, call_id: callId, output, ...rest } = parseRequest(callOutputSchema, value, what, path);
  return {
    type: "tool-result",
    callId,
    kind: type === "function_call_output" ? "function" : "custom",
    content:
      typeof output === "string"
        ? [{ type: "text", text: output, extras: own({ $form: "string" }) }]
        : output.map((part, index) => decodeOutputPart(part, [...path, "output", index])),
    ...item(rest),
  };
}

/** Kinds that core does not expect in a result (audio, a refusal) travel whole. */
function decodeOutputPart(part: JsonObject, path: Path): ToolResultBlock["content"][number] {
  const block = decodePart(part, "other", {}, path);
  if (block.type === "text" || block.type === "image" || block.type === "file" || block.type === "opaque") return block;
  return { type: "opaque", wire: "openai-responses", value: part, extras: own({ $part: true }) };
}

export function fromReasoningItem(reasoning: ReasoningItem, model: string | undefined): ReasoningBlock {
  const { type: _type, summary, content, encrypted_content: payload, id, ...rest } = reasoning;
  const other: Record<string, JsonValue> = { ...rest };
  keepNull(other, "id", id);
  keepNull(other, "content", content);
  keepNull(other, "encrypted_content", payload);
  if (content?.length === 0) other["content"] = [];
  // Every item that was seen had `summary`; one without must not get it.
  if (summary === undefined) other["summary"] = null;
  const native: Provenance = { wire: "openai-responses", ...(model !== undefined && { model }) };
  const carried = isSet(payload) ? readCarried(payload) : undefined;
  return {
    type: "reasoning",
    parts: [
      ...(summary ?? []).map(({ text }) => ({ form: "summary", text }) as const),
      ...(content ?? []).map(({ text }) => ({ form: "raw", text }) as const),
    ],
    ...(isSet(payload) && { payload: carried?.payload ?? payload }),
    provenance: carried?.provenance ?? native,
    ...(isSet(id) && { itemId: id }),
    ...(carried?.redacted === true && { redacted: true }),
    extras: own({
      ...(!isEmpty(other) && { $item: other }),
      ...(carried !== undefined && { $envelope: carried.note }),
    }),
  };
}

function opaque(value: JsonObject): Block {
  return { type: "opaque", wire: "openai-responses", value };
}

/** Whose turn an item belongs to that core has no word for; it decides what stands next to what in other formats. */
function speakerOf(value: JsonObject): DecodedItem {
  const blocks = [opaque(value)];
  const { type, role } = value;
  if (role === "system" || role === "developer") return { role: "system", level: role, blocks, isMessage: true };
  if (role === "assistant") return { role, blocks, isMessage: false };
  const isAssistant =
    typeof type === "string" && /(?:_call|_list_tools|_request|^reasoning|^compaction|^program)$/u.test(type);
  return { role: isAssistant ? "assistant" : "user", blocks, isMessage: false };
}

/**
 * One item of a client's `input`.
 *
 * @throws {RouterError} `request-invalid` when an item of a known type has the wrong shape.
 */
export function decodeItem(value: JsonObject, path: Path): DecodedItem {
  switch (value["type"]) {
    case "message":
      return decodeMessage(value, path);
    case "function_call":
      return { role: "assistant", blocks: [decodeFunctionCall(value, path)], isMessage: false };
    case "custom_tool_call":
      return { role: "assistant", blocks: [decodeCustomCall(value, path)], isMessage: false };
    case "function_call_output":
    case "custom_tool_call_output":
      return { role: "user", blocks: [decodeCallOutput(value, path)], isMessage: false };
    case "reasoning": {
      const result = reasoningSchema.safeParse(value);
      // Parts of a kind that is not known yet: the item is good for its own format only.
      if (!result.success) return { role: "assistant", blocks: [opaque(value)], isMessage: false };
      return { role: "assistant", blocks: [fromReasoningItem(result.data, undefined)], isMessage: false };
    }
    case undefined:
      // `{"id": …}` alone is an item reference, whose `type` is optional.
      if (value["role"] === undefined && typeof value["id"] === "string") return speakerOf(value);
      return decodeMessage(value, path);
    default:
      return speakerOf(value);
  }
}
