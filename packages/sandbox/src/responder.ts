import type { JsonValue, Runtime } from "@turnout/core";
import type { Caller } from "./accounts.ts";
import type { Minter } from "./minter.ts";
import { echoOf } from "./openai/responses-rules.ts";
import type { ParsedSandboxOptions } from "./options.ts";
import { groupBatches, type Batch } from "./pump.ts";
import type { ScenarioQueue } from "./scenarios.ts";
import { createAnswerTemplate, type AnswerTemplate, type FrameTemplate } from "./script/answer-template.ts";
import { answer, say } from "./script/builders.ts";
import { readConversation } from "./script/conversation.ts";
import { defaultAnswer, directedAnswer, directedFault } from "./script/default-answer.ts";
import type { OutgoingEvent } from "./script/delivery.ts";
import type { ParsedFault } from "./script/fault-schema.ts";
import { parseAnswer, slotValues } from "./script/render.ts";
import type { AnswerScript } from "./script/schema.ts";
import { fillTemplate, parseTemplate, type SlotValues, type Template } from "./script/template.ts";
import type { InputItem, ResponsesRequest } from "./strict/request-schema.ts";
import type { PlanUsage } from "./usage.ts";

/** A request that keeps every rule. */
export interface AcceptedRequest {
  readonly transport: "ws" | "http";
  readonly request: ResponsesRequest;
  /** As the client sent it. */
  readonly body: JsonValue;
  /** The whole conversation. */
  readonly input: readonly InputItem[];
  readonly caller: Caller;
  readonly inputTokens: number;
  /** Tokens of what a continuation did not send again. */
  readonly cachedTokens: number;
}

/** An answer that is ready to go out. */
export interface PreparedAnswer {
  readonly responseId: string;
  readonly fault: ParsedFault | undefined;
  readonly finish: AnswerTemplate["finish"];
  /** The output items as a JSON array. */
  readonly outputText: string;
  readonly frames: readonly FrameTemplate[];
  readonly values: SlotValues;
  /** The events one by one, for faults. */
  events(): OutgoingEvent[];
  /** The events as SSE text, ready for the pump. */
  sse(): Batch<string>[];
  /** The whole response object, for clients that do not stream. */
  document(): string;
}

export interface ResponderOptions {
  readonly runtime: Runtime;
  readonly minter: Minter;
  readonly usage: PlanUsage;
  readonly scenarios: ScenarioQueue;
  readonly options: ParsedSandboxOptions;
  /** The default answer as the caller wrote it. */
  readonly answer: AnswerScript | undefined;
}

export interface Responder {
  prepare(accepted: AcceptedRequest): PreparedAnswer;
}

/** One event in SSE: `event:` repeats the type. */
export function sseText(type: string, json: string): string {
  return `event: ${type}\ndata: ${json}\n\n`;
}

const noPrelude = { limits: "null", metadata: "null" };
const warmUpAnswer: AnswerScript = { steps: [], usage: { outputTokens: 0 } };
const compactionAnswer = answer(say.compaction());

export function createResponder(deps: ResponderOptions): Responder {
  const { runtime, minter, usage, scenarios, options } = deps;
  const templates = new WeakMap<AnswerScript, Map<string, AnswerTemplate>>();
  const sseTemplates = new WeakMap<AnswerTemplate, readonly Batch<Template>[]>();

  function findTemplate(script: AnswerScript, transport: "ws" | "http", encrypted: boolean): AnswerTemplate {
    let variants = templates.get(script);
    if (variants === undefined) {
      variants = new Map();
      templates.set(script, variants);
    }
    const key = `${transport}${encrypted}`;
    let template = variants.get(key);
    if (template === undefined) {
      template = createAnswerTemplate(parseAnswer(script), { transport, encrypted }, minter);
      variants.set(key, template);
    }
    return template;
  }

  function findSse(template: AnswerTemplate): readonly Batch<Template>[] {
    let batches = sseTemplates.get(template);
    if (batches === undefined) {
      batches = groupBatches(template.frames, options.eventsPerWrite).map(({ delayMs, content }) => ({
        delayMs,
        content: parseTemplate(content.map(({ type, source }) => sseText(type, source)).join("")),
      }));
      sseTemplates.set(template, batches);
    }
    return batches;
  }

  /** Scenario, then directives, then the configured answer, then the built-in one. */
  function choose(accepted: AcceptedRequest): { script: AnswerScript; fault: ParsedFault | undefined } {
    const { request, input, transport, body } = accepted;
    if (request.generate === false) return { script: warmUpAnswer, fault: undefined };
    const scenario = scenarios.takeForRequest(transport, body);
    if (scenario?.answer !== undefined) return { script: scenario.answer, fault: scenario.fault };
    const format = request.text?.format;
    const conversation = readConversation({
      input,
      tools: request.tools ?? [],
      schema: format?.type === "json_schema" ? format.schema : undefined,
    });
    const fault = scenario?.fault ?? directedFault(conversation);
    if (conversation.compacts) return { script: compactionAnswer, fault };
    return { script: directedAnswer(conversation) ?? deps.answer ?? defaultAnswer(conversation), fault };
  }

  function preludeTexts(model: string, caller: Caller): { limits: string; metadata: string } {
    const headers = { "openai-model": model, "x-codex-turn-state": `ts_${minter.token(caller.accountId)}` };
    return {
      limits: JSON.stringify(usage.event(caller)),
      metadata: JSON.stringify({ type: "codex.response.metadata", headers }),
    };
  }

  return {
    prepare(accepted) {
      const { request, transport, caller } = accepted;
      const { script, fault } = choose(accepted);
      const encrypted = request.include?.includes("reasoning.encrypted_content") ?? false;
      const template = findTemplate(script, transport, encrypted);
      const values = slotValues(template, {
        token: minter.token(caller.accountId),
        model: request.model,
        createdAt: Math.floor(runtime.now() / 1000),
        previousResponseId: request.previous_response_id ?? null,
        effort: request.reasoning?.effort ?? null,
        serviceTier: request.service_tier ?? "default",
        inputTokens: accepted.inputTokens,
        cachedTokens: accepted.cachedTokens,
        ...(caller.kind === "api-key" ? { echo: echoOf(request) } : {}),
        ...(template.prelude ? preludeTexts(request.model, caller) : noPrelude),
      });
      usage.count(caller);
      return {
        responseId: fillTemplate(template.id, values),
        fault,
        finish: template.finish,
        outputText: fillTemplate(template.output, values),
        frames: template.frames,
        values,
        events: () =>
          template.frames.map(({ type, template: frame, delayMs }) => ({
            type,
            data: fillTemplate(frame, values),
            delayMs,
          })),
        sse: () =>
          findSse(template).map(({ delayMs, content }) => ({ delayMs, content: fillTemplate(content, values) })),
        document: () => fillTemplate(template.document, values),
      };
    },
  };
}
