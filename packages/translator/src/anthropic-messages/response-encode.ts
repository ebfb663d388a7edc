import type { Block, JsonObject, JsonValue, ModelResponse, Translated, WireEvent } from "@turnout/core";

import type { AnswerContext } from "../codec.ts";
import { type Fields, put } from "../fields.ts";
import { withoutEcho } from "../foreign-extras.ts";
import { createLossCollector, type LossCollector } from "../report.ts";
import { unfold } from "../unfold.ts";
import { encodeBlock } from "./block-encode.ts";
import { splitAtCitations } from "./citation-encode.ts";
import { createDocumentCollector } from "./collector.ts";
import { createEventEncoder } from "./event-encoder.ts";
import { isOwn, ownFields, reportForeign, restore } from "./extras.ts";
import { encodeFinish } from "./finish.ts";
import { detailsNote } from "./refusal.ts";
import { encodeUsage } from "./usage.ts";

function encodeOwn(response: ModelResponse, context: AnswerContext, losses: LossCollector): JsonObject {
  const content: JsonValue[] = [];
  for (const [index, block] of response.blocks.entries()) {
    if (ownFields(block.extras)[detailsNote] === true) continue;
    const encoded = encodeBlock(block, `content[${index}]`, { losses, ids: undefined, names: undefined });
    if (encoded !== undefined) content.push(encoded);
  }
  const hasCalls = response.blocks.some((block) => block.type === "tool-call");
  const message: Fields = {};
  if (response.id !== "") message["id"] = response.id;
  message["model"] = context.model;
  message["content"] = content;
  message["stop_reason"] = response.finishRaw ?? encodeFinish(response.finish, hasCalls);
  if (response.usage !== undefined) put(message, "usage", encodeUsage(response.usage));
  restore(message, response.extras);
  return message;
}

/** What of another format's answer becomes content; a call in which the model was cut off is not offered as one (T96). */
function contentOf(response: ModelResponse, losses: LossCollector): Block[] {
  return response.blocks.flatMap((block, index) => {
    if (block.type === "tool-call" && block.incomplete === true) {
      losses.dropped(`blocks[${index}]`, `unfinished call of \`${block.name}\``);
      return [];
    }
    if (block.type !== "text") return block;
    // Splitting makes texts of their own, which have nothing of the source.
    reportForeign(block.extras, `blocks[${index}]`, losses);
    return splitAtCitations(block);
  });
}

/**
 * A whole answer. One that was decoded from this format comes back as it was, under the model name the client asked for;
 * another one is what its stream would tell.
 */
export function encodeResponse(response: ModelResponse, context: AnswerContext): Translated<JsonObject> {
  const losses = createLossCollector();
  if (isOwn(response.extras)) return { value: encodeOwn(response, context, losses), report: losses.report };
  reportForeign(withoutEcho(response.extras), "", losses);
  const encoder = createEventEncoder(context);
  const collector = createDocumentCollector();
  const out: WireEvent[] = [];
  for (const event of unfold({ ...response, blocks: contentOf(response, losses) })) encoder.encode(event, out);
  for (const event of out) collector.add(event);
  const { approximated, dropped } = losses.report;
  return {
    value: collector.end(),
    report: {
      approximated: [...approximated, ...encoder.report.approximated],
      dropped: [...dropped, ...encoder.report.dropped],
    },
  };
}
