import {
  type JsonObject,
  type JsonValue,
  type ModelRequest,
  type OutputFormat,
  type ReasoningControl,
  type Sampling,
  type Translated,
  type Turn,
} from "@turnout/core";

import { createLossCollector } from "../report.ts";
import { invalidRequest, parseRequest } from "../validate.ts";
import { isEmpty, own } from "./extras.ts";
import { jsonSchemaFormatSchema, requestSchema, type ResponsesRequest } from "./schema.ts";
import { decodeToolChoice, decodeTools } from "./tools.ts";
import { decodeTurns } from "./turns.ts";
import { isSet } from "./is-set.ts";

const what = "Responses request";

/** The request's fields that became something in core; the rest is kept beside it. */
type Kept = Record<string, JsonValue>;

/** Moves what core can hold out of `kept`. A `null` stays: it says "not set", and the same format gets it back. */
function take<K extends keyof ResponsesRequest & string>(
  kept: Kept,
  request: ResponsesRequest,
  key: K,
): Exclude<ResponsesRequest[K], null> | undefined {
  const value = request[key];
  if (value === undefined || value === null) return undefined;
  delete kept[key];
  // The line above has excluded null, which the compiler does not see through an index.
  return value as Exclude<ResponsesRequest[K], null>;
}

function decodeInput(request: ResponsesRequest, kept: Kept): { turns: Turn[]; items: readonly JsonObject[] } {
  const input = take(kept, request, "input");
  const turns: Turn[] = [];
  const instructions = request.instructions;
  // An empty text is no turn, but the ChatGPT backend wants the field (T77), so it stays beside.
  if (typeof instructions === "string" && instructions !== "") {
    delete kept["instructions"];
    turns.push({
      role: "system",
      level: "system",
      blocks: [{ type: "text", text: instructions, extras: own() }],
      extras: own({ $from: "instructions" }),
    });
  }
  if (typeof input === "string") {
    turns.push({
      role: "user",
      blocks: [{ type: "text", text: input, extras: own() }],
      extras: own({ $from: "input" }),
    });
    return { turns, items: [] };
  }
  const items = input ?? [];
  turns.push(...decodeTurns(items));
  if (input !== undefined && items.length === 0) kept["input"] = [];
  return { turns, items };
}

/** Without input there must be something else to go on from; `generate: false` is Codex's warm-up of a socket. */
function checkInput(request: ResponsesRequest): void {
  if (request.input !== undefined && request.input.length > 0) return;
  const { previous_response_id: previous, conversation, prompt, generate } = request;
  if (isSet(previous) || isSet(conversation) || isSet(prompt) || generate === false) return;
  throw invalidRequest("input", `Cannot read ${what}: \`input\`: expected at least one item`);
}

function decodeReasoning(value: NonNullable<ResponsesRequest["reasoning"]>): ReasoningControl {
  const { effort, summary, ...rest } = value;
  const other: Kept = { ...rest };
  if (effort === null) other["effort"] = null;
  if (summary === null) other["summary"] = null;
  // The older name of `summary`, which still works.
  const generated = rest["generate_summary"];
  const visible = summary ?? (typeof generated === "string" ? generated : undefined);
  return {
    ...(isSet(effort) && { effort }),
    ...(visible !== undefined && { summary: visible }),
    extras: own(other),
  };
}

/** @returns Undefined for a format that only this wire knows; it then stays beside. */
function decodeFormat(format: JsonObject): OutputFormat | undefined {
  const keys = Object.keys(format).length;
  switch (format["type"]) {
    case "text":
      return keys === 1 ? { type: "text" } : undefined;
    case "json_object":
      return keys === 1 ? { type: "json" } : undefined;
    case "json_schema": {
      const parsed = parseRequest(jsonSchemaFormatSchema, format, what, ["text", "format"]);
      const { name, schema, strict, description } = parsed;
      return {
        type: "json-schema",
        name,
        schema,
        ...(strict !== undefined && { strict }),
        ...(description !== undefined && { description }),
      };
    }
    default:
      return undefined;
  }
}

function decodeText(
  kept: Kept,
  text: NonNullable<ResponsesRequest["text"]>,
): Pick<ModelRequest, "output" | "verbosity"> {
  const { format, verbosity, ...rest } = text;
  const other: Kept = { ...rest };
  const output = !isSet(format) ? undefined : decodeFormat(format);
  if (format !== undefined && output === undefined) other["format"] = format;
  if (verbosity === null) other["verbosity"] = null;
  // Said but empty: the field comes back, and no report names it.
  if (isEmpty(other)) kept["$text"] = true;
  else kept["text"] = other;
  return { ...(output !== undefined && { output }), ...(isSet(verbosity) && { verbosity }) };
}

function decodeSampling(kept: Kept, request: ResponsesRequest): Sampling {
  const temperature = take(kept, request, "temperature");
  const topP = take(kept, request, "top_p");
  const wantsLogprobs = request.include?.includes("message.output_text.logprobs") === true;
  const top = take(kept, request, "top_logprobs");
  if (top !== undefined) kept["$top_logprobs"] = top;
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...((wantsLogprobs || top !== undefined) && { logprobs: top ?? 0 }),
  };
}

function decodeEndUser(kept: Kept, request: ResponsesRequest): string | undefined {
  const identifier = take(kept, request, "safety_identifier");
  if (identifier !== undefined) return identifier;
  const user = take(kept, request, "user");
  if (user !== undefined) kept["$user"] = true;
  return user;
}

/**
 * Reads a body of `POST /v1/responses`, or a `response.create` message. Whatever core has no word for is kept in
 * `extras`, so that the same format gets it back.
 *
 * @throws {RouterError} `request-invalid` with the path of the first wrong field.
 * @see https://platform.openai.com/docs/api-reference/responses/create (SDK 7.5.0, 2026-08-17)
 */
export function decodeRequest(body: unknown): Translated<ModelRequest> {
  const request = parseRequest(requestSchema, body, what);
  checkInput(request);
  const kept: Kept = { ...request };
  delete kept["model"];
  const { turns, items } = decodeInput(request, kept);
  const declared = take(kept, request, "tools");
  if (declared?.length === 0) kept["tools"] = [];
  const tools = decodeTools(declared ?? [], items);
  const choice = take(kept, request, "tool_choice");
  const parallelToolCalls = take(kept, request, "parallel_tool_calls");
  const reasoning = take(kept, request, "reasoning");
  const text = take(kept, request, "text");
  const maxOutputTokens = take(kept, request, "max_output_tokens");
  const serviceTier = take(kept, request, "service_tier");
  const cacheKey = take(kept, request, "prompt_cache_key");
  const endUser = decodeEndUser(kept, request);
  const metadata = take(kept, request, "metadata");
  const store = take(kept, request, "store");
  const previousResponseId = take(kept, request, "previous_response_id");
  const stream = take(kept, request, "stream");
  if (stream === false) kept["$stream"] = true;
  const value: ModelRequest = {
    model: request.model,
    stream: stream === true,
    turns,
    tools,
    ...(choice !== undefined && { toolChoice: decodeToolChoice(choice) }),
    ...(parallelToolCalls !== undefined && { parallelToolCalls }),
    ...(reasoning !== undefined && { reasoning: decodeReasoning(reasoning) }),
    ...(text !== undefined && decodeText(kept, text)),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    sampling: decodeSampling(kept, request),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(cacheKey !== undefined && { cacheKey }),
    ...(endUser !== undefined && { endUser }),
    ...(metadata !== undefined && { metadata }),
    ...(store !== undefined && { store }),
    ...(previousResponseId !== undefined && { previousResponseId }),
    extras: own(kept),
  };
  return { value, report: createLossCollector().report };
}
