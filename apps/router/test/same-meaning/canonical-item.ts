import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import { exactJson } from "./exact-json.ts";

/**
 * An item of Responses `input`, without what provably means nothing: the item's id, `status: completed`, the order of keys, how
 * arguments are spelled, whether one text is a string or a part, empty `annotations` and `logprobs`, fields that are null, and
 * the mark that Codex itself leaves out when it compares (codex.md 4.4). Everything else stays, known or not.
 */
export function canonicalItem(item: JsonObject): JsonObject {
  const { id: _id, status, internal_chat_message_metadata_passthrough: _mark, ...rest } = item;
  const type = typeof rest["type"] === "string" ? rest["type"] : "message";
  const fields: Record<string, JsonValue | undefined> = { ...rest, type };
  if (status !== "completed") fields["status"] = status;
  if (type === "message") {
    fields["content"] = canonicalContent(rest["content"], rest["role"] === "assistant" ? "output_text" : "input_text");
  } else if (type.endsWith("_output")) {
    fields["output"] = canonicalContent(rest["output"], "input_text");
  } else if (type === "function_call" && typeof rest["arguments"] === "string") {
    fields["arguments"] = exactJson(rest["arguments"]) ?? rest["arguments"];
  }
  return withoutNulls(fields);
}

function canonicalContent(content: JsonValue | undefined, textType: string): JsonValue | undefined {
  if (typeof content === "string") return [{ text: content, type: textType }];
  if (!isJsonArray(content)) return content;
  return content.map((part) => {
    if (!isJsonObject(part)) return part;
    const { annotations, logprobs, ...rest } = part;
    return {
      ...rest,
      ...(isEmpty(annotations) ? {} : { annotations }),
      ...(isEmpty(logprobs) ? {} : { logprobs }),
    };
  });
}

function isEmpty(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || (isJsonArray(value) && value.length === 0);
}

function withoutNulls(fields: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}

/** What an item says, and what its maker noted beside it that some formats cannot carry. */
export interface SplitItem {
  /** Texts of the assistant that follow each other are one text. */
  readonly meaning: JsonObject;
  /** The phase of a message, the annotations of its parts, and where its text is cut into parts. */
  readonly beside: JsonObject;
}

/** @param item - A canonical one. */
export function splitItem(item: JsonObject): SplitItem {
  const { phase, content, ...rest } = item;
  const beside: Record<string, JsonValue> = {};
  if (phase !== undefined) beside["phase"] = phase;
  if (!isJsonArray(content)) return { meaning: { ...rest, content }, beside };
  const parts: JsonValue[] = [];
  const cuts: number[] = [];
  for (const [index, part] of content.entries()) {
    if (!isJsonObject(part)) {
      parts.push(part);
      continue;
    }
    const { annotations, ...bare } = part;
    if (annotations !== undefined) beside[`content[${index}].annotations`] = annotations;
    const last = parts.at(-1);
    const joined = item["role"] === "assistant" ? joinedText(last, bare) : undefined;
    if (joined === undefined) parts.push(bare);
    else {
      parts[parts.length - 1] = joined.part;
      cuts.push(joined.cut);
    }
  }
  if (cuts.length > 0) beside["cuts"] = cuts;
  return { meaning: { ...rest, content: parts }, beside };
}

function joinedText(last: JsonValue | undefined, part: JsonObject): { part: JsonObject; cut: number } | undefined {
  if (!isJsonObject(last) || last["type"] !== "output_text" || part["type"] !== "output_text") return undefined;
  const { text, ...others } = last;
  const { text: more, ...otherMore } = part;
  if (typeof text !== "string" || typeof more !== "string" || sortedJson(others) !== sortedJson(otherMore)) {
    return undefined;
  }
  return { part: { ...last, text: text + more }, cut: text.length };
}

/** One text for equal values, whatever the order of their keys. */
export function sortedJson(value: JsonValue | undefined): string {
  if (isJsonArray(value)) return `[${value.map(sortedJson).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value) ?? "null";
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  return `{${keys
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${sortedJson(value[key])}`)
    .join(",")}}`;
}

/** Where two values differ first, as `content[0].text`; undefined when they do not. */
export function firstDifference(left: JsonValue | undefined, right: JsonValue | undefined): string | undefined {
  if (sortedJson(left) === sortedJson(right)) return undefined;
  if (isJsonArray(left) && isJsonArray(right)) {
    for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
      const deeper = firstDifference(left[index], right[index]);
      if (deeper !== undefined) return join(`[${index}]`, deeper);
    }
  }
  if (isJsonObject(left) && isJsonObject(right)) {
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const deeper = firstDifference(left[key], right[key]);
      if (deeper !== undefined) return join(key, deeper);
    }
  }
  return "";
}

function join(head: string, tail: string): string {
  return tail === "" || tail.startsWith("[") ? head + tail : `${head}.${tail}`;
}
