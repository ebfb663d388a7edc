import { isJsonObject, type JsonObject, type JsonValue, type WireEvent } from "@turnout/core";

import type { DocumentCollector } from "../codec.ts";
import { sniffEventType } from "../event-type.ts";
import type { Fields } from "../fields.ts";
import { parseEventObject, tryParseJson } from "../parse-json.ts";
import { decodeStreamError } from "./error.ts";
import { cutError, eventName, splicedError } from "./event-decoder.ts";
import { mergeRawUsage } from "./usage.ts";

interface CollectedBlock {
  readonly fields: Fields;
  json: string;
}

function append(fields: Fields, key: string, piece: JsonValue | undefined): void {
  if (typeof piece !== "string") return;
  const before = fields[key];
  fields[key] = typeof before === "string" ? before + piece : piece;
}

function addDelta(block: CollectedBlock, delta: JsonObject): void {
  const { fields } = block;
  switch (delta["type"]) {
    case "text_delta":
      append(fields, "text", delta["text"]);
      return;
    case "thinking_delta":
      append(fields, "thinking", delta["thinking"]);
      return;
    case "signature_delta":
      fields["signature"] = delta["signature"] ?? "";
      return;
    case "input_json_delta":
      if (typeof delta["partial_json"] === "string") block.json += delta["partial_json"];
      return;
    case "citations_delta": {
      const { citations } = fields;
      fields["citations"] = [
        ...(Array.isArray(citations) ? (citations as readonly JsonValue[]) : []),
        delta["citation"] ?? null,
      ];
      return;
    }
    default:
      for (const key in delta) if (key !== "type" && delta[key] !== undefined) fields[key] = delta[key] ?? null;
  }
}

function finishBlock({ fields, json }: CollectedBlock): JsonObject {
  if (json === "") return fields;
  // Half a text, where the model was cut off: SDKs keep what they can read of it, and so nothing here.
  return { ...fields, input: tryParseJson(json) ?? fields["input"] ?? {} };
}

/** The implicit block of a delta that came without a start. */
function openingOf(delta: JsonObject): Fields | undefined {
  if (delta["type"] === "text_delta") return { type: "text", text: "" };
  if (delta["type"] === "thinking_delta") return { type: "thinking", thinking: "" };
  return undefined;
}

/** Makes the `message` out of a stream of events; unknown fields stay. */
export function createDocumentCollector(): DocumentCollector {
  let message: Fields | undefined;
  const content: CollectedBlock[] = [];
  let open = new Map<number, CollectedBlock>();
  let isTerminal = false;

  function startMessage(data: string): void {
    const event = parseEventObject(data, eventName);
    const started: JsonObject = isJsonObject(event["message"]) ? event["message"] : {};
    if (message === undefined) {
      message = { ...(started as Fields) };
      const { content: given } = started;
      for (const value of Array.isArray(given) ? (given as readonly JsonValue[]) : []) {
        if (isJsonObject(value)) content.push({ fields: { ...(value as Fields) }, json: "" });
      }
    } else if (started["id"] !== message["id"] && content.length > 0) throw splicedError(data);
  }

  function parse(data: string): JsonObject {
    message ??= {};
    return parseEventObject(data, eventName);
  }

  function openBlock(index: number, fields: Fields): CollectedBlock {
    const block: CollectedBlock = { fields, json: "" };
    content.push(block);
    open.set(index, block);
    return block;
  }

  function indexOf(event: JsonObject): number {
    return typeof event["index"] === "number" ? event["index"] : 0;
  }

  function addEnd(event: JsonObject): void {
    message ??= {};
    const { delta, usage, type: _type, ...beside } = event;
    if (isJsonObject(delta)) {
      for (const key in delta) {
        const value = delta[key];
        const isLess = key === "stop_reason" && typeof message[key] === "string" && message[key] !== "end_turn";
        if (value !== undefined && !isLess && (value !== null || message[key] === undefined)) message[key] = value;
      }
    }
    for (const key in beside) if (beside[key] !== undefined) message[key] = beside[key] ?? null;
    const merged = mergeRawUsage(isJsonObject(message["usage"]) ? message["usage"] : undefined, usage);
    if (merged !== undefined) message["usage"] = merged;
  }

  function read(type: string, data: string): boolean {
    switch (type) {
      case "message_start":
        startMessage(data);
        return true;
      case "content_block_start": {
        const event = parse(data);
        const value = event["content_block"];
        if (isJsonObject(value)) openBlock(indexOf(event), { ...(value as Fields) });
        return true;
      }
      case "content_block_delta": {
        const event = parse(data);
        const { delta } = event;
        if (!isJsonObject(delta)) return true;
        const index = indexOf(event);
        const opening = open.has(index) ? undefined : openingOf(delta);
        const block = open.get(index) ?? (opening && openBlock(index, opening));
        if (block !== undefined) addDelta(block, delta);
        return true;
      }
      case "content_block_stop":
        open.delete(indexOf(parse(data)));
        return true;
      case "message_delta":
        addEnd(parse(data));
        return true;
      case "message_stop":
        isTerminal = true;
        return true;
      case "ping":
        return true;
      case "error":
        throw decodeStreamError(parseEventObject(data, eventName));
      default:
        return false;
    }
  }

  return {
    add(event: WireEvent) {
      if (isTerminal || event.data === "[DONE]") return;
      if (read(event.type === "" ? sniffEventType(event.data) : event.type, event.data)) return;
      const inside = sniffEventType(event.data);
      if (inside !== event.type && read(inside, event.data)) return;
      const value = parseEventObject(event.data, eventName);
      if (isJsonObject(value["error"])) throw decodeStreamError(value);
    },
    end() {
      if (!isTerminal && typeof message?.["stop_reason"] !== "string") throw cutError();
      open = new Map();
      const { content: _content, ...rest } = message ?? {};
      return { id: "", type: "message", role: "assistant", model: "", ...rest, content: content.map(finishBlock) };
    },
  };
}
