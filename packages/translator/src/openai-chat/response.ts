import {
  type Block,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ModelResponse,
  RouterError,
  type Translated,
} from "@turnout/core";

import type { AnswerContext } from "../codec.ts";
import { excerptOf } from "../excerpt.ts";
import { withoutEcho } from "../foreign-extras.ts";
import { madeUpCallId, mapToolCallId } from "../ids.ts";
import { decodeOpenaiStreamError } from "../openai-error-decode.ts";
import { createLossCollector, type LossCollector } from "../report.ts";
import { clientToolName, createToolNames } from "../tool-names.ts";
import { fromZodError } from "../validate.ts";
import { type AssistantParts, decodeAssistant, encodeAssistant } from "./assistant.ts";
import { answerId } from "./answer-names.ts";
import { decodeAnnotation, encodeAnnotation, readAnnotations } from "./citations.ts";
import { type Fields, ownFields, reportForeign, restOf, wire } from "./extras.ts";
import { decodeFinish, encodeFinish, isUnfinished, refusalText } from "./finish.ts";
import { chatAssistantMessageSchema } from "./schema.ts";
import { encodeUsage, findUsage } from "./usage.ts";

// The keys of an answer's extras are the paths of the fields, so a report can name them and the encoder put them back.
const choicePrefix = "choices[0].";
const messagePrefix = "choices[0].message.";

/** Note: the upstream's own word for the end, where ours would be another. */
const finishNote = "$finish_reason";

const topKeys = new Set(["id", "object", "created", "model", "choices", "usage", "service_tier"]);
const choiceKeys = new Set(["index", "message", "finish_reason"]);

function malformed(problem: string, body: unknown): RouterError {
  const excerpt = excerptOf(JSON.stringify(body) ?? "");
  return new RouterError("upstream-malformed", `Cannot read Chat answer: ${problem}`, { excerpt });
}

function readMessage(message: JsonValue | undefined): AssistantParts {
  const result = chatAssistantMessageSchema.safeParse({ ...(isJsonObject(message) ? message : {}), role: "assistant" });
  if (result.success) return decodeAssistant(result.data);
  throw malformed(fromZodError(result.error, "message").message, message);
}

/** `annotations` belong to the content, which is one text wherever there are any. */
function withCitations(blocks: readonly Block[], rest: Fields): Block[] {
  const citations = readAnnotations(rest["annotations"]).map(decodeAnnotation);
  const index = blocks.findIndex((block) => block.type === "text");
  const block = blocks[index];
  if (citations.length === 0 || block?.type !== "text") return [...blocks];
  delete rest["annotations"];
  return blocks.with(index, { ...block, citations });
}

/** Marks calls that cannot be executed and names those that came without an id. */
function completeCalls(blocks: readonly Block[], responseId: string): Block[] {
  let position = -1;
  return blocks.map((block) => {
    if (block.type !== "tool-call") return block;
    position += 1;
    const callId = block.callId === "" ? madeUpCallId(responseId, position, block.name) : block.callId;
    return { ...block, callId, ...(isUnfinished(block.kind, block.arguments) && { incomplete: true }) };
  });
}

function prefixed(prefix: string, rest: JsonObject): Fields {
  const fields: Fields = {};
  for (const [key, value] of Object.entries(rest)) if (value !== undefined) fields[prefix + key] = value;
  return fields;
}

/**
 * Reads a `chat.completion`. Further choices stay in the extras.
 *
 * @throws {RouterError} `upstream-malformed`, or the error the document reports.
 */
export function decodeResponse(body: unknown): Translated<ModelResponse> {
  if (!isJsonObject(body)) throw malformed("not a JSON object", body);
  const { id, created, model, choices, service_tier: serviceTier, error } = body;
  if (!isJsonArray(choices)) {
    if (error !== undefined && error !== null) throw decodeOpenaiStreamError(body);
    throw malformed("no `choices`", body);
  }
  const [choice, ...others] = choices;
  if (!isJsonObject(choice)) throw malformed("`choices` is empty", body);
  const { blocks: said, rest } = readMessage(choice["message"]);
  const responseId = typeof id === "string" ? id : "";
  const blocks = withCitations(completeCalls(said, responseId), rest);
  const hasCalls = blocks.some((block) => block.type === "tool-call");
  const hasRefusal = blocks.some((block) => block.type === "refusal");
  const raw = typeof choice["finish_reason"] === "string" ? choice["finish_reason"] : undefined;
  const finish = decodeFinish(raw, { hasCalls, hasRefusal });
  if (finish === "error") {
    throw new RouterError("upstream-failed", `Upstream gave up inside its answer: finish reason \`${raw}\``, {
      status: undefined,
      upstreamCode: raw,
    });
  }
  const fields: Fields = {
    ...restOf(body, topKeys),
    ...prefixed(choicePrefix, restOf(choice, choiceKeys)),
    ...prefixed(messagePrefix, rest),
  };
  if (choice["finish_reason"] !== encodeFinish(finish, hasCalls)) {
    fields[finishNote] = choice["finish_reason"] ?? null;
  }
  if (serviceTier === "") fields["service_tier"] = "";
  if (others.length > 0) fields["choices"] = others;
  const usage = findUsage(body, choice);
  const value: ModelResponse = {
    id: responseId,
    model: typeof model === "string" ? model : "",
    ...(typeof created === "number" && created > 0 && { createdAt: created }),
    blocks,
    finish,
    ...(raw !== undefined && { finishRaw: raw }),
    ...(usage !== undefined && { usage }),
    ...(typeof serviceTier === "string" && serviceTier !== "" && { serviceTier }),
    extras: { wire, fields },
  };
  return { value, report: createLossCollector().report };
}

function fieldsUnder(fields: JsonObject, prefix: string, not?: string): Fields {
  const found: Fields = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined || !key.startsWith(prefix) || (not !== undefined && key.startsWith(not))) continue;
    found[key.slice(prefix.length)] = value;
  }
  return found;
}

function encodeCitations(blocks: readonly Block[], losses: LossCollector): JsonValue[] {
  const annotations: JsonValue[] = [];
  let offset = 0;
  for (const [index, block] of blocks.entries()) {
    if (block.type !== "text") continue;
    for (const citation of block.citations ?? []) {
      const annotation = encodeAnnotation(citation, offset, `blocks[${index}].citations`, losses);
      if (annotation !== undefined) annotations.push(annotation);
    }
    offset += block.text.length;
  }
  return annotations;
}

/** The `chat.completion` that tells this answer. */
export function encodeResponse(response: ModelResponse, context: AnswerContext): Translated<JsonObject> {
  const losses = createLossCollector();
  const { blocks, extras } = response;
  const own = ownFields(extras);
  reportForeign(withoutEcho(extras), "", losses);
  const names = createToolNames(context.request.tools);
  const placed = blocks.map((block, index) => ({ block, path: `blocks[${index}]` }));
  const rest = fieldsUnder(own, messagePrefix);
  const annotations = encodeCitations(blocks, losses);
  const isForeign = extras?.wire !== wire;
  if (annotations.length > 0) rest["annotations"] = annotations;
  if (!blocks.some((block) => block.type === "refusal")) {
    if (response.finish === "refusal" || response.refusal?.explanation !== undefined)
      rest["refusal"] = refusalText(response.refusal);
    // OpenAI always writes it, and strict clients want it.
    else if (isForeign) rest["refusal"] = null;
  }
  const message = encodeAssistant(placed, rest, {
    losses,
    place: "answer",
    callId: (id) => mapToolCallId(id, wire),
    toolName: (name, namespace) => clientToolName(names, name, namespace),
  });
  const hasCalls = blocks.some((block) => block.type === "tool-call");
  const choice: Fields = {
    index: 0,
    message,
    ...(isForeign && { logprobs: null }),
    finish_reason: Object.hasOwn(own, finishNote) ? (own[finishNote] ?? null) : encodeFinish(response.finish, hasCalls),
    ...fieldsUnder(own, choicePrefix, messagePrefix),
  };
  const others = own["choices"];
  const value: Fields = {
    id: answerId(response.id, context.idSeed),
    object: "chat.completion",
    created: response.createdAt ?? context.createdAt,
    model: context.model,
    choices: Array.isArray(others) ? [choice, ...(others as readonly JsonValue[])] : [choice],
  };
  if (response.usage !== undefined) value["usage"] = encodeUsage(response.usage);
  if (response.serviceTier !== undefined) value["service_tier"] = response.serviceTier;
  for (const [key, field] of Object.entries(own)) {
    if (field === undefined || key.startsWith("$") || key.startsWith(choicePrefix) || key === "choices") continue;
    value[key] = field;
  }
  return { value, report: losses.report };
}
