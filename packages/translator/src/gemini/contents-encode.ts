import type { Block, JsonObject, JsonValue, ReasoningBlock, ToolCallBlock, Turn } from "@turnout/core";

import { type Fields, restOf } from "../fields.ts";
import type { ToolCallIds } from "../ids.ts";
import { joinParts } from "../payload-envelope.ts";
import { blockPath, type LossCollector, turnPath } from "../report.ts";
import type { ToolNames } from "../tool-names.ts";
import { invalidRequest } from "../validate.ts";
import { callNotes } from "./contents-decode.ts";
import { ownFields, reportForeign, restore, wire } from "./extras.ts";
import type { GeminiModel } from "./models.ts";
import { encodeCall, encodeMedia, type PartContext } from "./parts-encode.ts";
import { encodeOwnResult, encodeResult } from "./results-encode.ts";

/** What a first call without a signature of Google's carries instead (documented; CP, VA). */
const signatureSentinel = "skip_thought_signature_validator";

const signatureFields: ReadonlySet<string> = new Set(["extra_content"]);

/** Stands where a turn of the user must be and there is nothing to say. */
const filler: JsonObject = { text: "." };

export interface ContentsContext {
  readonly losses: LossCollector;
  readonly model: GeminiModel;
  readonly ids: ToolCallIds;
  readonly names: ToolNames;
  /** The history came from this format and goes back exactly as it was. */
  readonly isOwn: boolean;
}

export interface EncodedHistory {
  readonly contents: JsonValue;
  readonly systemInstruction?: JsonObject;
}

function encodeThought(block: ReasoningBlock): Fields {
  const part: Fields = { text: joinParts(block.parts), thought: true };
  if (block.payload !== undefined) part["thoughtSignature"] = block.payload;
  restore(part, block.extras);
  return part;
}

/** A content under construction. */
interface OpenContent {
  readonly role: "user" | "model";
  readonly parts: JsonValue[];
  readonly fields: Fields;
}

/** The `contents` and the `systemInstruction` of a history. */
export function encodeHistory(turns: readonly Turn[], context: ContentsContext): EncodedHistory {
  const { losses, isOwn, model } = context;
  const partContext: PartContext = { losses, isOwn, generation3: model.generation3 };
  const contents: OpenContent[] = [];
  const system: JsonValue[] = [];
  let systemFields: Fields | undefined;
  const toolNames = new Map<string, string>();

  function open(role: "user" | "model"): OpenContent {
    const last = contents.at(-1);
    if (!isOwn && last?.role === role) return last;
    const content: OpenContent = { role, parts: [], fields: {} };
    contents.push(content);
    return content;
  }

  function encodeSystem(turn: Turn, index: number): void {
    const isLeading = contents.length === 0 && (isOwn || model.system);
    const own = ownFields(turn.extras);
    if (own["$system"] === true) {
      systemFields = own["$role"] === undefined ? {} : { role: own["$role"] };
      restore(systemFields, turn.extras);
    }
    reportForeign(turn.extras, turnPath(turn, index), losses);
    for (const [number, block] of turn.blocks.entries()) {
      const path = blockPath(turn, `turns[${index}]`, number);
      if (block.type === "opaque" && block.wire === wire) {
        system.push(block.value);
        continue;
      }
      if (block.type !== "text") {
        losses.dropped(path, `a block of type \`${block.type}\` in a system turn`);
        continue;
      }
      reportBlock(block, path);
      const part: Fields = { text: block.text };
      restore(part, block.extras);
      if (isLeading) system.push(part);
      else if (block.text.trim() !== "") {
        // T71: neither lost nor moved to the front, where it would rewrite the cached prefix.
        losses.approximated(path, "a system text inside the history: sent as the user's, marked");
        open("user").parts.push({ text: `<system>${block.text}</system>` });
      }
    }
  }

  function reportBlock(block: Block, path: string): void {
    reportForeign(block.extras, path, losses);
    if (block.cache !== undefined) losses.dropped(`${path}.cache`, "Gemini takes no cache marks");
  }

  /** Only calls of Google's models have a signature of Google's; another one stands in for the first of a step (T13). */
  function putSignature(part: Fields, block: ToolCallBlock, isFirst: boolean): void {
    if (block.payload !== undefined) part["thoughtSignature"] = block.payload;
    else if (isFirst && model.generation3 && !isOwn) part["thoughtSignature"] = signatureSentinel;
  }

  function encodeToolCall(block: ToolCallBlock, path: string, isFirst: boolean): Fields {
    const own = ownFields(block.extras);
    const noted = own[callNotes.id];
    const id = !isOwn ? context.ids.call(block.callId) : noted === undefined ? block.callId : undefined;
    const name = isOwn ? block.name : context.names.toWire(block.name, block.namespace);
    toolNames.set(block.callId, name);
    const part = encodeCall(block, name, id ?? (typeof noted === "string" ? noted : undefined), path, losses);
    putSignature(part, block, isFirst);
    // Google's own Chat endpoint carries the signature in `extra_content`: it has arrived.
    const { payload, extras } = block;
    const rest = payload !== undefined && extras && { ...extras, fields: restOf(extras.fields, signatureFields) };
    if (!isOwn) reportBlock(rest ? { ...block, extras: rest } : block, path);
    return part;
  }

  function encodeBlock(block: Block, path: string, role: "user" | "model", isFirstCall: boolean): Fields | undefined {
    switch (block.type) {
      case "text": {
        const part: Fields = { text: block.text };
        restore(part, block.extras);
        reportBlock(block, path);
        return isOwn || block.text !== "" ? part : undefined;
      }
      case "refusal":
        losses.approximated(path, "a refusal sent as plain text");
        return { text: block.text };
      case "image":
      case "file":
      case "audio":
        if (block.cache !== undefined) losses.dropped(`${path}.cache`, "Gemini takes no cache marks");
        return encodeMedia(block, path, partContext);
      case "reasoning":
        if (block.provenance?.wire === wire) return encodeThought(block);
        losses.dropped(path, "reasoning of another provider");
        return undefined;
      case "tool-call":
        return encodeToolCall(block, path, isFirstCall);
      case "opaque": {
        if (block.wire === wire) return block.value as Fields;
        if (role === "user") {
          throw invalidRequest(path, `Cannot send content of an unknown kind from ${block.wire} to Gemini`);
        }
        losses.dropped(path, `something only ${block.wire} knows`);
        return undefined;
      }
      case "tool-result":
        return undefined;
    }
  }

  function encodeTurn(turn: Turn, index: number): void {
    const role = turn.role === "assistant" ? "model" : "user";
    const content = open(role);
    const siblings: JsonValue[] = [];
    const parts: Fields[] = [];
    let hasCall = false;
    if (role === "model") context.ids.nextTurn();
    for (const [number, block] of turn.blocks.entries()) {
      const path = blockPath(turn, `turns[${index}]`, number);
      if (block.type === "tool-result" && isOwn) parts.push(encodeOwnResult(block));
      else if (block.type === "tool-result") {
        const name = toolNames.get(block.callId) ?? (block.name && context.names.toWire(block.name));
        if (name === undefined || name === "") {
          throw invalidRequest(path, "Cannot send this tool result to Gemini: no call of the history has its id");
        }
        const result = encodeResult(block, name, context.ids.result(block.callId), path, partContext);
        // A repaired history has the results of a turn before anything else in it.
        content.parts.push(result.part);
        siblings.push(...result.siblings);
      } else {
        const part = encodeBlock(block, path, role, block.type === "tool-call" && !hasCall);
        if (part !== undefined) parts.push(part);
        if (block.type === "tool-call") hasCall = true;
      }
    }
    content.parts.push(...siblings, ...parts);
    if (isOwn) Object.assign(content.fields, turnFields(turn, role));
    else reportForeign(turn.extras, turnPath(turn, index), losses);
  }

  for (const [index, turn] of turns.entries()) {
    if (turn.role === "system") encodeSystem(turn, index);
    else encodeTurn(turn, index);
  }
  const encoded = isOwn ? contents.map(closeOwn) : closeForeign(contents, losses);
  const systemInstruction =
    systemFields !== undefined || system.length > 0 ? { ...systemFields, parts: system } : undefined;
  return { contents: encoded, ...(systemInstruction !== undefined && { systemInstruction }) };
}

/** Role and parts of a content of this format, where they are not the usual ones. */
function turnFields(turn: Turn, role: string): Fields {
  const own = ownFields(turn.extras);
  const noted = own[callNotes.role];
  const fields: Fields = noted === null ? {} : { role: noted ?? role };
  if (own[callNotes.noParts] === true) fields["parts"] = null;
  restore(fields, turn.extras);
  return fields;
}

function closeOwn(content: OpenContent): JsonObject {
  const { parts, ...fields } = content.fields;
  return parts === null ? fields : { ...fields, parts: content.parts };
}

function hasCallPart(content: OpenContent): boolean {
  return content.parts.some((part) => typeof part === "object" && part !== null && "functionCall" in part);
}

/** A first turn of the user, no empty turn, and no call at the end that nobody answers (translation.md 2.3, 2.8). */
function closeForeign(contents: readonly OpenContent[], losses: LossCollector): JsonValue[] {
  const last = contents.at(-1);
  if (last?.role === "model" && hasCallPart(last)) {
    losses.dropped("turns", "calls at the end of the history that have no results yet");
    const rest = last.parts.filter((part) => !(typeof part === "object" && part !== null && "functionCall" in part));
    last.parts.splice(0, last.parts.length, ...rest);
  }
  const filled: OpenContent[] = [];
  for (const content of contents) {
    if (content.parts.length === 0) continue;
    const previous = filled.at(-1);
    // What stood between them said nothing here.
    if (previous?.role === content.role) previous.parts.push(...content.parts);
    else filled.push(content);
  }
  const encoded: JsonValue[] = filled.map(({ role, parts }) => ({ role, parts }));
  if (filled[0]?.role !== "user") encoded.unshift({ role: "user", parts: [filler] });
  return encoded;
}
