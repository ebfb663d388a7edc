import {
  type JsonObject,
  type Loss,
  type ModelRequest,
  RouterError,
  type Translated,
  type WireFormat,
} from "@turnout/core";

import type { EncodeRequestOptions } from "./codec.ts";
import { maxLosses } from "./report.ts";
import { refuseStoredContext } from "./stored-context.ts";

// Encoders know settings under one name each, mostly Chat's. A client knows its own: what is reported and refused is named
// as it wrote it.

type Names = Readonly<Record<string, string>>;

/** Where the clients of each format write what encoders call by the name on the left. */
const settings: Readonly<Record<WireFormat, Names>> = {
  "openai-chat": {
    reasoning: "reasoning_effort",
    "reasoning.effort": "reasoning_effort",
    "reasoning.summary": "reasoning_effort",
    "reasoning.budgetTokens": "reasoning.max_tokens",
    output: "response_format",
    "output.strict": "response_format.json_schema.strict",
    "output.schema": "response_format.json_schema.schema",
    "output.description": "response_format.json_schema.description",
    max_tokens: "max_completion_tokens",
    turns: "messages",
  },
  "openai-responses": {
    output: "text.format",
    response_format: "text.format",
    verbosity: "text.verbosity",
    max_tokens: "max_output_tokens",
    logprobs: "top_logprobs",
    messages: "input",
    turns: "input",
  },
  "anthropic-messages": {
    stop: "stop_sequences",
    safety_identifier: "metadata.user_id",
    output: "output_config.format",
    response_format: "output_config.format",
    reasoning: "thinking",
    "reasoning.effort": "output_config.effort",
    "reasoning.summary": "thinking.display",
    "reasoning.budgetTokens": "thinking.budget_tokens",
    parallel_tool_calls: "tool_choice.disable_parallel_tool_use",
    input: "messages",
    turns: "messages",
  },
  gemini: {
    stop: "generationConfig.stopSequences",
    seed: "generationConfig.seed",
    temperature: "generationConfig.temperature",
    top_p: "generationConfig.topP",
    top_k: "generationConfig.topK",
    presence_penalty: "generationConfig.presencePenalty",
    frequency_penalty: "generationConfig.frequencyPenalty",
    logprobs: "generationConfig.responseLogprobs",
    n: "generationConfig.candidateCount",
    max_tokens: "generationConfig.maxOutputTokens",
    output: "generationConfig.responseMimeType",
    "output.schema": "generationConfig.responseSchema",
    response_format: "generationConfig.responseMimeType",
    reasoning: "generationConfig.thinkingConfig",
    "reasoning.effort": "generationConfig.thinkingConfig.thinkingLevel",
    "reasoning.budgetTokens": "generationConfig.thinkingConfig.thinkingBudget",
    "reasoning.summary": "generationConfig.thinkingConfig.includeThoughts",
    tool_choice: "toolConfig.functionCallingConfig",
    metadata: "labels",
    service_tier: "serviceTier",
    input: "contents",
    messages: "contents",
    turns: "contents",
  },
};

/** The same for fields of content, by the end of the path. */
const fields: Readonly<Record<WireFormat, Names>> = {
  "openai-chat": {
    cache: "cache_control",
    detail: "image_url.detail",
    filename: "file.filename",
    payload: "extra_content",
    citations: "annotations",
  },
  "openai-responses": { cache: "prompt_cache_breakpoint", payload: "encrypted_content", citations: "annotations" },
  "anthropic-messages": { cache: "cache_control", filename: "title", isError: "is_error", payload: "signature" },
  gemini: { detail: "mediaResolution", filename: "inlineData.displayName", payload: "thoughtSignature" },
};

/** The same for fields of a function among the tools. */
const toolFields: Readonly<Record<WireFormat, Names>> = {
  "openai-chat": { name: "function.name", parameters: "function.parameters" },
  "openai-responses": {},
  "anthropic-messages": { parameters: "input_schema" },
  gemini: {},
};

function lookUp(names: Names, key: string): string | undefined {
  return Object.hasOwn(names, key) ? names[key] : undefined;
}

/** Where Gemini's client declared the tool at `index`: functions in the first entry, every other tool in one of its own. */
function geminiTool({ tools }: ModelRequest, index: number): string {
  const isFunction = tools[index]?.type !== "server";
  const before = tools.slice(0, index).filter((tool) => (tool.type !== "server") === isFunction).length;
  if (isFunction) return `tools[0].functionDeclarations[${before}]`;
  return `tools[${before + (tools.some((tool) => tool.type !== "server") ? 1 : 0)}]`;
}

function chatTool({ tools }: ModelRequest, index: number): string {
  const tool = tools[index];
  const isLegacy = (at: number): boolean => tools[at]?.extras?.fields["$legacy"] === true;
  if (tool?.type === "server" && tool.name === "web_search") return "web_search_options";
  if (!isLegacy(index)) return `tools[${index}]`;
  return `functions[${tools.slice(0, index).filter((_, at) => isLegacy(at)).length}]`;
}

/** `tools[2].parameters` as the client wrote it. */
function toolPath(request: ModelRequest, wire: WireFormat, index: number, rest: string): string {
  if (wire === "gemini") return geminiTool(request, index) + rest;
  if (wire !== "openai-chat") {
    const field = lookUp(toolFields[wire], rest.slice(1));
    return `tools[${index}]${field === undefined ? rest : `.${field}`}`;
  }
  const place = chatTool(request, index);
  const field = place.startsWith("tools") ? lookUp(toolFields[wire], rest.slice(1)) : undefined;
  return place + (field === undefined ? rest : `.${field}`);
}

/** A setting's name, or the beginning of it, as the client wrote it. */
function settingPath(wire: WireFormat, path: string): string {
  const steps = path.split(/(?=[.[])/u);
  for (let length = steps.length; length > 0; length -= 1) {
    const place = lookUp(settings[wire], steps.slice(0, length).join(""));
    if (place !== undefined) return place + steps.slice(length).join("");
  }
  return path;
}

function clientPath(request: ModelRequest, path: string): string {
  // A Chat request that leaves nothing over has no extras.
  const wire = request.extras?.wire ?? "openai-chat";
  const own = request.extras?.fields;
  const tool = /^tools\[(\d+)\](.*)$/su.exec(path);
  if (tool !== null) return toolPath(request, wire, Number(tool[1]), tool[2] ?? "");
  if (path === "safety_identifier" && own?.["$user"] === true) return "user";
  if (path === "max_tokens" && own?.["$max_tokens"] === true) return "max_tokens";
  // Turns that nobody decoded, as in a request made by hand, have no place in a client's document.
  if (path.startsWith("turns[")) return path;
  const renamed = /^(.*\]|.*\.content)\.(\w+)$/su.exec(path);
  const field = lookUp(fields[wire], renamed?.[2] ?? "");
  if (renamed !== null && field !== undefined) return `${renamed[1]}.${field}`;
  return settingPath(wire, path);
}

/** What stood in blocks of the history that no other format than their own takes back. */
function lostCitations(request: ModelRequest, wire: WireFormat): Loss[] {
  if ((request.extras?.wire ?? "openai-chat") === wire) return [];
  return request.turns.flatMap(({ blocks, paths }) =>
    blocks.flatMap((block, index) => {
      if (block.type !== "text" || (block.citations?.length ?? 0) === 0) return [];
      return [
        { path: `${paths?.[index] ?? "turns"}.citations`, reason: "citations of earlier answers are not sent back" },
      ];
    }),
  );
}

type EncodeRequest = (request: ModelRequest, options?: EncodeRequestOptions) => Translated<JsonObject>;

/** `encodeRequest` with reports and refusals that name fields as the client wrote them, and with those every format shares. */
export function withClientPaths(wire: WireFormat, encodeRequest: EncodeRequest): EncodeRequest {
  return (request, options) => {
    const rename = (loss: Loss): Loss => ({ path: clientPath(request, loss.path), reason: loss.reason });
    try {
      refuseStoredContext(request, wire);
      const { value, report } = encodeRequest(request, options);
      const dropped = [...report.dropped, ...lostCitations(request, wire)].slice(0, maxLosses);
      return { value, report: { approximated: report.approximated.map(rename), dropped: dropped.map(rename) } };
    } catch (error) {
      if (!RouterError.is(error) || error.code !== "request-invalid" || error.details.path === undefined) throw error;
      const path = clientPath(request, error.details.path);
      throw new RouterError("request-invalid", error.message, { ...error.details, path }, { cause: error });
    }
  };
}
