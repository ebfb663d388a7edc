import { isJsonObject } from "@turnout/core";
import { jsonCopy, objectOf } from "../json.ts";
import { apiRefusal, type Refusal } from "../refusal.ts";
import { callRules } from "../strict/calls.ts";
import { apiInputRules } from "../strict/input.ts";
import { formatIsComplete } from "../strict/parameters.ts";
import { reasoningHasItsFollower } from "../strict/reasoning.ts";
import { firstRefusal, type Rule, type Subject } from "../strict/rule.ts";
import type { Problem } from "./errors.ts";
import { findOpenaiModel, isReasoner } from "./models.ts";
import { isGiven, tooLong, unsupportedParameter } from "./rule.ts";
import type { ResponseStore } from "./response-store.ts";
import { parametersProblem, strictSchemaProblem } from "./strict-schema.ts";

const knownParameters = new Set([
  "background",
  "client_metadata",
  "context_management",
  "conversation",
  "include",
  "input",
  "instructions",
  "max_output_tokens",
  "max_tool_calls",
  "metadata",
  "model",
  "moderation",
  "parallel_tool_calls",
  "previous_response_id",
  "prompt",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "reasoning",
  "safety_identifier",
  "service_tier",
  "store",
  "stream",
  "stream_options",
  "temperature",
  "text",
  "tool_choice",
  "tools",
  "top_logprobs",
  "top_p",
  "truncation",
  "user",
]);
const socketParameters = new Set(["type", "generate"]);

function refusal(problem: Problem | undefined): Refusal | undefined {
  if (problem === undefined) return undefined;
  const { message, code, param, status = 400 } = problem;
  return apiRefusal(status, {
    message,
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof param === "string" ? { param } : {}),
  });
}

const onlyKnownParameters: Rule = ({ request, transport }) => {
  const unknown = Object.keys(request).find(
    (name) => !knownParameters.has(name) && !(transport === "ws" && socketParameters.has(name)),
  );
  if (unknown === undefined) return undefined;
  return refusal({ message: `Unknown parameter: '${unknown}'.`, param: unknown, code: "unknown_parameter" });
};

const limitIsLargeEnough: Rule = ({ request }) => {
  const limit = request.max_output_tokens;
  if (typeof limit !== "number" || limit >= 16) return undefined;
  const param = "max_output_tokens";
  const message = `Invalid '${param}': integer below minimum value. Expected a value >= 16, but got ${limit} instead.`;
  return refusal({ message, param, code: "integer_below_min_value" });
};

const effortFitsModel: Rule = ({ request }) => {
  const model = findOpenaiModel(request.model);
  const effort = request.reasoning?.effort;
  if (model === undefined || effort === undefined || effort === null) return undefined;
  if (model.efforts.length === 0) return refusal(unsupportedParameter("reasoning.effort"));
  if (model.efforts.includes(effort)) return undefined;
  const supported = model.efforts.map((each) => `'${each}'`).join(", ");
  const message = `Unsupported value: '${effort}' is not supported with the '${model.id}' model. Supported values are: ${supported}.`;
  return refusal({ message, param: "reasoning.effort", code: "unsupported_value" });
};

const samplingFitsModel: Rule = ({ request }) => {
  const model = findOpenaiModel(request.model);
  // Those that can go without thinking take it then; by default some of them do.
  if (model === undefined || !isReasoner(model) || model.samplingEffort !== undefined) return undefined;
  const given = (["temperature", "top_p"] as const).find((name) => isGiven(request[name]) && request[name] !== 1);
  return given === undefined ? undefined : refusal(unsupportedParameter(given));
};

const toolsAreGood: Rule = ({ request }) => {
  for (const [index, tool] of (request.tools ?? []).entries()) {
    if (tool.type !== "function" && tool.type !== "custom") continue;
    const param = `tools[${index}].name`;
    if (tool.name === undefined) {
      return refusal({ message: `Missing required parameter: '${param}'.`, param, code: "missing_required_parameter" });
    }
    if (tool.name.length > 64) return refusal(tooLong(param, 64, tool.name.length));
    if (!/^[a-zA-Z0-9_-]+$/.test(tool.name)) {
      const message = `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`;
      return refusal({ message, param, code: "invalid_value" });
    }
    const schema = isJsonObject(tool.parameters) ? tool.parameters : undefined;
    const problem = tool.type === "function" ? parametersProblem(schema, tool.strict === true) : undefined;
    if (problem !== undefined) {
      const message = `Invalid schema for function '${tool.name}': ${problem}`;
      return refusal({ message, param: `tools[${index}].parameters`, code: "invalid_function_parameters" });
    }
  }
  return undefined;
};

const formatIsStrict: Rule = ({ request }) => {
  const format = request.text?.format;
  if (format?.type !== "json_schema" || format.strict !== true) return undefined;
  const problem = strictSchemaProblem(format.schema);
  if (problem === undefined) return undefined;
  const message = `Invalid schema for response_format '${String(format.name)}': ${problem}`;
  return refusal({ message, param: "text.format.schema", code: "invalid_json_schema" });
};

const partTypes = [
  "input_text",
  "input_image",
  "output_text",
  "refusal",
  "input_file",
  "computer_screenshot",
  "summary_text",
];

const partsFitTheirRole: Rule = ({ request }) => {
  for (const [index, { role, content }] of request.input.entries()) {
    if (role === undefined || !Array.isArray(content)) continue;
    const says =
      role === "assistant" ? ["output_text", "refusal"] : partTypes.filter((type) => type.startsWith("input_"));
    const at = content.findIndex(({ type }) => !says.includes(type));
    if (at === -1) continue;
    const param = `input[${index}].content[${at}].type`;
    const supported = partTypes.map((type) => `'${type}'`).join(", ");
    const message = `Invalid value: '${content[at]?.type}'. Supported values are: ${supported}.`;
    return refusal({ message, param, code: "invalid_value" });
  }
  return undefined;
};

/** Payloads are ours, unchanged; without one the item must have been stored. */
function reasoningIsKnown({ request, minter, accountId }: Subject, store: ResponseStore): Refusal | undefined {
  for (const { type, id, encrypted_content: payload } of request.input) {
    if (type !== "reasoning") continue;
    if (typeof payload === "string") {
      if (minter.isPayload(accountId, payload)) continue;
      const message = `The encrypted content for item ${id ?? ""} could not be verified.`;
      return refusal({ message, code: "invalid_encrypted_content" });
    }
    if (!store.hasItem(accountId, id ?? "")) {
      const message =
        `Item with id '${id ?? ""}' not found. Items are not persisted when \`store\` is set to false. ` +
        "Try again with `store` set to true, or remove this item from your input.";
      return refusal({ status: 404, message, param: "input" });
    }
  }
  return undefined;
}

const rules: readonly Rule[] = [
  onlyKnownParameters,
  limitIsLargeEnough,
  effortFitsModel,
  samplingFitsModel,
  formatIsComplete,
  formatIsStrict,
  toolsAreGood,
  partsFitTheirRole,
  ...apiInputRules,
  ...callRules,
  reasoningHasItsFollower,
];

/** The rules of `api.openai.com` for Responses. */
export function checkApiRequest(subject: Subject, store: ResponseStore): Refusal | undefined {
  return firstRefusal(rules, subject) ?? reasoningIsKnown(subject, store);
}

/** What the public API repeats of a request in its answer. */
export function echoOf(request: Subject["request"]) {
  const { reasoning, text, tools, store = true } = request;
  const names = [
    "temperature",
    "top_p",
    "tool_choice",
    "truncation",
    "metadata",
    "parallel_tool_calls",
    "user",
  ] as const;
  const given = names.filter((name) => isGiven(request[name]));
  const fields = {
    ...Object.fromEntries(given.map((name) => [name, request[name]])),
    ...(tools === undefined ? {} : { tools }),
    ...(text?.format === undefined ? {} : { text }),
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    store,
  };
  return objectOf(jsonCopy(fields));
}
