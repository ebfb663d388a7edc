import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import type { LossCollector } from "@turnout/translator";

/** How ids made by the server begin; others are refused, or taken for items it should know. */
const serverId =
  /^(?:msg|rs|fc|fco|ctc|ctco|ws|ig|lsh|lshc|lsho|tsc|tso|cmp|ci|fs|mcp|mcpl|mcpr|cu|cuo|sh|sho|ap|apo|at|item)_/u;

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
  let changed: JsonValue[] | undefined;
  for (const [index, item] of items.entries()) {
    if (!isJsonObject(item)) continue;
    const prepared = prepareItem(item, `input[${index}]`, seenIds, losses);
    if (prepared === item) continue;
    changed ??= [...items];
    changed[index] = prepared;
  }
  return changed ?? items;
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
  if (typeof id !== "string" || !serverId.test(id)) {
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
