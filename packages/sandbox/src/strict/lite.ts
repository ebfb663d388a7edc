import { findModel } from "../models.ts";
import { apiRefusal, detailRefusal } from "../refusal.ts";
import type { Rule, Subject } from "./rule.ts";

export const liteHeader = "x-openai-internal-codex-responses-lite";
const liteMetadataKey = "ws_request_header_x_openai_internal_codex_responses_lite";

function metadataMarker(subject: Subject): string | undefined {
  return subject.request.client_metadata?.[liteMetadataKey];
}

function isLite(subject: Subject): boolean {
  return subject.transport === "ws" ? metadataMarker(subject) === "true" : subject.headers[liteHeader] === "true";
}

const markerIsInItsPlace: Rule = (subject) => {
  const misplaced =
    subject.transport === "ws" ? subject.headers[liteHeader] !== undefined : metadataMarker(subject) !== undefined;
  if (!misplaced) return undefined;
  const where = subject.transport === "ws" ? "client_metadata on a WebSocket" : "a header over HTTP";
  return detailRefusal(400, `The Responses-Lite marker must be in ${where}`);
};

const markerFitsTheModel: Rule = (subject) => {
  if (!isLite(subject) || findModel(subject.request.model)?.lite === true) return undefined;
  return detailRefusal(400, "This model is not supported when using X-OpenAI-Internal-Codex-Responses-Lite.");
};

const liteHasItsForm: Rule = (subject) => {
  const { request, input } = subject;
  const unsupported = (param: string, message: string) =>
    apiRefusal(400, { message, code: "unsupported_value", param });
  if (!isLite(subject)) {
    const index = input.findIndex((item) => item.type === "additional_tools");
    if (index === -1) return undefined;
    return unsupported(`input[${index}]`, "An 'additional_tools' item needs the Responses-Lite marker.");
  }
  if (request.tools !== undefined) return unsupported("tools", "Responses-Lite takes no 'tools'.");
  if (request.instructions !== undefined && request.instructions !== "") {
    return unsupported("instructions", "Responses-Lite takes no 'instructions'.");
  }
  if (request.parallel_tool_calls !== false) {
    return unsupported("parallel_tool_calls", "Responses-Lite needs 'parallel_tool_calls' to be false.");
  }
  if (request.reasoning?.context !== "all_turns") {
    return unsupported("reasoning.context", "Responses-Lite needs 'reasoning.context' to be 'all_turns'.");
  }
  return undefined;
};

export const liteRules: readonly Rule[] = [markerIsInItsPlace, markerFitsTheModel, liteHasItsForm];
