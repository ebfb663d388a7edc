import {
  type AnyRouterError,
  type FinishReason,
  isJsonObject,
  type JsonObject,
  RouterError,
  type Usage,
  type WireEvent,
} from "@turnout/core";

import type { AnswerContext, EventRole, StreamObserver } from "../codec.ts";
import { excerptOf } from "../excerpt.ts";
import { tryParseJson } from "../parse-json.ts";
import {
  blockReason,
  type EndFacts,
  endFacts,
  indexOf,
  isErrorDocument,
  partsOf,
  readEnd,
  unwrapAnswer,
} from "./chunk.ts";
import { decodeStreamError } from "./error-decode.ts";
import { errorChunk, keepAliveChunk } from "./event-encoder.ts";
import { objectsIn } from "./extras.ts";
import { decodeUsage } from "./usage.ts";

/**
 * Only chunks with one of these say more than a piece of the answer. In a piece's own text the quotes are escaped, so they
 * never match there.
 */
const telling = /"(?:finishReason|error|blockReason|functionCall)"/u;

const counted = /"(?:promptTokenCount|totalTokenCount)"/u;

/** Reads along on a stream for its usage, its end and its failure. */
export function createStreamObserver(_context: AnswerContext): StreamObserver {
  let hasContent = false;
  let hasCalls = false;
  let end: EndFacts | undefined;
  let failure: AnyRouterError | undefined;
  /** The last chunk with counters, read only when somebody asks. */
  let usageData: string | undefined;
  let lastData: string | undefined;

  function readAnswer(answer: JsonObject): EventRole {
    if (isErrorDocument(answer)) {
      failure = RouterError.from(decodeStreamError(answer));
      return "failed";
    }
    const candidates = objectsIn(answer, "candidates");
    const isFirstEnd = end === undefined;
    for (const candidate of candidates) {
      if (indexOf(candidate) !== 0) continue;
      const parts = partsOf(candidate);
      hasContent ||= parts.some((part) => part["text"] !== "");
      hasCalls ||= parts.some((part) => isJsonObject(part["functionCall"]));
      const facts = endFacts(answer, candidate);
      if (facts.raw !== undefined) end = facts;
    }
    if (candidates.length === 0 && blockReason(answer) !== undefined) end ??= endFacts(answer, undefined);
    if (end !== undefined && isFirstEnd) return ended(end);
    return hasContent ? "content" : "opening";
  }

  /** An error word for an answer that says nothing is a failure, not an end. */
  function ended(facts: EndFacts): EventRole {
    if (readEnd(facts, { hasCalls, hasContent }).reason !== "error") return "terminal";
    failure = RouterError.from(
      new RouterError("upstream-failed", `Upstream gave up: finish reason \`${facts.raw ?? ""}\``, {
        status: undefined,
        upstreamCode: facts.raw,
      }),
    );
    return "failed";
  }

  function observe(event: WireEvent): EventRole {
    const { data } = event;
    lastData = data;
    if (counted.test(data)) usageData = data;
    if (hasContent && !telling.test(data)) return "content";
    const document = tryParseJson(data);
    if (isJsonObject(document)) return readAnswer(unwrapAnswer(document));
    failure = RouterError.from(
      new RouterError("upstream-malformed", "Cannot read Gemini chunk: not a JSON object", {
        excerpt: excerptOf(data),
      }),
    );
    return "failed";
  }

  return {
    observe,
    conclude: () => [],
    keepAlive: () => keepAliveChunk,
    fail: (error) => [errorChunk(error)],
    get usage(): Usage | undefined {
      const document = tryParseJson(usageData ?? lastData ?? "");
      return isJsonObject(document) ? decodeUsage(unwrapAnswer(document)["usageMetadata"]) : undefined;
    },
    get finish(): FinishReason | undefined {
      return end === undefined ? undefined : readEnd(end, { hasCalls, hasContent }).reason;
    },
    get failure() {
      return failure;
    },
  };
}
