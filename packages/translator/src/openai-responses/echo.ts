import type { JsonObject, JsonValue, ModelRequest } from "@turnout/core";

import { createLossCollector } from "../report.ts";
import { createToolNames } from "../tool-names.ts";
import { ownFields } from "./extras.ts";
import { encodeReasoningControl, encodeText } from "./request-encode.ts";
import { encodeToolChoice, encodeTools } from "./tools.ts";

function instructionsOf(request: ModelRequest): JsonValue {
  const [first] = request.turns;
  const [block] = first?.role === "system" ? first.blocks : [];
  const isSaid = ownFields(first?.extras)?.["$from"] === "instructions" || ownFields(request.extras) === undefined;
  return block?.type === "text" && isSaid ? block.text : null;
}

function field(kept: JsonObject | undefined, key: string, fallback: JsonValue): JsonValue {
  return kept?.[key] ?? fallback;
}

/**
 * The part of a response object that repeats the client's request: its own words, never the upstream's (T106). Every
 * field is there, since strict clients read them all.
 */
export function echoRequest(request: ModelRequest): JsonObject {
  const kept = ownFields(request.extras);
  const isOwn = kept !== undefined;
  const names = isOwn ? undefined : createToolNames(request.tools);
  const choice = request.toolChoice && encodeToolChoice(request.toolChoice, names);
  return {
    background: field(kept, "background", false),
    instructions: instructionsOf(request),
    max_output_tokens: request.maxOutputTokens ?? null,
    max_tool_calls: field(kept, "max_tool_calls", null),
    metadata: request.metadata ?? {},
    parallel_tool_calls: request.parallelToolCalls ?? true,
    previous_response_id: request.previousResponseId ?? null,
    prompt_cache_key: request.cacheKey ?? null,
    reasoning: {
      effort: null,
      summary: null,
      ...(request.reasoning && encodeReasoningControl(request.reasoning)),
    },
    safety_identifier: kept?.["$user"] === true ? null : (request.endUser ?? null),
    store: request.store ?? true,
    temperature: request.sampling.temperature ?? null,
    text: { format: { type: "text" }, ...encodeText(request, kept) },
    tool_choice: choice ?? "auto",
    tools: encodeTools(request.tools, names, createLossCollector()),
    top_p: request.sampling.topP ?? null,
    truncation: field(kept, "truncation", "disabled"),
    user: kept?.["$user"] === true ? (request.endUser ?? null) : field(kept, "user", null),
  };
}
