import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import type { LossCollector } from "@turnout/translator";

import type { ChatDialect } from "./dialect.ts";
import type { Draft } from "./draft.ts";

function nameOf(tool: JsonValue | undefined): string | undefined {
  if (!isJsonObject(tool)) return undefined;
  const details = tool["function"] ?? tool["custom"];
  const name = isJsonObject(details) ? details["name"] : tool["name"];
  return typeof name === "string" ? name : undefined;
}

function withoutStrict(tool: JsonValue, index: number, losses: LossCollector): JsonValue {
  if (!isJsonObject(tool)) return tool;
  const { function: details } = tool;
  if (!isJsonObject(details) || details["strict"] === undefined) return tool;
  const { strict, ...rest } = details;
  if (strict === true) losses.dropped(`tools[${index}].function.strict`, "The server does not know it");
  return { ...tool, function: rest };
}

/** Sends only the tools of these names, and one of the words as `tool_choice`. */
function narrow(draft: Draft, names: ReadonlySet<string>, choice: string, losses: LossCollector): void {
  const { tools } = draft;
  if (Array.isArray(tools)) draft["tools"] = tools.filter((tool: JsonValue) => names.has(nameOf(tool) ?? ""));
  draft["tool_choice"] = choice;
  losses.approximated("tool_choice", "The server cannot choose among tools; only the chosen ones are sent");
}

function narrowToAllowed(draft: Draft, allowed: JsonObject, dialect: ChatDialect, losses: LossCollector): void {
  const listed = Array.isArray(allowed["tools"]) ? allowed["tools"] : [];
  const names = new Set(listed.map((tool: JsonValue) => nameOf(tool) ?? ""));
  narrow(draft, names, allowed["mode"] === "required" ? dialect.requiredToolChoice : "auto", losses);
}

function prepareChoice(draft: Draft, dialect: ChatDialect, losses: LossCollector): void {
  const choice = draft["tool_choice"];
  // Mistral's word and everybody else's.
  if (choice === "required" || choice === "any") draft["tool_choice"] = dialect.requiredToolChoice;
  if (!isJsonObject(choice)) return;
  const { type, allowed_tools: allowed } = choice;
  if (type === "allowed_tools") {
    if (!dialect.allowedToolChoice) narrowToAllowed(draft, isJsonObject(allowed) ? allowed : choice, dialect, losses);
    return;
  }
  const name = nameOf(choice);
  if (dialect.namedToolChoice || name === undefined) return;
  narrow(draft, new Set([name]), dialect.requiredToolChoice, losses);
}

function hasEntries(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && value.length > 0;
}

/** Tools, the choice among them, and whether they may be called in parallel. */
export function prepareTools(draft: Draft, dialect: ChatDialect, losses: LossCollector): void {
  const { tools } = draft;
  if (Array.isArray(tools)) {
    if (!dialect.strictTools)
      draft["tools"] = tools.map((tool: JsonValue, index) => withoutStrict(tool, index, losses));
    prepareChoice(draft, dialect, losses);
  }
  // An empty list is refused by some servers, and so are the two others without tools (T41).
  if (!hasEntries(draft["tools"]) && !hasEntries(draft["functions"])) {
    delete draft["tools"];
    delete draft["tool_choice"];
    delete draft["parallel_tool_calls"];
  }
  const parallel = draft["parallel_tool_calls"];
  if (parallel === undefined || dialect.parallelToolCalls) return;
  delete draft["parallel_tool_calls"];
  if (parallel === false) losses.dropped("parallel_tool_calls", "The server does not know it");
}
