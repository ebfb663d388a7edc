import {
  isJsonObject,
  type ModelRequest,
  type OutputFormat,
  type Sampling,
  type Translated,
  type Turn,
} from "@turnout/core";

import { type Fields, restOf } from "../fields.ts";
import { createLossCollector } from "../report.ts";
import { parseRequest, refuseDeepNesting } from "../validate.ts";
import { camelRequest } from "./camel-case.ts";
import { createContentReader } from "./contents-decode.ts";
import { extrasFrom, wire } from "./extras.ts";
import { toJsonSchema } from "./json-schema.ts";
import { decodePart } from "./parts-decode.ts";
import { type GeminiGenerationConfig, type GeminiRequest, geminiRequestSchema } from "./schema.ts";
import { decodeThinking } from "./thinking.ts";
import { decodeToolConfig, decodeTools } from "./tools-decode.ts";

const what = "Gemini request";

/** Notes on a request. Fields of `generationConfig` without a word in core lie under `generationConfig.` and their name. */
export const requestNotes = {
  /** `generationConfig` was there. */
  config: "$generationConfig",
  /** What the answer's format was read from. */
  output: "$output",
  /** `responseLogprobs` and `logprobs` as they came. */
  logprobs: "$logprobs",
  /** `responseModalities` that only name what every answer is. */
  modalities: "$responseModalities",
  /** `tools` was there and empty, or held empty entries. */
  emptyTools: "$tools",
  /** The metadata came as `labels`. */
  labels: "$labels",
  /** Note on a turn: it is the `systemInstruction`. */
  system: "$system",
} as const;

const requestKeys = new Set([
  "model",
  "stream",
  "contents",
  "systemInstruction",
  "tools",
  "toolConfig",
  "generationConfig",
  "labels",
  "serviceTier",
]);

const configKeys = new Set([
  "temperature",
  "topP",
  "topK",
  "maxOutputTokens",
  "stopSequences",
  "seed",
  "presencePenalty",
  "frequencyPenalty",
  "candidateCount",
  "responseLogprobs",
  "logprobs",
  "responseMimeType",
  "responseSchema",
  "responseJsonSchema",
  "responseModalities",
  "thinkingConfig",
]);

const systemKeys = new Set(["parts"]);

/** A field of the hub for a value the client set; `0`, `false` and `""` are set (T81). */
function present<K extends string, V>(key: K, value: V | null | undefined): { readonly [P in K]?: V } {
  return (value === undefined || value === null ? {} : { [key]: value }) as { readonly [P in K]?: V };
}

function decodeSystem(instruction: NonNullable<GeminiRequest["systemInstruction"]>): Turn {
  const blocks = instruction.parts.flatMap(decodePart);
  // Its role says nothing: Google ignores it.
  const { role, ...rest } = restOf(instruction, systemKeys);
  const noted: Fields = { ...rest, [requestNotes.system]: true, ...(role !== undefined && { $role: role }) };
  return {
    role: "system",
    level: "system",
    blocks,
    paths: blocks.map((_block, index) => `systemInstruction.parts[${index}]`),
    ...extrasFrom(noted),
  };
}

function decodeSampling(config: GeminiGenerationConfig): Sampling {
  const { responseLogprobs, logprobs } = config;
  return {
    ...present("temperature", config.temperature),
    ...present("topP", config.topP),
    ...present("topK", config.topK),
    ...present("seed", config.seed),
    ...present("presencePenalty", config.presencePenalty),
    ...present("frequencyPenalty", config.frequencyPenalty),
    ...present("stop", config.stopSequences),
    ...present("candidates", config.candidateCount),
    ...(responseLogprobs === true && { logprobs: logprobs ?? 0 }),
  };
}

/** Undefined for media types only Google knows (`text/x.enum`): they stay extras. */
function decodeOutput(config: GeminiGenerationConfig): OutputFormat | undefined {
  const { responseMimeType: mimeType, responseSchema, responseJsonSchema } = config;
  if (mimeType === "text/plain") return { type: "text" };
  if (mimeType !== "application/json") return undefined;
  const source = responseSchema ?? responseJsonSchema;
  // Types in capitals come in both fields (Gemini CLI).
  const schema = isJsonObject(source) ? toJsonSchema(source) : undefined;
  // A and G have no name for a schema; the other two want one.
  return schema !== undefined ? { type: "json-schema", name: "response", schema } : { type: "json" };
}

function isTextOnly(modalities: readonly string[]): boolean {
  return modalities.every((modality) => modality.toUpperCase() === "TEXT");
}

/** What the hub has no field for, and the notes. */
function configExtras(config: GeminiGenerationConfig, output: OutputFormat | undefined): Fields {
  const fields: Fields = { [requestNotes.config]: true };
  for (const [key, value] of Object.entries(restOf(config, configKeys))) fields[`generationConfig.${key}`] = value;
  const { responseMimeType, responseSchema, responseJsonSchema, responseModalities } = config;
  const format: Fields = {
    ...(typeof responseMimeType === "string" && { responseMimeType }),
    ...(responseSchema && { responseSchema }),
    ...(responseJsonSchema !== undefined && responseJsonSchema !== null && { responseJsonSchema }),
  };
  if (output !== undefined) fields[requestNotes.output] = format;
  else for (const [key, value] of Object.entries(format)) fields[`generationConfig.${key}`] = value;
  const { responseLogprobs, logprobs } = config;
  if (typeof responseLogprobs === "boolean" || typeof logprobs === "number") {
    fields[requestNotes.logprobs] = {
      ...(typeof responseLogprobs === "boolean" && { responseLogprobs }),
      ...(typeof logprobs === "number" && { logprobs }),
    };
  }
  if (responseModalities) {
    const key = isTextOnly(responseModalities) ? requestNotes.modalities : "generationConfig.responseModalities";
    fields[key] = responseModalities;
  }
  return fields;
}

/** Of a body of `:countTokens`, the request it wraps; any other body as it is. */
function unwrapCount(body: unknown): unknown {
  if (!isJsonObject(body)) return body;
  const { generateContentRequest: inner, ...rest } = body;
  return isJsonObject(inner) ? { ...rest, ...inner } : body;
}

/** `models/x` and Vertex's long paths name the model x. */
function bareModel(model: string): string {
  const match = /(?:^|\/)(?:tuned)?models\/([^/]+)$/iu.exec(model);
  return match?.[1] ?? model;
}

/**
 * Reads the body of `POST /v1beta/models/{model}:generateContent` or `:streamGenerateContent`, and of `:countTokens`.
 * Names in camelCase and in snake_case are read.
 *
 * @param body - The wire has the model and whether to stream in its URL; whoever routes puts them beside the body as
 *   `model` (default: empty) and `stream` (default: false). `encodeRequest` leaves both out again.
 * @throws {RouterError} `request-invalid` with the path of the first wrong field, in camelCase.
 * @see https://ai.google.dev/api/generate-content (js-genai 2.18.0, 2026-08-19)
 */
export function decodeRequest(body: unknown): Translated<ModelRequest> {
  refuseDeepNesting(body, what);
  const request = parseRequest(geminiRequestSchema, camelRequest(unwrapCount(camelRequest(body))), what);
  const config = request.generationConfig ?? undefined;
  const output = config && decodeOutput(config);
  const fields = restOf(request, requestKeys);
  delete fields["generateContentRequest"];
  // "Not set" from whoever routes is no field of the client's.
  for (const key of ["model", "stream"]) if (fields[key] === null) delete fields[key];
  if (config) Object.assign(fields, configExtras(config, output));
  const choice = request.toolConfig ? decodeToolConfig(request.toolConfig, fields) : {};
  if (request.labels) fields[requestNotes.labels] = true;
  const reader = createContentReader();
  const turns: Turn[] = request.systemInstruction ? [decodeSystem(request.systemInstruction)] : [];
  for (const [index, content] of request.contents.entries()) turns.push(reader.read(content, index));
  const value: ModelRequest = {
    model: bareModel(request.model ?? ""),
    stream: request.stream === true,
    turns,
    tools: decodeTools(request.tools),
    ...choice,
    ...(config?.thinkingConfig && { reasoning: decodeThinking(config.thinkingConfig) }),
    ...present("output", output),
    ...present("maxOutputTokens", config?.maxOutputTokens),
    sampling: config ? decodeSampling(config) : {},
    ...present("serviceTier", request.serviceTier?.toLowerCase()),
    ...present("metadata", request.labels),
    extras: { wire, fields },
  };
  return { value, report: createLossCollector().report };
}
