import type { Block, JsonObject, JsonValue, ReasoningBlock, ToolCallBlock } from "@turnout/core";

import type { LossCollector } from "../report.ts";
import { decodeContent } from "./content-decode.ts";
import { encodeContent, isPlainText, reportBlock } from "./content-encode.ts";
import { extrasFrom, type Fields, objectIn, ownFields, restOf, restore, wire, withNested } from "./extras.ts";
import { decodeReasoning, encodeAnswerReasoning, encodeHistoryReasoning, partNote, thinkingPart } from "./reasoning.ts";
import type { ChatAssistantMessage, ChatFunctionCall, ChatToolCall } from "./schema.ts";

/** Note on a call: it came as `function_call`, the form before `tool_calls`. */
const legacyNote = "$legacy";
/** Note on a custom call: it came in the flat shape of Responses. */
const flatNote = "$flat";

/** Note on a message: it had no `content` at all. */
const absentNote = "$absent";

const functionKeys = new Set(["name", "arguments"]);
const functionCallKeys = new Set(["id", "type", "function"]);
const customCallKeys = new Set(["id", "type", "custom"]);
const flatCallKeys = new Set(["id", "type", "name", "input"]);
const customKeys = new Set(["name", "input"]);

/** T68: arguments may be left out, which means none. A few clients send an object; its text is what counts. */
function argumentsText(value: ChatFunctionCall["arguments"]): string {
  if (value === undefined || value === null) return "{}";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Google's Chat endpoint hangs the signature of a call here. */
export function signatureOf(call: Readonly<Record<string, unknown>>): string | undefined {
  const extra = call["extra_content"];
  if (typeof extra !== "object" || extra === null || !("google" in extra)) return undefined;
  const { google } = extra;
  if (typeof google !== "object" || google === null || !("thought_signature" in google)) return undefined;
  return typeof google.thought_signature === "string" ? google.thought_signature : undefined;
}

function decodeToolCall(call: ChatToolCall): ToolCallBlock {
  const base = { type: "tool-call", callId: call.id ?? "" } as const;
  if (call.type === "custom" && call.custom) {
    const extras = extrasFrom(withNested(restOf(call, customCallKeys), "custom", restOf(call.custom, customKeys)));
    return { ...base, name: call.custom.name, kind: "custom", arguments: call.custom.input ?? "", ...extras };
  }
  if (call.type === "custom") {
    const extras = extrasFrom({ ...restOf(call, flatCallKeys), [flatNote]: true });
    return { ...base, name: call.name ?? "", kind: "custom", arguments: call.input ?? "", ...extras };
  }
  const called = call.function;
  const payload = signatureOf(call);
  return {
    ...base,
    name: called?.name ?? "",
    kind: "function",
    arguments: argumentsText(called?.arguments),
    ...(payload !== undefined && { payload }),
    ...extrasFrom(withNested(restOf(call, functionCallKeys), "function", called ? restOf(called, functionKeys) : {})),
  };
}

function decodeFunctionCall(call: ChatFunctionCall): ToolCallBlock {
  const fields = { ...restOf(call, functionKeys), [legacyNote]: true };
  const extras = { wire, fields } as const;
  return {
    type: "tool-call",
    callId: "",
    name: call.name,
    kind: "function",
    arguments: argumentsText(call.arguments),
    extras,
  };
}

/** What a message of the assistant says, in a history or in an answer. */
export interface AssistantParts {
  readonly blocks: readonly Block[];
  /** Fields of the message that no block holds. */
  readonly rest: Fields;
}

/** The blocks of an assistant's message: thoughts, content, refusal, calls, in this order. */
export function decodeAssistant(message: ChatAssistantMessage): AssistantParts {
  const known = new Set(["role", "content", "refusal", "tool_calls", "function_call"]);
  const blocks: Block[] = decodeReasoning(message, (field) => known.add(field));
  const { content, refusal, tool_calls: toolCalls, function_call: functionCall } = message;
  // An empty string says nothing; as a block it would become an empty item or part that others refuse (T59, T61).
  if (content !== undefined && content !== null && content !== "") blocks.push(...decodeContent(content));
  if (typeof refusal === "string" && refusal !== "") blocks.push({ type: "refusal", text: refusal });
  if (toolCalls) blocks.push(...toolCalls.map(decodeToolCall));
  if (functionCall?.name) blocks.push(decodeFunctionCall(functionCall));
  // Snowflake writes one without a name beside every message.
  else if (functionCall) known.delete("function_call");
  const rest = restOf(message, known);
  const hasCalls = blocks.at(-1)?.type === "tool-call";
  // Beside calls nothing is written `null`, alone it is written `""`; what differs from that is noted.
  if (content === "" && hasCalls) rest["content"] = "";
  if (content === null && hasCalls) delete rest["content"];
  if (Array.isArray(content) && content.length === 0) rest["content"] = [];
  if (content === undefined) rest[absentNote] = true;
  if (refusal === "") rest["refusal"] = "";
  return { blocks, rest };
}

/** What the encoder of a message needs to know of its surroundings. */
export interface AssistantContext {
  readonly losses: LossCollector;
  /** A history goes to an upstream, an answer to a client; they differ in whose reasoning may be told. */
  readonly place: "history" | "answer";
  /** The id under which a call travels. */
  callId(id: string): string;
  /** The name under which a call travels. */
  toolName(name: string, namespace: string | undefined): string;
}

interface Placed {
  readonly block: Block;
  readonly path: string;
}

function encodeToolCall(block: ToolCallBlock, path: string, context: AssistantContext): Fields {
  const own = ownFields(block.extras);
  const name = context.toolName(block.name, block.namespace);
  const call: Fields = { id: context.callId(block.callId) };
  if (block.kind === "custom") {
    call["type"] = "custom";
    if (own[flatNote] === true) Object.assign(call, { name, input: block.arguments });
    else call["custom"] = { name, input: block.arguments, ...objectIn(own, "custom") };
  } else {
    call["type"] = "function";
    call["function"] = { name, arguments: block.arguments, ...objectIn(own, "function") };
  }
  restore(call, block.extras);
  reportBlock(block, path, context.losses);
  if (block.payload !== undefined && own["extra_content"] === undefined) {
    // Refused by servers that do not know it, so a history keeps it only where it came from.
    if (context.place === "answer") call["extra_content"] = { google: { thought_signature: block.payload } };
    else context.losses.dropped(`${path}.payload`, "signature of another provider");
  }
  return call;
}

/** Text, or parts when the same format wrote parts; text of other formats is joined without a separator (3.1). */
function encodeAssistantContent(placed: readonly Placed[], losses: LossCollector): JsonValue | undefined {
  if (placed.length === 0) return undefined;
  if (!placed.every(({ block }) => isPlainText(block))) return encodeContent(placed, losses);
  let text = "";
  for (const { block, path } of placed) {
    reportBlock(block, path, losses);
    if (block.type === "text") text += block.text;
  }
  return text;
}

function encodeThinking(block: ReasoningBlock): Fields {
  const part: Fields = { type: thinkingPart, thinking: block.parts.map(({ text }) => ({ type: "text", text })) };
  restore(part, block.extras);
  return part;
}

interface Sorted {
  readonly content: Placed[];
  readonly reasoning: { readonly block: ReasoningBlock; readonly path: string }[];
  readonly calls: { readonly block: ToolCallBlock; readonly path: string }[];
  refusal: string | undefined;
}

/** Where each block belongs in a message, whose fields have no order among each other. */
function sortBlocks(placed: readonly Placed[], losses: LossCollector): Sorted {
  const sorted: Sorted = { content: [], reasoning: [], calls: [], refusal: undefined };
  for (const { block, path } of placed) {
    switch (block.type) {
      case "reasoning":
        if (ownFields(block.extras)[partNote] === thinkingPart) {
          sorted.content.push({ block: { type: "opaque", wire, value: encodeThinking(block) }, path });
        } else sorted.reasoning.push({ block, path });
        break;
      case "tool-call":
        sorted.calls.push({ block, path });
        break;
      case "refusal":
        if (block.extras?.wire === wire) sorted.content.push({ block, path });
        else sorted.refusal = (sorted.refusal ?? "") + block.text;
        break;
      case "text":
        if (sorted.calls.length > 0) losses.approximated(path, "text after a tool call: Chat puts text before calls");
        sorted.content.push({ block, path });
        break;
      case "image":
      case "file":
      case "audio":
        if (block.extras?.wire === wire) sorted.content.push({ block, path });
        else losses.dropped(path, `an assistant's ${block.type} has no place in Chat`);
        break;
      case "opaque":
        if (block.wire === wire) sorted.content.push({ block, path });
        else losses.dropped(path, "only its own format can carry this block");
        break;
      case "tool-result":
        losses.dropped(path, "a tool result in an assistant's turn");
        break;
    }
  }
  return sorted;
}

/**
 * The message that says these blocks.
 *
 * @param rest - Fields of the message to put back, from the same format.
 */
export function encodeAssistant(placed: readonly Placed[], rest: JsonObject, context: AssistantContext): Fields {
  const { losses } = context;
  const { content, reasoning, calls, refusal } = sortBlocks(placed, losses);
  const message: Fields = { role: "assistant" };
  const thoughts =
    context.place === "answer"
      ? encodeAnswerReasoning(reasoning.map(({ block }) => block))
      : encodeHistoryReasoning(reasoning, losses);
  const hasOther = calls.length > 0 || refusal !== undefined;
  const said = encodeAssistantContent(content, losses) ?? rest["content"];
  if (said !== undefined) message["content"] = said;
  else if (rest[absentNote] !== true) message["content"] = hasOther ? null : "";
  Object.assign(message, thoughts);
  if (refusal !== undefined) message["refusal"] = refusal;
  const legacy = calls.find(({ block }) => ownFields(block.extras)[legacyNote] === true);
  if (legacy !== undefined && calls.length === 1) {
    const { name, arguments: text, extras } = legacy.block;
    const call: Fields = { name: context.toolName(name, undefined), arguments: text };
    restore(call, extras);
    message["function_call"] = call;
  } else if (calls.length > 0) {
    message["tool_calls"] = calls.map(({ block, path }) => encodeToolCall(block, path, context));
  }
  restore(message, { wire, fields: rest });
  return message;
}
