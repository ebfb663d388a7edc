/** What the Messages API takes from requests to one family of models. */
export interface ModelCapabilities {
  /** Most tokens of an answer, thoughts included. */
  readonly maxOutputTokens: number;
  /**
   * How thinking is asked for: `budget` of tokens, `adaptive` by effort, `both`, or `none`.
   */
  readonly thinking: "none" | "budget" | "adaptive" | "both";
  /** Efforts for `output_config.effort`, weakest first; empty when the field is refused. */
  readonly efforts: readonly string[];
  /** The conversation may end with an assistant's turn that the model continues. */
  readonly prefill: boolean;
  /** `temperature`, `top_p` and `top_k` are taken. */
  readonly sampling: boolean;
  /** A tool may be forced while the model thinks adaptively. False: no forcing at all. */
  readonly forcedTools: boolean;
  /** `output_config.format` is taken. */
  readonly structuredOutput: boolean;
  /** Messages of role `system` are taken. */
  readonly systemTurns: boolean;
}

const none: ModelCapabilities = {
  maxOutputTokens: 4096,
  thinking: "none",
  efforts: [],
  prefill: true,
  sampling: true,
  forcedTools: true,
  structuredOutput: false,
  systemTurns: false,
};

const budget: ModelCapabilities = { ...none, maxOutputTokens: 64_000, thinking: "budget" };

const adaptive: ModelCapabilities = {
  ...none,
  maxOutputTokens: 64_000,
  thinking: "both",
  efforts: ["low", "medium", "high", "max"],
  prefill: false,
  structuredOutput: true,
};

const adaptiveOnly: ModelCapabilities = {
  ...adaptive,
  maxOutputTokens: 128_000,
  thinking: "adaptive",
  efforts: ["low", "medium", "high", "xhigh", "max"],
  sampling: false,
};

const fifth: ModelCapabilities = { ...adaptiveOnly, systemTurns: true };

/** The first that matches counts. Names may have a vendor's prefix and a date behind. Facts: translation.md 2.9 to 2.14. */
const families: readonly (readonly [RegExp, ModelCapabilities])[] = [
  [/claude-(?:instant|2|3-(?:opus|sonnet|haiku))/u, none],
  [/claude-3-5/u, { ...none, maxOutputTokens: 8192 }],
  [/claude-3-7/u, budget],
  [/claude-opus-4-5/u, { ...budget, efforts: ["low", "medium", "high"], structuredOutput: true }],
  [/claude-(?:sonnet|haiku)-4-5/u, { ...budget, structuredOutput: true }],
  [/claude-opus-4-6/u, { ...adaptive, maxOutputTokens: 128_000 }],
  [/claude-sonnet-4-6/u, adaptive],
  [/claude-(?:opus|sonnet|haiku)-4-[789]/u, adaptiveOnly],
  [/claude-opus-4-1/u, { ...budget, maxOutputTokens: 32_000, structuredOutput: true }],
  [/claude-opus-4/u, { ...budget, maxOutputTokens: 32_000 }],
  [/claude-(?:sonnet|haiku)-4/u, budget],
  [/claude-(?:fable|mythos)/u, { ...fifth, forcedTools: false }],
  [/claude/u, fifth],
];

/** Others who speak the format: Kimi, GLM, MiniMax, DeepSeek, Qwen. They take budgets and check little. */
const otherVendor: ModelCapabilities = { ...budget, maxOutputTokens: 32_000 };

/** What is known of a model by its name; the newest family for a `claude` nobody has told us of. */
export function capabilitiesOf(model: string): ModelCapabilities {
  const name = model.toLowerCase().replaceAll(".", "-");
  return families.find(([pattern]) => pattern.test(name))?.[1] ?? otherVendor;
}
