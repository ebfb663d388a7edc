import { apiRefusal, type Refusal } from "../refusal.ts";
import type { InputItem } from "./request-schema.ts";
import type { Rule } from "./rule.ts";

const callIdPattern = /^[a-zA-Z0-9_-]+$/;
const maximumCallIdLength = 64;

/** Output type of each call type that the client answers. */
const outputTypes: Readonly<Record<string, string>> = {
  function_call: "function_call_output",
  custom_tool_call: "custom_tool_call_output",
};
const callTypes = Object.fromEntries(Object.entries(outputTypes).map(([call, output]) => [output, call]));

function isAnyCall(item: InputItem): boolean {
  return item.type !== undefined && (item.type in outputTypes || item.type in callTypes);
}

function requireText(item: InputItem, field: string, index: number): Refusal | undefined {
  if (typeof item[field] === "string") return undefined;
  const param = `input[${index}].${field}`;
  return item[field] === undefined
    ? apiRefusal(400, {
        message: `Missing required parameter: '${param}'.`,
        code: "missing_required_parameter",
        param,
      })
    : apiRefusal(400, { message: `Invalid type for '${param}': expected a string.`, code: "invalid_type", param });
}

const callsAreComplete: Rule = ({ input }) => {
  for (const [index, item] of input.entries()) {
    const fields =
      item.type === "function_call"
        ? ["call_id", "name", "arguments"]
        : item.type === "custom_tool_call"
          ? ["call_id", "name", "input"]
          : isAnyCall(item)
            ? ["call_id"]
            : [];
    for (const field of fields) {
      const refusal = requireText(item, field, index);
      if (refusal !== undefined) return refusal;
    }
    if (
      item.type !== undefined &&
      item.type in callTypes &&
      typeof item.output !== "string" &&
      !Array.isArray(item.output)
    ) {
      const param = `input[${index}].output`;
      return apiRefusal(400, {
        message: `Invalid type for '${param}': expected a string or an array of content.`,
        code: "invalid_type",
        param,
      });
    }
  }
  return undefined;
};

const callIdsHaveTheirForm: Rule = ({ input }) => {
  for (const [index, { call_id: callId }] of input.entries()) {
    if (callId === undefined) continue;
    const param = `input[${index}].call_id`;
    if (callId.length > maximumCallIdLength) {
      const message =
        `Invalid '${param}': string too long. Expected a string with maximum length ${maximumCallIdLength}, ` +
        `but got a string with length ${callId.length} instead.`;
      return apiRefusal(400, { message, code: "string_above_max_length", param });
    }
    if (!callIdPattern.test(callId)) {
      const message = `Invalid '${param}': expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`;
      return apiRefusal(400, { message, code: "invalid_value", param });
    }
  }
  return undefined;
};

function callKey(type: string, callId: string): string {
  return `${type}:${callId}`;
}

const outputsHaveTheirCall: Rule = ({ input }) => {
  const calls = new Set<string>();
  for (const item of input) {
    if (item.type === undefined || item.call_id === undefined) continue;
    const callType = callTypes[item.type];
    if (callType === undefined) calls.add(callKey(item.type, item.call_id));
    // Recorded: a search that the client ran is answered like a function, too.
    else if (!calls.has(callKey(callType, item.call_id)) && !calls.has(callKey("tool_search_call", item.call_id))) {
      const what = callType === "function_call" ? "function call" : "custom tool call";
      const message = `No tool call found for ${what} output with call_id ${item.call_id}.`;
      return apiRefusal(400, { message, param: "input" });
    }
  }
  return undefined;
};

const callsHaveTheirOutput: Rule = ({ input }) => {
  const outputs = new Set(input.map((item) => callKey(item.type ?? "", item.call_id ?? "")));
  for (const item of input) {
    const outputType = outputTypes[item.type ?? ""];
    if (outputType === undefined || item.call_id === undefined) continue;
    if (!outputs.has(callKey(outputType, item.call_id))) {
      const what = item.type === "function_call" ? "function call" : "custom tool call";
      return apiRefusal(400, { message: `No tool output found for ${what} ${item.call_id}.`, param: "input" });
    }
  }
  return undefined;
};

export const callRules: readonly Rule[] = [
  callsAreComplete,
  callIdsHaveTheirForm,
  outputsHaveTheirCall,
  callsHaveTheirOutput,
];
