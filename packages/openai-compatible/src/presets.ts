import type { ChatDialect } from "./dialect.ts";

/** A well-known server: where it is, whether it wants a key, and how its Chat Completions differs. */
export interface ChatPreset {
  readonly baseUrl: string;
  /** `none`: a key is sent when there is one, and not missed. */
  readonly key: "required" | "none";
  /** Only what differs from `defaultChatDialect`. */
  readonly dialect: Partial<ChatDialect>;
}

/** Fields of the OpenAI API that strict servers refuse; none changes what is answered. */
const openaiOnly = [
  "store",
  "verbosity",
  "prompt_cache_key",
  "prompt_cache_retention",
  "prompt_cache_options",
  "safety_identifier",
  "prediction",
];

/** Three efforts, for servers that know no more. */
const threeEfforts = { minimal: "low", xhigh: "high", max: "high" };

/**
 * From the vendors' documentation, recordings (translation.md 6) and reports of clients, up to November 2026. All of it can be
 * overruled with `dialect` in the config.
 */
export const chatPresets = {
  openrouter: {
    baseUrl: "https://openrouter.ai/api/v1",
    key: "required",
    dialect: {
      reasoningField: "reasoning",
      reasoningDetails: true,
      effortNames: { max: "xhigh" },
    },
  },
  groq: {
    baseUrl: "https://api.groq.com/openai/v1",
    key: "required",
    dialect: {
      maxTokensField: "max_completion_tokens",
      messageNames: false,
      reasoningField: "reasoning",
      effortNames: threeEfforts,
      refusedFields: [...openaiOnly, "metadata", "logit_bias", "service_tier"],
    },
  },
  deepseek: {
    baseUrl: "https://api.deepseek.com",
    key: "required",
    dialect: {
      reasoningField: "reasoning_content",
      reasoningRequired: true,
      effortNames: { minimal: "high", low: "high", medium: "high", xhigh: "max" },
      noReasoning: { thinking: { type: "disabled" } },
      jsonSchema: false,
      strictTools: false,
      parallelToolCalls: false,
      refusedFields: [...openaiOnly, "service_tier"],
    },
  },
  mistral: {
    baseUrl: "https://api.mistral.ai/v1",
    key: "required",
    dialect: {
      requiredToolChoice: "any",
      toolCallIds: "nine",
      effortNames: { minimal: "high", low: "high", medium: "high", xhigh: "high", max: "high" },
      streamUsage: "always",
      renamedFields: { seed: "random_seed" },
      refusedFields: [...openaiOnly, "user", "service_tier", "logit_bias", "web_search_options"],
    },
  },
  xai: {
    baseUrl: "https://api.x.ai/v1",
    key: "required",
    dialect: {
      maxTokensField: "max_completion_tokens",
      reasoningField: "reasoning_content",
      effortNames: threeEfforts,
      refusedFields: openaiOnly,
    },
  },
  together: {
    baseUrl: "https://api.together.xyz/v1",
    key: "required",
    dialect: {
      reasoningField: "reasoning",
      effortNames: threeEfforts,
      noReasoning: { reasoning: { enabled: false } },
      strictTools: false,
      refusedFields: [...openaiOnly, "service_tier"],
    },
  },
  fireworks: {
    baseUrl: "https://api.fireworks.ai/inference/v1",
    key: "required",
    dialect: {
      reasoningField: "reasoning_content",
      effortNames: threeEfforts,
      refusedFields: openaiOnly.filter((field) => field !== "prediction"),
    },
  },
  ollama: {
    baseUrl: "http://127.0.0.1:11434/v1",
    key: "none",
    dialect: { reasoningField: "reasoning", effortNames: threeEfforts },
  },
  "lm-studio": {
    baseUrl: "http://127.0.0.1:1234/v1",
    key: "none",
    dialect: { reasoningField: "reasoning", effortNames: threeEfforts, namedToolChoice: false },
  },
  vllm: {
    baseUrl: "http://127.0.0.1:8000/v1",
    key: "none",
    dialect: { reasoningField: "reasoning", effortNames: threeEfforts },
  },
} as const satisfies Readonly<Record<string, ChatPreset>>;

export type ChatPresetName = keyof typeof chatPresets;

/** Names of all presets. */
export const chatPresetNames = [
  "openrouter",
  "groq",
  "deepseek",
  "mistral",
  "xai",
  "together",
  "fireworks",
  "ollama",
  "lm-studio",
  "vllm",
] as const satisfies readonly ChatPresetName[];
