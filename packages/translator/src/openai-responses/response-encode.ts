import {
  isJsonObject,
  type JsonObject,
  type ModelResponse,
  RouterError,
  type Translated,
  type WireEvent,
} from "@turnout/core";

import type { AnswerContext } from "../codec.ts";
import { parseEventObject } from "../parse-json.ts";
import { createLossCollector } from "../report.ts";
import { unfold } from "../unfold.ts";
import { createEventEncoder } from "./event-encoder.ts";
import { ownFields, reportForeign } from "./extras.ts";
import { encodeTurn } from "./item-encode.ts";
import { encodeUsage } from "./usage.ts";

function encodeOwn(response: ModelResponse, kept: JsonObject, context: AnswerContext): Translated<JsonObject> {
  const losses = createLossCollector();
  const itemContext = { losses, ids: undefined, names: undefined };
  const turn = { role: "assistant", blocks: response.blocks } as const;
  const value: JsonObject = {
    ...(response.id !== "" && { id: response.id }),
    ...kept,
    ...(response.createdAt !== undefined && { created_at: response.createdAt }),
    ...(context.model !== "" && { model: context.model }),
    output: encodeTurn(turn, "assistant", "output", itemContext),
    ...(response.usage !== undefined && { usage: encodeUsage(response.usage) }),
    ...(response.serviceTier !== undefined && { service_tier: response.serviceTier }),
  };
  return { value, report: losses.report };
}

/**
 * A whole answer. One that was decoded from this format comes back as it was, under the model name the client asked
 * for; another one is what the stream of the same answer would end with.
 */
export function encodeResponse(response: ModelResponse, context: AnswerContext): Translated<JsonObject> {
  const kept = ownFields(response.extras);
  if (kept !== undefined) return encodeOwn(response, kept, context);
  const encoder = createEventEncoder(context);
  const out: WireEvent[] = [];
  for (const event of unfold(response)) encoder.encode(event, out);
  const last = out.at(-1);
  const terminal = last === undefined ? undefined : parseEventObject(last.data, "own Responses event")["response"];
  if (!isJsonObject(terminal)) {
    throw new RouterError("internal", "Cannot write Responses answer: it has no end", {});
  }
  const losses = createLossCollector();
  reportForeign(response.extras, "", losses);
  const { approximated, dropped } = encoder.report;
  return { value: terminal, report: { approximated, dropped: [...dropped, ...losses.report.dropped] } };
}
