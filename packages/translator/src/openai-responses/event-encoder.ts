import {
  type AnyRouterError,
  isJsonObject,
  type JsonObject,
  retryAfterMs,
  type StreamEvent,
  type Usage,
  type WireEvent,
} from "@turnout/core";

import type { AnswerContext, EventEncoder } from "../codec.ts";
import { mergeUsage } from "../fold.ts";
import { makeItemId } from "../ids.ts";
import { openaiErrorObject } from "../openai-error.ts";
import { createLossCollector } from "../report.ts";
import { createToolNames } from "../tool-names.ts";
import { echoRequest } from "./echo.ts";
import { createEventWriter } from "./event-writer.ts";
import { reportForeign, wire } from "./extras.ts";
import { encodeFinish } from "./finish.ts";
import { createOutputWriter } from "./output-writer.ts";
import { encodeUsage } from "./usage.ts";

type StartEvent = Extract<StreamEvent, { type: "start" }>;

/** The `error` of a failed response. The Codex CLI reads the delay of a rate limit out of the sentence. */
export function failedError(error: AnyRouterError): JsonObject {
  const { message, code, type, param: _param, ...quota } = openaiErrorObject(error);
  const waitMs = error.code === "rate-limited" ? retryAfterMs(error) : undefined;
  const sentence =
    waitMs === undefined || /try again in/iu.test(error.message)
      ? message
      : `${error.message}. Please try again in ${waitMs / 1000}s.`;
  return { code: code ?? type, message: sentence, ...quota };
}

/**
 * Writes a Responses stream: `response.created`, `response.in_progress`, the items, and one terminal event that repeats
 * them.
 */
export function createEventEncoder(context: AnswerContext): EventEncoder {
  const losses = createLossCollector();
  const events = createEventWriter();
  const output = createOutputWriter({
    events,
    losses,
    idSeed: context.idSeed,
    names: createToolNames(context.request.tools),
  });
  let begun: StartEvent | undefined;
  let usage: Usage | undefined;
  let isOver = false;
  /** Large (instructions, tools) and the same in every response object of the answer. */
  let echo = "";

  function response(status: string, error: string, incomplete: string, counted: string): string {
    const id =
      begun?.responseId.startsWith("resp_") === true ? begun.responseId : makeItemId("resp_", context.idSeed, -1);
    const createdAt = begun?.createdAt ?? context.createdAt;
    const tier = JSON.stringify(begun?.serviceTier ?? context.request.serviceTier ?? "auto");
    return (
      `{"id":${JSON.stringify(id)},"object":"response","created_at":${createdAt},"status":"${status}",` +
      `"error":${error},"incomplete_details":${incomplete},"model":${JSON.stringify(context.model)},` +
      `"output":${output.output},"usage":${counted},"service_tier":${tier},${echo}}`
    );
  }

  function start(event: StartEvent, out: WireEvent[]): void {
    begun = event;
    echo = JSON.stringify(echoRequest(context.request)).slice(1, -1);
    const opening = response("in_progress", "null", "null", "null");
    events.write(out, "response.created", `,"response":${opening}`);
    events.write(out, "response.in_progress", `,"response":${opening}`);
  }

  function finish(event: Extract<StreamEvent, { type: "finish" }>, out: WireEvent[]): void {
    isOver = true;
    if (event.usage !== undefined) usage = mergeUsage(usage, event.usage);
    const counted = JSON.stringify(encodeUsage(usage));
    if (event.reason === "error") {
      output.close(true, out);
      const error = '{"code":"server_error","message":"The upstream ended the answer with an error"}';
      events.write(out, "response.failed", `,"response":${response("failed", error, "null", counted)}`);
      return;
    }
    const explanation = output.hasRefusal ? undefined : event.refusal?.explanation;
    // Formats that refuse beside the answer tell the reason here, where only a part of the answer can.
    if (explanation !== undefined) writeRefusal(explanation, out);
    const { status, incomplete_details: incomplete } = encodeFinish(event.reason, output.hasRefusal);
    output.close(status === "incomplete", out);
    const whole = response(status, "null", JSON.stringify(incomplete), counted);
    events.write(out, `response.${status}`, `,"response":${whole}`);
  }

  function writeRefusal(text: string, out: WireEvent[]): void {
    const block = -1;
    output.open(block, { kind: "refusal" }, out);
    output.addText(block, text, out);
    output.stop({ type: "block-stop", block }, out);
  }

  function addRaw(event: Extract<StreamEvent, { type: "raw" }>, out: WireEvent[]): void {
    if (event.wire === wire && isJsonObject(event.value)) output.addItem(event.value, out);
    else losses.dropped("output", `something only ${event.wire} knows`);
  }

  function encode(event: StreamEvent, out: WireEvent[]): void {
    if (isOver) return;
    switch (event.type) {
      case "start":
        if (begun === undefined) start(event, out);
        break;
      case "text-delta":
      case "refusal-delta":
        output.addText(event.block, event.delta, out);
        break;
      case "reasoning-delta":
        output.addReasoning(event, out);
        break;
      case "tool-call-delta":
        output.addArguments(event.block, event.argumentsDelta, out);
        break;
      case "block-start":
        output.open(event.block, event.opening, out);
        break;
      case "block-stop":
        reportForeign(event.extras, `blocks[${event.block}]`, losses);
        output.stop(event, out);
        break;
      case "citation":
        output.addCitation(event, out);
        break;
      case "usage":
        usage = mergeUsage(usage, event.usage);
        break;
      case "raw":
        addRaw(event, out);
        break;
      case "finish":
        finish(event, out);
        break;
    }
  }

  return {
    encode,
    keepAlive() {
      // Official stream helpers accept nothing before `response.created`.
      if (begun === undefined || isOver) return undefined;
      const out: WireEvent[] = [];
      events.write(out, "keepalive", "");
      return out[0];
    },
    fail(error) {
      if (isOver) return [];
      const out: WireEvent[] = [];
      if (begun === undefined) start({ type: "start", responseId: "", model: context.model }, out);
      isOver = true;
      const failed = response("failed", JSON.stringify(failedError(error)), "null", "null");
      events.write(out, "response.failed", `,"response":${failed}`);
      return out;
    },
    report: losses.report,
  };
}
