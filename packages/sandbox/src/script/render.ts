import type { JsonObject } from "@turnout/core";
import { createMinter } from "../minter.ts";
import { createAnswerTemplate, type AnswerTemplate } from "./answer-template.ts";
import { answerScriptSchema, type AnswerScript, type ParsedAnswer } from "./schema.ts";
import { fillTemplate, type SlotValues } from "./template.ts";

/** What one answer is about, beside its script. */
export interface AnswerContext {
  readonly token: string;
  readonly model: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly previousResponseId: string | null;
  readonly effort: string | null;
  readonly serviceTier: string;
  /** What the public API repeats of the request. */
  readonly echo?: JsonObject;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  /** The `codex.rate_limits` event as JSON text. */
  readonly limits: string;
  /** The `codex.response.metadata` event as JSON text. */
  readonly metadata: string;
}

/** The texts that fill an answer's template. */
export function slotValues(template: AnswerTemplate, context: AnswerContext): SlotValues {
  const { usage } = template;
  const inputTokens = usage.inputTokens ?? context.inputTokens;
  const cachedTokens = Math.min(usage.cachedTokens ?? context.cachedTokens, inputTokens);
  const reasoningTokens = usage.reasoningTokens ?? (template.reasons ? 64 : 0);
  const outputTokens = usage.outputTokens ?? Math.ceil(template.outputCharacters / 8) + reasoningTokens;
  const head = JSON.stringify({
    created_at: context.createdAt,
    model: context.model,
    parallel_tool_calls: true,
    previous_response_id: context.previousResponseId,
    reasoning: { effort: context.effort, summary: null },
    service_tier: context.serviceTier,
    store: false,
    temperature: 1,
    text: { format: { type: "text" } },
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    truncation: "disabled",
    user: null,
    metadata: {},
    ...context.echo,
  });
  return {
    token: context.token,
    head: head.slice(1, -1),
    usage: JSON.stringify({
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: cachedTokens },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: reasoningTokens },
      total_tokens: inputTokens + outputTokens,
    }),
    limits: context.limits,
    metadata: context.metadata,
  };
}

const parsedAnswers = new WeakMap<AnswerScript, ParsedAnswer>();

/** Fills in the defaults, once for each script object. */
export function parseAnswer(script: AnswerScript): ParsedAnswer {
  const known = parsedAnswers.get(script);
  if (known !== undefined) return known;
  const parsed = answerScriptSchema.parse(script);
  parsedAnswers.set(script, parsed);
  return parsed;
}

/** One event as the client gets it. */
export interface RenderedEvent {
  readonly type: string;
  /** The event's JSON: a text frame on a socket, a `data:` line over HTTP. */
  readonly json: string;
  /** Milliseconds of waiting before it. */
  readonly delayMs: number;
}

export interface RenderEventsOptions {
  /** Sockets have two events before the start, unless the script says otherwise. Default `ws`. */
  readonly transport?: "ws" | "http";
  /** Default `gpt-5.4`. */
  readonly model?: string;
  /** Default 1. */
  readonly seed?: number;
  /** Whose payloads they are. Default `account`. */
  readonly accountId?: string;
}

/**
 * The events of an answer, without any server.
 *
 * @throws {z.ZodError} when the script is not one.
 */
export function renderEvents(answer: AnswerScript, options: RenderEventsOptions = {}): readonly RenderedEvent[] {
  const minter = createMinter(options.seed ?? 1);
  const variant = { transport: options.transport ?? "ws", encrypted: true } as const;
  const template = createAnswerTemplate(parseAnswer(answer), variant, minter);
  const values = slotValues(template, {
    token: minter.token(options.accountId ?? "account"),
    model: options.model ?? "gpt-5.4",
    createdAt: 0,
    previousResponseId: null,
    effort: null,
    serviceTier: "default",
    inputTokens: 100,
    cachedTokens: 0,
    limits: '{"type":"codex.rate_limits"}',
    metadata: '{"type":"codex.response.metadata"}',
  });
  return template.frames.map(({ type, template: frame, delayMs }) => ({
    type,
    json: fillTemplate(frame, values),
    delayMs,
  }));
}

/** How many events an answer has, so that a test can cut at every boundary. */
export function frameCount(answer: AnswerScript, transport: "ws" | "http" = "ws"): number {
  return renderEvents(answer, { transport }).length;
}
