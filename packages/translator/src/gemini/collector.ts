import { isJsonObject, type JsonObject, type JsonValue, RouterError, type WireEvent } from "@turnout/core";

import type { DocumentCollector } from "../codec.ts";
import { type Fields, objectIn, restOf } from "../fields.ts";
import { parseEventObject } from "../parse-json.ts";
import { blockReason, indexOf, isErrorDocument, partsOf, partText, unwrapAnswer } from "./chunk.ts";
import { decodeStreamError } from "./error-decode.ts";
import { objectsIn, textIn } from "./extras.ts";
import { finishWord } from "./finish.ts";
import { createArgumentsBuilder, type ArgumentsBuilder } from "./partial-args.ts";
import { hasCounts } from "./usage.ts";

interface OpenCall {
  readonly part: Fields;
  readonly builder: ArgumentsBuilder;
}

interface CollectedCandidate {
  readonly fields: Fields;
  readonly content: Fields;
  readonly parts: Fields[];
  call: OpenCall | undefined;
}

const candidateKeys = new Set(["content"]);
const contentKeys = new Set(["parts"]);
const topKeys = new Set(["candidates", "usageMetadata"]);
const pieceKeys = new Set(["partialArgs", "willContinue"]);

/** Text that continues the last part: of the same kind, and with no signature between them. */
function continues(last: Fields | undefined, part: JsonObject, text: string): last is Fields {
  if (last === undefined || partText(last) === undefined || last["thoughtSignature"] !== undefined) return false;
  const isTrailing = text === "" && part["thoughtSignature"] !== undefined;
  return isTrailing || (last["thought"] === true) === (part["thought"] === true);
}

function addText(candidate: CollectedCandidate, part: JsonObject, text: string): void {
  if (text === "" && textIn(part, "thoughtSignature") === undefined) return;
  const last = candidate.parts.at(-1);
  if (!continues(last, part, text)) {
    candidate.parts.push({ text, ...restOf(part, new Set(["text"])) });
    return;
  }
  last["text"] = (partText(last) ?? "") + text;
  for (const [key, value] of Object.entries(restOf(part, new Set(["text", "thought"])))) last[key] = value;
}

function closeCall(candidate: CollectedCandidate): void {
  const { call } = candidate;
  if (call === undefined) return;
  candidate.call = undefined;
  const source = objectIn(call.part, "functionCall");
  call.part["functionCall"] = { ...restOf(source, pieceKeys), args: call.builder.value };
}

function addPieces(builder: ArgumentsBuilder, call: JsonObject): void {
  if (builder.add(objectsIn(call, "partialArgs"))) return;
  throw new RouterError("upstream-malformed", "Cannot read the arguments of a tool call: impossible place", {
    excerpt: "",
  });
}

function addCall(candidate: CollectedCandidate, part: JsonObject): void {
  const piece = objectIn(part, "functionCall");
  if (textIn(piece, "name") === undefined) {
    if (candidate.call === undefined) return;
    addPieces(candidate.call.builder, piece);
    if (piece["willContinue"] !== true) closeCall(candidate);
    return;
  }
  closeCall(candidate);
  const copy = restOf(part, new Set());
  candidate.parts.push(copy);
  if (piece["willContinue"] !== true && piece["partialArgs"] === undefined) return;
  const builder = createArgumentsBuilder();
  addPieces(builder, piece);
  candidate.call = { part: copy, builder };
  if (piece["willContinue"] !== true) closeCall(candidate);
}

function addPart(candidate: CollectedCandidate, part: JsonObject): void {
  const text = partText(part);
  if (text !== undefined) {
    if (text !== "" || part["thoughtSignature"] !== undefined) closeCall(candidate);
    addText(candidate, part, text);
  } else if (isJsonObject(part["functionCall"])) addCall(candidate, part);
  else {
    closeCall(candidate);
    candidate.parts.push(restOf(part, new Set()));
  }
}

/** Makes one `GenerateContentResponse` of a stream of them; unknown fields stay, the last of each counts. */
export function createDocumentCollector(): DocumentCollector {
  const top: Fields = {};
  const candidates = new Map<number, CollectedCandidate>();
  let usage: JsonValue | undefined;

  function addCandidate(entry: JsonObject): void {
    const index = indexOf(entry);
    let candidate = candidates.get(index);
    if (candidate === undefined) {
      candidate = { fields: {}, content: {}, parts: [], call: undefined };
      candidates.set(index, candidate);
    }
    Object.assign(candidate.fields, restOf(entry, candidateKeys));
    Object.assign(candidate.content, restOf(objectIn(entry, "content"), contentKeys));
    for (const part of partsOf(entry)) addPart(candidate, part);
  }

  return {
    add: (event: WireEvent) => {
      const answer = unwrapAnswer(parseEventObject(event.data, "Gemini chunk"));
      if (isErrorDocument(answer)) throw decodeStreamError(answer);
      Object.assign(top, restOf(answer, topKeys));
      for (const entry of objectsIn(answer, "candidates")) addCandidate(entry);
      const { usageMetadata } = answer;
      if (isJsonObject(usageMetadata) && (hasCounts(usageMetadata) || !hasCounts(usage))) usage = usageMetadata;
    },
    end: () => {
      const list = [...candidates].toSorted(([left], [right]) => left - right).map(([, candidate]) => candidate);
      const isFinished = list.some(({ fields }) => finishWord(fields["finishReason"]) !== undefined);
      if (!isFinished && (list.length > 0 || blockReason(top) === undefined)) {
        const message = "Cannot finish the answer: the upstream's stream ended before it";
        throw new RouterError("upstream-unavailable", message, { status: undefined, requestSent: true });
      }
      for (const candidate of list) closeCall(candidate);
      return {
        ...(list.length > 0 && {
          candidates: list.map(({ fields, content, parts }) => ({ content: { ...content, parts }, ...fields })),
        }),
        ...top,
        ...(usage !== undefined && { usageMetadata: usage }),
      };
    },
  };
}
