import type {
  JsonObject,
  JsonValue,
  ModelRequest,
  OutputFormat,
  ReasoningControl,
  Translated,
  Turn,
} from "@turnout/core";

import type { EncodeRequestOptions } from "../codec.ts";
import { effortOfBudget } from "../effort-of-budget.ts";
import { createToolCallIds } from "../ids.ts";
import { repairHistory } from "../repair-history.ts";
import { createLossCollector, type LossCollector, turnPath } from "../report.ts";
import { createToolNames } from "../tool-names.ts";
import { invalidRequest } from "../validate.ts";
import { objectField, ownFields, reportForeign, withoutNotes } from "./extras.ts";
import { encodeTurn, type ItemContext } from "./item-encode.ts";
import { encodeToolChoice, encodeTools } from "./tools.ts";
import { isSet } from "./is-set.ts";

type Fields = Record<string, JsonValue>;

export function encodeReasoningControl(reasoning: ReasoningControl): JsonObject | undefined {
  const fields = ownFields(reasoning.extras);
  if (fields !== undefined) {
    const generated = fields["generate_summary"] !== undefined;
    return {
      ...fields,
      ...(reasoning.effort !== undefined && { effort: reasoning.effort }),
      ...(reasoning.summary !== undefined && !generated && { summary: reasoning.summary }),
    };
  }
  const effort =
    reasoning.effort ?? (reasoning.budgetTokens === undefined ? undefined : effortOfBudget(reasoning.budgetTokens));
  // Chat has no switch for visible thoughts: who asks for an effort gets them (translation.md 2.10).
  const wanted = reasoning.summary ?? (effort === undefined || effort === "none" ? undefined : "auto");
  const summary = wanted === "none" ? undefined : wanted;
  if (effort === undefined && summary === undefined) return undefined;
  return { ...(effort !== undefined && { effort }), ...(summary !== undefined && { summary }) };
}

/** A number of tokens has no place here: it goes as an effort, or not at all beside one. */
function reportReasoning(reasoning: ReasoningControl | undefined, losses: LossCollector): void {
  const { budgetTokens, effort } = reasoning ?? {};
  const derived = budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens);
  if (derived === undefined) return;
  if (effort === undefined) losses.approximated("reasoning.budgetTokens", `sent as effort \`${derived}\``);
  else losses.dropped("reasoning.budgetTokens", "the Responses format takes an effort, not a number of tokens");
}

function encodeFormat(output: OutputFormat): JsonObject {
  switch (output.type) {
    case "text":
      return { type: "text" };
    case "json":
      return { type: "json_object" };
    case "json-schema": {
      const { name, schema, strict, description } = output;
      return {
        type: "json_schema",
        name,
        schema,
        ...(strict !== undefined && { strict }),
        ...(description !== undefined && { description }),
      };
    }
  }
}

export function encodeText(request: ModelRequest, kept: JsonObject | undefined): JsonObject | undefined {
  const text: JsonObject = {
    ...objectField(kept, "text"),
    ...(request.output !== undefined && { format: encodeFormat(request.output) }),
    ...(request.verbosity !== undefined && { verbosity: request.verbosity }),
  };
  const isSaid = request.output !== undefined || request.verbosity !== undefined || kept?.["$text"] === true;
  return isSaid || isSet(kept?.["text"]) ? text : undefined;
}

/**
 * One leading system text is `instructions`; anything richer goes as items, to keep its parts and marks, and so does a
 * text that is all there is, since a request needs an item.
 */
function asInstructions(turns: readonly Turn[]): string | undefined {
  const [first, second] = turns;
  if (first?.role !== "system" || second === undefined || second.role === "system") return undefined;
  const [block, ...more] = first.blocks;
  if (block?.type !== "text" || more.length > 0 || block.cache !== undefined) return undefined;
  return block.text;
}

function isOwnTurn(turn: Turn | undefined, from: string): turn is Turn {
  return turn !== undefined && ownFields(turn.extras)?.["$from"] === from;
}

function firstText(turn: Turn): string {
  const [block] = turn.blocks;
  return block?.type === "text" ? block.text : "";
}

function encodeInput(request: ModelRequest, context: ItemContext, isOwn: boolean, developerRole: boolean): Fields {
  const turns = isOwn ? request.turns : repairHistory(request.turns, context.losses);
  const fields: Fields = {};
  let rest = turns;
  const [head] = turns;
  if (isOwn) {
    if (isOwnTurn(head, "instructions")) {
      fields["instructions"] = firstText(head);
      rest = turns.slice(1);
    }
    const [only] = rest;
    if (rest.length === 1 && isOwnTurn(only, "input")) return { ...fields, input: firstText(only) };
    if (rest.length === 0) return fields;
  } else {
    const instructions = asInstructions(turns);
    if (instructions !== undefined) {
      fields["instructions"] = instructions;
      rest = turns.slice(1);
      if (head !== undefined) reportForeign(head.extras, turnPath(head, 0), context.losses);
    }
  }
  const skipped = turns.length - rest.length;
  const input = rest.flatMap((turn, index) => {
    const foreignRank = developerRole ? "developer" : "system";
    const role = turn.role !== "system" ? turn.role : isOwn ? (turn.level ?? foreignRank) : foreignRank;
    reportForeign(turn.extras, turnPath(turn, index + skipped), context.losses);
    return encodeTurn(turn, role, `turns[${index + skipped}]`, context);
  });
  return { ...fields, input };
}

/** Settings without a place here, and the names that clients know them by. */
const unknownSettings = [
  ["stop", "stop"],
  ["topK", "top_k"],
  ["seed", "seed"],
  ["presencePenalty", "presence_penalty"],
  ["frequencyPenalty", "frequency_penalty"],
  ["logitBias", "logit_bias"],
] as const;

/** What has no place here: refused when it would change the meaning, dropped and noted when it tunes the style. */
function checkSampling(request: ModelRequest, losses: LossCollector): void {
  const { sampling } = request;
  if (sampling.candidates !== undefined && sampling.candidates > 1) {
    throw invalidRequest("n", "Cannot translate the request: the Responses format gives one answer, not several");
  }
  for (const [key, name] of unknownSettings) {
    if (sampling[key] !== undefined) losses.dropped(name, "no such setting in the Responses format");
  }
}

function encodeForeignDefaults(request: ModelRequest): Fields {
  const include = ["reasoning.encrypted_content"];
  const { logprobs } = request.sampling;
  if (logprobs !== undefined) include.push("message.output_text.logprobs");
  return {
    // Chat stores nothing unless asked; here the default is to store.
    store: request.store ?? false,
    include,
    ...(logprobs !== undefined && logprobs > 0 && { top_logprobs: logprobs }),
  };
}

function encodeForeignTools(request: ModelRequest, tools: readonly JsonObject[], context: ItemContext): Fields {
  const forced = request.toolChoice?.type === "required" || request.toolChoice?.type === "tool";
  if (tools.length === 0) {
    if (forced || (request.tools.length > 0 && request.tools.every((tool) => tool.type === "server"))) {
      throw invalidRequest("tools", "Cannot translate the request: none of its tools exists in the Responses format");
    }
    return {};
  }
  return {
    tools,
    ...(request.toolChoice !== undefined && { tool_choice: encodeToolChoice(request.toolChoice, context.names) }),
    ...(request.parallelToolCalls !== undefined && { parallel_tool_calls: request.parallelToolCalls }),
  };
}

function encodeOwnTools(request: ModelRequest, tools: readonly JsonObject[]): Fields {
  return {
    ...(tools.length > 0 && { tools }),
    ...(request.toolChoice !== undefined && { tool_choice: encodeToolChoice(request.toolChoice, undefined) }),
    ...(request.parallelToolCalls !== undefined && { parallel_tool_calls: request.parallelToolCalls }),
  };
}

function encodeEndUser(endUser: string | undefined, kept: JsonObject | undefined): Fields {
  if (endUser === undefined) return {};
  return kept?.["$user"] === true ? { user: endUser } : { safety_identifier: endUser };
}

/**
 * A request body of the Responses API. A request that was decoded from this format comes back as it was; one of another
 * format gets what this format needs besides (`store`, `include`, `strict: false`, repaired history).
 *
 * @throws {RouterError} `request-invalid` for several candidates, and for tools that are asked for but cannot be said.
 */
export function encodeRequest(request: ModelRequest, options: EncodeRequestOptions = {}): Translated<JsonObject> {
  const losses = createLossCollector();
  const kept = ownFields(request.extras);
  const isOwn = kept !== undefined;
  const context: ItemContext = {
    losses,
    ids: isOwn ? undefined : createToolCallIds("openai-responses"),
    names: isOwn ? undefined : createToolNames(request.tools),
  };
  const input = encodeInput(request, context, isOwn, options.developerRole ?? true);
  const tools = encodeTools(request.tools, context.names, losses);
  if (!isOwn) {
    checkSampling(request, losses);
    reportForeign(request.extras, "", losses);
  }
  const { sampling } = request;
  const reasoning = request.reasoning && encodeReasoningControl(request.reasoning);
  if (!isOwn) reportReasoning(request.reasoning, losses);
  const text = encodeText(request, kept);
  const value: JsonObject = {
    ...withoutNotes(kept),
    ...(kept?.["$top_logprobs"] !== undefined && { top_logprobs: kept["$top_logprobs"] }),
    model: options.model ?? request.model,
    ...input,
    ...(isOwn ? encodeOwnTools(request, tools) : encodeForeignTools(request, tools, context)),
    ...(reasoning !== undefined && { reasoning }),
    ...(text !== undefined && { text }),
    ...(request.maxOutputTokens !== undefined && { max_output_tokens: request.maxOutputTokens }),
    ...(sampling.temperature !== undefined && { temperature: sampling.temperature }),
    ...(sampling.topP !== undefined && { top_p: sampling.topP }),
    ...(request.serviceTier !== undefined && { service_tier: request.serviceTier }),
    ...(request.cacheKey !== undefined && { prompt_cache_key: request.cacheKey }),
    ...encodeEndUser(request.endUser, kept),
    ...(request.metadata !== undefined && { metadata: request.metadata }),
    ...(request.previousResponseId !== undefined && { previous_response_id: request.previousResponseId }),
    ...(isOwn ? request.store !== undefined && { store: request.store } : encodeForeignDefaults(request)),
    ...((request.stream || !isOwn || kept["$stream"] === true) && { stream: request.stream }),
  };
  return { value, report: losses.report };
}
