import {
  type Block,
  type Citation,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ReasoningBlock,
  type ToolCallBlock,
  type ToolResultBlock,
} from "@turnout/core";

import { type Fields, put } from "../fields.ts";
import type { ToolCallIds } from "../ids.ts";
import { tryParseJson } from "../parse-json.ts";
import { joinParts } from "../payload-envelope.ts";
import type { LossCollector } from "../report.ts";
import type { ToolNames } from "../tool-names.ts";
import { invalidRequest } from "../validate.ts";
import { formNote, noErrorNote, sourceNote } from "./block-decode.ts";
import { isOwn, ownFields, reportForeign, restore, wire } from "./extras.ts";
import { encodeFile, encodeImage, encodeOwnSource, textSourceNote } from "./media.ts";

/** What writing blocks needs besides the blocks. */
export interface BlockContext {
  readonly losses: LossCollector;
  /** Undefined leaves ids as they are: the same format gets back what it sent. */
  readonly ids: ToolCallIds | undefined;
  /** Undefined leaves names as they are. */
  readonly names: ToolNames | undefined;
}

/** `cache_control` for a mark; lifetimes Anthropic does not have become its usual one. */
function cacheControl(cache: { readonly ttl?: string }): JsonObject {
  const isKnown = cache.ttl === "5m" || cache.ttl === "1h";
  return { type: "ephemeral", ...(isKnown && { ttl: cache.ttl }) };
}

/** How other formats wrote the mark that is sent. */
const markFields: ReadonlySet<string> = new Set(["cache_control", "prompt_cache_breakpoint"]);

function finishBlock(target: Fields, block: Block, path: string, context: BlockContext): Fields {
  if (block.cache !== undefined) {
    const ttl = block.cache.ttl;
    target["cache_control"] =
      isOwn(block.extras) && ttl !== undefined ? { type: "ephemeral", ttl } : cacheControl(block.cache);
  }
  restore(target, block.extras);
  reportForeign(block.extras, path, context.losses, block.cache === undefined ? undefined : markFields);
  return target;
}

/** One of `citations` as it came; undefined for those of other formats. */
export function encodeOwnCitation(citation: Citation): JsonObject | undefined {
  if (!isOwn(citation.extras)) return undefined;
  const { $type: type, $cited_text: cited, ...rest } = citation.extras.fields;
  const { url, title } = citation;
  return {
    ...(type !== undefined && { type }),
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(cited !== undefined && { cited_text: cited }),
    ...rest,
  };
}

/** The text of a call's arguments as `input`. There is no place for what is no object: it is wrapped (T67). */
function callInput(block: ToolCallBlock, path: string, losses: LossCollector): JsonValue {
  const { arguments: text, kind } = block;
  if (kind === "custom") return { input: text };
  if (text.trim() === "") return {};
  const value = tryParseJson(text);
  if (isJsonObject(value) || (value !== undefined && isOwn(block.extras))) return value;
  losses.approximated(`${path}.arguments`, "arguments that are no JSON object: sent as the text in `input`");
  return { input: text };
}

function encodeToolUse(block: ToolCallBlock, path: string, context: BlockContext): Fields {
  const { losses, ids, names } = context;
  if (block.payload !== undefined) losses.dropped(`${path}.payload`, "signature of another provider");
  return {
    type: "tool_use",
    id: ids?.call(block.callId) ?? block.callId,
    name: names?.toWire(block.name, block.namespace) ?? block.name,
    input: callInput(block, path, losses),
  };
}

function encodeResultContent(block: ToolResultBlock, path: string, context: BlockContext): JsonValue | undefined {
  const { content } = block;
  const form = ownFields(block.extras)[formNote];
  const [first] = content;
  if (form === "none") return undefined;
  const isString = form === "string" || (!isOwn(block.extras) && content.length === 1 && first?.cache === undefined);
  if (isString && first?.type === "text" && content.length === 1) return first.text;
  const parts: JsonValue[] = [];
  for (const [index, part] of content.entries()) {
    // An empty text is refused (T61), an empty result is not.
    if (part.type === "text" && part.text.trim() === "" && !isOwn(part.extras)) continue;
    const encoded = encodeBlock(part, `${path}.content[${index}]`, context);
    if (encoded !== undefined) parts.push(encoded);
  }
  return parts.length === 0 && !isOwn(block.extras) ? undefined : parts;
}

function encodeToolResult(block: ToolResultBlock, path: string, context: BlockContext): Fields {
  const result: Fields = {
    type: "tool_result",
    tool_use_id: context.ids?.result(block.callId) ?? block.callId,
  };
  put(result, "content", encodeResultContent(block, path, context));
  if (block.isError === true) result["is_error"] = true;
  if (ownFields(block.extras)[noErrorNote] === true) result["is_error"] = false;
  return result;
}

/**
 * Thoughts in a history. Only what this format's models signed goes back to them, byte for byte (T03, T04); other
 * thoughts are left out rather than told as text, which models would imitate (T06).
 */
function encodeReasoning(block: ReasoningBlock, path: string, context: BlockContext): Fields | undefined {
  const isSigned = block.payload !== undefined || isOwn(block.extras);
  if (block.provenance?.wire !== wire || !isSigned) {
    context.losses.dropped(path, "reasoning of another provider");
    return undefined;
  }
  if (block.redacted === true) return { type: "redacted_thinking", data: block.payload ?? "" };
  const thinking: Fields = { type: "thinking", thinking: joinParts(block.parts) };
  put(thinking, "signature", block.payload);
  return thinking;
}

function encodeText(block: Extract<Block, { type: "text" }>, path: string, context: BlockContext): Fields {
  const target: Fields = { type: "text", text: block.text };
  const { citations = [] } = block;
  const kept = citations.map(encodeOwnCitation).filter((citation) => citation !== undefined);
  // Anthropic checks them, and the search results they point at are not in this history.
  if (kept.length < citations.length) context.losses.dropped(`${path}.citations`, "citations of another provider");
  if (kept.length > 0) target["citations"] = kept;
  return target;
}

/**
 * One block of a message.
 *
 * @returns Undefined for what has no place here, named in the report.
 * @throws {RouterError} `request-invalid` for what cannot be left out without asking the model something else.
 */
export function encodeBlock(block: Block, path: string, context: BlockContext): Fields | undefined {
  const own = ownFields(block.extras);
  const source = own[sourceNote];
  if (isJsonObject(source)) return { ...source } as Fields;
  switch (block.type) {
    case "text":
      return finishBlock(encodeText(block, path, context), block, path, context);
    case "refusal":
      return finishBlock({ type: "text", text: block.text }, block, path, context);
    case "image":
      if (isOwn(block.extras)) {
        const image: Fields = { type: "image", source: encodeOwnSource(block.source, false) };
        return finishBlock(image, block, path, context);
      }
      if (block.detail !== undefined && block.detail !== "auto") {
        context.losses.dropped(`${path}.detail`, "Anthropic's images have no level of detail");
      }
      return finishBlock(encodeImage(block, path), block, path, context);
    case "file": {
      if (!isOwn(block.extras)) return finishBlock(encodeFile(block, path), block, path, context);
      const document: Fields = {
        type: "document",
        source: encodeOwnSource(block.source, own[textSourceNote] === true),
      };
      put(document, "title", block.filename);
      return finishBlock(document, block, path, context);
    }
    case "audio":
      throw invalidRequest(path, "Cannot send audio to an Anthropic upstream: it takes text, images and documents");
    case "reasoning": {
      const thinking = encodeReasoning(block, path, context);
      return thinking && finishBlock(thinking, block, path, context);
    }
    case "tool-call":
      return finishBlock(encodeToolUse(block, path, context), block, path, context);
    case "tool-result":
      return finishBlock(encodeToolResult(block, path, context), block, path, context);
    case "opaque":
      if (block.wire === wire && isJsonObject(block.value)) return { ...block.value } as Fields;
      context.losses.dropped(path, `something only ${block.wire} knows`);
      return undefined;
  }
}
