import type { JsonObject, JsonValue } from "@turnout/core";
import { parseObject } from "../json.ts";
import type { ParsedAnswer } from "../script/schema.ts";
import { sliceText } from "../script/slices.ts";
import { argumentsText, type CallStep, type SpokenStep } from "../script/timed-steps.ts";
import { signature } from "../wire/signatures.ts";
import { signedContents } from "./content-rules.ts";

export interface PartContext {
  /** Thoughts are shown. */
  readonly thoughts: boolean;
  /** Signs the first call of every answer. */
  readonly signs: boolean;
}

function reasoningLength(answer: ParsedAnswer): number | undefined {
  const step = answer.steps.find(({ type }) => type === "reasoning");
  return step?.type === "reasoning" ? step.encryptedLength : undefined;
}

/** What a signature is made of: the length of the script's payload, or a usual one where the model always signs. */
export function signatureLength(answer: ParsedAnswer, { signs }: PartContext): number | undefined {
  return reasoningLength(answer) ?? (signs ? 120 : undefined);
}

/** Turns steps into parts; remembers that only the first call of an answer is signed. */
export function createPartWriter(answer: ParsedAnswer, context: PartContext) {
  const length = signatureLength(answer, context);
  let signed = false;

  function callPart(step: CallStep): JsonObject {
    const args = parseObject(argumentsText(step));
    const call = {
      ...(step.callId === undefined ? {} : { id: step.callId }),
      name: step.name,
      args,
    };
    const first = !signed && length !== undefined;
    signed = true;
    const sealed = first ? signedContents({ functionCall: call })[0] : undefined;
    return {
      functionCall: call,
      ...(sealed === undefined ? {} : { thoughtSignature: signature(sealed, length) }),
    };
  }

  return (step: SpokenStep): JsonObject[] => {
    switch (step.type) {
      case "text":
        return sliceText(step.text, step).map((text) => ({ text }));
      case "json":
        return sliceText(JSON.stringify(step.value), step).map((text) => ({ text }));
      case "reasoning":
        if (!context.thoughts) return [];
        return sliceText(step.summary.join("\n\n"), step).map((text) => ({ text, thought: true }));
      case "function-call":
      case "custom-tool-call":
        return [callPart(step)];
      default:
        return [];
    }
  };
}

/** Texts of one kind that follow each other are one part in a document. */
export function mergeParts(parts: readonly JsonObject[]): JsonObject[] {
  const merged: JsonObject[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (typeof part.text === "string" && typeof last?.text === "string" && last.thought === part.thought) {
      merged[merged.length - 1] = { ...last, ...part, text: last.text + part.text };
    } else merged.push(part);
  }
  return merged;
}

interface Citation {
  readonly url: JsonValue;
  readonly title: JsonValue;
  /** UTF-8 bytes. */
  readonly startIndex: number;
  readonly endIndex: number;
  readonly text: string;
}

function citationsOf(answer: ParsedAnswer): Citation[] {
  const citations: Citation[] = [];
  let before = "";
  for (const step of answer.steps) {
    if (step.type !== "text") continue;
    for (const { type, url, title, start_index: start, end_index: end } of step.annotations) {
      if (type !== "url_citation") continue;
      const from = typeof start === "number" ? start : 0;
      const to = typeof end === "number" ? end : step.text.length;
      const startIndex = Buffer.byteLength(before + step.text.slice(0, from));
      const text = step.text.slice(from, to);
      const endIndex = startIndex + Buffer.byteLength(text);
      citations.push({ url: url ?? "", title: title ?? "", startIndex, endIndex, text });
    }
    before += step.text;
  }
  return citations;
}

/** What a search found: searches of the script, and its citations with offsets in bytes. */
export function groundingOf(answer: ParsedAnswer): JsonObject {
  const queries = answer.steps.flatMap((step) => (step.type === "web-search" ? [step.query] : []));
  const citations = citationsOf(answer);
  if (queries.length === 0 && citations.length === 0) return {};
  return {
    groundingMetadata: {
      webSearchQueries: queries,
      groundingChunks: citations.map(({ url, title }) => ({ web: { uri: url, title } })),
      groundingSupports: citations.map(({ startIndex, endIndex, text }, index) => ({
        segment: { startIndex, endIndex, text },
        groundingChunkIndices: [index],
      })),
    },
  };
}
