import { isJsonObject, type JsonObject, type JsonValue, type ReasoningBlock, type WireFormat } from "@turnout/core";

import { carriedText, joinParts, partSeparator, unwrapPayload, wrapPayload } from "../payload-envelope.ts";
import type { LossCollector } from "../report.ts";
import { type Fields, ownFields, restore, wire } from "./extras.ts";

// Chat has no reasoning of its own. Vendors write its text into one of three fields, and OpenRouter's `reasoning_details`
// carry what must come back untouched (translation.md 2.11).

/** In the order they are looked at; when two hold the same text, the first is the one. */
export const reasoningTextFields = ["reasoning_content", "reasoning", "reasoning_text"] as const;

/** Note on a block: the field its text came in, or empty when only `reasoning_details` told it. */
const textFieldNote = "$text";
/** Note on a block: a part of the details that another block of the message puts back. */
const sharedNote = "$shared";

/** Note on a block: it was a part of this type in Mistral's list of parts. */
export const partNote = "$part";
/** What `makeReasoningBlocks` takes for the field of such a part. */
export const thinkingPart = "thinking";

/** Who can read a payload, by the `format` OpenRouter gives it. */
const wireByFormat: Readonly<Record<string, WireFormat>> = {
  "openai-responses-v1": "openai-responses",
  "azure-openai-responses-v1": "openai-responses",
  "anthropic-claude-v1": "anthropic-messages",
  "google-gemini-v1": "gemini",
};
const formatByWire: Readonly<Record<WireFormat, string>> = {
  "openai-responses": "openai-responses-v1",
  "anthropic-messages": "anthropic-claude-v1",
  gemini: "google-gemini-v1",
  "openai-chat": "unknown",
};

interface Payload {
  readonly payload: string;
  readonly wire: WireFormat;
  readonly itemId: string | undefined;
  /** What was shown with it, where that came along. */
  readonly text: string | undefined;
}

function payloadsOf(details: readonly JsonObject[]): Payload[] {
  const payloads: Payload[] = [];
  for (const { data, signature, format, id } of details) {
    const payload = typeof data === "string" ? data : signature;
    if (typeof payload !== "string" || payload === "") continue;
    const source = typeof format === "string" ? wireByFormat[format] : undefined;
    const itemId = typeof id === "string" ? id : undefined;
    const envelope = unwrapPayload(payload);
    if (envelope === undefined) payloads.push({ payload, wire: source ?? wire, itemId, text: undefined });
    else if (envelope.payload !== undefined) {
      payloads.push({ payload: envelope.payload, wire: envelope.provenance.wire, itemId, text: envelope.text });
    }
  }
  return payloads;
}

function textOf(details: readonly JsonObject[]): string {
  let text = "";
  for (const detail of details) {
    const piece = detail["text"] ?? detail["summary"];
    if (typeof piece === "string") text += piece;
  }
  return text;
}

/** The entries of a `reasoning_details` field. */
export function readDetails(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** The pieces of a stream's details put together: those of one index and type continue each other. */
export function mergeDetails(pieces: readonly JsonObject[]): JsonObject[] {
  const merged: Fields[] = [];
  for (const piece of pieces) {
    const last = merged.findLast((entry) => entry["index"] === piece["index"] && entry["type"] === piece["type"]);
    if (last === undefined || piece["index"] === undefined) {
      merged.push({ ...piece } as Fields);
      continue;
    }
    for (const [key, value] of Object.entries(piece)) {
      const before = last[key];
      const grows = key === "text" || key === "summary" || key === "data";
      if (grows && typeof before === "string" && typeof value === "string") last[key] = before + value;
      else if (value !== undefined && value !== null) last[key] = value;
    }
  }
  return merged;
}

/**
 * The reasoning blocks behind a text and details: one with the text and the first payload, and one more for each
 * further payload, so that every one can be replayed.
 *
 * @param field - The field the text came in; undefined when the details alone tell it.
 */
export function makeReasoningBlocks(
  text: string | undefined,
  field: string | undefined,
  details: readonly JsonObject[],
): ReasoningBlock[] {
  const shown = text ?? textOf(details);
  const [first, ...others] = payloadsOf(details);
  if (shown === "" && first === undefined && details.length === 0) return [];
  const fields: Fields = {};
  if (field === thinkingPart) fields[partNote] = thinkingPart;
  else if (field !== "reasoning_content") fields[textFieldNote] = field ?? "";
  if (details.length > 0) fields["reasoning_details"] = details;
  const block = (payload: Payload | undefined, own: Fields, parts: ReasoningBlock["parts"]): ReasoningBlock => ({
    type: "reasoning",
    parts,
    ...(payload !== undefined && { payload: payload.payload }),
    provenance: { wire: payload?.wire ?? wire },
    ...(payload?.itemId !== undefined && { itemId: payload.itemId }),
    ...(Object.keys(own).length > 0 && { extras: { wire, fields: own } }),
  });
  const partsOf = (visible: string): ReasoningBlock["parts"] =>
    visible === "" ? [] : [{ form: "raw", text: visible }];
  return [
    block(first, fields, partsOf(first?.text ?? shown)),
    ...others.map((payload) => block(payload, { [sharedNote]: true }, partsOf(payload.text ?? ""))),
  ];
}

/** Reads a message's reasoning and adds the names of the fields it took to `taken`. */
export function decodeReasoning(
  message: Readonly<Record<string, unknown>>,
  taken: (field: string) => void,
): ReasoningBlock[] {
  const field = reasoningTextFields.find((name) => typeof message[name] === "string" && message[name] !== "");
  const text = field === undefined ? undefined : message[field];
  const details = readDetails(message["reasoning_details"]);
  if (field !== undefined) taken(field);
  if (details.length > 0) taken("reasoning_details");
  return makeReasoningBlocks(typeof text === "string" ? text : undefined, field, details);
}

/**
 * The detail that carries another format's payload through a Chat client and back.
 *
 * @param text - What was shown with it, where that has to come back too; see `carriedText`.
 */
export function payloadDetail(
  block: Pick<ReasoningBlock, "payload" | "provenance" | "itemId">,
  text: string | undefined,
  index: number,
): Fields {
  const { payload = "", provenance = { wire } } = block;
  return {
    type: "reasoning.encrypted",
    data: text === undefined ? payload : wrapPayload({ provenance, payload, text }),
    format: formatByWire[block.provenance?.wire ?? wire],
    ...(block.itemId !== undefined && { id: block.itemId }),
    index,
  };
}

/** The reasoning fields of an answer's message. */
export function encodeAnswerReasoning(blocks: readonly ReasoningBlock[]): Fields {
  const target: Fields = {};
  const details: JsonValue[] = [];
  const texts: string[] = [];
  let field: JsonValue | undefined = "reasoning_content";
  for (const block of blocks) {
    const own = ownFields(block.extras);
    if (own[textFieldNote] !== undefined) field = own[textFieldNote];
    const text = joinParts(block.parts);
    if (text !== "") texts.push(text);
    const kept = own["reasoning_details"];
    if (Array.isArray(kept)) details.push(...(kept as readonly JsonValue[]));
    else if (block.payload !== undefined && own[sharedNote] === undefined) {
      details.push(payloadDetail(block, carriedText(block.provenance?.wire, text), details.length));
    }
    restore(target, block.extras === undefined ? undefined : withoutDetails(block));
  }
  if (texts.length > 0 && typeof field === "string" && field !== "") target[field] = texts.join(partSeparator);
  if (details.length > 0) target["reasoning_details"] = details;
  return target;
}

function withoutDetails(block: ReasoningBlock): ReasoningBlock["extras"] {
  const { reasoning_details: _, ...fields } = ownFields(block.extras);
  return { wire, fields };
}

/**
 * The reasoning fields of a message in a history. Only what came in a Chat history goes back into one: vendors that
 * want it want their own (T17), and others refuse foreign thoughts or imitate them (T06).
 */
export function encodeHistoryReasoning(
  blocks: readonly { readonly block: ReasoningBlock; readonly path: string }[],
  losses: LossCollector,
): Fields {
  const own: ReasoningBlock[] = [];
  for (const { block, path } of blocks) {
    if (block.extras?.wire === wire || block.provenance?.wire === wire) own.push(block);
    else losses.dropped(path, "reasoning of another provider");
  }
  return encodeAnswerReasoning(own);
}
