import type { Block, Citation, JsonObject, JsonValue, ReasoningBlock, ToolResultBlock } from "@turnout/core";
import type * as z from "zod";

import { type Fields, restOf } from "../fields.ts";
import { splitParts, unwrapPayload } from "../payload-envelope.ts";
import { invalidRequest, parseRequest, formatPath } from "../validate.ts";
import { own, wire } from "./extras.ts";
import { decodeSource, flattenTexts, textSourceNote } from "./media.ts";
import {
  type DocumentContent,
  documentBlockSchema,
  imageBlockSchema,
  redactedThinkingBlockSchema,
  searchResultBlockSchema,
  type TextContent,
  textBlockSchema,
  type ThinkingContent,
  thinkingBlockSchema,
  type ToolResultContent,
  toolResultBlockSchema,
  toolUseBlockSchema,
} from "./schema.ts";

/** Note on a block: what it was in this format, where core has only a poorer word for it. */
export const sourceNote = "$block";
/** Note on a result: `string` when its content was one, `none` when it had none. */
export const formNote = "$form";
/** Note on a result: `is_error` was said although it is false. */
export const noErrorNote = "$no_error";

export const what = "Messages request";

/**
 * Where a block stands. A client's block has a path, and what is wrong with it is an error; an upstream's has none, and
 * what cannot be read travels whole.
 */
export interface Place {
  readonly path: readonly PropertyKey[] | undefined;
  /** The model that said it, for an answer. */
  readonly model?: string | undefined;
}

function check<T>(schema: z.ZodType<T>, value: JsonObject, place: Place): T | undefined {
  if (place.path !== undefined) return parseRequest(schema, value, what, place.path);
  return schema.safeParse(value).data;
}

const textKeys = new Set(["type", "text", "citations"]);
const mediaKeys = new Set(["type", "source", "title"]);
const thinkingKeys = new Set(["type", "thinking", "signature"]);
const redactedKeys = new Set(["type", "data"]);
const callKeys = new Set(["type", "id", "name", "input"]);
const resultKeys = new Set(["type", "tool_use_id", "content", "is_error"]);
const markKeys = new Set(["type", "ttl"]);

/** What every block has beside its content. */
interface BlockBase extends ReturnType<typeof own> {
  readonly cache?: { readonly ttl?: string };
}

/** The cache mark and what no field of core holds. A mark that says more than core can hold stays beside, whole. */
function base(block: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): BlockBase {
  const fields = restOf(block, known);
  const mark = fields["cache_control"];
  if (typeof mark !== "object" || mark === null || Array.isArray(mark)) return own(fields);
  const { type, ttl } = mark as JsonObject;
  if (type === "ephemeral" && (ttl === undefined || typeof ttl === "string")) {
    const isPlain = Object.keys(mark).every((key) => markKeys.has(key));
    if (isPlain) delete fields["cache_control"];
    return { cache: ttl === undefined ? {} : { ttl }, ...own(fields) };
  }
  return own(fields);
}

const citationKeys = new Set(["type", "url", "title", "cited_text"]);

/** The kinds of place a citation points at: a page of the web, or a document of the request. */
const webTypes = new Set(["web_search_result_location", "web_fetch_result_location"]);

/**
 * One of `citations`. The block is its span, so it covers the whole text.
 *
 * @param length - Of the block's text in UTF-16 code units.
 */
export function decodeCitation(citation: JsonObject, length: number): Citation {
  const { type, url, title } = citation;
  const isWeb = typeof type === "string" && webTypes.has(type) && typeof url === "string";
  const fields: Fields = isWeb ? restOf(citation, citationKeys) : restOf(citation, new Set());
  if (isWeb) {
    fields["$type"] = type;
    if (citation["cited_text"] !== undefined) fields["$cited_text"] = citation["cited_text"];
  }
  return {
    kind: isWeb ? "url" : "file",
    ...(isWeb && { url }),
    ...(isWeb && typeof title === "string" && { title }),
    start: 0,
    end: length,
    ...own(fields),
  };
}

function decodeText(block: TextContent): Block {
  const { text, citations } = block;
  const decoded = base(block, textKeys);
  if (citations?.length === 0) decoded.extras.fields["citations"] = [];
  return {
    type: "text",
    text,
    ...(citations &&
      citations.length > 0 && { citations: citations.map((entry) => decodeCitation(entry, text.length)) }),
    ...decoded,
  };
}

/** A document given as blocks, as the text in it; the document itself goes back to its own format. */
function decodeContentDocument(block: DocumentContent, value: JsonObject): Block {
  const content = block.source.type === "content" ? block.source.content : "";
  const text = typeof content === "string" ? content : flattenTexts(content);
  if (text === undefined) return { type: "opaque", wire, value };
  const decoded = base(block, mediaKeys);
  decoded.extras.fields[sourceNote] = value;
  const title = typeof block.title === "string" ? `${block.title}\n\n` : "";
  return { type: "text", text: title + text, ...decoded };
}

function decodeDocument(block: DocumentContent, value: JsonObject): Block {
  const source = decodeSource(block.source);
  if (source === undefined) return decodeContentDocument(block, value);
  const decoded = base(block, mediaKeys);
  const { fields } = decoded.extras;
  const rest = restOf(block.source, new Set(["type", "media_type", "data", "url", "file_id"]));
  for (const key in rest) fields[`source.${key}`] = rest[key] ?? null;
  if (block.source.type === "text") {
    fields[textSourceNote] = true;
    if (typeof block.source.media_type !== "string") fields[sourceNote] = value;
  }
  return { type: "file", source, ...(typeof block.title === "string" && { filename: block.title }), ...decoded };
}

/** Text of thoughts and what makes them the model's own: a provider's signature, or a payload of ours (2.11). */
export function decodeThinking(
  text: string,
  signature: string | undefined,
  model: string | undefined,
): Omit<ReasoningBlock, "extras"> {
  const envelope = signature === undefined ? undefined : unwrapPayload(signature);
  if (envelope === undefined) {
    return {
      type: "reasoning",
      parts: text === "" ? [] : [{ form: "summary", text }],
      ...(signature !== undefined && signature !== "" && { payload: signature }),
      provenance: { wire, ...(model !== undefined && { model }) },
    };
  }
  const { provenance, payload, itemId, redacted } = envelope;
  return {
    type: "reasoning",
    parts: splitParts(text, envelope),
    ...(payload !== undefined && { payload }),
    provenance,
    ...(itemId !== undefined && { itemId }),
    ...(redacted === true && { redacted }),
  };
}

function decodeThinkingBlock(block: ThinkingContent, place: Place): Block {
  const decoded = base(block, thinkingKeys);
  const { signature } = block;
  const reasoning = decodeThinking(block.thinking, signature ?? undefined, place.model);
  // Kept as it was written: vendors that check no signature leave it empty or out.
  if (signature !== undefined && reasoning.payload === undefined) decoded.extras.fields["signature"] = signature;
  return { ...reasoning, ...decoded };
}

/** The text of a call's arguments; compact, keys in their order. */
export function argumentsText(input: JsonValue, place: Place): string {
  try {
    return JSON.stringify(input);
  } catch {
    // The one thing JSON.stringify cannot write of what JSON.parse gave: a nesting deeper than the stack.
    throw invalidRequest(
      formatPath(place.path ?? []),
      `Cannot read ${what}: the input of a tool call is nested too deeply`,
    );
  }
}

function decodeResultContent(block: ToolResultContent, place: Place): ToolResultBlock["content"] {
  const { content } = block;
  if (content === undefined || content === null) return [];
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.map((entry, index) => {
    if (entry["type"] === "tool_reference" && typeof entry["tool_name"] === "string") {
      // Other formats have no way to name a tool but its name.
      return { type: "text", text: entry["tool_name"], ...own({ [sourceNote]: entry }) };
    }
    const path = place.path && [...place.path, "content", index];
    const decoded = decodeBlock(entry, { ...place, path });
    const isKnown = decoded.type === "text" || decoded.type === "image" || decoded.type === "file";
    return isKnown ? decoded : { type: "opaque", wire, value: entry };
  });
}

function decodeResult(block: ToolResultContent, place: Place): ToolResultBlock {
  const decoded = base(block, resultKeys);
  const { fields } = decoded.extras;
  if (typeof block.content === "string") fields[formNote] = "string";
  if (block.content === undefined) fields[formNote] = "none";
  if (block.is_error === false) fields[noErrorNote] = true;
  return {
    type: "tool-result",
    callId: block.tool_use_id,
    kind: "function",
    content: decodeResultContent(block, place),
    ...(block.is_error === true && { isError: true }),
    ...decoded,
  };
}

function decodeKnown(value: JsonObject, place: Place): Block | undefined {
  switch (value["type"]) {
    case "text": {
      const block = check(textBlockSchema, value, place);
      return block && decodeText(block);
    }
    case "image": {
      const block = check(imageBlockSchema, value, place);
      const source = block && decodeSource(block.source);
      return block && source && { type: "image", source, ...base(block, mediaKeys) };
    }
    case "document": {
      const block = check(documentBlockSchema, value, place);
      return block && decodeDocument(block, value);
    }
    case "search_result": {
      const block = check(searchResultBlockSchema, value, place);
      if (block === undefined) return undefined;
      const text = [block.title, block.source, ...block.content.map((entry) => entry.text)].join("\n");
      const { cache } = base(block, textKeys);
      return { type: "text", text, ...(cache !== undefined && { cache }), ...own({ [sourceNote]: value }) };
    }
    case "thinking": {
      const block = check(thinkingBlockSchema, value, place);
      return block && decodeThinkingBlock(block, place);
    }
    case "redacted_thinking": {
      const block = check(redactedThinkingBlockSchema, value, place);
      if (block === undefined) return undefined;
      const reasoning = decodeThinking("", block.data, place.model);
      const isForeign = reasoning.provenance?.wire !== wire;
      return { ...reasoning, ...(!isForeign && { redacted: true }), ...base(block, redactedKeys) };
    }
    case "tool_use": {
      const block = check(toolUseBlockSchema, value, place);
      if (block === undefined) return undefined;
      const { id: callId, name, input } = block;
      const text = argumentsText(input, place);
      return { type: "tool-call", callId, name, kind: "function", arguments: text, ...base(block, callKeys) };
    }
    case "tool_result": {
      const block = check(toolResultBlockSchema, value, place);
      return block && decodeResult(block, place);
    }
    default:
      return undefined;
  }
}

/**
 * One content block. What core has no word for (server tools and their results, compaction, what nobody has told us of)
 * is carried whole to the same format.
 *
 * @throws {RouterError} `request-invalid` with the path of the first wrong field, for a client's block.
 */
export function decodeBlock(value: JsonObject, place: Place): Block {
  if (place.path !== undefined && typeof value["type"] !== "string") {
    const path = formatPath([...place.path, "type"]);
    throw invalidRequest(path, `Cannot read ${what}: \`${path}\`: expected string`);
  }
  return decodeKnown(value, place) ?? { type: "opaque", wire, value };
}
