import { isJsonObject, type JsonObject, RouterError, type StreamEvent } from "@turnout/core";

import type { EventDecoder } from "../codec.ts";
import { sniffEventType } from "../event-type.ts";
import { decodeOpenaiStreamError } from "../openai-error-decode.ts";
import { parseEventObject } from "../parse-json.ts";
import { createLossCollector } from "../report.ts";
import { decodeFinish } from "./finish.ts";
import type { ItemState } from "./item-state.ts";
import { createItemWriter } from "./item-writer.ts";
import { createItemTable } from "./item-table.ts";
import { decodeAnnotation } from "./parts.ts";
import { isFailed, numberField, outputItems, stringField } from "./response.ts";
import { annotationSchema } from "./schema.ts";
import { decodeUsage } from "./usage.ts";

const what = "Responses event";

/** Progress of the provider's own tools, padding and bookkeeping; their items travel whole once they are done. */
function isIgnorable(type: string): boolean {
  return type.startsWith("response.") || type.startsWith("codex.") || type.startsWith("responsesapi.");
}

/**
 * Reads a Responses stream, of the public API, of the ChatGPT backend and of those who imitate them.
 *
 * Nothing is trusted to come: text may arrive in deltas, in a `done` event, with the finished item or in the terminal
 * event alone, and is emitted once.
 */
export function createEventDecoder(): EventDecoder {
  const losses = createLossCollector();
  const writer = createItemWriter(losses);
  const table = createItemTable();
  let isStarted = false;
  let isTerminal = false;
  let model: string | undefined;

  function start(response: JsonObject | undefined, out: StreamEvent[]): void {
    if (isStarted) return;
    isStarted = true;
    model = response && stringField(response, "model");
    const createdAt = response && numberField(response, "created_at");
    const serviceTier = response && stringField(response, "service_tier");
    out.push({
      type: "start",
      responseId: (response && stringField(response, "id")) ?? "",
      model: model ?? "",
      ...(createdAt !== undefined && { createdAt }),
      ...(serviceTier !== undefined && { serviceTier }),
    });
  }

  /** Parses an event of the answer itself; one that comes before `response.created` starts the answer too. */
  function parse(data: string, out: StreamEvent[]): JsonObject {
    const event = parseEventObject(data, what);
    if (!isStarted) start(undefined, out);
    return event;
  }

  function locate(event: JsonObject, type: string): ItemState {
    return table.find(event, type) ?? table.add(event, {}, type);
  }

  function addItem(event: JsonObject, out: StreamEvent[]): void {
    const item = event["item"];
    if (!isJsonObject(item)) return;
    const type = stringField(item, "type") ?? "message";
    const known = table.match(event, item, type);
    if (known !== undefined && !known.isDone && known.itemId === stringField(item, "id")) return;
    const state = table.add(event, item, type);
    if (type === "reasoning") writer.openReasoning(state, out);
    else if (state.name !== "") writer.openCall(state, out);
    if (state.name === "") state.name = undefined;
  }

  function finishItem(event: JsonObject, out: StreamEvent[]): void {
    const item = event["item"];
    if (!isJsonObject(item)) return;
    const type = stringField(item, "type") ?? "message";
    const state = table.match(event, item, type) ?? table.add(event, item, type);
    writer.finish(state, item, model, out);
  }

  function addPart(event: JsonObject, isFinal: boolean, out: StreamEvent[]): void {
    const part = event["part"];
    if (!isJsonObject(part)) return;
    const kind = part["type"] === "output_text" ? "text" : part["type"] === "refusal" ? "refusal" : undefined;
    // Parts of reasoning items come in such events as well; their text comes in events of its own.
    if (kind === undefined) return;
    const state = locate(event, "message");
    if (state.isDone) return;
    const opened = writer.part(state, kind, numberField(event, "content_index") ?? 0, out);
    const whole = part[kind];
    if (isFinal && typeof whole === "string") writer.finishText(opened, whole, out);
  }

  function addText(event: JsonObject, kind: "text" | "refusal", out: StreamEvent[]): void {
    const { delta } = event;
    const state = locate(event, "message");
    if (typeof delta !== "string" || state.isDone) return;
    const index = event["content_index"];
    writer.addText(writer.part(state, kind, typeof index === "number" ? index : 0, out), delta, out);
  }

  function finishText(event: JsonObject, kind: "text" | "refusal", out: StreamEvent[]): void {
    const whole = event[kind];
    const state = locate(event, "message");
    if (typeof whole !== "string" || state.isDone) return;
    writer.finishText(writer.part(state, kind, numberField(event, "content_index") ?? 0, out), whole, out);
  }

  function addCitation(event: JsonObject, out: StreamEvent[]): void {
    const annotation = annotationSchema.safeParse(event["annotation"]);
    const state = locate(event, "message");
    if (!annotation.success || state.isDone) return;
    const part = writer.part(state, "text", numberField(event, "content_index") ?? 0, out);
    writer.addCitation(part, decodeAnnotation(annotation.data), out);
  }

  function addReasoning(event: JsonObject, form: "summary" | "raw", out: StreamEvent[]): void {
    const index = numberField(event, form === "summary" ? "summary_index" : "content_index") ?? 0;
    const { delta, text } = event;
    const state = locate(event, "reasoning");
    if (typeof delta === "string") writer.addReasoning(state, form, index, delta, out);
    else if (typeof text === "string") writer.finishReasoning(state, form, index, text, out);
  }

  function addArguments(event: JsonObject, type: string, field: "arguments" | "input", out: StreamEvent[]): void {
    const state = locate(event, type);
    const { delta } = event;
    if (typeof delta === "string") {
      writer.addArguments(state, delta, out);
      return;
    }
    const whole = event[field];
    state.name ??= stringField(event, "name");
    writer.openCall(state, out);
    if (typeof whole === "string") writer.finishArguments(state, whole, out);
  }

  function finish(data: string, fallback: "completed" | "incomplete", out: StreamEvent[]): void {
    const event = parseEventObject(data, what);
    const response = isJsonObject(event["response"]) ? event["response"] : {};
    if (isFailed(response)) throw decodeOpenaiStreamError(event);
    start(response, out);
    const seen = new Map<string, number>();
    for (const item of outputItems(response)) {
      const type = stringField(item, "type") ?? "message";
      const nth = seen.get(type) ?? 0;
      seen.set(type, nth + 1);
      const state = table.matchOutput(item, type, nth) ?? table.add({}, item, type);
      writer.finish(state, item, model, out);
    }
    for (const state of table.all) writer.abandon(state, out);
    const usage = decodeUsage(response["usage"]);
    const { reason, raw } = decodeFinish(response, writer, fallback);
    out.push({ type: "finish", reason, raw, ...(usage !== undefined && { usage }) });
    isTerminal = true;
  }

  function dispatch(type: string, data: string, out: StreamEvent[]): boolean {
    switch (type) {
      case "response.output_text.delta":
        addText(parse(data, out), "text", out);
        return true;
      case "response.function_call_arguments.delta":
      case "response.function_call_arguments.done":
        addArguments(parse(data, out), "function_call", "arguments", out);
        return true;
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_summary_text.done":
        addReasoning(parse(data, out), "summary", out);
        return true;
      case "response.reasoning_text.delta":
      case "response.reasoning_text.done":
        addReasoning(parse(data, out), "raw", out);
        return true;
      case "response.custom_tool_call_input.delta":
      case "response.custom_tool_call_input.done":
        addArguments(parse(data, out), "custom_tool_call", "input", out);
        return true;
      case "response.refusal.delta":
        addText(parse(data, out), "refusal", out);
        return true;
      case "response.created":
      case "response.in_progress":
      case "response.queued":
        if (!isStarted) {
          const response = parseEventObject(data, what)["response"];
          if (isJsonObject(response)) start(response, out);
        }
        return true;
      case "response.output_item.added":
        addItem(parse(data, out), out);
        return true;
      case "response.output_item.done":
        finishItem(parse(data, out), out);
        return true;
      case "response.content_part.added":
      case "response.content_part.done":
        addPart(parse(data, out), type === "response.content_part.done", out);
        return true;
      case "response.output_text.done":
        finishText(parse(data, out), "text", out);
        return true;
      case "response.refusal.done":
        finishText(parse(data, out), "refusal", out);
        return true;
      case "response.output_text.annotation.added":
        addCitation(parse(data, out), out);
        return true;
      case "response.completed":
      // The older name of the ChatGPT backend.
      case "response.done":
        finish(data, "completed", out);
        return true;
      case "response.incomplete":
        finish(data, "incomplete", out);
        return true;
      case "response.failed":
      case "response.cancelled":
      case "error":
        isTerminal = true;
        throw decodeOpenaiStreamError(parseEventObject(data, what));
      default:
        return false;
    }
  }

  return {
    decode(event, out) {
      // Nothing counts after the end, `[DONE]` included, which some append (T102).
      if (isTerminal || event.data === "[DONE]") return;
      const named = event.type === "" ? sniffEventType(event.data) : event.type;
      if (dispatch(named, event.data, out)) return;
      const inside = sniffEventType(event.data);
      if (inside !== named && dispatch(inside, event.data, out)) return;
      if (inside === "") parseEventObject(event.data, what);
      if (!isIgnorable(inside) && inside !== "keepalive") losses.dropped("stream", `unknown event ${inside}`);
    },
    end() {
      if (isTerminal) return;
      throw new RouterError(
        "upstream-unavailable",
        "Cannot finish the answer: the upstream's stream ended before its terminal event",
        { status: undefined, requestSent: true },
      );
    },
    report: losses.report,
  };
}
