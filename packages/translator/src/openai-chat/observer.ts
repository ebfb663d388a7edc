import {
  type AnyRouterError,
  type FinishReason,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  RouterError,
  type Usage,
  type WireEvent,
} from "@turnout/core";

import type { AnswerContext, EventRole, StreamObserver } from "../codec.ts";
import { excerptOf } from "../excerpt.ts";
import { decodeOpenaiStreamError } from "../openai-error-decode.ts";
import { tryParseJson } from "../parse-json.ts";
import { answerId } from "./answer-names.ts";
import { type ChunkWriter, createChunkWriter } from "./chunk-writer.ts";
import { doneData, isDoneData, isErrorChunk } from "./event-decoder.ts";
import { errorChunk } from "./event-encoder.ts";
import { decodeFinish } from "./finish.ts";
import { findUsage } from "./usage.ts";

/**
 * Only chunks with one of these say more than a piece of the answer. In a piece's own text the quotes are escaped, so
 * they never match there.
 */
const telling = /"(?:usage|finish_reason)"\s*:\s*[{"]|"error"|"tool_calls"|"function_call"/u;

const openingKeys = new Set(["role", "content", "refusal"]);

/** True for a delta that announces the answer and says nothing of it yet. */
function isEmptyDelta(delta: JsonValue | undefined): boolean {
  if (!isJsonObject(delta)) return true;
  for (const [key, value] of Object.entries(delta)) {
    const isNothing = value === null || value === "" || (Array.isArray(value) && value.length === 0);
    if (key !== "role" && !isNothing) return false;
    if (!openingKeys.has(key) && !isNothing) return false;
  }
  return true;
}

/** Reads along on a Chat stream for its usage, its end and its failure. */
export function createStreamObserver(context: AnswerContext): StreamObserver {
  let hasContent = false;
  let hasCalls = false;
  let hasEnded = false;
  let raw: string | undefined;
  let usage: Usage | undefined;
  let failure: AnyRouterError | undefined;
  let first: JsonObject | undefined;
  let writer: ChunkWriter | undefined;

  function readChunk(chunk: JsonObject): EventRole {
    first ??= chunk;
    if (isErrorChunk(chunk)) {
      failure = RouterError.from(decodeOpenaiStreamError(chunk));
      return "failed";
    }
    const { choices } = chunk;
    const list: JsonObject[] = Array.isArray(choices) ? choices.filter(isJsonObject) : [];
    const told = findUsage(chunk, list[0]);
    usage = told ?? usage;
    // Upstreams are always asked for it; a client that did not ask must not get the chunk (T99).
    if (told !== undefined && list.length === 0 && context.request.includeUsage !== true) return "private";
    for (const { delta, finish_reason: reason } of list) {
      if (isJsonObject(delta) && (isJsonObject(delta["function_call"]) || hasEntries(delta["tool_calls"])))
        hasCalls = true;
      if (typeof reason === "string" && reason !== "" && (raw ?? "stop") === "stop") raw = reason;
      if (!isEmptyDelta(delta) || raw !== undefined) hasContent = true;
    }
    return hasContent ? "content" : "opening";
  }

  function observe(event: WireEvent): EventRole {
    const { data } = event;
    if (isDoneData(data)) {
      hasEnded = true;
      return "terminal";
    }
    if (hasContent && first !== undefined && !telling.test(data)) return "content";
    const chunk = tryParseJson(data);
    if (isJsonObject(chunk)) return readChunk(chunk);
    failure = RouterError.from(
      new RouterError("upstream-malformed", "Cannot read Chat chunk: not a JSON object", { excerpt: excerptOf(data) }),
    );
    return "failed";
  }

  function voice(): ChunkWriter {
    const { id, model, created } = first ?? {};
    return createChunkWriter({
      id: typeof id === "string" && id !== "" ? id : answerId("", context.idSeed),
      model: typeof model === "string" && model !== "" ? model : context.model,
      createdAt: typeof created === "number" ? created : context.createdAt,
      includeUsage: context.request.includeUsage === true,
    });
  }

  return {
    observe,
    keepAlive: () => {
      // The ids are those of the stream as soon as it has any.
      if (first === undefined) return voice().delta("{}");
      writer ??= voice();
      return writer.delta("{}");
    },
    conclude: () => (hasEnded ? [] : [{ type: "", data: doneData }]),
    fail: (error) => [errorChunk(error)],
    get usage() {
      return usage;
    },
    get finish(): FinishReason | undefined {
      if (raw === undefined && !hasEnded) return undefined;
      return decodeFinish(raw, { hasCalls, hasRefusal: false });
    },
    get failure() {
      return failure;
    },
  };
}

function hasEntries(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && value.length > 0;
}
