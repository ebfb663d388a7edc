import type { Runtime } from "@turnout/core";
import type { Minter } from "../minter.ts";
import type { ParsedSandboxOptions } from "../options.ts";
import { groupBatches, type Batch } from "../pump.ts";
import type { ScenarioQueue } from "../scenarios.ts";
import { answer, say } from "../script/builders.ts";
import { defaultAnswer, directedAnswer, directedFault } from "../script/default-answer.ts";
import type { ParsedFault } from "../script/fault-schema.ts";
import { parseAnswer } from "../script/render.ts";
import { schemaInstance } from "../script/schema-instance.ts";
import type { AnswerScript } from "../script/schema.ts";
import type { AcceptedCall } from "./dialect.ts";
import { fillHoles, parseHoles, type HoleText, type HoleValues } from "./holes.ts";
import { documentFrames } from "./plan-delivery.ts";
import { createBatchFiller } from "./ready-batches.ts";
import type { Frame, RenderedAnswer } from "./rendered-answer.ts";

/** Made once for each script, language and variant. */
interface CachedAnswer {
  readonly rendered: RenderedAnswer;
  readonly id: HoleText;
  readonly document: HoleText;
  /** The whole body in as few writes as there are waits and `eventsPerWrite` allows. */
  readonly batchesFor: (values: HoleValues) => Batch<Buffer>[];
}

/** An answer that is ready to go out. */
export interface PreparedCall {
  readonly id: string;
  readonly fault: ParsedFault | undefined;
  readonly finish: RenderedAnswer["finish"];
  /** The frames one by one, for faults. */
  frames(): readonly Frame[];
  batches(): Batch<Buffer>[];
  document(): string;
}

export interface WireResponderOptions {
  readonly runtime: Runtime;
  readonly minter: Minter;
  readonly scenarios: ScenarioQueue;
  readonly options: ParsedSandboxOptions;
  /** The default answer as the caller wrote it. */
  readonly answer: AnswerScript | undefined;
}

/** Tokens are made for this name: answers of the public languages do not belong to an account. */
export const publicName = "public-api";

function forcedAnswer({ forcedTool, conversation }: AcceptedCall): AnswerScript | undefined {
  if (forcedTool === undefined || conversation.outputs.has(forcedTool.name)) return undefined;
  return answer(say.call(forcedTool.name, schemaInstance(forcedTool.parameters ?? {})));
}

/** Finds the answer to a request, and renders each script once. */
export function createWireResponder({ runtime, minter, scenarios, options, answer: configured }: WireResponderOptions) {
  const cache = new WeakMap<AnswerScript, Map<string, CachedAnswer>>();

  function build(script: AnswerScript, call: AcceptedCall): CachedAnswer {
    const rendered = call.render(parseAnswer(script));
    const { framing } = call;
    const parts = rendered.frames.map(({ name, data, delayMs }, index) => ({
      delayMs,
      text: framing.text(name, data, index),
    }));
    if (framing.end !== "") parts.push({ delayMs: 0, text: framing.end });
    const batches = groupBatches(parts, options.eventsPerWrite).map(({ delayMs, content }) => ({
      delayMs,
      content: parseHoles(content.map(({ text }) => text).join("")),
    }));
    return {
      rendered,
      batchesFor: createBatchFiller(batches),
      id: parseHoles(rendered.id),
      document: parseHoles(rendered.document),
    };
  }

  function find(script: AnswerScript, call: AcceptedCall): CachedAnswer {
    let variants = cache.get(script);
    if (variants === undefined) {
      variants = new Map();
      cache.set(script, variants);
    }
    let cached = variants.get(call.variant);
    if (cached === undefined) {
      cached = build(script, call);
      variants.set(call.variant, cached);
    }
    return cached;
  }

  /** Scenario, then directives, then the configured answer, then the built-in one. */
  function choose(call: AcceptedCall): { script: AnswerScript; fault: ParsedFault | undefined } {
    const { conversation } = call;
    const scenario = scenarios.takeForRequest("http", call.body);
    const fault = scenario?.fault ?? (scenario?.answer === undefined ? directedFault(conversation) : undefined);
    const script =
      scenario?.answer ??
      directedAnswer(conversation) ??
      configured ??
      forcedAnswer(call) ??
      defaultAnswer(conversation);
    return { script, fault };
  }

  return (call: AcceptedCall): PreparedCall => {
    const { script, fault } = choose(call);
    const cached = find(script, call);
    const { usage, finish, frames } = cached.rendered;
    const input = usage.inputTokens ?? call.inputTokens;
    const cachedTokens = Math.min(usage.cachedTokens ?? 0, input);
    const values: HoleValues = {
      token: minter.token(publicName),
      model: call.model,
      created: Math.floor(runtime.now() / 1000),
      input,
      fresh: input - cachedTokens,
      cached: cachedTokens,
    };
    const fill = (text: string) => fillHoles(parseHoles(text), values);
    const document = () => fillHoles(cached.document, values);
    return {
      id: fillHoles(cached.id, values),
      fault,
      finish,
      frames: () =>
        call.stream ? frames.map((each) => ({ ...each, data: fill(each.data) })) : documentFrames(document()),
      batches: () => (call.stream ? cached.batchesFor(values) : [{ delayMs: 0, content: Buffer.from(document()) }]),
      document,
    };
  };
}
