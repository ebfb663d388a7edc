import { apiRefusal, detailRefusal, unsupportedParameter } from "../refusal.ts";
import type { Rule } from "./rule.ts";

/** What Codex itself sends. The backend refuses every other name. */
const knownParameters = new Set([
  "model",
  "instructions",
  "input",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "reasoning",
  "store",
  "stream",
  "stream_options",
  "include",
  "service_tier",
  "prompt_cache_key",
  "text",
  "client_metadata",
  "access_programs",
]);

const socketParameters = new Set(["type", "previous_response_id", "generate"]);

const maximumCacheKeyLength = 64;

const onlyKnownParameters: Rule = ({ request, transport }) => {
  const unknown = Object.keys(request).find(
    (name) => !knownParameters.has(name) && !(transport === "ws" && socketParameters.has(name)),
  );
  if (unknown !== undefined) return unsupportedParameter(unknown);
  const option = Object.keys(request.stream_options ?? {}).find((name) => name !== "reasoning_summary_delivery");
  return option === undefined ? undefined : unsupportedParameter(`stream_options.${option}`);
};

const storeIsFalse: Rule = ({ request }) =>
  request.store === false ? undefined : detailRefusal(400, "Store must be set to false");

const streamIsTrue: Rule = ({ request, transport }) => {
  // Public docs say not to send `stream` on a socket; Codex does. Both pass, `false` never does.
  const good = request.stream === true || (transport === "ws" && request.stream === undefined);
  return good ? undefined : detailRefusal(400, "Stream must be set to true");
};

const includeIsKnown: Rule = ({ request }) => {
  const other = request.include?.find((name) => name !== "reasoning.encrypted_content");
  if (other === undefined) return undefined;
  const message = `Invalid value: '${other}'. Supported values are: 'reasoning.encrypted_content'.`;
  return apiRefusal(400, { message, code: "invalid_value", param: "include" });
};

const cacheKeyIsShort: Rule = ({ request }) => {
  const length = request.prompt_cache_key?.length ?? 0;
  if (length <= maximumCacheKeyLength) return undefined;
  const message =
    `Invalid 'prompt_cache_key': string too long. Expected a string with maximum length ${maximumCacheKeyLength}, ` +
    `but got a string with length ${length} instead.`;
  return apiRefusal(400, { message, code: "string_above_max_length", param: "prompt_cache_key" });
};

export const formatIsComplete: Rule = ({ request }) => {
  const format = request.text?.format;
  if (format === undefined) return undefined;
  const missing = (field: string) =>
    apiRefusal(400, {
      message: `Missing required parameter: 'text.format.${field}'.`,
      code: "missing_required_parameter",
      param: `text.format.${field}`,
    });
  switch (format.type) {
    case "text":
    case "json_object":
      return undefined;
    case "json_schema":
      if (typeof format.name !== "string") return missing("name");
      return format.schema === undefined ? missing("schema") : undefined;
    default:
      return apiRefusal(400, {
        message: `Invalid value: '${format.type}'. Supported values are: 'text', 'json_object' and 'json_schema'.`,
        code: "invalid_value",
        param: "text.format.type",
      });
  }
};

export const parameterRules: readonly Rule[] = [
  onlyKnownParameters,
  storeIsFalse,
  streamIsTrue,
  includeIsKnown,
  cacheKeyIsShort,
  formatIsComplete,
];
