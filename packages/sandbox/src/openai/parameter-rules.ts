import { isReasoner } from "./models.ts";
import { isGiven, unsupportedParameter, type ChatRule } from "./rule.ts";

const tokenLimit: ChatRule = ({ request, model }) => {
  const { max_tokens: old, max_completion_tokens: limit } = request;
  if (isGiven(old) && isReasoner(model)) {
    const message =
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    return { message, param: "max_tokens", code: "unsupported_parameter" };
  }
  if (isGiven(old) && isGiven(limit)) {
    const message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
    return { message, param: "max_tokens", code: "invalid_parameter_combination" };
  }
  const wanted = limit ?? old ?? 0;
  if (wanted <= model.maxOutputTokens) return undefined;
  const param = isGiven(limit) ? "max_completion_tokens" : "max_tokens";
  const message =
    `${param} is too large: ${wanted}. This model supports at most ${model.maxOutputTokens} completion tokens, ` +
    `whereas you provided ${wanted}.`;
  return { message, param, code: "invalid_value" };
};

const effortFitsModel: ChatRule = ({ request, model }) => {
  const effort = request.reasoning_effort;
  if (effort === undefined || effort === null) return undefined;
  if (model.efforts.length === 0) return { message: "Unrecognized request argument supplied: reasoning_effort" };
  if (model.efforts.includes(effort)) return undefined;
  const quoted = model.efforts.map((each) => `'${each}'`);
  const supported = `${quoted.slice(0, -1).join(", ")}, and ${quoted.at(-1)}`;
  return {
    message: `Unsupported value: 'reasoning_effort' does not support '${effort}' with this model. Supported values are: ${supported}.`,
    param: "reasoning_effort",
    code: "unsupported_value",
  };
};

const samplingFitsModel: ChatRule = ({ request, model }) => {
  if (!isReasoner(model)) return undefined;
  if (model.samplingEffort !== undefined && request.reasoning_effort === model.samplingEffort) return undefined;
  const { temperature } = request;
  if (isGiven(temperature) && temperature !== 1) {
    return {
      message: `Unsupported value: 'temperature' does not support ${temperature} with this model. Only the default (1) value is supported.`,
      param: "temperature",
      code: "unsupported_value",
    };
  }
  const usual = [
    ["top_p", 1],
    ["presence_penalty", 0],
    ["frequency_penalty", 0],
    ["logprobs", false],
  ] as const;
  for (const [name, value] of usual) {
    if (isGiven(request[name]) && request[name] !== value) return unsupportedParameter(name);
  }
  for (const name of ["top_logprobs", "logit_bias"] as const) {
    if (isGiven(request[name])) return unsupportedParameter(name);
  }
  return undefined;
};

const stopFitsModel: ChatRule = ({ request, model }) =>
  isGiven(request.stop) && !model.stop ? unsupportedParameter("stop") : undefined;

const stopIsShort: ChatRule = ({ request: { stop } }) => {
  if (!Array.isArray(stop) || stop.length <= 4) return undefined;
  return {
    message: `Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length ${stop.length} instead.`,
    param: "stop",
    code: "array_above_max_length",
  };
};

const streamOptionsNeedStream: ChatRule = ({ request }) =>
  isGiven(request.stream_options) && request.stream !== true
    ? {
        message: "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        param: "stream_options",
      }
    : undefined;

const topLogprobsNeedLogprobs: ChatRule = ({ request }) =>
  isGiven(request.top_logprobs) && request.logprobs !== true
    ? { message: "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", param: "top_logprobs" }
    : undefined;

const searchFitsModel: ChatRule = ({ request, model }) =>
  isGiven(request.web_search_options) && !model.webSearch
    ? { message: "Web search options not supported with this model.", param: "web_search_options" }
    : undefined;

const jsonIsNamed: ChatRule = ({ request }) => {
  if (request.response_format?.type !== "json_object") return undefined;
  if (/json/i.test(JSON.stringify(request.messages))) return undefined;
  const message =
    "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
  return { message, param: "messages" };
};

const schemaIsNamed: ChatRule = ({ request }) => {
  const format = request.response_format;
  if (format?.type !== "json_schema") return undefined;
  const param = "response_format.json_schema.name";
  return /^[a-zA-Z0-9_-]{1,64}$/.test(format.json_schema.name)
    ? undefined
    : {
        message: `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
        param,
        code: "invalid_value",
      };
};

const metadataNeedsStore: ChatRule = ({ request }) => {
  const count = Object.keys(request.metadata ?? {}).length;
  if (count === 0) return undefined;
  if (count > 16) {
    return {
      message: `Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with ${count} properties instead.`,
      param: "metadata",
      code: "object_above_max_properties",
    };
  }
  return request.store === true
    ? undefined
    : { message: "The 'metadata' parameter is only allowed when 'store' is enabled.", param: "metadata" };
};

const promptFits: ChatRule = ({ inputTokens, model }) =>
  inputTokens > model.maxInputTokens
    ? {
        message:
          `This model's maximum context length is ${model.maxInputTokens} tokens. However, your messages resulted in ` +
          `${inputTokens} tokens. Please reduce the length of the messages.`,
        param: "messages",
        code: "context_length_exceeded",
      }
    : undefined;

export const parameterRules: readonly ChatRule[] = [
  effortFitsModel,
  tokenLimit,
  samplingFitsModel,
  stopFitsModel,
  stopIsShort,
  streamOptionsNeedStream,
  topLogprobsNeedLogprobs,
  searchFitsModel,
  schemaIsNamed,
  jsonIsNamed,
  metadataNeedsStore,
  promptFits,
];
