import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import { isEnvelope, type LossCollector } from "@turnout/translator";

/** How ids made by the server begin, by item type; other types take any id of the right form. */
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
const idForm = /^[\w-]{1,64}$/u;

/**
 * `input` as the backend takes it: a list, without role `system`, foreign ids, repeated ids and marks inside content. The same
 * array is returned when nothing had to change.
 */
export function prepareInput(input: JsonValue | undefined, losses: LossCollector): JsonValue {
  if (typeof input === "string") {
    return [{ type: "message", role: "user", content: [{ type: "input_text", text: input }] }];
  }
  if (!Array.isArray(input)) return input ?? [];
  const items: readonly JsonValue[] = input;
  const seenIds = new Set<string>();
  const prepared: JsonValue[] = [];
  let isChanged = false;
  for (const [index, item] of items.entries()) {
    const path = `input[${index}]`;
    if (isJsonObject(item) && isUnreadable(item)) {
      losses.dropped(path, "Reasoning without encrypted content of its own cannot be read by Codex");
      isChanged = true;
      continue;
    }
    const next = isJsonObject(item) ? prepareItem(item, path, seenIds, losses) : item;
    if (next !== item) isChanged = true;
    prepared.push(next);
  }
  return isChanged ? prepared : items;
}

/**
 * Nothing is stored, so the id of a reasoning item alone names nothing: the backend would answer 404. What another provider
 * thought earlier in the conversation it refuses with 400 `invalid_encrypted_content`.
 */
function isUnreadable(item: JsonObject): boolean {
  if (item["type"] !== "reasoning") return false;
  const payload = item["encrypted_content"];
  return typeof payload !== "string" || isEnvelope(payload);
}

function isServerId(id: JsonValue, type: JsonValue | undefined): id is string {
  if (typeof id !== "string" || !idForm.test(id)) return false;
  const prefixes = idPrefixes[typeof type === "string" ? type : "message"];
  return prefixes === undefined || prefixes.some((prefix) => id.startsWith(prefix) && id.length > prefix.length);
}

function prepareItem(item: JsonObject, path: string, seenIds: Set<string>, losses: LossCollector): JsonObject {
  let prepared = item;
  // SIWC and the Codex backend refuse `system`; `developer` ranks the same for these models.
  if (item["role"] === "system") prepared = { ...prepared, role: "developer" };
  if (item["prompt_cache_breakpoint"] !== undefined) prepared = withoutMark(prepared, path, losses);
  prepared = prepareId(prepared, path, seenIds, losses);
  for (const field of ["content", "output"] as const) {
    const parts = prepared[field];
    if (!Array.isArray(parts) || !parts.some(isMarked)) continue;
    const unmarked = parts.map((part: JsonValue, index) =>
      isMarked(part) ? withoutMark(part, `${path}.${field}[${index}]`, losses) : part,
    );
    prepared = { ...prepared, [field]: unmarked };
  }
  return prepared;
}

function prepareId(item: JsonObject, path: string, seenIds: Set<string>, losses: LossCollector): JsonObject {
  const { id, ...rest } = item;
  if (id === undefined || item["type"] === "item_reference") return item;
  if (id === null) return rest;
  if (!isServerId(id, item["type"])) {
    losses.dropped(`${path}.id`, "The Codex backend did not make this id");
    return rest;
  }
  if (seenIds.has(id)) {
    losses.dropped(`${path}.id`, "The Codex backend refuses an id that comes twice");
    return rest;
  }
  seenIds.add(id);
  return item;
}

function isMarked(part: JsonValue): part is JsonObject {
  return isJsonObject(part) && part["prompt_cache_breakpoint"] !== undefined;
}

function withoutMark(part: JsonObject, path: string, losses: LossCollector): JsonObject {
  const { prompt_cache_breakpoint: _mark, ...rest } = part;
  losses.dropped(`${path}.prompt_cache_breakpoint`, "The Codex backend refuses it");
  return rest;
}
