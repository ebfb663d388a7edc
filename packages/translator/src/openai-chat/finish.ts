import type { FinishReason, RefusalDetails } from "@turnout/core";

import { outranksCalls } from "../outranks-calls.ts";

/** What of an answer decides how its end is called. */
export interface AnswerTraits {
  readonly hasCalls: boolean;
  readonly hasRefusal: boolean;
}

const known: Readonly<Record<string, FinishReason>> = {
  stop: "stop",
  // Words of vendors: Ollama and LM Studio, Mistral's older servers.
  end: "stop",
  eos: "stop",
  length: "length",
  tool_calls: "tool-calls",
  function_call: "tool-calls",
  content_filter: "content-filter",
  model_context_window_exceeded: "context-full",
  error: "error",
  // DeepSeek, when it has no capacity left for the rest.
  insufficient_system_resource: "error",
};

/**
 * Why an answer ended. Calls decide over the upstream's word, since some end with `stop` although the client has work to
 * do (T94); an answer cut off stays one (T96).
 *
 * @param raw - `finish_reason`; null and empty where the upstream never said.
 */
export function decodeFinish(raw: string | null | undefined, traits: AnswerTraits): FinishReason {
  const said =
    raw === null || raw === undefined || raw === "" ? "stop" : Object.hasOwn(known, raw) ? known[raw] : "other";
  const reason = said ?? "other";
  if (outranksCalls(reason)) return reason;
  if (traits.hasCalls) return "tool-calls";
  return reason === "stop" && traits.hasRefusal ? "refusal" : reason;
}

/** `finish_reason` for a finish. */
export function encodeFinish(finish: FinishReason, hasCalls: boolean): string {
  switch (finish) {
    case "length":
    case "context-full":
      return "length";
    case "content-filter":
    case "refusal":
      return "content_filter";
    case "error":
      return "error";
    case "stop":
    case "stop-sequence":
    case "pause":
    case "other":
    case "tool-calls":
      return hasCalls || finish === "tool-calls" ? "tool_calls" : "stop";
  }
}

/**
 * True for the arguments of a function that cannot be a whole call: the model was cut off inside them, or wrote no JSON
 * (T96, T112). Empty ones stand for none.
 */
export function isUnfinished(kind: "function" | "custom", text: string): boolean {
  if (kind === "custom" || text === "") return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

/** What stands in for the model's words when it refused without any. */
export function refusalText(details: RefusalDetails | undefined): string {
  return details?.explanation ?? "The model refused to answer.";
}
