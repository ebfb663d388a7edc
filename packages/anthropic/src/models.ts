import type { ModelInfo } from "@turnout/core";

const inputModalities = ["text", "image", "file"] as const;
const large = { contextWindow: 1_000_000, maxOutputTokens: 128_000, inputModalities } as const;
const small = { contextWindow: 200_000, maxOutputTokens: 64_000, inputModalities } as const;

const toMax = ["low", "medium", "high", "max"] as const;
const toMaxWithXhigh = ["low", "medium", "high", "xhigh", "max"] as const;

/** Thinks as much as the effort says; a budget of tokens is refused. */
const byEffort = { thinking: "effort", efforts: toMaxWithXhigh } as const;
const byBoth = { thinking: "both", efforts: toMax } as const;

/**
 * Models known without asking; others are named under `models` in the config.
 *
 * From Anthropic's model pages (context, output, default effort; August to November 2026) and translation.md 2.10 (which
 * family thinks how, and which efforts it knows).
 */
export const anthropicModels: readonly ModelInfo[] = [
  { id: "claude-fable-5-1", ...large, ...byEffort, defaultEffort: "high" },
  { id: "claude-fable-5", ...large, ...byEffort, defaultEffort: "high" },
  { id: "claude-opus-5-5", ...large, ...byEffort, defaultEffort: "medium" },
  { id: "claude-opus-5", ...large, ...byEffort, defaultEffort: "high" },
  { id: "claude-sonnet-5-5", ...large, ...byEffort, defaultEffort: "high" },
  { id: "claude-sonnet-5", ...large, ...byEffort, defaultEffort: "high" },
  { id: "claude-haiku-5-5", ...large, ...byEffort, defaultEffort: "medium" },
  { id: "claude-opus-4-8", ...large, ...byEffort, defaultEffort: "high" },
  { id: "claude-opus-4-7", ...large, ...byEffort, defaultEffort: "high" },
  { id: "claude-opus-4-6", ...large, ...byBoth },
  { id: "claude-sonnet-4-6", ...large, ...byBoth },
  { id: "claude-opus-4-5", ...small, thinking: "budget", efforts: ["low", "medium", "high"] },
  { id: "claude-sonnet-4-5", ...small, thinking: "budget" },
  { id: "claude-haiku-4-5", ...small, thinking: "budget" },
  { id: "claude-opus-4-1", ...small, maxOutputTokens: 32_000, thinking: "budget" },
];
