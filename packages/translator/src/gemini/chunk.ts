import { isJsonObject, type JsonObject, type JsonValue, type RefusalDetails } from "@turnout/core";

import { objectIn } from "../fields.ts";
import { decodeFinish, finishWord } from "./finish.ts";
import { objectsIn, textIn } from "./extras.ts";

/** The `GenerateContentResponse` in a document: Google's internal endpoints wrap it as `{response, traceId}`. */
export function unwrapAnswer(document: JsonObject): JsonObject {
  const { response } = document;
  return isJsonObject(response) && document["candidates"] === undefined ? response : document;
}

/** True for an error document, which may stand where an answer is expected. */
export function isErrorDocument(document: JsonObject): boolean {
  return isJsonObject(document["error"]);
}

/** Place of a candidate among several; absent for the only one. */
export function indexOf(candidate: JsonObject): number {
  return typeof candidate["index"] === "number" ? candidate["index"] : 0;
}

/** The parts of a candidate's content; empty where it has none. */
export function partsOf(candidate: JsonObject): JsonObject[] {
  return objectsIn(objectIn(candidate, "content"), "parts");
}

/** Why a prompt was refused, where it was. */
export function blockReason(answer: JsonObject): string | undefined {
  return finishWord(objectIn(answer, "promptFeedback")["blockReason"]);
}

/** What tells of an answer's end. */
export interface EndFacts {
  /** `finishReason`, or the block reason of the prompt. */
  readonly raw: string | undefined;
  /** `finishMessage`, or the message of the block. */
  readonly message: string | undefined;
  /** The prompt was refused. */
  readonly isBlocked: boolean;
}

/** Reads a candidate's or a refused prompt's end. */
export function endFacts(answer: JsonObject, candidate: JsonObject | undefined): EndFacts {
  const blocked = blockReason(answer);
  const word = candidate === undefined ? undefined : finishWord(candidate["finishReason"]);
  if (word !== undefined || blocked === undefined) {
    return { raw: word, message: candidate && textIn(candidate, "finishMessage"), isBlocked: false };
  }
  return { raw: blocked, message: textIn(objectIn(answer, "promptFeedback"), "blockReasonMessage"), isBlocked: true };
}

/** The finish, with what the provider said of an answer it withheld. */
export function readEnd(facts: EndFacts, traits: { readonly hasCalls: boolean; readonly hasContent: boolean }) {
  const reason = facts.isBlocked ? "content-filter" : decodeFinish(facts.raw, traits);
  const refusal: RefusalDetails | undefined =
    reason !== "content-filter"
      ? undefined
      : {
          ...(facts.raw !== undefined && { category: facts.raw }),
          ...(facts.message !== undefined && { explanation: facts.message }),
        };
  return { reason, ...(refusal !== undefined && { refusal }) } as const;
}

/** Seconds since the epoch of a `createTime`. */
export function createdAtOf(answer: JsonObject): number | undefined {
  const time = Date.parse(textIn(answer, "createTime") ?? "");
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}

/** A part's own text; undefined when it is of another kind. A part that is only a signature is an empty text. */
export function partText(part: JsonObject): string | undefined {
  const text: JsonValue | undefined = part["text"];
  if (typeof text === "string") return text;
  return typeof part["thoughtSignature"] === "string" && Object.keys(part).length === 1 ? "" : undefined;
}
