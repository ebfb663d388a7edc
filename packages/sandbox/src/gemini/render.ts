import type { JsonObject } from "@turnout/core";
import type { ParsedAnswer } from "../script/schema.ts";
import { callsOf, timeSteps, type SpokenStep } from "../script/timed-steps.ts";
import { numberHole, textHole } from "../wire/holes.ts";
import { frame, outputTokens, type Frame, type RenderedAnswer } from "../wire/rendered-answer.ts";
import { signature } from "../wire/signatures.ts";
import { geminiErrors } from "./errors.ts";
import { createPartWriter, groundingOf, mergeParts, signatureLength, type PartContext } from "./parts.ts";

export interface GeminiContext extends PartContext {
  readonly candidates: number;
}

const id = `${textHole("token")}5a`;
const envelope = { modelVersion: textHole("model"), responseId: id };

const finishReasons: Readonly<Record<string, string>> = { max_output_tokens: "MAX_TOKENS", content_filter: "SAFETY" };

function finishFields(answer: ParsedAnswer): JsonObject {
  const refusal = answer.steps.find(({ type }) => type === "refusal");
  if (refusal?.type === "refusal") return { finishReason: "SAFETY", finishMessage: refusal.refusal };
  const { finish } = answer;
  if (finish.type !== "incomplete") return { finishReason: "STOP" };
  return { finishReason: finishReasons[finish.reason] ?? finish.reason };
}

/** Counters after so many tokens of the answer: they grow from chunk to chunk. */
function usage(candidates: number, thoughts: number): JsonObject {
  return {
    promptTokenCount: numberHole("input"),
    ...(candidates === 0 ? {} : { candidatesTokenCount: candidates }),
    totalTokenCount: numberHole("input", candidates + thoughts),
    cachedContentTokenCount: numberHole("cached"),
    promptTokensDetails: [{ modality: "TEXT", tokenCount: numberHole("input") }],
    ...(thoughts === 0 ? {} : { thoughtsTokenCount: thoughts }),
  };
}

function candidatesOf(count: number, fields: JsonObject): JsonObject[] {
  return Array.from({ length: count }, (_, index) => ({ ...fields, index }));
}

/** A script as the Gemini API says it. */
export function renderGemini(answer: ParsedAnswer, context: GeminiContext): RenderedAnswer {
  const writeParts = createPartWriter(answer, context);
  const parts: JsonObject[] = [];

  const write = (step: SpokenStep): ({ readonly part: JsonObject } | Frame)[] => {
    if (step.type === "raw") return [frame("", step.event)];
    // No keep-alive of its own: a chunk that says nothing but the usage.
    if (step.type === "keep-alive")
      return Array.from({ length: step.count }, () => frame("", { usageMetadata: usage(0, 0), ...envelope }));
    const written = writeParts(step);
    parts.push(...written);
    return written.map((part) => ({ part }));
  };

  const timed = timeSteps(answer, write);
  const length = signatureLength(answer, context);
  // Recorded: without calls the signature comes with an empty text at the end.
  const signed = length !== undefined && callsOf(answer).length === 0;
  const lastPart: JsonObject = { text: "", ...(signed ? { thoughtSignature: signature("part", length) } : {}) };
  const { output, reasoning } = outputTokens(answer, JSON.stringify(mergeParts(parts)).length);
  const visible = Math.max(0, output - reasoning);

  let said = 0;
  const inner = timed.map(({ value, delayMs }): Frame => {
    if (!("part" in value)) return { ...value, delayMs };
    said += 1;
    const counters = usage(Math.floor((visible * said) / (parts.length + 1)), reasoning);
    const candidates = candidatesOf(context.candidates, { content: { parts: [value.part], role: "model" } });
    return { ...frame("", { candidates, usageMetadata: counters, ...envelope }), delayMs };
  });

  const refused = answer.steps.some(({ type }) => type === "refusal");
  const end = { ...finishFields(answer), ...groundingOf(answer) };
  const content = refused ? {} : { content: { parts: [lastPart], role: "model" } };
  const total = { usageMetadata: usage(visible, reasoning), ...envelope };
  const { finish, delayMs } = answer;
  const last =
    finish.type === "failed"
      ? geminiErrors(false).frame(500, { message: finish.message })
      : frame("", { candidates: candidatesOf(context.candidates, { ...content, ...end }), ...total }, true);
  const whole = mergeParts(signed ? [...parts, lastPart] : parts);
  const message = refused && whole.length === 0 ? {} : { content: { parts: whole, role: "model" } };
  return {
    frames: [...inner, { ...last, delayMs }],
    document: JSON.stringify({ candidates: candidatesOf(context.candidates, { ...message, ...end }), ...total }),
    id,
    finish,
    usage: answer.usage,
  };
}
