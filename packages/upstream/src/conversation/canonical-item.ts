import { hash } from "node:crypto";
import { toUSVString } from "node:util";

import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

import { canonicalJson, comparableJson } from "./canonical-json.ts";

/**
 * What an item of a Responses conversation means, in a form that can be compared and costs 32 bytes to remember. See
 * docs/decisions/equality-on-meaning.md for what counts and what does not.
 */
export interface CanonicalItem {
  readonly isReasoning: boolean;
  /** For messages to people, for example `message user` or `function_call shell`. */
  readonly kind: string;
  /** Where its substance is, for messages to people: `content`, `arguments`, … */
  readonly field: string;
  /** SHA-256, one byte a character. */
  readonly digest: string;
  /**
   * What only this format has beside it: the phase of a message, annotations, fields we do not know. Undefined when the item
   * has nothing of the kind. A client of another format cannot replay it.
   */
  readonly extras: string | undefined;
  /** Names a call, or the call an output answers. */
  readonly callId: string | undefined;
  /** Of items with several parts, for messages to people: what tells which of them differs. */
  readonly parts: readonly ItemPart[];
  /** The digest of the same item written another way: other order of keys, other spaces. Undefined: there is none. */
  meaning(): string | undefined;
  /** The digest of the item as a client writes it that has parsed the arguments and writes them anew. */
  rewritten(): string | undefined;
}

export interface ItemPart {
  /** For example `content[0]`. */
  readonly path: string;
  readonly fingerprint: string;
}

export function sha256(text: string): string {
  // In UTF-8 all lone surrogates are one character; in JSON, as they travel, they are not.
  return hash("sha256", toUSVString(text) === text ? text : JSON.stringify(text), "binary");
}

/** Enough to tell people where two items differ; nothing is decided by it. */
function fingerprint(text: string): string {
  return sha256(text).slice(0, 6);
}

/** Names and states given by whoever made the item; they change no answer. */
const ignoredFields = new Set(["id", "internal_chat_message_metadata_passthrough"]);

/** The fields that have a meaning of their own; all others are extras. */
const knownFields = {
  message: new Set(["type", "role", "content"]),
  function_call: new Set(["type", "call_id", "name", "namespace", "arguments"]),
  custom_tool_call: new Set(["type", "call_id", "name", "namespace", "input"]),
  function_call_output: new Set(["type", "call_id", "output"]),
  custom_tool_call_output: new Set(["type", "call_id", "output"]),
} as const satisfies Readonly<Record<string, ReadonlySet<string>>>;

const textTypes = new Set<JsonValue | undefined>(["input_text", "output_text", "text"]);
const textFields = new Set(["type", "text", "annotations", "logprobs"]);

interface Draft {
  readonly kind: string;
  readonly field: string;
  readonly callId?: JsonValue | undefined;
  readonly isReasoning?: boolean;
  /** Strings are preceded by their length, so that no two different items make one text. */
  text: string;
  readonly extras: Record<string, JsonValue>;
  readonly parts: ItemPart[];
  /** Makes `text` again, with the JSON in it written by `write`. */
  readonly rewrite?: (write: (value: JsonValue) => string) => string | undefined;
}

/** Above it a text is hashed by itself: joining it with others first would copy it. */
const longText = 1_024;

function prefixed(kind: string, text: string): string {
  return text.length > longText ? `${kind}#${sha256(text)}` : `${kind}${text.length}:${text}`;
}

function isEmpty(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || (isJsonArray(value) && value.length === 0);
}

/** A part of text alone; undefined for all others. What it has beside its text goes to the extras. */
function textOf(part: JsonValue, path: string, draft: Draft): string | undefined {
  if (!isJsonObject(part) || !textTypes.has(part["type"]) || typeof part["text"] !== "string") return undefined;
  for (const name in part) if (!textFields.has(name)) return undefined;
  for (const name of ["annotations", "logprobs"] as const) {
    const value = part[name];
    if (value !== undefined && !isEmpty(value)) draft.extras[`${path}.${name}`] = value;
  }
  return part["text"];
}

/**
 * Content or output. One text is the same as a list with that text as its only part. Texts of an assistant that follow one
 * another are one text: where the model put the border cannot be said in other formats.
 */
function addContent(field: string, value: JsonValue | undefined, joinsTexts: boolean, draft: Draft): void {
  if (typeof value === "string") {
    draft.text += prefixed("t", value);
    return;
  }
  if (!isJsonArray(value)) {
    draft.text += prefixed("j", canonicalJson(value ?? null));
    return;
  }
  let joined: string | undefined;
  const flush = () => {
    if (joined !== undefined) draft.text += prefixed("t", joined);
    joined = undefined;
  };
  for (const [index, part] of value.entries()) {
    const path = `${field}[${index}]`;
    const text = textOf(part, path, draft);
    if (text === undefined) {
      flush();
      // The exact text: parts other than plain text are images and files for the most part, and long.
      draft.text += prefixed("j", JSON.stringify(part));
    } else if (joinsTexts && joined !== undefined) joined += text;
    else {
      flush();
      joined = text;
    }
    if (value.length > 1) draft.parts.push({ path, fingerprint: fingerprint(text ?? JSON.stringify(part)) });
  }
  flush();
}

/** `status` says something only when the item is not whole. */
function collectExtras(item: JsonObject, type: keyof typeof knownFields, draft: Draft): void {
  const known: ReadonlySet<string> = knownFields[type];
  for (const name in item) {
    const value = item[name];
    if (known.has(name) || ignoredFields.has(name) || value === undefined || value === null) continue;
    if (name === "status" && value === "completed") continue;
    draft.extras[name] = value;
  }
}

class Canonical implements CanonicalItem {
  readonly isReasoning: boolean;
  readonly kind: string;
  readonly field: string;
  readonly digest: string;
  readonly extras: string | undefined;
  readonly callId: string | undefined;
  readonly parts: readonly ItemPart[];
  readonly #rewrite: Draft["rewrite"];

  constructor(draft: Draft) {
    this.isReasoning = draft.isReasoning ?? false;
    this.kind = draft.kind;
    this.field = draft.field;
    this.digest = sha256(draft.text);
    this.callId = typeof draft.callId === "string" ? draft.callId : undefined;
    this.parts = draft.parts;
    this.extras = Object.keys(draft.extras).length === 0 ? undefined : sha256(canonicalJson(draft.extras));
    this.#rewrite = draft.rewrite;
  }

  meaning(): string | undefined {
    const text = this.#rewrite?.(canonicalJson);
    // Marked, so that it never equals the digest of a text somebody sent.
    return text === undefined ? undefined : sha256(`c${text}`);
  }

  rewritten(): string | undefined {
    const text = this.#rewrite?.((value) => JSON.stringify(value));
    return text === undefined ? undefined : sha256(text);
  }
}

function textField(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function canonicalMessage(item: JsonObject): Draft {
  const role = textField(item["role"]);
  const { content } = item;
  const draft: Draft = {
    kind: `message ${role}`,
    field: isJsonArray(content) ? "content[0]" : "content",
    text: prefixed("m", role),
    extras: {},
    parts: [],
  };
  collectExtras(item, "message", draft);
  addContent("content", content, role === "assistant", draft);
  return draft;
}

function canonicalCall(item: JsonObject, type: "function_call" | "custom_tool_call"): Draft {
  const field = type === "function_call" ? "arguments" : "input";
  const value = item[field];
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null);
  const name = textField(item["name"]);
  const head = prefixed("k", type) + prefixed("n", name) + prefixed("s", textField(item["namespace"]));
  const draft: Draft = {
    kind: `${type} ${name}`,
    field,
    callId: item["call_id"],
    text: head + prefixed("t", text),
    extras: {},
    parts: [],
    ...(type === "function_call" && {
      rewrite: (write) => {
        const parsed = comparableJson(text);
        return parsed === undefined ? undefined : head + prefixed("t", write(parsed));
      },
    }),
  };
  collectExtras(item, type, draft);
  return draft;
}

function canonicalOutput(item: JsonObject, type: "function_call_output" | "custom_tool_call_output"): Draft {
  const { output } = item;
  const draft: Draft = {
    kind: type,
    field: isJsonArray(output) ? "output[0]" : "output",
    callId: item["call_id"],
    text: prefixed("o", type),
    extras: {},
    parts: [],
  };
  collectExtras(item, type, draft);
  addContent("output", output, false, draft);
  return draft;
}

/** Encrypted reasoning is what it encrypts; its summary is for people. Without it, the texts are all there is. */
function canonicalReasoning(item: JsonObject): Draft {
  const payload = item["encrypted_content"];
  const text =
    typeof payload === "string" ? payload : canonicalJson([item["summary"] ?? null, item["content"] ?? null]);
  const field = typeof payload === "string" ? "encrypted_content" : "summary";
  return { kind: "reasoning", field, isReasoning: true, text: prefixed("r", text), extras: {}, parts: [] };
}

function canonicalOther(item: JsonObject): Draft {
  const kept: Record<string, JsonValue> = {};
  for (const name in item) {
    const value = item[name];
    if (ignoredFields.has(name) || value === undefined || value === null) continue;
    if (name !== "status" || value !== "completed") kept[name] = value;
  }
  const rewrite: Draft["rewrite"] = (write) => prefixed("j", write(kept));
  const kind = textField(item["type"]);
  return { kind, field: "", text: prefixed("j", JSON.stringify(kept)), extras: {}, parts: [], rewrite };
}

function draftOf(item: JsonValue): Draft {
  if (!isJsonObject(item))
    return { kind: "", field: "", text: prefixed("j", JSON.stringify(item)), extras: {}, parts: [] };
  const type = item["type"] ?? "message";
  switch (type) {
    case "message":
      return canonicalMessage(item);
    case "reasoning":
      return canonicalReasoning(item);
    case "function_call":
    case "custom_tool_call":
      return canonicalCall(item, type);
    case "function_call_output":
    case "custom_tool_call_output":
      return canonicalOutput(item, type);
    default:
      return canonicalOther(item);
  }
}

/** What one item of `input`, or of an answer's output, means. Items without `type` are messages. */
export function canonicalItem(item: JsonValue): CanonicalItem {
  return new Canonical(draftOf(item));
}
