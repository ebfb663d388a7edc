import { hasBeta, thinkingMode, type AnthropicRule } from "./rule.ts";

const docs = "https://docs.claude.com/en/docs/build-with-claude/extended-thinking";

/** Fields that need a name in `anthropic-beta`. */
const betaFields = {
  context_management: "context-management",
  mcp_servers: "mcp-client",
  speed: "fast-mode",
} as const;

const fieldsHaveTheirBeta: AnthropicRule = ({ request, betas }) => {
  for (const [field, beta] of Object.entries(betaFields)) {
    if (Object.hasOwn(request, field) && !hasBeta(betas, beta)) return `${field}: Extra inputs are not permitted`;
  }
  const { thinking } = request;
  const isBinding = thinking !== undefined && thinking.type !== "disabled" && Object.hasOwn(thinking, "block_binding");
  if (isBinding && !hasBeta(betas, "thinking-binding-controls")) {
    return `thinking.${thinking.type}.block_binding: Extra inputs are not permitted`;
  }
  // Seen from Claude Code 2.1.330 with its newest models, 2026-10.
  const turn = request.messages.findIndex((message) => message.output_config !== undefined);
  if (turn === -1) return undefined;
  const allowed = hasBeta(betas, "per-turn-control") && request.messages[turn]?.role === "system";
  return allowed ? undefined : `messages.${turn}.output_config: Extra inputs are not permitted`;
};

const limitFitsModel: AnthropicRule = ({ request: { max_tokens: limit = 0 }, model }) =>
  limit > model.maxOutputTokens
    ? `max_tokens: ${limit} > ${model.maxOutputTokens}, which is the maximum allowed number of output tokens for ${model.id}`
    : undefined;

const promptFits: AnthropicRule = ({ inputTokens, model }) =>
  inputTokens > model.maxInputTokens
    ? `prompt is too long: ${inputTokens} tokens > ${model.maxInputTokens} maximum`
    : undefined;

const thinkingFitsModel: AnthropicRule = ({ request: { thinking }, model }) => {
  if (thinking?.type === "enabled") {
    if (model.thinking === "none") return `"thinking.type.enabled" is not supported for this model.`;
    if (model.thinking === "adaptive") {
      return (
        `"thinking.type.enabled" is not supported for this model. ` +
        `Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.`
      );
    }
  }
  const adaptive = model.thinking === "adaptive" || model.thinking === "budget-or-adaptive";
  return thinking?.type === "adaptive" && !adaptive ? "adaptive thinking is not supported on this model" : undefined;
};

const budgetIsBelowLimit: AnthropicRule = ({ request, betas }) => {
  const { thinking, max_tokens: limit } = request;
  if (thinking?.type !== "enabled" || limit === undefined || limit > thinking.budget_tokens) return undefined;
  // Interleaved thinking spreads its budget over several turns.
  if (hasBeta(betas, "interleaved-thinking") && (request.tools?.length ?? 0) > 0) return undefined;
  return (
    "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at " +
    `${docs}#max-tokens-and-context-window-size`
  );
};

const effortFitsModel: AnthropicRule = ({ request, model }) => {
  const effort = request.output_config?.effort;
  if (effort === undefined || effort === null) return undefined;
  if (model.efforts.length === 0) return "This model does not support the effort parameter.";
  if (!model.efforts.includes(effort)) {
    const supported = model.efforts.join(", ");
    return `This model does not support effort level '${effort}'. Supported levels: ${supported}.`;
  }
  const high = effort === "xhigh" || effort === "max";
  return model.thinksByDefault && request.thinking?.type === "disabled" && high
    ? `Thinking cannot be disabled with effort level '${effort}'.`
    : undefined;
};

const samplingFitsModel: AnthropicRule = ({ request, model }) => {
  const { temperature, top_p: topP, top_k: topK } = request;
  if (model.sampling === "none") {
    if (temperature !== undefined && temperature !== 1) return "`temperature` is deprecated for this model.";
    if (topP !== undefined && topP < 0.99) return "`top_p` is deprecated for this model.";
    if (topK !== undefined) return "`top_k` is deprecated for this model.";
  }
  return model.sampling !== "both" && temperature !== undefined && topP !== undefined
    ? "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
    : undefined;
};

const samplingFitsThinking: AnthropicRule = (subject) => {
  const { temperature, top_p: topP, top_k: topK } = subject.request;
  if (thinkingMode(subject) === "off") return undefined;
  if (temperature !== undefined && temperature !== 1) {
    return `\`temperature\` may only be set to 1 when thinking is enabled. Please consult our documentation at ${docs}`;
  }
  if (topP !== undefined && topP < 0.95) {
    return "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.";
  }
  return topK === undefined ? undefined : "`top_k` must be unset when thinking is enabled.";
};

const stopSequencesAreVisible: AnthropicRule = ({ request }) =>
  request.stop_sequences?.some((sequence) => sequence.trim() === "") === true
    ? "stop_sequences: each stop sequence must contain non-whitespace"
    : undefined;

const formatFitsModel: AnthropicRule = ({ request, model }) =>
  typeof request.output_config?.format === "object" && request.output_config.format !== null && !model.structuredOutput
    ? "output_config.format: structured outputs are not supported on this model"
    : undefined;

export const parameterRules: readonly AnthropicRule[] = [
  fieldsHaveTheirBeta,
  limitFitsModel,
  thinkingFitsModel,
  budgetIsBelowLimit,
  effortFitsModel,
  samplingFitsThinking,
  samplingFitsModel,
  stopSequencesAreVisible,
  formatFitsModel,
  promptFits,
];
