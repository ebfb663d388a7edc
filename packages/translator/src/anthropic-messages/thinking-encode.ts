import type { JsonObject, ModelRequest, ReasoningControl, Turn } from "@turnout/core";

import type { Fields } from "../fields.ts";
import type { LossCollector } from "../report.ts";
import { wire } from "./extras.ts";
import type { ModelCapabilities } from "./models.ts";

/** Tokens of thought for an effort, and the efforts behind numbers of tokens (translation.md 2.10). */
const budgets: readonly (readonly [effort: string, budget: number])[] = [
  ["minimal", 1024],
  ["low", 2048],
  ["medium", 8192],
  ["high", 16_384],
  ["xhigh", 32_768],
];

const smallestBudget = 1024;

/** `thinking`, and `effort` for `output_config`. */
export interface ThinkingFields {
  readonly thinking?: JsonObject;
  readonly effort?: string;
  /** The model will think as far as the request says. */
  readonly isThinking: boolean;
}

function effortOf(reasoning: ReasoningControl): string | undefined {
  const { effort, budgetTokens } = reasoning;
  if (effort !== undefined || budgetTokens === undefined || budgetTokens < 0) return effort;
  if (budgetTokens === 0) return "none";
  return budgets.find(([, budget]) => budgetTokens <= budget)?.[0] ?? "xhigh";
}

function budgetOf(reasoning: ReasoningControl, maxTokens: number): number | undefined {
  const { effort, budgetTokens } = reasoning;
  if (budgetTokens !== undefined) return budgetTokens < 0 ? undefined : budgetTokens;
  if (effort === undefined) return undefined;
  if (effort === "max" || effort === "ultra") return maxTokens - 1;
  return budgets.find(([name]) => name === effort)?.[1];
}

/** The nearest offered effort: towards less, except that what is stronger than `high` becomes the strongest. */
function offeredEffort(effort: string, model: ModelCapabilities): string {
  if (model.efforts.includes(effort)) return effort;
  const isStrong = effort === "xhigh" || effort === "max" || effort === "ultra";
  return (isStrong ? model.efforts.at(-1) : model.efforts[0]) ?? effort;
}

/** Budget thinking wants the thoughts of the step that is under way; without them it is refused (T01, T02). */
function lacksThoughts(turns: readonly Turn[]): boolean {
  const last = turns.at(-1);
  const step = turns.at(-2);
  if (last?.role !== "user" || !last.blocks.some((block) => block.type === "tool-result")) return false;
  if (step?.role !== "assistant" || !step.blocks.some((block) => block.type === "tool-call")) return false;
  return !step.blocks.some((block) => {
    return block.type === "reasoning" && block.payload !== undefined && block.provenance?.wire === wire;
  });
}

function adaptive(reasoning: ReasoningControl, model: ModelCapabilities, losses: LossCollector): ThinkingFields {
  const effort = effortOf(reasoning);
  if (reasoning.effort !== undefined && reasoning.budgetTokens !== undefined) {
    losses.dropped("reasoning.budgetTokens", "the model takes an effort, not a number of tokens");
  }
  if (effort === "none") return { thinking: { type: "disabled" }, isThinking: false };
  const thinking: Fields = { type: "adaptive" };
  if (reasoning.summary !== undefined) {
    thinking["display"] = reasoning.summary === "none" ? "omitted" : "summarized";
  }
  if (effort === undefined || model.efforts.length === 0) return { thinking, isThinking: true };
  const offered = offeredEffort(effort, model);
  if (offered !== effort) losses.approximated("reasoning.effort", `effort \`${effort}\` sent as \`${offered}\``);
  return { thinking, effort: offered, isThinking: true };
}

function budgeted(
  request: ModelRequest,
  reasoning: ReasoningControl,
  maxTokens: number,
  losses: LossCollector,
): ThinkingFields {
  const wanted = budgetOf(reasoning, maxTokens);
  const off: ThinkingFields = { thinking: { type: "disabled" }, isThinking: false };
  if (reasoning.effort === "none" || wanted === 0) return off;
  // Thoughts are wanted or not, but nothing says how many: the model's default, which is none.
  if (wanted === undefined) return { isThinking: false };
  if (lacksThoughts(request.turns)) {
    losses.dropped("reasoning", "the thoughts of the step under way are not in the history, so thinking is off for it");
    return off;
  }
  const budget = Math.min(Math.max(wanted, smallestBudget), maxTokens - 1);
  if (budget < smallestBudget) {
    losses.dropped("reasoning", `no room to think within ${maxTokens} tokens`);
    return off;
  }
  if (budget !== wanted) losses.approximated("reasoning", `${wanted} tokens of thought sent as ${budget}`);
  return { thinking: { type: "enabled", budget_tokens: budget }, isThinking: true };
}

/**
 * How much another format's client wants the model to think, in the words this model takes.
 *
 * @param isForced - The request forces a tool, which goes before budget thinking (T20).
 */
export function encodeThinking(
  request: ModelRequest,
  model: ModelCapabilities,
  maxTokens: number,
  isForced: boolean,
  losses: LossCollector,
): ThinkingFields {
  const { reasoning } = request;
  if (reasoning === undefined) return { isThinking: false };
  if (model.thinking === "none") {
    if (reasoning.effort !== "none") losses.dropped("reasoning", "the model does not think");
    return { isThinking: false };
  }
  if (model.thinking !== "budget") return adaptive(reasoning, model, losses);
  const fields = budgeted(request, reasoning, maxTokens, losses);
  if (!isForced || !fields.isThinking) return fields;
  losses.dropped("reasoning", "a forced tool goes before thinking");
  return { thinking: { type: "disabled" }, isThinking: false };
}
