import type { JsonObject, JsonValue } from "@turnout/core";
import type { ParsedAnswer } from "../script/schema.ts";
import { sliceText } from "../script/slices.ts";
import { argumentsText, callsOf, timeSteps, type CallStep, type SpokenStep } from "../script/timed-steps.ts";
import { numberHole, textHole } from "../wire/holes.ts";
import { frame, outputTokens, type Frame, type RenderedAnswer } from "../wire/rendered-answer.ts";
import { chatErrors } from "./errors.ts";

export interface ChatContext {
  /** Steps of reasoning are shown as `reasoning_content`. */
  readonly showsReasoning: boolean;
  /** A last chunk with usage; the others then say `usage: null`. */
  readonly includeUsage: boolean;
  readonly choices: number;
  readonly logprobs: boolean;
}

const id = `chatcmpl-${textHole("token")}5a4db0c5a`;

const finishReasons: Readonly<Record<string, string>> = { max_output_tokens: "length" };

function finishReason(answer: ParsedAnswer): string {
  if (answer.finish.type === "incomplete") return finishReasons[answer.finish.reason] ?? answer.finish.reason;
  return callsOf(answer).length > 0 ? "tool_calls" : "stop";
}

function annotationsOf(annotations: readonly Readonly<Record<string, JsonValue>>[]): JsonObject[] {
  return annotations.flatMap(({ type, ...fields }) =>
    type === "url_citation" ? [{ type, url_citation: { ...fields } }] : [],
  );
}

function callId(step: CallStep, index: number): string {
  return step.callId ?? `call_${textHole("token")}${index.toString(16).padStart(4, "0")}`;
}

function callParts(
  step: CallStep,
  index: number,
): { opening: JsonObject; text: string; wrap(text: string): JsonObject } {
  const custom = step.type === "custom-tool-call";
  const text = custom ? step.input : argumentsText(step);
  const wrap = (piece: string): JsonObject =>
    custom ? { custom: { input: piece } } : { function: { arguments: piece } };
  const named: JsonObject = custom
    ? { custom: { name: step.name, input: "" } }
    : { function: { name: step.name, arguments: "" } };
  return { opening: { id: callId(step, index), type: custom ? "custom" : "function", ...named }, text, wrap };
}

function logprobsOf(text: string): JsonObject {
  const bytes = [...Buffer.from(text)];
  return { content: [{ token: text, logprob: -0.01, bytes, top_logprobs: [] }], refusal: null };
}

/** What a step adds to the message, piece by piece. */
function createDeltaWriter({ showsReasoning }: ChatContext) {
  let calls = 0;

  function callDeltas(step: CallStep): JsonObject[] {
    const index = calls;
    calls += 1;
    const { opening, text, wrap } = callParts(step, index);
    return [
      { tool_calls: [{ index, ...opening }] },
      ...sliceText(text, step).map((piece) => ({ tool_calls: [{ index, ...wrap(piece) }] })),
    ];
  }

  return (step: SpokenStep): JsonObject[] => {
    switch (step.type) {
      case "text": {
        const annotations = annotationsOf(step.annotations);
        const deltas: JsonObject[] = sliceText(step.text, step).map((content) => ({ content }));
        return annotations.length === 0 ? deltas : [...deltas, { annotations }];
      }
      case "json":
        return sliceText(JSON.stringify(step.value), step).map((content) => ({ content }));
      case "refusal":
        return sliceText(step.refusal, step).map((refusal) => ({ refusal }));
      case "reasoning":
        if (!showsReasoning) return [];
        return sliceText(step.summary.join("\n\n"), step).map((text) => ({ reasoning_content: text }));
      case "function-call":
      case "custom-tool-call":
        return callDeltas(step);
      default:
        return [];
    }
  };
}

/** The whole message. */
function messageOf(answer: ParsedAnswer, { showsReasoning }: ChatContext): JsonObject {
  const { steps } = answer;
  const texts = steps.flatMap((step) =>
    step.type === "text" ? [step.text] : step.type === "json" ? [JSON.stringify(step.value)] : [],
  );
  const refusals = steps.flatMap((step) => (step.type === "refusal" ? [step.refusal] : []));
  const thoughts = steps.flatMap((step) => (step.type === "reasoning" ? step.summary : []));
  const annotations = steps.flatMap((step) => (step.type === "text" ? annotationsOf(step.annotations) : []));
  const calls = callsOf(answer).map((step, index): JsonObject => {
    const { opening, text } = callParts(step, index);
    return step.type === "custom-tool-call"
      ? { ...opening, custom: { name: step.name, input: text } }
      : { ...opening, function: { name: step.name, arguments: text } };
  });
  const silent = calls.length > 0 || refusals.length > 0;
  return {
    role: "assistant",
    content: texts.length === 0 && silent ? null : texts.join(""),
    refusal: refusals.length === 0 ? null : refusals.join(""),
    annotations,
    ...(showsReasoning && thoughts.length > 0 ? { reasoning_content: thoughts.join("\n\n") } : {}),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function usageOf(answer: ParsedAnswer, message: JsonObject): JsonObject {
  const { output, reasoning } = outputTokens(answer, JSON.stringify(message).length);
  return {
    prompt_tokens: numberHole("input"),
    completion_tokens: output,
    total_tokens: numberHole("input", output),
    prompt_tokens_details: { cached_tokens: numberHole("cached"), audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function envelope(object: string): JsonObject {
  return {
    id,
    object,
    created: numberHole("created"),
    model: textHole("model"),
    service_tier: "default",
    system_fingerprint: "fp_5a4db0c5a4",
  };
}

/** Several choices say the same, one delta each in turn. */
function choicesOf(context: ChatContext, delta: JsonObject, reason: string | null): JsonObject[] {
  const logprobs = context.logprobs && typeof delta.content === "string" ? logprobsOf(delta.content) : null;
  return Array.from({ length: context.choices }, (_, index) => ({ index, delta, logprobs, finish_reason: reason }));
}

/** A script as Chat Completions says it. */
export function renderChat(answer: ParsedAnswer, context: ChatContext): RenderedAnswer {
  const shell = envelope("chat.completion.chunk");
  const noUsage = context.includeUsage ? { usage: null } : {};
  const chunks = (delta: JsonObject, reason: string | null = null, terminal = false): Frame[] =>
    choicesOf(context, delta, reason).map((choice) => frame("", { ...shell, choices: [choice], ...noUsage }, terminal));
  const writeDeltas = createDeltaWriter(context);
  const write = (step: SpokenStep): Frame[] => {
    if (step.type === "raw") return [frame("", step.event)];
    if (step.type === "keep-alive") {
      return Array.from({ length: step.count }, () => ({ ...frame("comment", 0), data: "keep-alive" }));
    }
    return writeDeltas(step).flatMap((delta) => chunks(delta));
  };
  const inner = timeSteps(answer, write, true).map(({ value, delayMs }): Frame => ({ ...value, delayMs }));
  const message = messageOf(answer, context);
  const usage = usageOf(answer, message);
  const { finish, delayMs } = answer;
  const end =
    finish.type === "failed"
      ? [chatErrors.frame(500, { code: finish.code, message: finish.message })]
      : [
          ...chunks({}, finishReason(answer), true),
          ...(context.includeUsage ? [frame("", { ...shell, choices: [], usage }, true)] : []),
          { ...frame("", 0, true), data: "[DONE]" },
        ];
  const first = { role: "assistant", content: message.content === null ? null : "", refusal: null };
  const choices = Array.from({ length: context.choices }, (_, index) => ({
    index,
    message,
    logprobs: context.logprobs && typeof message.content === "string" ? logprobsOf(message.content) : null,
    finish_reason: finishReason(answer),
  }));
  return {
    frames: [
      ...chunks(first).map((each) => ({ ...each, delayMs })),
      ...inner,
      ...end.map((each) => ({ ...each, delayMs })),
    ],
    document: JSON.stringify({ ...envelope("chat.completion"), choices, usage }),
    id,
    finish,
    usage: answer.usage,
  };
}
