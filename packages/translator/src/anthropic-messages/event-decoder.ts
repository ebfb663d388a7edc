import { isJsonObject, type JsonObject, type JsonValue, RouterError, type StreamEvent } from "@turnout/core";

import type { DecodeAnswerOptions, EventDecoder } from "../codec.ts";
import { sniffEventType } from "../event-type.ts";
import { excerptOf } from "../excerpt.ts";
import { parseEventObject } from "../parse-json.ts";
import { createLossCollector } from "../report.ts";
import { createBlockReader } from "./block-reader.ts";
import { decodeStreamError } from "./error.ts";
import { own } from "./extras.ts";
import { decodeFinish, isCut } from "./finish.ts";
import { decodeRefusal, detailsNote, refusalText } from "./refusal.ts";
import { foreignNames } from "./response-decode.ts";
import { decodeTier, decodeUsage, mergeRawUsage } from "./usage.ts";

export const eventName = "Messages event";

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Two answers in one stream: a gateway began anew after the first one had been told in part. */
export function splicedError(data: string): RouterError {
  return new RouterError("upstream-malformed", "Cannot read the answer: another one begins in the midst of it", {
    excerpt: excerptOf(data),
  });
}

/** The stream is over and the answer is not. */
export function cutError(): RouterError {
  return new RouterError(
    "upstream-unavailable",
    "Cannot finish the answer: the upstream's stream ended before its terminal event",
    { status: undefined, requestSent: true },
  );
}

/** Reads a Messages stream of Anthropic or of those who speak like it (translation.md 4.4). */
export function createEventDecoder(options: DecodeAnswerOptions = {}): EventDecoder {
  const losses = createLossCollector();
  let startedId: string | undefined;
  let model: string | undefined;
  let isTerminal = false;
  let usage: JsonObject | undefined;
  let reason: string | undefined;
  let sequence: string | undefined;
  let details: JsonValue | undefined;
  const blocks = createBlockReader({ losses, names: foreignNames(options.request), model: () => model });

  function start(message: JsonObject, out: StreamEvent[]): void {
    startedId = textOf(message["id"]) ?? "";
    model = textOf(message["model"]);
    usage = mergeRawUsage(undefined, message["usage"]);
    const serviceTier = decodeTier(usage);
    out.push({
      type: "start",
      responseId: startedId,
      model: model ?? "",
      ...(serviceTier !== undefined && { serviceTier }),
    });
    const { content } = message;
    for (const value of Array.isArray(content) ? (content as readonly JsonValue[]) : []) {
      if (isJsonObject(value)) blocks.whole(value, out);
    }
  }

  function startMessage(data: string, out: StreamEvent[]): void {
    const { message } = parseEventObject(data, eventName);
    const fields = isJsonObject(message) ? message : {};
    if (startedId === undefined) start(fields, out);
    else if (textOf(fields["id"]) !== startedId && blocks.count > 0) throw splicedError(data);
  }

  /** Parses an event of the answer itself; one that comes before `message_start` starts the answer too. */
  function parse(data: string, out: StreamEvent[]): JsonObject {
    const event = parseEventObject(data, eventName);
    if (startedId === undefined) start({}, out);
    return event;
  }

  function indexOf(event: JsonObject): number {
    return typeof event["index"] === "number" ? event["index"] : 0;
  }

  function addDelta(data: string, out: StreamEvent[]): void {
    const event = parse(data, out);
    const { delta } = event;
    if (isJsonObject(delta)) blocks.add(indexOf(event), delta, out);
  }

  function openBlock(data: string, out: StreamEvent[]): void {
    const event = parse(data, out);
    const value = event["content_block"];
    if (isJsonObject(value)) blocks.open(indexOf(event), value, out);
  }

  /** May come twice: what the later one says is added to the earlier one. */
  function addEnd(data: string, out: StreamEvent[]): void {
    const event = parse(data, out);
    const delta = isJsonObject(event["delta"]) ? event["delta"] : {};
    // Calls say more than a plain end (T95).
    const said = textOf(delta["stop_reason"]);
    if (said !== undefined && (reason === undefined || reason === "end_turn")) reason = said;
    sequence = textOf(delta["stop_sequence"]) ?? sequence;
    if (isJsonObject(delta["stop_details"])) details = delta["stop_details"];
    usage = mergeRawUsage(usage, event["usage"]);
  }

  function addRefusal(out: StreamEvent[]) {
    const refusal = decodeRefusal(details);
    const block = blocks.next();
    out.push(
      { type: "block-start", block, opening: { kind: "refusal" } },
      { type: "refusal-delta", block, delta: refusalText(refusal) },
      { type: "block-stop", block, ...own({ [detailsNote]: true }) },
    );
    return refusal;
  }

  function finish(out: StreamEvent[]): void {
    isTerminal = true;
    if (startedId === undefined) start({}, out);
    blocks.end(isCut(reason), out);
    const kind = decodeFinish(reason, blocks.hasCalls);
    const refusal = kind === "refusal" ? addRefusal(out) : undefined;
    const counted = decodeUsage(usage);
    out.push({
      type: "finish",
      reason: kind,
      ...(reason !== undefined && { raw: reason }),
      ...(sequence !== undefined && { stopSequence: sequence }),
      ...(refusal !== undefined && { refusal }),
      ...(counted !== undefined && { usage: counted }),
    });
  }

  function dispatch(type: string, data: string, out: StreamEvent[]): boolean {
    switch (type) {
      case "content_block_delta":
        addDelta(data, out);
        return true;
      case "content_block_start":
        openBlock(data, out);
        return true;
      case "content_block_stop":
        blocks.close(indexOf(parse(data, out)), out);
        return true;
      case "message_start":
        startMessage(data, out);
        return true;
      case "message_delta":
        addEnd(data, out);
        return true;
      case "message_stop":
        finish(out);
        return true;
      case "ping":
        return true;
      case "error":
        isTerminal = true;
        throw decodeStreamError(parseEventObject(data, eventName));
      default:
        return false;
    }
  }

  return {
    decode(event, out) {
      // Nothing counts after the end, `[DONE]` included, which some append (T102).
      if (isTerminal || event.data === "[DONE]") return;
      if (dispatch(event.type === "" ? sniffEventType(event.data) : event.type, event.data, out)) return;
      const inside = sniffEventType(event.data);
      if (inside !== event.type && dispatch(inside, event.data, out)) return;
      const value = parseEventObject(event.data, eventName);
      if (isJsonObject(value["error"])) {
        isTerminal = true;
        throw decodeStreamError(value);
      }
      losses.dropped("stream", `unknown event \`${inside}\``);
    },
    end(out) {
      if (isTerminal) return;
      if (reason === undefined) throw cutError();
      finish(out);
    },
    report: losses.report,
  };
}
