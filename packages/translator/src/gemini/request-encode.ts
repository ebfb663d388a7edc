import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ModelRequest,
  type OutputFormat,
  type Translated,
} from "@turnout/core";

import type { EncodeRequestOptions } from "../codec.ts";
import { type Fields, objectIn, put } from "../fields.ts";
import { isNote } from "../foreign-extras.ts";
import { createToolCallIds } from "../ids.ts";
import { repairHistory } from "../repair-history.ts";
import { createLossCollector, type LossCollector } from "../report.ts";
import { createToolNames } from "../tool-names.ts";
import { invalidRequest } from "../validate.ts";
import { cleanSchema } from "./clean-schema.ts";
import { encodeHistory } from "./contents-encode.ts";
import { ownFields, reportForeign, wire } from "./extras.ts";
import { type GeminiModel, geminiModel } from "./models.ts";
import { requestNotes } from "./request-decode.ts";
import { encodeThinking } from "./thinking.ts";
import { encodeToolConfig, encodeTools } from "./tools-encode.ts";

const maxStops = 5;

function encodeOutput(output: OutputFormat, model: GeminiModel, losses: LossCollector): Fields {
  switch (output.type) {
    case "text":
      return {};
    // Without a schema, whatever the source had beside it (T79).
    case "json":
      return { responseMimeType: "application/json" };
    case "json-schema": {
      const { schema } = output;
      if (output.description !== undefined) losses.dropped("output.description", "Gemini takes the schema alone");
      if (output.strict === true) losses.approximated("output.strict", "Gemini keeps to a schema without being told");
      if (model.jsonSchema) {
        const { $schema: _dialect, ...rest } = schema;
        return { responseMimeType: "application/json", responseJsonSchema: rest };
      }
      const cleaned = cleanSchema(schema);
      if (cleaned.changed.length > 0) losses.approximated("output.schema", `without ${cleaned.changed.join(", ")}`);
      return { responseMimeType: "application/json", responseSchema: cleaned.schema };
    }
  }
}

function putSampling(config: Fields, request: ModelRequest, losses: LossCollector): void {
  const { sampling } = request;
  put(config, "temperature", sampling.temperature);
  put(config, "topP", sampling.topP);
  put(config, "topK", sampling.topK);
  put(config, "seed", sampling.seed);
  put(config, "presencePenalty", sampling.presencePenalty);
  put(config, "frequencyPenalty", sampling.frequencyPenalty);
  put(config, "candidateCount", sampling.candidates);
  const { stop } = sampling;
  if (stop !== undefined && stop.length > maxStops && request.extras?.wire !== wire) {
    losses.dropped("stop", `Gemini takes ${maxStops} stop sequences: the others are left out`);
    config["stopSequences"] = stop.slice(0, maxStops);
  } else put(config, "stopSequences", stop);
  if (sampling.logitBias !== undefined) losses.dropped("logit_bias", "Gemini has no such setting");
}

function putLogprobs(config: Fields, request: ModelRequest): void {
  const { logprobs } = request.sampling;
  const noted = ownFields(request.extras)[requestNotes.logprobs];
  if (noted !== undefined) Object.assign(config, noted);
  else if (logprobs !== undefined) {
    config["responseLogprobs"] = true;
    if (logprobs > 0) config["logprobs"] = logprobs;
  }
}

function encodeConfig(request: ModelRequest, model: GeminiModel, losses: LossCollector): Fields | undefined {
  const config: Fields = {};
  const own = ownFields(request.extras);
  putSampling(config, request, losses);
  putLogprobs(config, request);
  put(config, "maxOutputTokens", request.maxOutputTokens);
  const format = own[requestNotes.output];
  if (format !== undefined) Object.assign(config, objectIn(own, requestNotes.output));
  else if (request.output !== undefined) Object.assign(config, encodeOutput(request.output, model, losses));
  if (request.reasoning !== undefined) put(config, "thinkingConfig", encodeThinking(request.reasoning, model, losses));
  put(config, "responseModalities", own[requestNotes.modalities]);
  const prefix = "generationConfig.";
  for (const [key, value] of Object.entries(own)) {
    if (key.startsWith(prefix)) put(config, key.slice(prefix.length), value);
  }
  return Object.keys(config).length > 0 || own[requestNotes.config] === true ? config : undefined;
}

/** Tiers that Gemini knows, in its words (translation.md 2.15). */
const tiers: Readonly<Record<string, string>> = {
  flex: "flex",
  priority: "priority",
  fast: "priority",
  default: "standard",
  standard: "standard",
};

function putTier(body: Fields, request: ModelRequest, losses: LossCollector): void {
  const { serviceTier } = request;
  if (serviceTier === undefined || serviceTier === "auto") return;
  const tier =
    request.extras?.wire === wire ? serviceTier : Object.hasOwn(tiers, serviceTier) ? tiers[serviceTier] : undefined;
  if (tier === undefined) losses.dropped("service_tier", `Gemini has no tier \`${serviceTier}\``);
  else body["serviceTier"] = tier;
}

/** What only tunes, and has no place here. */
function reportRest(request: ModelRequest, losses: LossCollector): void {
  const reason = "Gemini has no place for it";
  if (request.verbosity !== undefined) losses.dropped("verbosity", reason);
  if (request.cacheKey !== undefined) losses.dropped("prompt_cache_key", reason);
  if (request.endUser !== undefined) losses.dropped("safety_identifier", reason);
  if (request.metadata !== undefined && Object.keys(request.metadata).length > 0) losses.dropped("metadata", reason);
  if (request.store === true) losses.dropped("store", "Gemini keeps no answers");
  reportForeign(request.extras, "", losses);
}

function checkMeaning(request: ModelRequest, model: GeminiModel): void {
  if (request.previousResponseId !== undefined) {
    throw invalidRequest(
      "previous_response_id",
      "Cannot continue a stored response on Gemini: it needs the whole history",
    );
  }
  const hasFormat = request.output !== undefined && request.output.type !== "text";
  if (hasFormat && request.tools.length > 0 && !model.generation3) {
    throw invalidRequest("output", "Cannot ask this Gemini model for JSON while it has tools: it takes one of the two");
  }
}

function hasFunctions(tools: JsonValue | undefined): boolean {
  if (!Array.isArray(tools)) return false;
  return tools.some((entry: JsonValue) => isJsonObject(entry) && entry["functionDeclarations"] !== undefined);
}

/**
 * The body of `POST /v1beta/models/{model}:generateContent` for this request, names in camelCase. Model and stream flag
 * are in the URL and not in it. What came from this format goes back as it was; the rest depends on what the model takes
 * (`geminiModel`).
 *
 * @throws {RouterError} `request-invalid` for what would change the meaning: a previous response, media Gemini cannot be
 *   pointed at, tools only another provider runs, JSON together with tools on models before Gemini 3.
 */
export function encodeRequest(request: ModelRequest, options: EncodeRequestOptions = {}): Translated<JsonObject> {
  const losses = createLossCollector();
  const isOwn = request.extras?.wire === wire;
  const own = ownFields(request.extras);
  const model = geminiModel(options.model ?? request.model);
  if (!isOwn) checkMeaning(request, model);
  const names = createToolNames(request.tools, wire);
  const turns = isOwn ? request.turns : repairHistory(request.turns, losses);
  const ids = createToolCallIds(wire);
  const { contents, systemInstruction } = encodeHistory(turns, { losses, model, names, ids, isOwn });
  const body: Fields = {};
  put(body, "systemInstruction", systemInstruction);
  body["contents"] = contents;
  const context = { losses, model, names, isOwn };
  const tools = encodeTools(request, context);
  put(body, "tools", tools);
  put(body, "toolConfig", encodeToolConfig(request, hasFunctions(tools), context));
  put(body, "generationConfig", encodeConfig(request, model, losses));
  putTier(body, request, losses);
  if (own[requestNotes.labels] === true) put(body, "labels", request.metadata);
  for (const [key, value] of Object.entries(own)) {
    if (!isNote(key) && !key.includes(".")) put(body, key, value);
  }
  if (!isOwn) reportRest(request, losses);
  return { value: body, report: losses.report };
}
