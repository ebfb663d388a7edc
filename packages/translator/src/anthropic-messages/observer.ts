import { type AnyRouterError, type FinishReason, isJsonObject, type JsonObject, RouterError } from "@turnout/core";

import type { AnswerContext, EventRole, StreamObserver } from "../codec.ts";
import { sniffEventType } from "../event-type.ts";
import { parseEventObject } from "../parse-json.ts";
import { decodeStreamError, errorDocument } from "./error.ts";
import { eventName, splicedError } from "./event-decoder.ts";
import { pingEvent } from "./event-encoder.ts";
import { decodeFinish } from "./finish.ts";
import { decodeUsage, mergeRawUsage } from "./usage.ts";

/** Reads along on a stream that passes untouched. The pieces of the answer are not parsed. */
export function createStreamObserver(_context: AnswerContext): StreamObserver {
  let startedId: string | undefined;
  let hasContent = false;
  let hasCalls = false;
  let isOver = false;
  let rawUsage: JsonObject | undefined;
  let reason: string | undefined;
  let finish: FinishReason | undefined;
  let failure: AnyRouterError | undefined;

  function fail(error: unknown): EventRole {
    isOver = true;
    failure = RouterError.from(error);
    return "failed";
  }

  function start(data: string): EventRole {
    const { message } = parseEventObject(data, eventName);
    const fields: JsonObject = isJsonObject(message) ? message : {};
    const id = typeof fields["id"] === "string" ? fields["id"] : "";
    if (startedId !== undefined && startedId !== id && hasContent) throw splicedError(data);
    startedId ??= id;
    rawUsage = mergeRawUsage(rawUsage, fields["usage"]);
    const { content } = fields;
    if (!Array.isArray(content) || content.length === 0) return "opening";
    hasContent = true;
    hasCalls ||= content.some((block) => isJsonObject(block) && block["type"] === "tool_use");
    return "content";
  }

  function openBlock(data: string): EventRole {
    hasContent = true;
    if (!data.includes('"tool_use"')) return "content";
    const block = parseEventObject(data, eventName)["content_block"];
    if (isJsonObject(block) && block["type"] === "tool_use") hasCalls = true;
    return "content";
  }

  function end(data: string): EventRole {
    const { delta, usage } = parseEventObject(data, eventName);
    const said = isJsonObject(delta) ? delta["stop_reason"] : undefined;
    if (typeof said === "string" && (reason === undefined || reason === "end_turn")) reason = said;
    rawUsage = mergeRawUsage(rawUsage, usage);
    hasContent = true;
    return "content";
  }

  function roleOf(type: string, data: string): EventRole {
    switch (type) {
      case "content_block_delta":
        hasContent = true;
        return "content";
      case "content_block_start":
        return openBlock(data);
      case "message_start":
        return start(data);
      case "message_delta":
        return end(data);
      case "message_stop":
        isOver = true;
        finish = decodeFinish(reason, hasCalls);
        return "terminal";
      case "error":
        return fail(decodeStreamError(parseEventObject(data, eventName)));
      case "ping":
        return hasContent ? "content" : "opening";
      default:
        // Some append it; Anthropic's own clients do not know it.
        return data === "[DONE]" ? "private" : "content";
    }
  }

  return {
    observe(event) {
      // One end per stream: what comes after it is not for clients.
      if (isOver) return "private";
      try {
        return roleOf(event.type === "" ? sniffEventType(event.data) : event.type, event.data);
      } catch (error) {
        return fail(error);
      }
    },
    conclude: () => (isOver ? [] : [{ type: "message_stop", data: '{"type":"message_stop"}' }]),
    keepAlive: () => (isOver ? undefined : pingEvent),
    fail(error, requestId) {
      if (isOver && failure === undefined) return [];
      return [{ type: "error", data: JSON.stringify(errorDocument(error, requestId)) }];
    },
    get usage() {
      return decodeUsage(rawUsage);
    },
    get finish() {
      return finish ?? (reason === undefined ? undefined : decodeFinish(reason, hasCalls));
    },
    get failure() {
      return failure;
    },
  };
}
