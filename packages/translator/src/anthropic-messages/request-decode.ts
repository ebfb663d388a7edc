import {
  type Block,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ModelRequest,
  type OutputFormat,
  type ReasoningControl,
  type Sampling,
  type Translated,
  type Turn,
} from "@turnout/core";
import type * as z from "zod";

import { type Fields, restOf } from "../fields.ts";
import { unwrapPayload } from "../payload-envelope.ts";
import { createLossCollector } from "../report.ts";
import { formatPath, parseRequest } from "../validate.ts";
import { decodeBlock, what } from "./block-decode.ts";
import { own, ownFields } from "./extras.ts";
import { countTokensRequestSchema, type Message, type MessagesRequest, messagesRequestSchema } from "./schema.ts";
import { decodeToolChoice, decodeTools } from "./tools-decode.ts";

/** Notes on a request: how something was said that core has one word for. */
export const requestNotes = {
  /** `stream` was written although it is false. */
  stream: "$stream",
  /** The schema came in `output_format`. */
  outputFormat: "$output_format",
  /** `thinking` as it was written. */
  thinking: "$thinking",
  /** The tier as it was written. */
  tier: "$tier",
  /** `tools: []` was written. */
  noTools: "$no_tools",
} as const;

/** Note on a turn: `system` for the field beside the messages; `string` when the content was one. */
export const placeNote = "$place";
export const stringNote = "$string";
/** Note on thoughts: they are the signature of this call. */
const callNote = "$call";

const knownRequestKeys = new Set([
  "model",
  "messages",
  "system",
  "tools",
  "tool_choice",
  "thinking",
  "output_config",
  "output_format",
  "stream",
  "temperature",
  "top_p",
  "top_k",
  "stop_sequences",
  "metadata",
  "service_tier",
  "max_tokens",
]);

const messageKeys = new Set(["role", "content"]);
const thinkingKeys = new Set(["type", "budget_tokens", "display"]);
const outputKeys = new Set(["effort", "format"]);
const formatKeys = new Set(["type", "schema"]);
const metadataKeys = new Set(["user_id"]);

/** Tiers under the names OpenAI has for them, which is how the hub knows them. */
const tierByWord: Readonly<Record<string, string>> = { auto: "auto", standard_only: "default" };

type Path = readonly PropertyKey[];

interface Content {
  readonly blocks: Block[];
  readonly paths: readonly string[];
  readonly isString: boolean;
}

function decodeContent(content: string | readonly JsonObject[], path: Path): Content {
  if (typeof content === "string") {
    return { blocks: [{ type: "text", text: content }], paths: [formatPath(path)], isString: true };
  }
  const places = content.map((_, index): Path => [...path, index]);
  return {
    blocks: content.map((value, index) => decodeBlock(value, { path: places[index] ?? path })),
    paths: places.map(formatPath),
    isString: false,
  };
}

/**
 * The signature of a call that travelled beside it goes back to the call; it is no thought. Only turnout writes such
 * blocks, for upstreams that sign calls (Gemini).
 */
function attachSignatures({ blocks, paths, isString }: Content): Content {
  const signatures = new Map<string, { readonly payload: string; readonly block: Block }>();
  for (const block of blocks) {
    const carried = block.type === "reasoning" ? ownFields(block.extras)[callNote] : undefined;
    if (typeof carried === "string" && block.type === "reasoning" && block.payload !== undefined) {
      signatures.set(carried, { payload: block.payload, block });
    }
  }
  if (signatures.size === 0) return { blocks, paths, isString };
  const carriers = new Set([...signatures.values()].map(({ block }) => block));
  const kept = [...blocks.entries()].filter(([, block]) => !carriers.has(block));
  return {
    blocks: kept.map(([, block]) => {
      const signed = block.type === "tool-call" ? signatures.get(block.callId) : undefined;
      return signed === undefined ? block : { ...block, payload: signed.payload };
    }),
    paths: kept.map(([index]) => paths[index] ?? ""),
    isString,
  };
}

/** Marks the thoughts that are a call's signature in disguise. */
function markCarrier(block: Block, value: JsonObject | undefined): Block {
  const data = value?.["type"] === "redacted_thinking" ? value["data"] : undefined;
  if (block.type !== "reasoning" || typeof data !== "string") return block;
  const callId = unwrapPayload(data)?.callId;
  return callId === undefined
    ? block
    : { ...block, ...own({ ...restOf(ownFields(block.extras), new Set()), [callNote]: callId }) };
}

function decodeMessage(message: Message, index: number, names: Map<string, string>): Turn {
  const path = ["messages", index, "content"];
  const read = decodeContent(message.content, path);
  const list = typeof message.content === "string" ? [] : message.content;
  const marked = { ...read, blocks: read.blocks.map((block, position) => markCarrier(block, list[position])) };
  const { blocks, paths, isString } = message.role === "assistant" ? attachSignatures(marked) : marked;
  for (const block of blocks) if (block.type === "tool-call") names.set(block.callId, block.name);
  const fields = restOf(message, messageKeys);
  if (isString) fields[stringNote] = true;
  return {
    role: message.role,
    ...(message.role === "system" && { level: "system" }),
    // The name of a result's tool stands only on the call before it.
    blocks: blocks.map((block) => {
      const name = block.type === "tool-result" ? names.get(block.callId) : undefined;
      return name === undefined || block.type !== "tool-result" ? block : { ...block, name };
    }),
    paths,
    ...own(fields),
  };
}

function decodeTurns(request: MessagesRequest): Turn[] {
  const turns: Turn[] = [];
  const { system } = request;
  if (system !== undefined && system !== null) {
    const { blocks, paths, isString } = decodeContent(system, ["system"]);
    const fields: Fields = { [placeNote]: "system", ...(isString && { [stringNote]: true }) };
    turns.push({ role: "system", level: "system", blocks, paths, ...own(fields) });
  }
  const names = new Map<string, string>();
  for (const [index, message] of request.messages.entries()) turns.push(decodeMessage(message, index, names));
  return turns;
}

/**
 * How much to think and whether to show it, which are two things (T18, T19). Whoever switches thinking on expects to see
 * it, unless it says `display: omitted`.
 */
function decodeReasoning(request: MessagesRequest): ReasoningControl | undefined {
  const { thinking, output_config: output } = request;
  const effort = output?.effort ?? undefined;
  if (!thinking) return effort === undefined ? undefined : { effort, ...own() };
  const fields: Fields = { ...restOf(thinking, thinkingKeys), [requestNotes.thinking]: thinking as JsonValue };
  if (thinking.type === "disabled") return { effort: "none", ...own(fields) };
  const budgetTokens = thinking.budget_tokens ?? undefined;
  return {
    ...(effort !== undefined && { effort }),
    ...(budgetTokens !== undefined && { budgetTokens }),
    summary: thinking.display === "omitted" ? "none" : "auto",
    ...own(fields),
  };
}

function decodeOutput(request: MessagesRequest): OutputFormat | undefined {
  const format = request.output_config?.format ?? request.output_format;
  if (format?.type !== "json_schema" || !format.schema) return undefined;
  return { type: "json-schema", name: "response", schema: format.schema };
}

function decodeSampling(request: MessagesRequest): Sampling {
  const { temperature, top_p: topP, top_k: topK, stop_sequences: stop } = request;
  return {
    ...(typeof temperature === "number" && { temperature }),
    ...(typeof topP === "number" && { topP }),
    ...(typeof topK === "number" && { topK }),
    ...(stop !== undefined && stop !== null && { stop }),
  };
}

/** What core has no field for, and the notes. */
function requestExtras(request: MessagesRequest, output: OutputFormat | undefined): Fields {
  const fields = restOf(request, knownRequestKeys);
  const { output_config: config, output_format: oldFormat, thinking, metadata } = request;
  if (config) {
    const rest = restOf(config, outputKeys);
    // The effort says something else than "do not think", so it is kept beside.
    if (thinking?.type === "disabled" && typeof config.effort === "string") rest["effort"] = config.effort;
    if (config.format) {
      const format = output === undefined ? restOf(config.format, new Set()) : restOf(config.format, formatKeys);
      if (Object.keys(format).length > 0) rest["format"] = format;
    }
    if (Object.keys(rest).length > 0) fields["output_config"] = rest;
    else if (config.effort === undefined && config.format === undefined) fields["output_config"] = {};
  }
  if (oldFormat) {
    if (output === undefined || config?.format) fields["output_format"] = restOf(oldFormat, new Set());
    else fields[requestNotes.outputFormat] = restOf(oldFormat, formatKeys);
  }
  if (metadata) {
    const rest = restOf(metadata, metadataKeys);
    if (Object.keys(rest).length > 0 || metadata.user_id === undefined) fields["metadata"] = rest;
  }
  if (request.stream === false) fields[requestNotes.stream] = true;
  if (request.tools?.length === 0) fields[requestNotes.noTools] = true;
  const tier = request.service_tier;
  if (typeof tier === "string") {
    if (Object.hasOwn(tierByWord, tier)) fields[requestNotes.tier] = tier;
    else fields["service_tier"] = tier;
  }
  const choice = request.tool_choice;
  if (choice) {
    const rest = restOf(choice, new Set(["type", "name", "disable_parallel_tool_use"]));
    if (Object.keys(rest).length > 0) fields["tool_choice"] = rest;
  }
  return fields;
}

function decode(schema: z.ZodType<MessagesRequest>, body: unknown): Translated<ModelRequest> {
  const request = parseRequest(schema, body, what);
  const output = decodeOutput(request);
  const reasoning = decodeReasoning(request);
  const tier = request.service_tier ?? undefined;
  const serviceTier = tier !== undefined && Object.hasOwn(tierByWord, tier) ? tierByWord[tier] : undefined;
  const endUser = request.metadata?.user_id ?? undefined;
  const value: ModelRequest = {
    model: request.model,
    stream: request.stream ?? false,
    turns: decodeTurns(request),
    tools: decodeTools(request.tools ?? []),
    ...decodeToolChoice(request),
    ...(reasoning !== undefined && { reasoning }),
    ...(output !== undefined && { output }),
    ...(typeof request.max_tokens === "number" && { maxOutputTokens: request.max_tokens }),
    sampling: decodeSampling(request),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(endUser !== undefined && { endUser }),
    ...own(requestExtras(request, output)),
  };
  return { value, report: createLossCollector().report };
}

/**
 * Reads the body of `POST /v1/messages`.
 *
 * @throws {RouterError} `request-invalid` with the path of the first wrong field.
 * @see https://platform.claude.com/docs/en/api/messages (SDK 0.120.0, 2026-08-19)
 */
export function decodeRequest(body: unknown): Translated<ModelRequest> {
  return decode(messagesRequestSchema, body);
}

/**
 * Reads the body of `POST /v1/messages/count_tokens`: the prompt of a request without the limit for its answer.
 *
 * @throws {RouterError} `request-invalid` with the path of the first wrong field.
 */
export function decodeCountTokensRequest(body: unknown): Translated<ModelRequest> {
  return decode(countTokensRequestSchema, body);
}

/** True for the note of an object that was kept as it was written. */
export function writtenObject(fields: JsonObject, note: string): JsonObject | undefined {
  const value = fields[note];
  return isJsonObject(value) ? value : undefined;
}
