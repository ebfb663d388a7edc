import {
  type Block,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ModelRequest,
  type ModelResponse,
  RouterError,
  type ToolCallBlock,
  type Translated,
} from "@turnout/core";

import type { DecodeAnswerOptions } from "../codec.ts";
import { excerptOf } from "../excerpt.ts";
import { type Fields, restOf } from "../fields.ts";
import { createLossCollector } from "../report.ts";
import { createToolNames, type ToolNames } from "../tool-names.ts";
import { decodeBlock } from "./block-decode.ts";
import { customInput } from "./custom-input.ts";
import { isOwn, own } from "./extras.ts";
import { decodeFinish, isCut } from "./finish.ts";
import { decodeStreamError } from "./error.ts";
import { decodeRefusal, detailsNote, refusalText } from "./refusal.ts";
import { answerToolName } from "./tools-encode.ts";
import { decodeTier, decodeUsage } from "./usage.ts";

const topKeys = new Set(["id", "model", "content", "usage", "stop_reason"]);

/** The tools of the request that went to this upstream, when it was another format's. */
export function foreignNames(request: ModelRequest | undefined): ToolNames | undefined {
  return request === undefined || isOwn(request.extras) ? undefined : createToolNames(request.tools);
}

function restoreCall(block: ToolCallBlock, names: ToolNames | undefined): Block {
  if (block.name === answerToolName) return { type: "text", text: block.arguments };
  if (names?.fromWire(block.name)?.kind !== "custom") return block;
  return { ...block, kind: "custom", arguments: customInput(block.arguments) ?? block.arguments };
}

function decodeContent(
  content: readonly JsonValue[],
  model: string | undefined,
  names: ToolNames | undefined,
): Block[] {
  return content.flatMap((value) => {
    if (!isJsonObject(value)) return [];
    const block = decodeBlock(value, { path: undefined, model });
    return block.type === "tool-call" ? restoreCall(block, names) : block;
  });
}

/** A call in which the model was cut off is the last thing of the answer. */
function markCut(blocks: Block[], raw: string | undefined): Block[] {
  const last = blocks.at(-1);
  if (last?.type !== "tool-call" || !isCut(raw)) return blocks;
  return [...blocks.slice(0, -1), { ...last, incomplete: true }];
}

function checkDocument(body: unknown): JsonObject {
  if (isJsonObject(body)) {
    if (body["type"] === "error" || isJsonObject(body["error"])) throw decodeStreamError(body);
    if (Array.isArray(body["content"])) return body;
  }
  const excerpt = excerptOf(JSON.stringify(body) ?? "");
  throw new RouterError("upstream-malformed", "Cannot read Messages answer: it has no `content` list", { excerpt });
}

/**
 * Reads a whole answer of `POST /v1/messages`.
 *
 * @throws {RouterError} `upstream-malformed`, or the error the document reports.
 */
export function decodeResponse(body: unknown, options: DecodeAnswerOptions = {}): Translated<ModelResponse> {
  const message = checkDocument(body);
  const { id, model, content, usage: counted, stop_reason: reason, stop_sequence: sequence } = message;
  const raw = typeof reason === "string" ? reason : undefined;
  const modelName = typeof model === "string" ? model : undefined;
  const list = Array.isArray(content) ? (content as readonly JsonValue[]) : [];
  const blocks = markCut(decodeContent(list, modelName, foreignNames(options.request)), raw);
  const finish = decodeFinish(
    raw,
    blocks.some((block) => block.type === "tool-call"),
  );
  const refusal = finish === "refusal" ? decodeRefusal(message["stop_details"]) : undefined;
  if (refusal !== undefined)
    blocks.push({ type: "refusal", text: refusalText(refusal), ...own({ [detailsNote]: true }) });
  const fields: Fields = restOf(message, topKeys);
  const usage = decodeUsage(counted);
  const tier = decodeTier(counted);
  const value: ModelResponse = {
    id: typeof id === "string" ? id : "",
    model: modelName ?? "",
    blocks,
    finish,
    ...(raw !== undefined && { finishRaw: raw }),
    ...(typeof sequence === "string" && { stopSequence: sequence }),
    ...(refusal !== undefined && { refusal }),
    ...(usage !== undefined && { usage }),
    ...(tier !== undefined && { serviceTier: tier }),
    ...own(fields),
  };
  return { value, report: createLossCollector().report };
}
