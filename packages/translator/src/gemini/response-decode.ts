import {
  type Block,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ModelResponse,
  RouterError,
  type TextBlock,
  type Translated,
} from "@turnout/core";

import type { DecodeAnswerOptions } from "../codec.ts";
import { excerptOf } from "../excerpt.ts";
import { type Fields, objectIn, restOf } from "../fields.ts";
import { createLossCollector } from "../report.ts";
import { type CallFactory, createCallFactory } from "./call-answer.ts";
import {
  blockReason,
  createdAtOf,
  endFacts,
  isErrorDocument,
  partsOf,
  partText,
  readEnd,
  unwrapAnswer,
} from "./chunk.ts";
import { type CitedText, decodeCitations } from "./citations.ts";
import { createDocumentCollector } from "./collector.ts";
import { callNotes } from "./contents-decode.ts";
import { decodeStreamError } from "./error-decode.ts";
import { failedFinish } from "./event-decoder.ts";
import { extrasFrom, objectsIn, textIn, wire } from "./extras.ts";
import { decodeUsage } from "./usage.ts";

/** Keys of an answer's extras: paths of the fields, so that a report can name them and the encoder put them back. */
export const candidatePrefix = "candidates[0].";

/** Notes on an answer. */
export const answerNotes = {
  /** The candidate's `content` without its parts; absent when it had no content. */
  content: "$content",
  /** The content had no `parts`. */
  noParts: "$noParts",
  /** The answer had no candidate. */
  noCandidate: "$noCandidate",
  /** Fields of the candidate whose meaning core holds in other words. */
  candidate: "$candidate",
  /** Fields of the answer whose meaning core holds in other words. */
  top: "$top",
} as const;

const topKeys = new Set(["candidates", "usageMetadata", "modelVersion", "responseId", "createTime"]);
const candidateKeys = new Set(["content", "finishReason"]);
const textKeys = new Set(["text", "thought", "thoughtSignature"]);
const callPartKeys = new Set(["functionCall", "thoughtSignature"]);
const callKeys = new Set(["name", "id", "args"]);

function malformed(problem: string, body: unknown): RouterError {
  const excerpt = excerptOf(JSON.stringify(body) ?? "");
  return new RouterError("upstream-malformed", `Cannot read Gemini answer: ${problem}`, { excerpt });
}

function decodeCall(part: JsonObject, calls: CallFactory): Block | undefined {
  const call = calls.create(part);
  if (call === undefined) return undefined;
  const source = objectIn(part, "functionCall");
  const fields = restOf(part, callPartKeys);
  const inner = restOf(source, callKeys);
  if (Object.keys(inner).length > 0) fields[callNotes.inner] = inner;
  if (textIn(source, "id") === undefined) fields[callNotes.id] = source["id"] ?? null;
  if (!isJsonObject(source["args"])) fields[callNotes.absentArgs] = true;
  return {
    type: "tool-call",
    callId: call.callId,
    name: call.name,
    kind: call.kind,
    arguments: call.text(),
    ...(call.payload !== undefined && { payload: call.payload }),
    ...extrasFrom(fields),
  };
}

function decodePart(part: JsonObject, calls: CallFactory): Block {
  const text = partText(part);
  if (text !== undefined && part["thought"] === true) {
    const payload = textIn(part, "thoughtSignature");
    return {
      type: "reasoning",
      parts: text === "" ? [] : [{ form: "summary", text }],
      ...(payload !== undefined && { payload }),
      provenance: { wire },
      ...extrasFrom(restOf(part, textKeys)),
    };
  }
  if (typeof part["text"] === "string") {
    return { type: "text", text: part["text"], ...extrasFrom(restOf(part, new Set(["text"]))) };
  }
  const call = isJsonObject(part["functionCall"]) ? decodeCall(part, calls) : undefined;
  return call ?? { type: "opaque", wire, value: part };
}

/** Citations by place in the list of blocks. */
function cite(candidate: JsonObject, blocks: readonly Block[]): Block[] {
  const texts: (CitedText & { readonly block: TextBlock })[] = [];
  for (const block of blocks) if (block.type === "text") texts.push({ block, text: block.text, citations: [] });
  decodeCitations(candidate, texts);
  return blocks.map((block) => {
    const citations = texts.find((text) => text.block === block)?.citations ?? [];
    return block.type === "text" && citations.length > 0 ? { ...block, citations } : block;
  });
}

/** What core holds in other words goes into notes; of grounding, only what no citation tells is left to be named. */
function candidateExtras(candidate: JsonObject, isRefused: boolean, fields: Fields): void {
  const noted: Fields = {};
  for (const [key, value] of Object.entries(restOf(candidate, candidateKeys))) {
    const isHeld =
      key === "index" || key === "avgLogprobs" || key === "citationMetadata" || (key === "finishMessage" && isRefused);
    if (isHeld) noted[key] = value;
    else if (key === "groundingMetadata" && isJsonObject(value)) {
      noted[key] = value;
      const { groundingChunks: _chunks, groundingSupports: _supports, ...rest } = value;
      for (const [name, inner] of Object.entries(rest)) {
        if (inner !== undefined) fields[`${candidatePrefix}groundingMetadata.${name}`] = inner;
      }
    } else fields[`${candidatePrefix}${key}`] = value;
  }
  if (candidate["finishReason"] !== undefined) noted["finishReason"] = candidate["finishReason"];
  fields[answerNotes.candidate] = noted;
  const { content } = candidate;
  if (!isJsonObject(content)) return;
  fields[answerNotes.content] = restOf(content, new Set(["parts"]));
  if (!Array.isArray(content["parts"])) fields[answerNotes.noParts] = true;
}

/** A list of chunks, which is what a stream without `alt=sse` is, as one answer. */
function fromList(chunks: readonly JsonValue[]): JsonObject {
  const collector = createDocumentCollector();
  for (const chunk of chunks) collector.add({ type: "", data: JSON.stringify(chunk) });
  return collector.end();
}

/**
 * Reads a `GenerateContentResponse`, or a list of them. Further candidates stay in the extras.
 *
 * @throws {RouterError} `upstream-malformed`, or the error the document reports.
 */
export function decodeResponse(body: unknown, options: DecodeAnswerOptions = {}): Translated<ModelResponse> {
  const document = Array.isArray(body) ? fromList(body as readonly JsonValue[]) : body;
  if (!isJsonObject(document)) throw malformed("not a JSON object", body);
  if (isErrorDocument(document)) throw decodeStreamError(document);
  const answer = unwrapAnswer(document);
  const [candidate, ...others] = objectsIn(answer, "candidates");
  if (candidate === undefined && blockReason(answer) === undefined) throw malformed("no `candidates`", body);
  const id = textIn(answer, "responseId") ?? "";
  const calls = createCallFactory(() => id, options.request);
  const blocks = cite(
    candidate ?? {},
    partsOf(candidate ?? {}).map((part) => decodePart(part, calls)),
  );
  const facts = endFacts(answer, candidate);
  const hasContent = blocks.some((block) => block.type !== "text" || block.text !== "");
  const { reason, refusal } = readEnd(facts, { hasCalls: calls.count > 0, hasContent });
  if (reason === "error") throw failedFinish(facts);
  const fields: Fields = restOf(answer, topKeys);
  if (candidate === undefined) fields[answerNotes.noCandidate] = true;
  else candidateExtras(candidate, refusal !== undefined, fields);
  if (candidate === undefined) {
    // The block is told by the finish.
    fields[answerNotes.top] = { promptFeedback: answer["promptFeedback"] ?? null };
    delete fields["promptFeedback"];
  }
  if (answer["createTime"] !== undefined) {
    fields[answerNotes.top] = { ...objectIn(fields, answerNotes.top), createTime: answer["createTime"] };
  }
  if (others.length > 0) fields["candidates"] = others;
  const usage = decodeUsage(answer["usageMetadata"]);
  const createdAt = createdAtOf(answer);
  const value: ModelResponse = {
    id,
    model: textIn(answer, "modelVersion") ?? "",
    ...(createdAt !== undefined && { createdAt }),
    blocks,
    finish: reason,
    ...(facts.raw !== undefined && { finishRaw: facts.raw }),
    ...(refusal !== undefined && { refusal }),
    ...(usage !== undefined && { usage }),
    extras: { wire, fields },
  };
  return { value, report: createLossCollector().report };
}
