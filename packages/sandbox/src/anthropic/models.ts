import type { JsonObject } from "@turnout/core";

/** One simulated model of the Messages API. Limits and abilities: translation sheet 2.9 to 2.13 and recordings. */
export interface AnthropicModel {
  readonly id: string;
  readonly displayName: string;
  /** ISO date. */
  readonly createdAt: string;
  readonly maxOutputTokens: number;
  readonly maxInputTokens: number;
  readonly thinking: "none" | "budget" | "budget-or-adaptive" | "adaptive";
  /** Thinks without being asked to. */
  readonly thinksByDefault: boolean;
  /** Levels of `output_config.effort`; empty when it takes none. */
  readonly efforts: readonly string[];
  /** Continues an assistant turn at the end. */
  readonly prefill: boolean;
  /** Takes temperature, top_p and top_k. */
  readonly sampling: "both" | "one" | "none";
  /** Takes turns with role `system`. */
  readonly systemTurns: boolean;
  /** Takes tool_choice `any` and `tool`. */
  readonly forcedTools: boolean;
  readonly structuredOutput: boolean;
}

const old = {
  maxOutputTokens: 8_192,
  maxInputTokens: 200_000,
  thinking: "none",
  thinksByDefault: false,
  efforts: [],
  prefill: true,
  sampling: "both",
  systemTurns: false,
  forcedTools: true,
  structuredOutput: false,
} as const;

const budget = {
  ...old,
  maxOutputTokens: 64_000,
  thinking: "budget",
  sampling: "one",
} as const;

const middle = {
  ...budget,
  maxOutputTokens: 128_000,
  maxInputTokens: 1_000_000,
  thinking: "budget-or-adaptive",
  efforts: ["high", "low", "max", "medium"],
  prefill: false,
  structuredOutput: true,
} as const;

const newest = {
  ...middle,
  thinking: "adaptive",
  efforts: ["high", "low", "max", "medium", "xhigh"],
  sampling: "none",
} as const;

const thinker = { ...newest, thinksByDefault: true, systemTurns: true } as const;

/** The models of the Messages API, newest first. */
export const anthropicModels: readonly AnthropicModel[] = [
  { ...thinker, id: "claude-opus-5-5", displayName: "Claude Opus 5.5", createdAt: "2026-09-20" },
  { ...thinker, id: "claude-sonnet-5-5", displayName: "Claude Sonnet 5.5", createdAt: "2026-09-20" },
  { ...thinker, id: "claude-haiku-5-5", displayName: "Claude Haiku 5.5", createdAt: "2026-09-20" },
  {
    ...thinker,
    id: "claude-fable-5",
    displayName: "Claude Fable 5",
    createdAt: "2026-07-15",
    forcedTools: false,
  },
  { ...thinker, id: "claude-opus-5", displayName: "Claude Opus 5", createdAt: "2026-06-10" },
  { ...thinker, id: "claude-sonnet-5", displayName: "Claude Sonnet 5", createdAt: "2026-06-10" },
  { ...newest, id: "claude-opus-4-8", displayName: "Claude Opus 4.8", createdAt: "2026-04-20", systemTurns: true },
  { ...newest, id: "claude-opus-4-7", displayName: "Claude Opus 4.7", createdAt: "2026-03-20" },
  { ...middle, id: "claude-opus-4-6", displayName: "Claude Opus 4.6", createdAt: "2026-02-05" },
  { ...middle, id: "claude-sonnet-4-6", displayName: "Claude Sonnet 4.6", createdAt: "2026-02-17" },
  {
    ...budget,
    id: "claude-opus-4-5-20251101",
    displayName: "Claude Opus 4.5",
    createdAt: "2025-11-24",
    efforts: ["high", "low", "medium"],
    structuredOutput: true,
  },
  {
    ...budget,
    id: "claude-haiku-4-5-20251001",
    displayName: "Claude Haiku 4.5",
    createdAt: "2025-10-15",
    structuredOutput: true,
  },
  {
    ...budget,
    id: "claude-sonnet-4-5-20250929",
    displayName: "Claude Sonnet 4.5",
    createdAt: "2025-09-29",
    structuredOutput: true,
  },
  {
    ...budget,
    id: "claude-opus-4-1-20250805",
    displayName: "Claude Opus 4.1",
    createdAt: "2025-08-05",
    maxOutputTokens: 32_000,
  },
  { ...budget, id: "claude-sonnet-4-20250514", displayName: "Claude Sonnet 4", createdAt: "2025-05-22" },
  {
    ...budget,
    id: "claude-3-7-sonnet-20250219",
    displayName: "Claude Sonnet 3.7",
    createdAt: "2025-02-24",
    sampling: "both",
  },
  { ...old, id: "claude-3-5-haiku-20241022", displayName: "Claude Haiku 3.5", createdAt: "2024-10-22" },
];

const aliases: Readonly<Record<string, string>> = { "claude-sonnet-4-0": "claude-sonnet-4-20250514" };

const byName = new Map<string, AnthropicModel>();
for (const model of anthropicModels) {
  byName.set(model.id, model);
  const short = model.id.replace(/-\d{8}$/, "");
  byName.set(short, model);
  byName.set(`${short}-latest`, model);
}
for (const [alias, id] of Object.entries(aliases)) {
  const model = byName.get(id);
  if (model !== undefined) byName.set(alias, model);
}

/** Knows dated ids, short ones and `-latest`. */
export function findAnthropicModel(name: string): AnthropicModel | undefined {
  return byName.get(name);
}

function modelEntry({ id, displayName, createdAt, maxInputTokens, maxOutputTokens }: AnthropicModel): JsonObject {
  return {
    type: "model",
    id,
    display_name: displayName,
    created_at: `${createdAt}T00:00:00Z`,
    max_input_tokens: maxInputTokens,
    max_tokens: maxOutputTokens,
  };
}

/** The answer of `GET /v1/models/{id}`. */
export function anthropicModelDocument(name: string): JsonObject | undefined {
  const model = findAnthropicModel(name);
  return model === undefined ? undefined : modelEntry(model);
}

/** The answer of `GET /v1/models`, in one page. */
export function anthropicModelsDocument(): JsonObject {
  return {
    data: anthropicModels.map(modelEntry),
    has_more: false,
    first_id: anthropicModels[0]?.id ?? null,
    last_id: anthropicModels.at(-1)?.id ?? null,
  };
}
