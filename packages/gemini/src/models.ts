import type { ModelInfo } from "@turnout/core";

/** The API counts 1 048 576 tokens of input and 65 536 of output apart. */
const large = {
  contextWindow: 1_048_576,
  maxOutputTokens: 65_536,
  inputModalities: ["text", "image", "file", "audio"],
} as const;

const fromLow = ["low", "medium", "high"] as const;
const fromMinimal = ["minimal", ...fromLow] as const;

/**
 * Models known without asking; others are named under `models` in the config. Those that think by budget know no efforts.
 *
 * From Google's model pages, August to November 2026, and translation.md 2.10 (3-pro, 3.1-pro and 3.7-flash refuse `minimal`).
 */
export const geminiModels: readonly ModelInfo[] = [
  { id: "gemini-3.8-flash", ...large, thinking: "effort", efforts: fromLow, defaultEffort: "medium" },
  { id: "gemini-3.7-flash", ...large, thinking: "effort", efforts: fromLow, defaultEffort: "medium" },
  { id: "gemini-3.1-pro-preview", ...large, thinking: "effort", efforts: fromLow, defaultEffort: "high" },
  { id: "gemini-3.1-flash-lite-preview", ...large, thinking: "effort", efforts: fromMinimal },
  { id: "gemini-3-pro-preview", ...large, thinking: "effort", efforts: fromLow, defaultEffort: "high" },
  { id: "gemini-3-flash-preview", ...large, thinking: "effort", efforts: fromMinimal, defaultEffort: "high" },
  { id: "gemini-2.5-pro", ...large, thinking: "budget" },
  { id: "gemini-2.5-flash", ...large, thinking: "budget" },
  { id: "gemini-2.5-flash-lite", ...large, thinking: "budget" },
];
