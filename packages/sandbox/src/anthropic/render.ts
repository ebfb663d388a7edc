import type { JsonObject } from "@turnout/core";
import type { ParsedAnswer } from "../script/schema.ts";
import { callsOf, timeSteps } from "../script/timed-steps.ts";
import { textHole } from "../wire/holes.ts";
import { frame, outputTokens, type Frame, type RenderedAnswer } from "../wire/rendered-answer.ts";
import { createBlockWriter, inputUsage, type BlockContext } from "./blocks.ts";
import { anthropicErrors } from "./errors.ts";

const id = `msg_01${textHole("token")}5a`;

const stopReasons: Readonly<Record<string, string>> = {
  max_output_tokens: "max_tokens",
  content_filter: "refusal",
};

/** Why the answer ends, in the provider's words. */
function stopFields(answer: ParsedAnswer): JsonObject {
  const refusal = answer.steps.find((step) => step.type === "refusal");
  if (refusal?.type === "refusal") {
    const details = { type: "refusal", category: null, explanation: refusal.refusal };
    return { stop_reason: "refusal", stop_sequence: null, stop_details: details };
  }
  const { finish } = answer;
  const reason =
    finish.type === "incomplete"
      ? (stopReasons[finish.reason] ?? finish.reason)
      : callsOf(answer).length > 0
        ? "tool_use"
        : "end_turn";
  return { stop_reason: reason, stop_sequence: null, stop_details: null };
}

function usageFields(answer: ParsedAnswer, content: readonly JsonObject[]): JsonObject {
  const { output, reasoning } = outputTokens(answer, JSON.stringify(content).length);
  const searches = answer.steps.filter(({ type }) => type === "web-search").length;
  return {
    ...inputUsage,
    output_tokens: output,
    ...(reasoning === 0 ? {} : { output_tokens_details: { thinking_tokens: reasoning } }),
    ...(searches === 0 ? {} : { server_tool_use: { web_search_requests: searches, web_fetch_requests: 0 } }),
  };
}

/** A script as the Messages API says it. */
export function renderMessage(answer: ParsedAnswer, context: BlockContext): RenderedAnswer {
  const { content, write } = createBlockWriter(context);
  const inner = timeSteps(answer, write).map(({ value, delayMs }): Frame => ({ ...value, delayMs }));
  const shell = { id, type: "message", role: "assistant", model: textHole("model") };
  const start = {
    ...shell,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    usage: { ...inputUsage, output_tokens: 1, service_tier: "standard" },
  };
  const stop = stopFields(answer);
  const usage = usageFields(answer, content);
  const { finish, delayMs } = answer;
  const end =
    finish.type === "failed"
      ? [anthropicErrors.frame(500, { type: finish.code, message: finish.message })]
      : [
          frame("message_delta", { type: "message_delta", delta: stop, usage }, true),
          frame("message_stop", { type: "message_stop" }, true),
        ];
  return {
    frames: [
      { ...frame("message_start", { type: "message_start", message: start }), delayMs },
      ...inner,
      ...end.map((each) => ({ ...each, delayMs })),
    ],
    document: JSON.stringify({ ...shell, content, ...stop, usage: { ...usage, service_tier: "standard" } }),
    id,
    finish,
    usage: answer.usage,
  };
}
