import { apiRefusal, detailRefusal, unsupportedParameter, type Refusal } from "../refusal.ts";
import type { InputItem } from "./request-schema.ts";
import type { Rule } from "./rule.ts";

/** The prefixes that the backend makes, by item type. A type that is not listed takes any id. */
const idPrefixes: Readonly<Record<string, readonly string[]>> = {
  message: ["msg_"],
  reasoning: ["rs_"],
  function_call: ["fc_"],
  function_call_output: ["fco_", "fc_"],
  custom_tool_call: ["ctc_"],
  custom_tool_call_output: ["ctco_", "ctc_"],
  web_search_call: ["ws_"],
  additional_tools: ["at_"],
  tool_search_output: ["tso_"],
  agent_message: ["amsg_"],
};

const idPattern = /^[a-zA-Z0-9_-]{1,64}$/;

const partsByRole: Readonly<Record<string, readonly string[]>> = {
  user: ["input_text", "input_image", "input_file"],
  developer: ["input_text", "input_image", "input_file"],
  assistant: ["output_text", "refusal"],
};

export function itemType(item: InputItem): string {
  return item.type ?? "message";
}

function checkMessage(item: InputItem, param: string): Refusal | undefined {
  const role = item.role ?? "";
  if (role === "system") return detailRefusal(400, "System messages are not allowed");
  const allowed = partsByRole[role];
  if (allowed === undefined) {
    const message = `Invalid value: '${role}'. Supported values are: 'assistant', 'developer' and 'user'.`;
    return apiRefusal(400, { message, code: "invalid_value", param: `${param}.role` });
  }
  if (item.content === undefined || item.content === null) {
    const message = `Missing required parameter: '${param}.content'.`;
    return apiRefusal(400, { message, code: "missing_required_parameter", param: `${param}.content` });
  }
  if (typeof item.content === "string") return undefined;
  for (const [index, part] of item.content.entries()) {
    if ("prompt_cache_breakpoint" in part) return unsupportedParameter("prompt_cache_breakpoint");
    if (!allowed.includes(part.type)) {
      const values = allowed.map((type) => `'${type}'`).join(", ");
      const message = `Invalid value: '${part.type}'. Supported values are: ${values}.`;
      return apiRefusal(400, { message, code: "invalid_value", param: `${param}.content[${index}].type` });
    }
  }
  return undefined;
}

const messagesAreWellFormed: Rule = ({ input }) => {
  for (const [index, item] of input.entries()) {
    const refusal = itemType(item) === "message" ? checkMessage(item, `input[${index}]`) : undefined;
    if (refusal !== undefined) return refusal;
  }
  return undefined;
};

const itemTypes = new Set([
  ...Object.keys(idPrefixes),
  "tool_search_call",
  "local_shell_call",
  "local_shell_call_output",
  "image_generation_call",
  "compaction",
  "compaction_trigger",
  "item_reference",
]);

const typesAreKnown: Rule = ({ input }) => {
  const index = input.findIndex((item) => !itemTypes.has(itemType(item)));
  if (index === -1) return undefined;
  const message = `Invalid value: '${input[index]?.type}'. It is no type of an input item.`;
  return apiRefusal(400, { message, code: "invalid_value", param: `input[${index}].type` });
};

const nothingIsReferenced: Rule = ({ input }) => {
  const reference = input.find((item) => item.type === "item_reference");
  if (reference === undefined) return undefined;
  const message =
    `Item with id '${reference.id ?? ""}' not found. Items are not persisted when \`store\` is set to false. ` +
    "Try again with `store` set to true, or remove this item from your input.";
  return apiRefusal(404, { message, param: "input" });
};

const idsHaveTheirForm: Rule = ({ input }) => {
  for (const [index, item] of input.entries()) {
    if (item.id === undefined || item.id === null || item.type === "item_reference") continue;
    const param = `input[${index}].id`;
    const prefixes = idPrefixes[itemType(item)];
    if (!idPattern.test(item.id) || item.id.endsWith("_")) {
      const message = `Invalid '${param}': '${item.id}'. Expected at most 64 letters, numbers, underscores, or dashes.`;
      return apiRefusal(400, { message, code: "invalid_value", param });
    }
    if (prefixes !== undefined && !prefixes.some((prefix) => item.id?.startsWith(prefix))) {
      const message = `Invalid '${param}': '${item.id}'. Expected an ID that begins with '${prefixes[0]?.slice(0, -1)}'.`;
      return apiRefusal(400, { message, code: "invalid_value", param });
    }
  }
  return undefined;
};

const idsAreUnique: Rule = ({ input }) => {
  const seen = new Set<string>();
  for (const { id } of input) {
    if (id === undefined || id === null) continue;
    if (seen.has(id)) {
      const message = `Duplicate item found with id ${id}. Remove duplicate items from your input and try again.`;
      return apiRefusal(400, { message, param: "input" });
    }
    seen.add(id);
  }
  return undefined;
};

const hasInstructions: Rule = ({ request, input }) => {
  // Codex 0.169 sends no `instructions`: its first developer message holds them. Warm-ups of Lite models have neither.
  const given =
    request.instructions !== undefined ||
    request.generate === false ||
    input.some(
      (item) => item.type === "additional_tools" || (itemType(item) === "message" && item.role === "developer"),
    );
  return given ? undefined : detailRefusal(400, "Instructions are required");
};

const triggerIsLast: Rule = ({ input }) => {
  const index = input.findIndex((item) => item.type === "compaction_trigger");
  if (index === -1 || index === input.length - 1) return undefined;
  const message = "A 'compaction_trigger' item must be the last of the input.";
  return apiRefusal(400, { message, param: `input[${index}]` });
};

/** Those that the public API has, too. */
export const apiInputRules: readonly Rule[] = [idsHaveTheirForm, idsAreUnique, triggerIsLast];

export const inputRules: readonly Rule[] = [
  hasInstructions,
  typesAreKnown,
  nothingIsReferenced,
  messagesAreWellFormed,
  idsHaveTheirForm,
  idsAreUnique,
  triggerIsLast,
];
