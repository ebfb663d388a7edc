import {
  type AnyRouterError,
  isJsonObject,
  type JsonObject,
  RouterError,
  type FinishReason,
  type Usage,
} from "@turnout/core";

import type { AnswerContext, EventRole, StreamObserver } from "../codec.ts";
import { sniffEventType } from "../event-type.ts";
import { decodeOpenaiStreamError } from "../openai-error-decode.ts";
import { parseEventObject, tryParseJson } from "../parse-json.ts";
import { createEventEncoder, failedError } from "./event-encoder.ts";
import { decodeFinish } from "./finish.ts";
import { isFailed, numberField, outputItems } from "./response.ts";
import { decodeUsage } from "./usage.ts";

const what = "Responses event";

/** The response object as `response.created` told it; empty when it cannot be read. */
function createdResponse(data: string): JsonObject {
  const event = tryParseJson(data);
  const response = isJsonObject(event) ? event["response"] : undefined;
  return isJsonObject(response) ? response : {};
}

/** Reads along on a stream that passes untouched. Only finished items and the end are parsed. */
export function createStreamObserver(context: AnswerContext): StreamObserver {
  /** Read only when turnout itself must say something. */
  let created: string | undefined;
  let latest = "";
  let isOver = false;
  let usage: Usage | undefined;
  let finish: FinishReason | undefined;
  let failure: AnyRouterError | undefined;
  const traits = { hasCalls: false, hasRefusal: false };

  function noteItem(item: JsonObject): void {
    const { type, content } = item;
    if (type === "function_call" || type === "custom_tool_call") traits.hasCalls = true;
    if (type !== "message" || !Array.isArray(content)) return;
    if (content.some((part) => isJsonObject(part) && part["type"] === "refusal")) traits.hasRefusal = true;
  }

  function finishItem(data: string): void {
    // Long items (images, patches) are parsed only when they may be one of those that decide how the answer ended.
    if (!data.includes('_call"') && !data.includes('"refusal"')) return;
    const item = parseEventObject(data, what)["item"];
    if (isJsonObject(item)) noteItem(item);
  }

  function end(data: string, fallback: "completed" | "incomplete"): EventRole {
    const event = parseEventObject(data, what);
    const response = isJsonObject(event["response"]) ? event["response"] : {};
    if (isFailed(response)) return fail(decodeOpenaiStreamError(event));
    for (const item of outputItems(response)) noteItem(item);
    usage = decodeUsage(response["usage"]);
    finish = decodeFinish(response, traits, fallback).reason;
    isOver = true;
    return "terminal";
  }

  function fail(error: unknown): EventRole {
    isOver = true;
    failure = RouterError.from(error);
    return "failed";
  }

  function roleOf(type: string, data: string): EventRole {
    switch (type) {
      case "response.created":
        created ??= data;
        return "opening";
      case "response.in_progress":
      case "response.queued":
        return "opening";
      case "response.output_item.done":
        finishItem(data);
        return "content";
      case "response.completed":
      case "response.done":
        return end(data, "completed");
      case "response.incomplete":
        return end(data, "incomplete");
      case "response.failed":
      case "response.cancelled":
        return fail(decodeOpenaiStreamError(parseEventObject(data, what)));
      case "error":
        // The Codex CLI ignores a bare `error` over HTTP and waits for an end (clients.md, 2026-10).
        fail(decodeOpenaiStreamError(parseEventObject(data, what)));
        return "complaint";
      case "keepalive":
      case "response.heartbeat":
        // Official stream helpers accept nothing before `response.created`; afterwards it is a sign of life like others.
        return created === undefined ? "private" : "opening";
      case "response.metadata":
        return "private";
      default:
        if (type.startsWith("codex.") || type.startsWith("responsesapi.") || data === "[DONE]") return "private";
        return "content";
    }
  }

  /** The number of the event that passed last, or -1. */
  function latestNumber(): number {
    const event = tryParseJson(latest);
    return (isJsonObject(event) ? numberField(event, "sequence_number") : undefined) ?? -1;
  }

  return {
    observe(event) {
      // One end per stream: what comes after it (`[DONE]`, a repeated failure) is not for clients.
      if (isOver) return "private";
      latest = event.data;
      try {
        return roleOf(event.type === "" ? sniffEventType(event.data) : event.type, event.data);
      } catch (error) {
        return fail(error);
      }
    },
    conclude: () => [],
    keepAlive() {
      if (created === undefined || isOver) return undefined;
      // The numbers of the events to come are the upstream's, so the last one is repeated rather than one taken away.
      return { type: "keepalive", data: `{"type":"keepalive","sequence_number":${Math.max(0, latestNumber())}}` };
    },
    fail(error, requestId) {
      if (isOver && failure === undefined) return [];
      if (created === undefined) return createEventEncoder(context).fail(error, requestId);
      const response = { ...createdResponse(created), status: "failed", error: failedError(error) };
      const event = { type: "response.failed", sequence_number: latestNumber() + 1, response };
      return [{ type: event.type, data: JSON.stringify(event) }];
    },
    get usage() {
      return usage;
    },
    get finish() {
      return finish;
    },
    get failure() {
      return failure;
    },
  };
}
