import type { JsonObject, JsonValue, ModelRequest, Translated } from "@turnout/core";

import type { EncodeRequestOptions } from "../codec.ts";
import { type Fields, objectIn, put } from "../fields.ts";
import { createToolCallIds } from "../ids.ts";
import { repairHistory } from "../repair-history.ts";
import { createLossCollector, type LossCollector, withBlocks } from "../report.ts";
import { createToolNames } from "../tool-names.ts";
import { invalidRequest } from "../validate.ts";
import { limitCacheMarks } from "./cache-marks.ts";
import { isOwn, ownFields, reportForeign, restore, wire } from "./extras.ts";
import { capabilitiesOf, type ModelCapabilities } from "./models.ts";
import { requestNotes, writtenObject } from "./request-decode.ts";
import { encodeThinking } from "./thinking-encode.ts";
import { outputSchema } from "./tool-schema.ts";
import { answerToolName, encodeOwnTools, encodeTools, type ToolFields } from "./tools-encode.ts";
import { type Conversation, encodeForeignTurns, encodeOwnTurns } from "./turns-encode.ts";

const jsonText = "Answer with one JSON object and nothing else.";

/** `top_p` below this is refused while the model thinks. */
const leastTopPThinking = 0.95;

/** A request that came from this format, as it was. */
function encodeOwn(request: ModelRequest, model: string, losses: LossCollector): JsonObject {
  const own = ownFields(request.extras);
  const { system, messages } = encodeOwnTurns(request.turns, { losses, ids: undefined, names: undefined });
  const body: Fields = { model };
  put(body, "max_tokens", request.maxOutputTokens);
  put(body, "system", system);
  body["messages"] = messages;
  Object.assign(body, encodeOwnTools(request));
  if (own[requestNotes.noTools] === true) body["tools"] = [];
  put(body, "thinking", writtenObject(ownFields(request.reasoning?.extras), requestNotes.thinking));
  const config: Fields = { ...(objectIn(own, "output_config") as Fields) };
  if (config["effort"] === undefined) put(config, "effort", request.reasoning?.effort);
  if (request.reasoning?.effort === "none" && own["output_config"] === undefined) delete config["effort"];
  const isOld = own[requestNotes.outputFormat] !== undefined;
  if (request.output?.type === "json-schema") {
    const rest = objectIn(isOld ? { format: own[requestNotes.outputFormat] } : config, "format");
    const format = { type: "json_schema", schema: request.output.schema, ...rest };
    if (isOld) body["output_format"] = format;
    else config["format"] = format;
  }
  if (Object.keys(config).length > 0 || own["output_config"] !== undefined) body["output_config"] = config;
  put(body, "temperature", request.sampling.temperature);
  put(body, "top_p", request.sampling.topP);
  put(body, "top_k", request.sampling.topK);
  put(body, "stop_sequences", request.sampling.stop);
  const metadata: Fields = { ...(objectIn(own, "metadata") as Fields) };
  put(metadata, "user_id", request.endUser);
  if (Object.keys(metadata).length > 0 || own["metadata"] !== undefined) body["metadata"] = metadata;
  put(body, "service_tier", own[requestNotes.tier]);
  if (request.stream) body["stream"] = true;
  else if (own[requestNotes.stream] === true) body["stream"] = false;
  restore(body, request.extras);
  return body;
}

/** What Anthropic does unasked: its thoughts are always signed. `type` names a message over WebSocket. */
function carriedFields(request: ModelRequest): ReadonlySet<string> {
  const include = request.extras?.fields["include"];
  const isNeedless = Array.isArray(include) && include.every((item) => item === "reasoning.encrypted_content");
  return new Set(isNeedless ? ["include", "type"] : ["type"]);
}

/** What has no place here: refused when it would change the meaning, dropped and named when it tunes the style. */
function checkForeign(request: ModelRequest, losses: LossCollector): void {
  const { sampling } = request;
  if (request.previousResponseId !== undefined) {
    throw invalidRequest(
      "previous_response_id",
      "Cannot continue a stored response on an Anthropic upstream: it needs the whole history",
    );
  }
  if (sampling.candidates !== undefined && sampling.candidates > 1) {
    throw invalidRequest("n", "Cannot translate the request: Anthropic's format gives one answer, not several");
  }
  if (sampling.logprobs !== undefined) {
    throw invalidRequest("logprobs", "Cannot translate the request: Anthropic's format tells no log probabilities");
  }
  const reason = "no such setting in Anthropic's format";
  for (const [key, path] of [
    ["seed", "seed"],
    ["presencePenalty", "presence_penalty"],
    ["frequencyPenalty", "frequency_penalty"],
    ["logitBias", "logit_bias"],
  ] as const) {
    if (sampling[key] !== undefined) losses.dropped(path, reason);
  }
  if (request.verbosity !== undefined) losses.dropped("verbosity", reason);
  if (request.cacheKey !== undefined) losses.dropped("prompt_cache_key", reason);
  if (request.metadata !== undefined && Object.keys(request.metadata).length > 0) losses.dropped("metadata", reason);
  if (request.store === true) losses.dropped("store", "Anthropic stores no answers");
  if (request.output?.type === "json-schema" && request.output.description !== undefined) {
    losses.dropped("output.description", "Anthropic takes the schema alone");
  }
  reportForeign(request.extras, "", losses, carriedFields(request));
  reportForeign(request.reasoning?.extras, "reasoning", losses);
}

function putSampling(
  body: Fields,
  request: ModelRequest,
  model: ModelCapabilities,
  isThinking: boolean,
  losses: LossCollector,
): void {
  const { temperature, topP, topK, stop } = request.sampling;
  const refused = (path: string): void => losses.dropped(path, "the model does not take it");
  if (temperature !== undefined && temperature !== 1) {
    // T22: a thinking model takes no other temperature than 1.
    if (!model.sampling || isThinking) refused("temperature");
    else body["temperature"] = Math.min(temperature, 1);
    if (model.sampling && !isThinking && temperature > 1) losses.approximated("temperature", "1 is the highest here");
  } else if (temperature === 1 && model.sampling) body["temperature"] = 1;
  if (topP !== undefined) {
    const isTooLow = isThinking && topP < leastTopPThinking;
    // Together with a temperature it is refused from 4.x on.
    if (!model.sampling || isTooLow || body["temperature"] !== undefined) refused("top_p");
    else body["top_p"] = topP;
  }
  if (topK !== undefined) {
    if (!model.sampling || isThinking) refused("top_k");
    else body["top_k"] = topK;
  }
  const sequences = stop?.filter((sequence) => sequence.trim() !== "");
  if (sequences !== undefined && sequences.length < (stop?.length ?? 0)) {
    losses.dropped("stop", "Anthropic takes no stop sequence of blanks alone");
  }
  if (sequences !== undefined && sequences.length > 0) body["stop_sequences"] = sequences;
}

function putTier(body: Fields, tier: string | undefined, losses: LossCollector): void {
  if (tier === undefined) return;
  if (tier === "auto") body["service_tier"] = "auto";
  else if (tier === "default") body["service_tier"] = "standard_only";
  else losses.dropped("service_tier", `Anthropic has no tier \`${tier}\``);
}

/** The answer of a model without structured output is the input of one tool it must call. */
function emulateOutput(schema: JsonObject, tools: ToolFields, losses: LossCollector): ToolFields {
  losses.approximated("response_format", "the model has no structured output: its answer is the input of a tool");
  const tool = {
    name: answerToolName,
    description: "Answer the user with a JSON object.",
    input_schema: { ...schema, type: "object" },
  };
  const others = tools.tools ?? [];
  const choice = others.length === 0 ? { type: "tool", name: answerToolName } : { type: "any" };
  return {
    tools: [...others, tool],
    tool_choice: { ...choice, disable_parallel_tool_use: true },
    isForced: true,
  };
}

function maxTokensOf(request: ModelRequest, model: ModelCapabilities, losses: LossCollector): number {
  const { maxOutputTokens } = request;
  if (maxOutputTokens === undefined) return model.maxOutputTokens;
  if (maxOutputTokens > model.maxOutputTokens) {
    losses.approximated("max_tokens", `the model's limit is ${model.maxOutputTokens}`);
    return model.maxOutputTokens;
  }
  return maxOutputTokens;
}

/** Adds the line that stands for a JSON mode Anthropic does not have. */
function withJsonLine({ system, messages }: Conversation, losses: LossCollector): Conversation {
  losses.approximated("response_format", "json-mode: asked for in the system prompt");
  const line: JsonValue = { type: "text", text: jsonText };
  return { system: [...(Array.isArray(system) ? (system as readonly JsonValue[]) : []), line], messages };
}

function encodeForeign(request: ModelRequest, modelName: string, losses: LossCollector): JsonObject {
  checkForeign(request, losses);
  const model = capabilitiesOf(modelName);
  const maxTokens = maxTokensOf(request, model, losses);
  const names = createToolNames(request.tools);
  const { output } = request;
  const isEmulated = output?.type === "json-schema" && !model.structuredOutput;
  const declared = encodeTools(request, names, model, losses);
  const tools = isEmulated ? emulateOutput(output.schema, declared, losses) : declared;
  const { thinking, effort, isThinking } = encodeThinking(request, model, maxTokens, tools.isForced, losses);
  const turns = repairHistory(
    thinking?.["type"] === "disabled" ? withoutThoughts(request, losses) : request.turns,
    losses,
  );
  const context = { losses, ids: createToolCallIds(wire), names };
  const told = encodeForeignTurns(turns, context, model, isThinking);
  const { system, messages } = output?.type === "json" ? withJsonLine(told, losses) : told;
  const body: Fields = { model: modelName, max_tokens: maxTokens };
  put(body, "system", system);
  body["messages"] = messages;
  put(body, "tools", tools.tools);
  put(body, "tool_choice", tools.tool_choice);
  put(body, "thinking", thinking);
  const config: Fields = {};
  put(config, "effort", effort);
  if (output?.type === "json-schema" && !isEmulated) {
    config["format"] = { type: "json_schema", schema: outputSchema(output.schema) };
  }
  if (Object.keys(config).length > 0) body["output_config"] = config;
  putSampling(body, request, model, isThinking, losses);
  putTier(body, request.serviceTier, losses);
  if (request.endUser !== undefined) body["metadata"] = { user_id: request.endUser };
  body["stream"] = request.stream;
  limitCacheMarks(body, losses);
  return body;
}

/** Thinking is switched off for this request, so the thoughts before it must not be there either (2.11, rule 5). */
function withoutThoughts(request: ModelRequest, losses: LossCollector): ModelRequest["turns"] {
  return request.turns.map((turn) => {
    if (!turn.blocks.some((block) => block.type === "reasoning")) return turn;
    losses.dropped("reasoning", "thinking is off, so earlier thoughts are left out");
    return withBlocks(
      turn,
      turn.blocks.filter((block) => block.type !== "reasoning"),
    );
  });
}

/**
 * A body of `POST /v1/messages`. A request that was decoded from this format comes back as it was; one of another format
 * gets what this format and the model want: a token limit, the order of turns and blocks, thinking in the model's words.
 *
 * @throws {RouterError} `request-invalid` for what would change the meaning: several answers, log probabilities, a previous
 *   response only its maker knows, media Anthropic cannot read, tools it cannot run that are forced or the only ones.
 */
export function encodeRequest(request: ModelRequest, options: EncodeRequestOptions = {}): Translated<JsonObject> {
  const losses = createLossCollector();
  const model = options.model ?? request.model;
  const value = isOwn(request.extras) ? encodeOwn(request, model, losses) : encodeForeign(request, model, losses);
  return { value, report: losses.report };
}
