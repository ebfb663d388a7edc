import type { JsonObject } from "@turnout/core";

/** One model of the simulated catalogue. Source: `codex_client_models.json`, 2026-08-22, and later samples. */
export interface SandboxModel {
  readonly slug: string;
  readonly efforts: readonly string[];
  readonly defaultEffort: string;
  readonly contextWindow: number;
  readonly maxContextWindow: number;
  /** Takes the Responses-Lite form. */
  readonly lite: boolean;
  /** The oldest client version that may use it. */
  readonly minimalClientVersion: string;
  readonly serviceTiers: readonly string[];
  readonly visibility: "list" | "hide";
  readonly modalities: readonly string[];
}

const upToXhigh = ["low", "medium", "high", "xhigh"];
const upToMax = [...upToXhigh, "max"];
const upToUltra = [...upToMax, "ultra"];

const common = {
  defaultEffort: "medium",
  contextWindow: 272_000,
  maxContextWindow: 272_000,
  lite: false,
  serviceTiers: ["priority"],
  visibility: "list",
  modalities: ["text", "image"],
} as const;

/** The models that the sandbox serves, in the order of its catalogue. */
export const sandboxModels: readonly SandboxModel[] = [
  {
    ...common,
    slug: "gpt-6-astra",
    efforts: upToUltra,
    maxContextWindow: 872_000,
    lite: true,
    minimalClientVersion: "0.153.0",
    serviceTiers: ["priority", "ultrafast"],
  },
  { ...common, slug: "gpt-6-sol", efforts: ["none", ...upToMax], lite: true, minimalClientVersion: "0.153.0" },
  { ...common, slug: "gpt-6-luna", efforts: upToMax, lite: true, minimalClientVersion: "0.153.0" },
  {
    ...common,
    slug: "gpt-5.6-sol",
    efforts: upToUltra,
    defaultEffort: "low",
    maxContextWindow: 921_000,
    lite: true,
    minimalClientVersion: "0.144.0",
  },
  {
    ...common,
    slug: "gpt-5.6-terra",
    efforts: upToUltra,
    maxContextWindow: 921_000,
    lite: true,
    minimalClientVersion: "0.144.0",
  },
  {
    ...common,
    slug: "gpt-5.6-luna",
    efforts: upToMax,
    maxContextWindow: 921_000,
    lite: true,
    minimalClientVersion: "0.144.0",
  },
  { ...common, slug: "gpt-5.5", efforts: upToXhigh, minimalClientVersion: "0.124.0" },
  { ...common, slug: "gpt-5.4", efforts: upToXhigh, maxContextWindow: 1_000_000, minimalClientVersion: "0.98.0" },
  { ...common, slug: "gpt-5.4-mini", efforts: upToXhigh, minimalClientVersion: "0.98.0" },
  {
    ...common,
    slug: "gpt-5.3-codex-spark",
    efforts: upToXhigh,
    defaultEffort: "high",
    contextWindow: 128_000,
    maxContextWindow: 128_000,
    minimalClientVersion: "0.100.0",
    serviceTiers: [],
    modalities: ["text"],
  },
  {
    ...common,
    slug: "codex-auto-review",
    efforts: upToMax,
    maxContextWindow: 921_000,
    lite: true,
    minimalClientVersion: "0.98.0",
    visibility: "hide",
  },
];

const bySlug = new Map(sandboxModels.map((model) => [model.slug, model]));

export function findModel(slug: string): SandboxModel | undefined {
  return bySlug.get(slug);
}

/** Compares dotted versions by number; -1, 0 or 1. Suffixes such as `-alpha.1` are not looked at. */
export function compareVersions(left: string, right: string): number {
  const leftParts = left.split(".");
  const rightParts = right.split(".");
  for (let index = 0; index < 3; index += 1) {
    const difference = Number.parseInt(leftParts[index] ?? "0", 10) - Number.parseInt(rightParts[index] ?? "0", 10);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

function catalogueEntry(model: SandboxModel, priority: number): JsonObject {
  return {
    slug: model.slug,
    display_name: model.slug,
    description: "A simulated model of turnout's sandbox.",
    default_reasoning_level: model.defaultEffort,
    supported_reasoning_levels: model.efforts.map((effort) => ({ effort, description: `Effort ${effort}` })),
    shell_type: "unified_exec",
    visibility: model.visibility,
    supported_in_api: model.slug !== "gpt-5.3-codex-spark",
    priority,
    availability_nux: null,
    upgrade: null,
    base_instructions: "You are a coding agent.",
    supports_reasoning_summaries: true,
    default_reasoning_summary: "auto",
    support_verbosity: true,
    default_verbosity: "low",
    apply_patch_tool_type: "freeform",
    web_search_tool_type: "text",
    truncation_policy: { mode: "tokens", limit: 10_000 },
    supports_parallel_tool_calls: !model.lite,
    experimental_supported_tools: [],
    context_window: model.contextWindow,
    max_context_window: model.maxContextWindow,
    effective_context_window_percent: 95,
    input_modalities: [...model.modalities],
    prefer_websockets: true,
    use_responses_lite: model.lite,
    service_tiers: model.serviceTiers.map((id) => ({ id, name: id, description: `Tier ${id}` })),
    additional_speed_tiers: [],
    minimal_client_version: model.minimalClientVersion,
  };
}

/** Changes when the catalogue does. Also sent as `x-models-etag`. */
export const modelsEtag = 'W/"sandbox-models-1"';

/** The answer of `GET {base}/models`: entries for newer clients are hidden from older ones. */
export function modelsDocument(clientVersion: string): JsonObject {
  const visible = sandboxModels.filter((model) => compareVersions(clientVersion, model.minimalClientVersion) >= 0);
  return { models: visible.map((model, index) => catalogueEntry(model, index + 1)) };
}
