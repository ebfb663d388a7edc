import type { ReasoningControl } from "@turnout/core";

import { type Fields, objectIn } from "../fields.ts";
import type { LossCollector } from "../report.ts";
import { ownFields, reportForeign } from "./extras.ts";
import type { GeminiModel, ThinkingLevel } from "./models.ts";
import type { GeminiGenerationConfig } from "./schema.ts";

type ThinkingConfig = NonNullable<GeminiGenerationConfig["thinkingConfig"]>;

/** Note on a reasoning control: the `thinkingConfig` it was read from. */
const sourceNote = "$thinkingConfig";

const unspecified = "THINKING_LEVEL_UNSPECIFIED";

/** `thinkingConfig` as the client said it. Amount and visibility are two things (T19). */
export function decodeThinking(config: ThinkingConfig): ReasoningControl {
  const { includeThoughts, thinkingBudget, thinkingLevel } = config;
  const hasLevel = typeof thinkingLevel === "string" && thinkingLevel !== unspecified;
  return {
    ...(hasLevel && { effort: thinkingLevel.toLowerCase() }),
    // -1 leaves the amount to the model, which is what an absent one means.
    ...(typeof thinkingBudget === "number" && thinkingBudget >= 0 && { budgetTokens: thinkingBudget }),
    ...(typeof includeThoughts === "boolean" && { summary: includeThoughts ? "auto" : "none" }),
    // Came from JSON, so what the schema left open is JSON.
    extras: { wire: "gemini", fields: { [sourceNote]: config as Fields } },
  };
}

/** Efforts as tokens, our own table; the reverse below is its inverse (translation.md 2.10). */
const budgetByEffort: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 32_768,
  max: 32_768,
  ultra: 32_768,
};

const levelByEffort: Readonly<Record<string, ThinkingLevel>> = {
  none: "MINIMAL",
  minimal: "MINIMAL",
  low: "LOW",
  medium: "MEDIUM",
  high: "HIGH",
  xhigh: "HIGH",
  max: "HIGH",
  ultra: "HIGH",
};

function lookUp<V>(table: Readonly<Record<string, V>>, key: string): V | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function levelOfBudget(budget: number): ThinkingLevel {
  if (budget <= 1024) return "MINIMAL";
  if (budget <= 2048) return "LOW";
  return budget <= 8192 ? "MEDIUM" : "HIGH";
}

function encodeLevel(
  reasoning: ReasoningControl,
  levels: readonly ThinkingLevel[],
  losses: LossCollector,
): ThinkingLevel | undefined {
  const { effort, budgetTokens } = reasoning;
  if (effort !== undefined && budgetTokens !== undefined) {
    losses.dropped("reasoning.budgetTokens", "the model takes a level, not a number of tokens");
  }
  const wanted =
    effort === undefined
      ? budgetTokens === undefined
        ? undefined
        : levelOfBudget(budgetTokens)
      : lookUp(levelByEffort, effort);
  if (wanted === undefined) {
    if (effort !== undefined) losses.dropped("reasoning.effort", `no thinking level for \`${effort}\``);
    return undefined;
  }
  const level = levels.includes(wanted) ? wanted : (levels[0] ?? wanted);
  if (effort === undefined || effort !== level.toLowerCase()) {
    losses.approximated(effort === undefined ? "reasoning.budgetTokens" : "reasoning.effort", `sent as \`${level}\``);
  }
  return level;
}

function encodeBudget(
  reasoning: ReasoningControl,
  limits: Extract<GeminiModel["thinking"], { by: "budget" }>,
  losses: LossCollector,
): number | undefined {
  const { effort, budgetTokens } = reasoning;
  const wanted = budgetTokens ?? (effort === undefined ? undefined : lookUp(budgetByEffort, effort));
  if (wanted === undefined) {
    if (effort !== undefined) losses.dropped("reasoning.effort", `no thinking budget for \`${effort}\``);
    return undefined;
  }
  const budget = wanted === 0 && limits.off ? 0 : Math.min(Math.max(wanted, limits.min), limits.max);
  if (effort !== undefined && budgetTokens === undefined) {
    losses.approximated("reasoning.effort", `sent as a budget of ${budget} tokens`);
  } else if (budget !== wanted) losses.approximated("reasoning.budgetTokens", `sent as ${budget}`);
  return budget;
}

/** `thinkingConfig`: a level or a budget by what the model takes, never both (T23). */
export function encodeThinking(reasoning: ReasoningControl, model: GeminiModel, losses: LossCollector) {
  const source = ownFields(reasoning.extras)[sourceNote];
  if (source !== undefined) return objectIn({ source }, "source");
  reportForeign(reasoning.extras, "reasoning", losses);
  const { thinking } = model;
  if (thinking.by === "none") {
    if (reasoning.effort !== undefined && reasoning.effort !== "none") {
      losses.dropped("reasoning", "this model does not think");
    }
    return undefined;
  }
  const config: Fields = {};
  if (thinking.by === "level") {
    const level = encodeLevel(reasoning, thinking.levels, losses);
    if (level !== undefined) config["thinkingLevel"] = level;
  } else {
    const budget = encodeBudget(reasoning, thinking, losses);
    if (budget !== undefined) config["thinkingBudget"] = budget;
  }
  if (reasoning.summary !== undefined && reasoning.summary !== "none") config["includeThoughts"] = true;
  return Object.keys(config).length > 0 ? config : undefined;
}
