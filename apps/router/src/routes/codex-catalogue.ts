import type { ModelInfo } from "@turnout/core";
import type { Provider } from "../registry/provider.ts";
import type { ListedModel, Registry } from "../registry/registry.ts";

/**
 * What a model is told first by the Codex CLI, which sends the text of its catalogue in place of its own. Neutral: the same for
 * every maker's models.
 */
const baseInstructions = `You are a coding agent. You work in a terminal on the computer of the user, in a folder that you share.

Read before you change: find the code that matters, and how this project does things. Make the change that was asked for, as small as it can be, in the style that is there. Leave alone what is not yours, and never undo what the user has done.

Use the tools you are given, several at once where they do not depend on one another. Run the checks the project has. When something fails, find out why before you try again.

Say briefly what you are about to do, and at the end what you did, what you checked, and what is left. Never claim to have run what you have not run.`;

/** One entry as the Codex CLI reads it. A single field that is missing makes the whole list unreadable to it (seen with 0.169). */
export interface CatalogueEntry {
  readonly slug: string;
  readonly display_name: string;
  readonly visibility: "list" | "hide";
  readonly [field: string]: unknown;
}

/** What the CLI understands of what a model can read. */
const knownModalities: ReadonlySet<string> = new Set(["text", "image"]);

/**
 * The list of models for the Codex CLI: names as `GET /v1/models` gives them are shown, and the bare and hidden names of the
 * same models are known, so that settings that use one of those keep their meaning.
 */
export function codexCatalogue(registry: Registry): readonly CatalogueEntry[] {
  const listed = registry.list();
  const shown = new Set(listed.map(({ id }) => id));
  const unlisted = registry.providers.flatMap(namesOf).filter(({ id, provider, info }) => {
    if (shown.has(id)) return false;
    // A bare name may lead to another provider that has a model of that name.
    const route = registry.lookup(id);
    return route.provider.name === provider && route.upstreamModel === info.id;
  });
  return [
    ...listed.map((model, index) => entryOf(registry, model, "list", index)),
    ...unlisted.map((model, index) => entryOf(registry, model, "hide", listed.length + index)),
  ];
}

/** Every name of a model that can be asked; a simulated one has no bare name. */
function namesOf({ name: provider, pool, models, simulated }: Provider): ListedModel[] {
  if (pool.accounts.length === 0) return [];
  return [...models.values()].flatMap((info) => {
    const qualified = { id: `${provider}/${info.id}`, provider, info };
    return simulated ? [qualified] : [qualified, { id: info.id, provider, info }];
  });
}

function entryOf(
  registry: Registry,
  { id, provider, info, aliasOf }: ListedModel,
  visibility: "list" | "hide",
  priority: number,
): CatalogueEntry {
  const { executors } = registry.lookup(id).provider;
  const ofFormat = executors.some(({ wire }) => wire === "openai-responses") ? sameFormat(info) : otherFormat;
  const efforts = info.efforts ?? [];
  return {
    slug: id,
    display_name: info.displayName ?? id,
    description: aliasOf === undefined ? `${info.id} of ${provider}, by turnout.` : `${aliasOf}, by turnout.`,
    visibility,
    priority,
    supported_in_api: true,
    availability_nux: null,
    upgrade: null,
    base_instructions: baseInstructions,
    default_reasoning_level: info.defaultEffort ?? null,
    supported_reasoning_levels: efforts.map((effort) => ({ effort, description: `Effort ${effort}` })),
    supports_reasoning_summaries: efforts.length > 0,
    default_reasoning_summary: efforts.length > 0 ? "auto" : "none",
    shell_type: "unified_exec",
    truncation_policy: { mode: "tokens", limit: 10_000 },
    experimental_supported_tools: [],
    effective_context_window_percent: 95,
    auto_compact_token_limit: null,
    prefer_websockets: true,
    service_tiers: (info.serviceTiers ?? []).map((tier) => ({ id: tier, name: tier, description: `Tier ${tier}` })),
    additional_speed_tiers: [],
    ...(info.contextWindow === undefined ? {} : { context_window: info.contextWindow }),
    // Without the field the CLI takes text and images for granted.
    ...(info.inputModalities === undefined ? {} : { input_modalities: readable(info.inputModalities) }),
    ...ofFormat,
  };
}

function readable(modalities: readonly string[]): readonly string[] {
  return modalities.filter((modality) => knownModalities.has(modality));
}

/** A model whose upstream reads the CLI's own format: nothing needs to be held back from it. */
function sameFormat({ responsesLite = false }: ModelInfo) {
  return {
    use_responses_lite: responsesLite,
    ...(responsesLite ? { tool_mode: "code_mode_only" } : {}),
    support_verbosity: true,
    default_verbosity: null,
    apply_patch_tool_type: "freeform",
    web_search_tool_type: "text",
    supports_parallel_tool_calls: !responsesLite,
  };
}

/** A model whose upstream speaks another format: grammars for patches and the wish for verbosity would be lost on the way. */
const otherFormat = {
  use_responses_lite: false,
  support_verbosity: false,
  default_verbosity: null,
  apply_patch_tool_type: null,
  supports_parallel_tool_calls: true,
};
