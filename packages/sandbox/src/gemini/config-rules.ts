import { at, type GeminiRule } from "./rule.ts";

const maximumStopSequences = 5;

const thinkingFitsModel: GeminiRule = ({ request, model }) => {
  const config = request.generationConfig?.thinkingConfig;
  if (config === undefined) return undefined;
  const { thinkingBudget: budget, thinkingLevel } = config;
  const level = thinkingLevel === "THINKING_LEVEL_UNSPECIFIED" ? undefined : thinkingLevel;
  if (budget !== undefined && level !== undefined) {
    return "You can only set only one of thinking budget and thinking level.";
  }
  if (model.budget === undefined) {
    const asked = (budget !== undefined && budget !== 0) || level !== undefined || config.includeThoughts === true;
    return asked ? "Thinking is not supported by this model." : undefined;
  }
  if (level !== undefined && model.levels.length === 0) return "Thinking level is not supported for this model.";
  if (level !== undefined && !model.levels.includes(level)) {
    return `Thinking level ${level} is not supported for this model. Please retry with other thinking level.`;
  }
  if (budget === undefined || budget === -1) return undefined;
  if (budget === 0) {
    return model.canStopThinking ? undefined : "Budget 0 is invalid. This model only works in thinking mode.";
  }
  const { minimum, maximum } = model.budget;
  return budget < minimum || budget > maximum
    ? `The thinking budget ${budget} is invalid. Please choose a value between ${minimum} and ${maximum}.`
    : undefined;
};

const limitFitsModel: GeminiRule = ({ request, model }) => {
  const limit = request.generationConfig?.maxOutputTokens;
  if (limit === undefined || (limit >= 1 && limit <= model.outputTokenLimit)) return undefined;
  return (
    `Unable to submit request because it has a maxOutputTokens value of ${limit} but the supported range is from 1 ` +
    `(inclusive) to ${model.outputTokenLimit + 1} (exclusive). Update the value and try again.`
  );
};

const samplingIsInRange: GeminiRule = ({ request }) => {
  const { temperature, topP } = request.generationConfig ?? {};
  if (temperature !== undefined && (temperature < 0 || temperature > 2)) {
    return at("generation_config.temperature", "temperature must be in the range [0.0, 2.0].");
  }
  return topP !== undefined && (topP < 0 || topP > 1)
    ? at("generation_config.top_p", "top_p must be in the range [0.0, 1.0].")
    : undefined;
};

const stopSequencesAreFew: GeminiRule = ({ request }) => {
  const count = request.generationConfig?.stopSequences.length ?? 0;
  return count > maximumStopSequences
    ? at(
        "generation_config.stop_sequences",
        `at most ${maximumStopSequences} stop sequences are allowed, got ${count}.`,
      )
    : undefined;
};

const candidatesAreFew: GeminiRule = ({ request }) => {
  const count = request.generationConfig?.candidateCount ?? 1;
  return count < 1 || count > 8
    ? at("generation_config.candidate_count", "candidate_count must be in the range [1, 8].")
    : undefined;
};

const schemaNeedsJson: GeminiRule = ({ request }) => {
  const { responseMimeType: type, responseSchema, responseJsonSchema } = request.generationConfig ?? {};
  if (responseSchema !== undefined && responseJsonSchema !== undefined) {
    return "Only one of response_schema and response_json_schema can be set.";
  }
  const given = responseSchema ?? responseJsonSchema;
  const structured = type === "application/json" || type === "text/x.enum";
  return given !== undefined && !structured
    ? at(
        "generation_config.response_schema",
        "only allowed when response_mime_type is application/json or text/x.enum.",
      )
    : undefined;
};

const logprobsNeedTheirSwitch: GeminiRule = ({ request }) =>
  request.generationConfig?.logprobs !== undefined && request.generationConfig.responseLogprobs !== true
    ? at("generation_config.logprobs", "logprobs can only be set when response_logprobs is true.")
    : undefined;

const promptFits: GeminiRule = ({ inputTokens, model }) =>
  inputTokens > model.inputTokenLimit
    ? `The input token count (${inputTokens}) exceeds the maximum number of tokens allowed (${model.inputTokenLimit}).`
    : undefined;

const cacheIsKnown: GeminiRule = ({ request }) =>
  // The sandbox caches nothing.
  request.cachedContent === undefined || request.cachedContent === ""
    ? undefined
    : `CachedContent not found (or permission denied): ${request.cachedContent}`;

export const configRules: readonly GeminiRule[] = [
  thinkingFitsModel,
  limitFitsModel,
  samplingIsInRange,
  stopSequencesAreFew,
  candidatesAreFew,
  schemaNeedsJson,
  logprobsNeedTheirSwitch,
  cacheIsKnown,
  promptFits,
];
