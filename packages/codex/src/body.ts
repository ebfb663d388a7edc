import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  RouterError,
  type Translated,
  type Transport,
} from "@turnout/core";
import { createLossCollector, type LossCollector } from "@turnout/translator";

import { liteMetadataKey } from "./lite.ts";
import { prepareInput } from "./input.ts";
import { codexModels } from "./models.ts";
import type { CodexRules } from "./options.ts";
import { turnStateHeader } from "./turn-states.ts";

export interface PrepareCodexBodyOptions {
  readonly transport: Transport;
  readonly rules: CodexRules;
  /** Names the conversation for the prompt cache where the body does not. */
  readonly sessionId?: string | undefined;
  /** The client marked the request as one for a Lite model. */
  readonly lite?: boolean;
  /** The turn state of the client's own header: over a socket it travels in the body. */
  readonly turnState?: string | undefined;
  /** Whether a turn state was given to the account the request goes to. Default: none was. */
  readonly isOwnTurnState?: (state: string) => boolean;
}

/** A Responses body nobody has looked at yet, being rebuilt: the top level is ours, everything below is the client's. */
type Draft = Record<string, JsonValue | undefined>;

const encryptedReasoning = "reasoning.encrypted_content";
const maxCacheKeyLength = 64;
/**
 * Fields the backend answers with 400 `Unsupported parameter: …` (codex.md 3.2 and 7.6, read 2026-11-24). The answer is the
 * same conversation without them, so they are left out and reported.
 */
const refusedFields = [
  "max_output_tokens",
  "max_completion_tokens",
  "max_tool_calls",
  "temperature",
  "top_p",
  "top_logprobs",
  "truncation",
  "user",
  "safety_identifier",
  "prompt_cache_retention",
  "prompt_cache_options",
  "context_management",
  "metadata",
  "moderation",
  "multi_agent",
  "background",
  "stream_id",
] as const;

/** Fields that name something stored: without it the answer would be to another question. */
const storedContext = ["conversation", "prompt"] as const;

/** What a field may hold without meaning anything, so that leaving it out is no loss. */
const harmless: Readonly<Record<string, JsonValue>> = { background: false, truncation: "disabled" };

const keptTiers = new Set<JsonValue | undefined>(["priority", "ultrafast"]);
const defaultTiers = new Set<JsonValue>(["auto", "default"]);

/** Everywhere in this format null means the default. */
function dropNulls(draft: Draft): void {
  for (const name of Object.keys(draft)) if (draft[name] === null) delete draft[name];
}

function dropRefused(draft: Draft, losses: LossCollector): void {
  for (const name of refusedFields) {
    const value = draft[name];
    if (value === undefined) continue;
    delete draft[name];
    if (value !== harmless[name]) losses.dropped(name, "The Codex backend refuses it");
  }
  for (const name of storedContext) {
    const value = draft[name];
    delete draft[name];
    if (value === undefined) continue;
    throw new RouterError("request-invalid", `Cannot send "${name}" to Codex: it stores nothing`, { path: name });
  }
}

function forceFixed(draft: Draft, losses: LossCollector): void {
  if (draft["store"] === true) losses.dropped("store", "The Codex backend stores no responses");
  draft["store"] = false;
  draft["stream"] = true;
  if (typeof draft["instructions"] !== "string") draft["instructions"] = "";
  const include = draft["include"];
  if (Array.isArray(include)) {
    include.forEach((name: JsonValue, index) => {
      if (name !== encryptedReasoning)
        losses.dropped(`include[${index}]`, "The Codex backend includes no more than reasoning");
    });
  }
  draft["include"] = [encryptedReasoning];
}

function prepareTier(draft: Draft, losses: LossCollector): void {
  const tier = draft["service_tier"];
  if (tier === undefined || keptTiers.has(tier)) return;
  if (tier === "fast") {
    draft["service_tier"] = "priority";
    losses.approximated("service_tier", "Codex calls the fast tier priority");
    return;
  }
  delete draft["service_tier"];
  if (!defaultTiers.has(tier)) losses.dropped("service_tier", "The Codex backend has no such tier");
}

function prepareCacheKey(draft: Draft, sessionId: string | undefined, losses: LossCollector): void {
  const key = draft["prompt_cache_key"];
  if (key === undefined || key === "") {
    delete draft["prompt_cache_key"];
    if (sessionId !== undefined) draft["prompt_cache_key"] = sessionId.slice(0, maxCacheKeyLength);
  } else if (typeof key === "string" && key.length > maxCacheKeyLength) {
    draft["prompt_cache_key"] = key.slice(0, maxCacheKeyLength);
    losses.approximated("prompt_cache_key", `Cut to ${maxCacheKeyLength} characters`);
  }
}

/** Efforts below `low`, which not every model knows. */
const lowestEfforts = new Set<JsonValue | undefined>(["none", "minimal"]);

function prepareEffort(draft: Draft, losses: LossCollector): void {
  const reasoning = draft["reasoning"];
  if (!isJsonObject(reasoning)) return;
  const { effort } = reasoning;
  if (typeof effort !== "string" || !lowestEfforts.has(effort)) return;
  const efforts = codexModels.find((model) => model.id === draft["model"])?.efforts;
  if (efforts === undefined || efforts.includes(effort)) return;
  draft["reasoning"] = { ...reasoning, effort: "low" };
  losses.approximated("reasoning.effort", "The model knows no effort below low");
}

function prepareTools(draft: Draft, losses: LossCollector): void {
  const { tools } = draft;
  if (!Array.isArray(tools)) return;
  const isPreview = (tool: JsonValue) =>
    isJsonObject(tool) && typeof tool["type"] === "string" && tool["type"].startsWith("web_search_preview");
  if (!tools.some(isPreview)) return;
  draft["tools"] = tools.map((tool: JsonValue, index) => {
    if (!isPreview(tool) || !isJsonObject(tool)) return tool;
    losses.approximated(`tools[${index}].type`, "Codex calls this tool web_search");
    return { ...tool, type: "web_search" };
  });
}

function prepareStreamOptions(draft: Draft, losses: LossCollector): void {
  const options = draft["stream_options"];
  if (options === undefined) return;
  delete draft["stream_options"];
  if (!isJsonObject(options)) return;
  const { reasoning_summary_delivery: delivery, ...rest } = options;
  if (delivery !== undefined) draft["stream_options"] = { reasoning_summary_delivery: delivery };
  for (const name of Object.keys(rest)) losses.dropped(`stream_options.${name}`, "The Codex backend refuses it");
}

/** What only a socket understands must not travel over HTTP. */
function prepareForHttp(draft: Draft, losses: LossCollector): void {
  if (draft["generate"] !== undefined) {
    if (draft["generate"] === false) losses.dropped("generate", "Only a socket can be warmed up");
    delete draft["generate"];
  }
  const previous = draft["previous_response_id"];
  delete draft["previous_response_id"];
  if (previous === undefined) return;
  throw new RouterError("not-found", "Cannot continue a response over HTTP: Codex remembers it on its socket only", {
    path: "previous_response_id",
  });
}

function prepareMetadata(draft: Draft, options: PrepareCodexBodyOptions, losses: LossCollector): void {
  const given = draft["client_metadata"];
  const metadata = isJsonObject(given) ? given : {};
  const { [liteMetadataKey]: marker, [turnStateHeader]: givenState, ...rest } = metadata;
  const turnState = givenState ?? (options.transport === "ws" ? options.turnState : undefined);
  const isForeign = turnState !== undefined && !(typeof turnState === "string" && options.isOwnTurnState?.(turnState));
  const isMarked = options.transport === "ws" && options.lite === true;
  if (!isForeign && turnState === givenState && isMarked === (marker === "true")) return;
  if (isForeign) losses.dropped(`client_metadata.${turnStateHeader}`, "It was given to another account");
  draft["client_metadata"] = {
    ...rest,
    ...(isForeign || turnState === undefined ? {} : { [turnStateHeader]: turnState }),
    ...(isMarked ? { [liteMetadataKey]: "true" } : {}),
  };
}

/**
 * The body as the upstream takes it. The given one is not changed; only the top level is copied, and of `input` what needs to
 * be. What was left out or replaced is in the report; what is fine is not touched.
 *
 * With the rules `public` only `stream` is forced: the public API refuses nothing of its own format.
 *
 * @throws {RouterError} `request-invalid` for fields that name something stored; `not-found` for `previous_response_id` over
 *   HTTP.
 * @see docs of the rules: the README of this package
 */
export function prepareCodexBody(body: JsonObject, options: PrepareCodexBodyOptions): Translated<JsonObject> {
  const losses = createLossCollector();
  const draft: Draft = { ...body };
  if (options.rules === "public") {
    draft["stream"] = true;
    return { value: draft, report: losses.report };
  }
  dropNulls(draft);
  dropRefused(draft, losses);
  forceFixed(draft, losses);
  draft["input"] = prepareInput(draft["input"], losses);
  prepareTier(draft, losses);
  prepareCacheKey(draft, options.sessionId, losses);
  prepareEffort(draft, losses);
  prepareTools(draft, losses);
  prepareStreamOptions(draft, losses);
  prepareMetadata(draft, options, losses);
  if (options.transport === "http") prepareForHttp(draft, losses);
  return { value: draft, report: losses.report };
}
