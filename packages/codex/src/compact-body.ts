import type { JsonObject, JsonValue, Translated } from "@turnout/core";
import { createLossCollector } from "@turnout/translator";

import { prepareCodexBody, type PrepareCodexBodyOptions } from "./body.ts";

/** What `POST /responses/compact` takes (codex.md 1.3, read 2026-11-25). */
const takenFields = new Set([
  "model",
  "input",
  "instructions",
  "tools",
  "parallel_tool_calls",
  "reasoning",
  "text",
  "service_tier",
  "prompt_cache_key",
]);

/** What says how an answer is made or travels: without an answer nothing is lost with it. */
const ofAnswers = new Set(["stream", "store", "include", "tool_choice"]);

/**
 * The body of `POST /responses/compact` as the upstream takes it: the conversation by the same rules as for an answer, and of
 * the other fields those that compaction knows.
 *
 * With the rules `public` it goes as it is, `stream` aside.
 *
 * @throws {RouterError} as `prepareCodexBody` does.
 */
export function prepareCodexCompactBody(body: JsonObject, options: PrepareCodexBodyOptions): Translated<JsonObject> {
  const { value, report } = prepareCodexBody(body, options);
  if (options.rules === "public") {
    const { stream: _stream, ...rest } = value;
    return { value: rest, report };
  }
  const losses = createLossCollector();
  const taken: Record<string, JsonValue | undefined> = {};
  for (const [name, field] of Object.entries(value)) {
    if (takenFields.has(name)) taken[name] = field;
    else if (!ofAnswers.has(name)) losses.dropped(name, "Compaction takes no such field");
  }
  return {
    value: taken,
    report: {
      approximated: report.approximated,
      dropped: [...report.dropped.filter(({ path }) => !ofAnswers.has(fieldOf(path))), ...losses.report.dropped],
    },
  };
}

/** `include` of `include[0]`. */
function fieldOf(path: string): string {
  return path.replace(/[.[].*$/u, "");
}
