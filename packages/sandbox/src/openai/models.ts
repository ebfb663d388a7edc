import type { JsonObject } from "@turnout/core";
import { sandboxModels } from "../models.ts";

/** One simulated model of `api.openai.com`, or of a vendor that speaks Chat Completions. */
export interface OpenaiModel {
  readonly id: string;
  /** `deepseek` shows its reasoning, and wants it back. */
  readonly vendor: "openai" | "deepseek";
  /** Values of `reasoning_effort`; empty for models that do not reason. */
  readonly efforts: readonly string[];
  /** The effort where sampling parameters are taken; undefined where they never are. */
  readonly samplingEffort: string | undefined;
  readonly maxOutputTokens: number;
  readonly maxInputTokens: number;
  /** Longest id of a tool call in history. */
  readonly callIdLimit: number;
  /** Takes `stop`. */
  readonly stop: boolean;
  readonly webSearch: boolean;
  /** Takes role `system`. */
  readonly systemRole: boolean;
}

const plain = {
  vendor: "openai",
  efforts: [],
  samplingEffort: undefined,
  maxOutputTokens: 32_768,
  maxInputTokens: 1_000_000,
  callIdLimit: 40,
  stop: true,
  webSearch: false,
  systemRole: true,
} as const;

const reasoner = {
  ...plain,
  efforts: ["minimal", "low", "medium", "high"],
  maxOutputTokens: 128_000,
  maxInputTokens: 272_000,
  stop: false,
  callIdLimit: 64,
} as const;

const newer = { ...reasoner, efforts: ["none", "low", "medium", "high", "xhigh"], samplingEffort: "none" } as const;
const older = { ...reasoner, efforts: ["low", "medium", "high"], maxOutputTokens: 100_000 } as const;

const listed: readonly OpenaiModel[] = [
  { ...newer, id: "gpt-5.6" },
  { ...newer, id: "gpt-5.2" },
  { ...newer, id: "gpt-5.1", efforts: ["none", "low", "medium", "high"] },
  { ...reasoner, id: "gpt-5" },
  { ...reasoner, id: "gpt-5-mini" },
  { ...reasoner, id: "gpt-5-nano" },
  { ...older, id: "o3" },
  { ...older, id: "o4-mini" },
  { ...older, id: "o3-mini", stop: true },
  { ...older, id: "o1-mini", efforts: [], samplingEffort: undefined, systemRole: false },
  { ...plain, id: "gpt-4.1" },
  { ...plain, id: "gpt-4.1-mini" },
  { ...plain, id: "gpt-4.1-nano" },
  { ...plain, id: "gpt-4o", maxOutputTokens: 16_384, maxInputTokens: 128_000 },
  { ...plain, id: "gpt-4o-mini", maxOutputTokens: 16_384, maxInputTokens: 128_000 },
  { ...plain, id: "gpt-4o-search-preview", maxOutputTokens: 16_384, maxInputTokens: 128_000, webSearch: true },
  {
    ...plain,
    id: "deepseek-chat",
    vendor: "deepseek",
    maxOutputTokens: 8_192,
    maxInputTokens: 128_000,
    callIdLimit: 64,
  },
  {
    ...plain,
    id: "deepseek-reasoner",
    vendor: "deepseek",
    maxOutputTokens: 64_000,
    maxInputTokens: 128_000,
    callIdLimit: 64,
  },
];

/** Every model for API keys: those of the Codex catalogue are public too. */
export const openaiModels: readonly OpenaiModel[] = [
  ...sandboxModels
    .filter(({ slug }) => !listed.some(({ id }) => id === slug))
    .map(({ slug, efforts }): OpenaiModel => ({ ...newer, id: slug, efforts: ["none", ...efforts] })),
  ...listed,
];

const byId = new Map(openaiModels.map((model) => [model.id, model]));

export function findOpenaiModel(id: string): OpenaiModel | undefined {
  return byId.get(id);
}

/** True for models that think before they answer, and then take no sampling. */
export function isReasoner({ id, efforts }: OpenaiModel): boolean {
  return efforts.length > 0 || id.startsWith("o1");
}

function modelEntry({ id, vendor }: OpenaiModel): JsonObject {
  return { id, object: "model", created: 1_700_000_000, owned_by: vendor };
}

/** The answer of `GET /v1/models/{id}`. */
export function openaiModelDocument(id: string): JsonObject | undefined {
  const model = findOpenaiModel(id);
  return model === undefined ? undefined : modelEntry(model);
}

/** The answer of `GET /v1/models`. */
export function openaiModelsDocument(): JsonObject {
  return { object: "list", data: openaiModels.map(modelEntry) };
}
