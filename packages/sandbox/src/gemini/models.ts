import type { JsonObject } from "@turnout/core";

/** One simulated model of the Gemini API. */
export interface GeminiModel {
  readonly id: string;
  readonly displayName: string;
  readonly generation: 2 | 2.5 | 3;
  readonly inputTokenLimit: number;
  readonly outputTokenLimit: number;
  /** Range of `thinkingBudget`; undefined for models that do not think. */
  readonly budget: { readonly minimum: number; readonly maximum: number } | undefined;
  /** Takes a budget of 0. */
  readonly canStopThinking: boolean;
  /** Values of `thinkingLevel`; empty where it is refused. */
  readonly levels: readonly string[];
}

const limits = { inputTokenLimit: 1_048_576, outputTokenLimit: 65_536 } as const;
const second = {
  inputTokenLimit: 1_048_576,
  outputTokenLimit: 8_192,
  generation: 2,
  budget: undefined,
  canStopThinking: false,
  levels: [],
} as const;
const middle = {
  ...limits,
  generation: 2.5,
  budget: { minimum: 1, maximum: 24_576 },
  canStopThinking: true,
  levels: [],
} as const;
const third = {
  ...limits,
  generation: 3,
  budget: { minimum: 128, maximum: 32_768 },
  canStopThinking: false,
  levels: ["MINIMAL", "LOW", "MEDIUM", "HIGH"],
} as const;
const pro = { ...third, levels: ["LOW", "MEDIUM", "HIGH"] } as const;

/** The models of the Gemini API. */
export const geminiModels: readonly GeminiModel[] = [
  { ...third, id: "gemini-3.8-flash", displayName: "Gemini 3.8 Flash" },
  { ...pro, id: "gemini-3.7-flash", displayName: "Gemini 3.7 Flash" },
  { ...third, id: "gemini-3.6-flash", displayName: "Gemini 3.6 Flash" },
  { ...third, id: "gemini-3.5-flash", displayName: "Gemini 3.5 Flash" },
  { ...third, id: "gemini-3.5-flash-lite", displayName: "Gemini 3.5 Flash-Lite" },
  { ...pro, id: "gemini-3.1-pro-preview", displayName: "Gemini 3.1 Pro Preview" },
  { ...third, id: "gemini-3.1-flash-lite", displayName: "Gemini 3.1 Flash-Lite" },
  { ...pro, id: "gemini-3-pro-preview", displayName: "Gemini 3 Pro Preview", levels: ["LOW", "HIGH"] },
  { ...third, id: "gemini-3-flash-preview", displayName: "Gemini 3 Flash Preview" },
  {
    ...middle,
    id: "gemini-2.5-pro",
    displayName: "Gemini 2.5 Pro",
    budget: { minimum: 128, maximum: 32_768 },
    canStopThinking: false,
  },
  { ...middle, id: "gemini-2.5-flash", displayName: "Gemini 2.5 Flash" },
  {
    ...middle,
    id: "gemini-2.5-flash-lite",
    displayName: "Gemini 2.5 Flash-Lite",
    budget: { minimum: 512, maximum: 24_576 },
  },
  { ...second, id: "gemini-2.0-flash", displayName: "Gemini 2.0 Flash" },
];

const byName = new Map(geminiModels.map((model) => [model.id, model]));
for (const [alias, id] of [
  ["gemini-2.0-flash-001", "gemini-2.0-flash"],
  ["gemini-flash-latest", "gemini-3.8-flash"],
  ["gemini-pro-latest", "gemini-3.1-pro-preview"],
] as const) {
  const model = byName.get(id);
  if (model !== undefined) byName.set(alias, model);
}

export function findGeminiModel(name: string): GeminiModel | undefined {
  return byName.get(name);
}

/** The answer of `GET /v1beta/models/{model}`. */
export function geminiModelDocument({
  id,
  displayName,
  inputTokenLimit,
  outputTokenLimit,
  budget,
}: GeminiModel): JsonObject {
  return {
    name: `models/${id}`,
    version: "001",
    displayName,
    description: "A simulated model of turnout's sandbox.",
    inputTokenLimit,
    outputTokenLimit,
    supportedGenerationMethods: ["generateContent", "countTokens"],
    temperature: 1,
    topP: 0.95,
    topK: 64,
    maxTemperature: 2,
    thinking: budget !== undefined,
  };
}

/** The answer of `GET /v1beta/models`, in one page. */
export function geminiModelsDocument(): JsonObject {
  return { models: geminiModels.map(geminiModelDocument) };
}
