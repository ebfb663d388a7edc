import {
  type Block,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ModelResponse,
  type Translated,
  type WireEvent,
} from "@turnout/core";

import type { AnswerContext } from "../codec.ts";
import { type Fields, objectIn } from "../fields.ts";
import { isNote, withoutEcho } from "../foreign-extras.ts";
import { joinParts } from "../payload-envelope.ts";
import { createLossCollector, type LossCollector } from "../report.ts";
import { unfold } from "../unfold.ts";
import { createDocumentCollector } from "./collector.ts";
import { callNotes } from "./contents-decode.ts";
import { createEventEncoder } from "./event-encoder.ts";
import { ownFields, reportForeign, restore, wire } from "./extras.ts";
import { encodeCall } from "./parts-encode.ts";
import { answerNotes, candidatePrefix } from "./response-decode.ts";
import { encodeUsage } from "./usage.ts";

function encodeOwnPart(block: Block, losses: LossCollector): JsonValue[] {
  switch (block.type) {
    case "text": {
      const part: Fields = { text: block.text };
      restore(part, block.extras);
      return [part];
    }
    case "reasoning": {
      const part: Fields = { text: joinParts(block.parts), thought: true };
      if (block.payload !== undefined) part["thoughtSignature"] = block.payload;
      restore(part, block.extras);
      return [part];
    }
    case "tool-call": {
      const noted = ownFields(block.extras)[callNotes.id];
      const id = noted === undefined ? block.callId : typeof noted === "string" ? noted : undefined;
      const part = encodeCall(block, block.name, id, "parts", losses);
      return [block.payload === undefined ? part : { ...part, thoughtSignature: block.payload }];
    }
    case "opaque":
      return block.wire === wire ? [block.value] : [];
    default:
      return [];
  }
}

/** An answer that came from this format, as it was, under the model name the client asked for. */
function encodeOwn(response: ModelResponse, own: JsonObject, context: AnswerContext): Translated<JsonObject> {
  const losses = createLossCollector();
  const candidate: Fields = {};
  const parts = response.blocks.flatMap((block) => encodeOwnPart(block, losses));
  const content = own[answerNotes.content];
  if (isJsonObject(content) || parts.length > 0) {
    candidate["content"] = {
      ...(isJsonObject(content) && content),
      ...((own[answerNotes.noParts] !== true || parts.length > 0) && { parts }),
    };
  }
  Object.assign(candidate, objectIn(own, answerNotes.candidate));
  const value: Fields = {};
  for (const [key, field] of Object.entries(own)) {
    if (field === undefined || isNote(key) || key === "candidates") continue;
    if (!key.startsWith(candidatePrefix)) value[key] = field;
    // What lies deeper is in the note that holds the whole.
    else if (!key.slice(candidatePrefix.length).includes(".")) candidate[key.slice(candidatePrefix.length)] = field;
  }
  const others = own["candidates"];
  if (own[answerNotes.noCandidate] !== true) {
    value["candidates"] = [candidate, ...(Array.isArray(others) ? (others as readonly JsonValue[]) : [])];
  }
  if (response.usage !== undefined) value["usageMetadata"] = encodeUsage(response.usage);
  if (context.model !== "") value["modelVersion"] = context.model;
  if (response.id !== "") value["responseId"] = response.id;
  Object.assign(value, objectIn(own, answerNotes.top));
  return { value, report: losses.report };
}

/**
 * A whole answer. One that was decoded from this format comes back as it was; another one is what its stream would tell.
 */
export function encodeResponse(response: ModelResponse, context: AnswerContext): Translated<JsonObject> {
  if (response.extras?.wire === wire) return encodeOwn(response, response.extras.fields, context);
  const encoder = createEventEncoder(context);
  const events: WireEvent[] = [];
  for (const event of unfold(response)) encoder.encode(event, events);
  const collector = createDocumentCollector();
  for (const event of events) collector.add(event);
  const losses = createLossCollector();
  reportForeign(withoutEcho(response.extras), "", losses);
  const { approximated, dropped } = encoder.report;
  return { value: collector.end(), report: { approximated, dropped: [...losses.report.dropped, ...dropped] } };
}
