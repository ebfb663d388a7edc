import type { JsonObject } from "@turnout/core";
import { jsonCopy, objectOf } from "../json.ts";
import type { Minter } from "../minter.ts";
import { draftItem, responseId, type DraftEvent } from "./output-items.ts";
import type { ParsedAnswer } from "./schema.ts";
import { timeSteps, type SpokenStep, type Timed } from "./timed-steps.ts";
import { headMark, parseTemplate, valueMark, type Template } from "./template.ts";

/** One event of an answer, still without its ids. */
export interface FrameTemplate {
  readonly type: string;
  /** JSON text with marks. */
  readonly source: string;
  readonly template: Template;
  /** Milliseconds to wait before it. */
  readonly delayMs: number;
}

/** A script turned into events, once for all answers that it gives. */
export interface AnswerTemplate {
  readonly frames: readonly FrameTemplate[];
  /** The response id. */
  readonly id: Template;
  /** The output items as a JSON array. */
  readonly output: Template;
  /** The terminal event's `response` alone. */
  readonly document: Template;
  /** It has the two events before the start. */
  readonly prelude: boolean;
  readonly finish: ParsedAnswer["finish"];
  readonly usage: ParsedAnswer["usage"];
  /** Characters of output, for the estimate of tokens. */
  readonly outputCharacters: number;
  readonly reasons: boolean;
}

export interface AnswerVariant {
  readonly transport: "ws" | "http";
  /** The request asked for `reasoning.encrypted_content`. */
  readonly encrypted: boolean;
}

interface Collected {
  readonly drafts: readonly Timed<DraftEvent>[];
  readonly items: readonly JsonObject[];
}

function collectSteps(answer: ParsedAnswer, variant: AnswerVariant, minter: Pick<Minter, "payload">): Collected {
  const items: JsonObject[] = [];

  function say(step: SpokenStep): readonly DraftEvent[] {
    if (step.type === "raw") {
      const { type, ...fields } = step.event;
      return [{ type, fields: objectOf(jsonCopy(fields)) }];
    }
    if (step.type === "keep-alive") return Array.from({ length: step.count }, () => ({ type: step.event, fields: {} }));
    const item = draftItem({ minter, outputIndex: items.length, encrypted: variant.encrypted }, step);
    if (item === undefined) return [];
    items.push(item.item);
    return item.events;
  }

  const drafts = timeSteps(answer, say, true);
  return { drafts, items };
}

function responseObject(status: string, fields: JsonObject): JsonObject {
  return {
    id: responseId,
    object: "response",
    status,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    output: [],
    usage: null,
    [headMark]: 0,
    ...fields,
  };
}

function terminal(answer: ParsedAnswer, output: readonly JsonObject[]): { type: string; response: JsonObject } {
  const fields = { output: answer.emptyTerminalOutput ? [] : [...output], usage: valueMark("usage") };
  const { finish } = answer;
  switch (finish.type) {
    case "completed":
      return { type: "response.completed", response: responseObject("completed", fields) };
    case "incomplete":
      return {
        type: "response.incomplete",
        response: responseObject("incomplete", { ...fields, incomplete_details: { reason: finish.reason } }),
      };
    case "failed":
      return {
        type: "response.failed",
        response: responseObject("failed", {
          output: fields.output,
          error: { code: finish.code, message: finish.message },
        }),
      };
  }
}

function frame(type: string, source: string, delayMs: number): FrameTemplate {
  return { type, source, template: parseTemplate(source), delayMs };
}

/** Turns a script into its events. Keeps no reference to the account or the request. */
export function createAnswerTemplate(
  answer: ParsedAnswer,
  variant: AnswerVariant,
  minter: Pick<Minter, "payload">,
): AnswerTemplate {
  const { drafts, items } = collectSteps(answer, variant, minter);
  const opening = { response: responseObject("in_progress", {}) };
  const end = terminal(answer, items);
  const { delayMs } = answer;
  const numbered: Timed<DraftEvent>[] = [
    { value: { type: "response.created", fields: opening }, delayMs },
    { value: { type: "response.in_progress", fields: opening }, delayMs },
    ...drafts,
    { value: { type: end.type, fields: { response: end.response } }, delayMs },
  ];
  const prelude = answer.prelude ?? variant.transport === "ws";
  const frames = [
    ...(prelude
      ? [
          frame("codex.rate_limits", JSON.stringify(valueMark("limits")), 0),
          frame("codex.response.metadata", JSON.stringify(valueMark("metadata")), 0),
        ]
      : []),
    ...numbered.map(({ value: { type, fields }, delayMs }, index) =>
      frame(type, JSON.stringify({ type, sequence_number: index, ...fields }), delayMs),
    ),
  ];
  return {
    frames,
    id: parseTemplate(responseId),
    output: parseTemplate(JSON.stringify(items)),
    document: parseTemplate(JSON.stringify(end.response)),
    prelude,
    finish: answer.finish,
    usage: answer.usage,
    outputCharacters: JSON.stringify(items).length,
    reasons: answer.steps.some(({ type }) => type === "reasoning"),
  };
}
