import type { JsonObject, ModelRequest, OutputFormat, Translated } from "@turnout/core";

import type { EncodeRequestOptions } from "../codec.ts";
import { effortOfBudget } from "../effort-of-budget.ts";
import { put } from "../fields.ts";
import { createToolCallIds } from "../ids.ts";
import { repairHistory } from "../repair-history.ts";
import { createLossCollector, type LossCollector } from "../report.ts";
import { createToolNames, type ToolNames } from "../tool-names.ts";
import { invalidRequest } from "../validate.ts";
import { type Fields, objectIn, ownFields, reportForeign, restore, wire } from "./extras.ts";
import { requestNotes } from "./request-decode.ts";
import { encodeLegacyChoice, encodeToolChoice, encodeTools } from "./tools-encode.ts";
import { encodeTurns } from "./turns-encode.ts";

function encodeOutput(output: OutputFormat): JsonObject {
  switch (output.type) {
    case "text":
      return { type: "text" };
    // Without a schema, whatever the source had beside it (T79).
    case "json":
      return { type: "json_object" };
    case "json-schema": {
      const { name, schema, strict, description } = output;
      const format: Fields = { name, schema };
      put(format, "strict", strict);
      put(format, "description", description);
      return { type: "json_schema", json_schema: format };
    }
  }
}

function putSampling(body: Fields, request: ModelRequest, losses: LossCollector): void {
  const { sampling } = request;
  put(body, "temperature", sampling.temperature);
  put(body, "top_p", sampling.topP);
  put(body, "seed", sampling.seed);
  put(body, "presence_penalty", sampling.presencePenalty);
  put(body, "frequency_penalty", sampling.frequencyPenalty);
  put(body, "logit_bias", sampling.logitBias);
  // Always a list: a plain string is refused by some servers (T78).
  put(body, "stop", sampling.stop);
  put(body, "n", sampling.candidates);
  if (sampling.logprobs !== undefined) {
    body["logprobs"] = true;
    if (sampling.logprobs > 0) body["top_logprobs"] = sampling.logprobs;
  }
  if (sampling.topK === undefined) return;
  // OpenAI has no `top_k`; a client that wrote it in Chat talks to a vendor that has.
  if (request.extras === undefined || request.extras.wire === wire) body["top_k"] = sampling.topK;
  else losses.dropped("top_k", "Chat has no such setting");
}

function putReasoning(body: Fields, request: ModelRequest, losses: LossCollector): void {
  const { reasoning } = request;
  if (reasoning === undefined) return;
  const own = ownFields(request.extras);
  if (own[requestNotes.effort] !== true) {
    const { effort, budgetTokens } = reasoning;
    const isBudget = budgetTokens !== undefined && own["reasoning"] === undefined;
    const level = isBudget && effort === undefined ? effortOfBudget(budgetTokens) : undefined;
    // Many models of this format have no `minimal`, and the client has named no effort.
    const derived = level === "minimal" ? "low" : level;
    put(body, "reasoning_effort", effort ?? derived);
    if (derived !== undefined) losses.approximated("reasoning.budgetTokens", `sent as effort \`${derived}\``);
    else if (isBudget && budgetTokens >= 0) {
      losses.dropped("reasoning.budgetTokens", "Chat takes an effort, not a number of tokens");
    }
  }
  // Whoever asks for an effort in Chat is taken to want to see thoughts, so that much is said.
  const isSaid = reasoning.effort !== undefined && reasoning.effort !== "none" && reasoning.summary === "auto";
  const isImplied = reasoning.summary === undefined || isSaid;
  if (!isImplied) losses.dropped("reasoning.summary", "Chat has no switch for seeing thoughts");
  if (reasoning.extras?.wire === wire) return;
  for (const [key, value] of Object.entries(reasoning.extras?.fields ?? {})) {
    if (value !== null) losses.dropped(`reasoning.${key}`, "Chat has no place for it");
  }
}

function putTools(body: Fields, request: ModelRequest, names: ToolNames, losses: LossCollector): void {
  const fields = encodeTools(request, names, losses);
  Object.assign(body, fields);
  const isLegacy = fields.functions !== undefined && fields.tools === undefined;
  const hasTools = fields.functions !== undefined || fields.tools !== undefined;
  const { toolChoice, parallelToolCalls } = request;
  if (!hasTools) {
    // T41: both are refused without tools.
    if (toolChoice !== undefined && fields.web_search_options === undefined) {
      losses.dropped("tool_choice", "there are no tools to choose from");
    }
    if (parallelToolCalls !== undefined) losses.dropped("parallel_tool_calls", "there are no tools to call");
    return;
  }
  if (toolChoice !== undefined) {
    if (isLegacy) put(body, "function_call", encodeLegacyChoice(toolChoice, names, losses));
    else put(body, "tool_choice", encodeToolChoice(toolChoice, names, losses));
  }
  put(body, "parallel_tool_calls", parallelToolCalls);
}

function putStream(body: Fields, request: ModelRequest): void {
  const own = ownFields(request.extras);
  if (request.stream) body["stream"] = true;
  else if (own[requestNotes.stream] === true) body["stream"] = false;
  const options: Fields = { ...(objectIn(own, "stream_options") as Fields) };
  // Other formats always report usage, so their clients must get it; a Chat client has said whether it wants it.
  if (request.includeUsage === true || (request.includeUsage === undefined && request.stream)) {
    options["include_usage"] = true;
  }
  if (Object.keys(options).length > 0) body["stream_options"] = options;
}

/**
 * The body of `POST /v1/chat/completions` for this request.
 *
 * @throws {RouterError} `request-invalid` for what would change the meaning: a previous response only its maker knows,
 *   media Chat cannot point at, tools that are the only or forced ones and that Chat cannot run.
 */
export function encodeRequest(request: ModelRequest, options: EncodeRequestOptions = {}): Translated<JsonObject> {
  if (request.previousResponseId !== undefined) {
    throw invalidRequest(
      "previous_response_id",
      "Cannot continue a stored response on a Chat upstream: it needs the whole history",
    );
  }
  const losses = createLossCollector();
  const own = ownFields(request.extras);
  const names = createToolNames(request.tools);
  const turns = repairHistory(request.turns, losses);
  const ids = createToolCallIds(wire);
  const context = { losses, ids, names, developerRole: options.developerRole ?? true };
  const messages = encodeTurns(turns, context);
  if (messages.length === 0) {
    throw invalidRequest("input", "Cannot send a request without messages to a Chat upstream");
  }
  const body: Fields = { model: options.model ?? request.model, messages };
  putStream(body, request);
  putTools(body, request, names, losses);
  if (request.output !== undefined) body["response_format"] = encodeOutput(request.output);
  putReasoning(body, request, losses);
  put(body, "verbosity", request.verbosity);
  put(body, own[requestNotes.maxTokens] === true ? "max_tokens" : "max_completion_tokens", request.maxOutputTokens);
  putSampling(body, request, losses);
  put(body, "service_tier", request.serviceTier);
  put(body, "prompt_cache_key", request.cacheKey);
  put(body, own[requestNotes.user] === true ? "user" : "safety_identifier", request.endUser);
  put(body, "metadata", request.metadata);
  put(body, "store", request.store);
  restore(body, request.extras);
  reportForeign(request.extras, "", losses);
  return { value: body, report: losses.report };
}
