import type {
  Block,
  ModelRequest,
  OutputFormat,
  ReasoningControl,
  Sampling,
  ToolResultBlock,
  Translated,
  Turn,
} from "@turnout/core";

import { createLossCollector } from "../report.ts";
import { parseRequest } from "../validate.ts";
import { decodeAssistant } from "./assistant.ts";
import { decodeCacheMark, decodeContent, decodeResultContent, markLastBlock } from "./content-decode.ts";
import { extrasFrom, type Fields, restOf } from "./extras.ts";
import { type ChatMessage, type ChatRequest, chatRequestSchema, type ChatResponseFormat } from "./schema.ts";
import { decodeToolChoice, decodeTools } from "./tools-decode.ts";

/** Notes on a request: which of two names a value came under, and what was said although it is the default. */
export const requestNotes = {
  /** The field of the token limit, when it is not `max_completion_tokens`. */
  maxTokens: "$max_tokens",
  /** The end user came as `user`. */
  user: "$user",
  /** The effort came in OpenRouter's `reasoning`, which goes back whole. */
  effort: "$effort",
  /** `stream` was written although it is false. */
  stream: "$stream",
} as const;

const knownRequestKeys = new Set([
  "model",
  "messages",
  "stream",
  "stream_options",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "functions",
  "function_call",
  "response_format",
  "reasoning_effort",
  "verbosity",
  "max_completion_tokens",
  "max_tokens",
  "temperature",
  "top_p",
  "top_k",
  "seed",
  "presence_penalty",
  "frequency_penalty",
  "logit_bias",
  "logprobs",
  "top_logprobs",
  "stop",
  "n",
  "service_tier",
  "prompt_cache_key",
  "safety_identifier",
  "user",
  "metadata",
  "store",
  "web_search_options",
]);

const userKeys = new Set(["role", "content"]);
const toolKeys = new Set(["role", "content", "tool_call_id"]);
const functionKeys = new Set(["role", "content", "name"]);

/** A field of the hub for a value the client set; `0`, `false` and `""` are set (T81). */
function present<K extends string, V>(key: K, value: V | null | undefined): { readonly [P in K]?: V } {
  return (value === undefined || value === null ? {} : { [key]: value }) as { readonly [P in K]?: V };
}

/** What a message has beyond its blocks; an array without parts is noted, since the blocks of `""` are as many. */
function messageRest(message: Extract<ChatMessage, { role: "system" | "developer" | "user" }>): Fields {
  const rest = restOf(message, userKeys);
  if (message.content.length === 0 && typeof message.content !== "string") rest["content"] = [];
  return rest;
}

/** Where the blocks of `content` stand, one each. */
function contentPaths(content: string | readonly unknown[], path: string): string[] {
  if (typeof content === "string") return [`${path}.content`];
  return content.map((_part, index) => `${path}.content[${index}]`);
}

type CallInfo = { readonly name: string; readonly kind: "function" | "custom" };

/** Reads the messages one after another, knowing which calls still wait for their results. */
function createTurnReader() {
  const turns: Turn[] = [];
  const calls = new Map<string, CallInfo>();
  let open: readonly { readonly id: string }[] = [];
  let results: Block[] | undefined;
  let resultPaths: string[] = [];

  function addResult(message: Extract<ChatMessage, { role: "tool" | "function" }>, path: string): void {
    // Consecutive results are one turn: the answer to one assistant turn.
    if (results === undefined) {
      results = [];
      resultPaths = [];
      turns.push({ role: "user", blocks: results, paths: resultPaths });
    }
    const isLegacy = message.role === "function";
    const given = isLegacy ? "" : (message.tool_call_id ?? "");
    // Without an id, results pair with the calls of the turn by their order (translation.md 3.6).
    const callId = given === "" ? (open[results.length]?.id ?? "") : given;
    const call = calls.get(callId);
    const name = isLegacy ? message.name : call?.name;
    const { content } = message;
    const fields: Fields = isLegacy
      ? { ...restOf(message, functionKeys), $legacy: true }
      : { ...restOf(message, toolKeys) };
    const result: ToolResultBlock = {
      type: "tool-result",
      callId,
      ...(name !== undefined && { name }),
      kind: call?.kind ?? "function",
      content: content === undefined || content === null ? [] : decodeResultContent(content),
      ...present("cache", decodeCacheMark(message["cache_control"])),
      ...extrasFrom(fields),
    };
    results.push(result);
    resultPaths.push(path);
  }

  function addAssistant(message: Extract<ChatMessage, { role: "assistant" }>, path: string): void {
    const { blocks, rest } = decodeAssistant(message);
    turns.push({ role: "assistant", blocks, paths: blocks.map(() => path), ...extrasFrom(rest) });
    open = blocks.flatMap((block) => (block.type === "tool-call" ? [{ id: block.callId }] : []));
    for (const block of blocks) if (block.type === "tool-call") calls.set(block.callId, block);
  }

  function add(message: ChatMessage, index: number): void {
    const path = `messages[${index}]`;
    if (message.role === "tool" || message.role === "function") {
      addResult(message, path);
      return;
    }
    results = undefined;
    switch (message.role) {
      case "assistant":
        addAssistant(message, path);
        break;
      case "system":
      case "developer": {
        const blocks = markLastBlock(decodeContent(message.content), message["cache_control"]);
        const paths = contentPaths(message.content, path);
        turns.push({ role: "system", level: message.role, blocks, paths, ...extrasFrom(messageRest(message)) });
        break;
      }
      case "user": {
        const blocks = markLastBlock(decodeContent(message.content), message["cache_control"]);
        const paths = contentPaths(message.content, path);
        turns.push({ role: "user", blocks, paths, ...extrasFrom(messageRest(message)) });
        break;
      }
    }
  }

  return { add, turns };
}

function decodeSampling(request: ChatRequest): Sampling {
  const { stop } = request;
  return {
    ...present("temperature", request.temperature),
    ...present("topP", request.top_p),
    ...present("topK", request.top_k),
    ...present("seed", request.seed),
    ...present("presencePenalty", request.presence_penalty),
    ...present("frequencyPenalty", request.frequency_penalty),
    ...present("logitBias", request.logit_bias),
    ...present("stop", typeof stop === "string" ? [stop] : stop),
    ...present("candidates", request.n),
    ...(request.logprobs === true && { logprobs: request.top_logprobs ?? 0 }),
  };
}

/** Undefined for formats only some vendor knows: they stay extras. */
function decodeOutput(format: ChatResponseFormat): OutputFormat | undefined {
  if (format.type === "text") return { type: "text" };
  if (format.type === "json_object") return { type: "json" };
  const schema = format.json_schema;
  if (format.type !== "json_schema" || !schema) return undefined;
  return {
    type: "json-schema",
    name: schema.name ?? "response",
    schema: schema.schema ?? {},
    ...(schema.strict !== undefined && { strict: schema.strict }),
    ...(typeof schema.description === "string" && { description: schema.description }),
  };
}

/**
 * How much to think. Chat has no switch for seeing thoughts, so whoever asks for an effort is taken to want them
 * (translation.md 2.10).
 */
function decodeReasoningControl(request: ChatRequest): ReasoningControl | undefined {
  const effort = request.reasoning_effort ?? request.reasoning?.effort ?? undefined;
  const budgetTokens = request.reasoning?.max_tokens ?? undefined;
  if (effort === undefined && budgetTokens === undefined) return undefined;
  return {
    ...(effort !== undefined && { effort }),
    ...(budgetTokens !== undefined && { budgetTokens }),
    ...(effort !== undefined && effort !== "none" && { summary: "auto" }),
  };
}

/** What the hub has no field for, and the notes. */
function requestExtras(request: ChatRequest, output: OutputFormat | undefined): Fields {
  const fields = restOf(request, knownRequestKeys);
  const { max_tokens: oldLimit, max_completion_tokens: limit } = request;
  if (typeof oldLimit === "number") {
    // Both given: `max_completion_tokens` wins (translation.md 2.12), the other goes back to its own format only.
    if (typeof limit === "number") fields["max_tokens"] = oldLimit;
    else fields[requestNotes.maxTokens] = true;
  }
  if (typeof request.user === "string") {
    if (typeof request.safety_identifier === "string") fields["user"] = request.user;
    else fields[requestNotes.user] = true;
  }
  const effort = request.reasoning_effort;
  if (request.reasoning && (effort === undefined || effort === null)) fields[requestNotes.effort] = true;
  if (request.stream === false) fields[requestNotes.stream] = true;
  if (request.logprobs === false) fields["logprobs"] = false;
  if (request.logprobs !== true && typeof request.top_logprobs === "number") {
    fields["top_logprobs"] = request.top_logprobs;
  }
  if (request.stream_options) {
    const { include_usage: includeUsage, ...rest } = request.stream_options;
    const options = restOf(rest, new Set());
    if (includeUsage === false) options["include_usage"] = false;
    if (Object.keys(options).length > 0) fields["stream_options"] = options;
  }
  if (output === undefined && request.response_format) {
    fields["response_format"] = restOf(request.response_format, new Set());
  }
  return fields;
}

/**
 * Reads the body of `POST /v1/chat/completions`.
 *
 * @throws {RouterError} `request-invalid` with the path of the first wrong field.
 */
export function decodeRequest(body: unknown): Translated<ModelRequest> {
  const request = parseRequest(chatRequestSchema, body, "Chat request");
  const losses = createLossCollector();
  const reader = createTurnReader();
  for (const [index, message] of request.messages.entries()) reader.add(message, index);
  const output = request.response_format ? decodeOutput(request.response_format) : undefined;
  const reasoning = decodeReasoningControl(request);
  const value: ModelRequest = {
    model: request.model,
    stream: request.stream ?? false,
    turns: reader.turns,
    tools: decodeTools(request),
    ...decodeToolChoice(request),
    ...present("parallelToolCalls", request.parallel_tool_calls),
    ...present("reasoning", reasoning),
    ...present("output", output),
    ...present("maxOutputTokens", request.max_completion_tokens ?? request.max_tokens),
    sampling: decodeSampling(request),
    ...present("verbosity", request.verbosity),
    ...present("serviceTier", request.service_tier),
    ...present("cacheKey", request.prompt_cache_key),
    ...present("endUser", request.safety_identifier ?? request.user),
    ...present("metadata", request.metadata),
    ...present("store", request.store),
    includeUsage: request.stream_options?.include_usage === true,
    ...extrasFrom(requestExtras(request, output)),
  };
  return { value, report: losses.report };
}
