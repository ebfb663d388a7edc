import {
  type AudioBlock,
  type Block,
  type FileBlock,
  type ImageBlock,
  isJsonObject,
  type JsonValue,
  type MediaSource,
  type ToolResultBlock,
} from "@turnout/core";

import { parseDataUrl } from "../data-url.ts";
import { mediaTypeOfFilename } from "../media-type.ts";
import { type Fields, restOf, stringNote, wire, withNested } from "./extras.ts";
import { partNote, thinkingPart } from "./reasoning.ts";
import type { ChatContent, ChatContentPart } from "./schema.ts";

const textKeys = new Set(["type", "text"]);
const refusalKeys = new Set(["type", "refusal"]);
const imageKeys = new Set(["type", "image_url"]);
const imageUrlKeys = new Set(["url", "detail"]);
const fileKeys = new Set(["type", "file"]);
const fileFieldKeys = new Set(["file_data", "file_id", "filename"]);
const audioKeys = new Set(["type", "input_audio"]);
const audioFieldKeys = new Set(["data", "format"]);

/** Where bytes or a place to fetch from stand in one string. */
function decodeMediaUrl(url: string): MediaSource {
  const inline = parseDataUrl(url);
  return inline === undefined ? { kind: "url", url } : { kind: "base64", ...inline };
}

/**
 * What every part has beside its content: the fields no block holds, and the cache mark. The extras are there even when
 * empty: they tell a part of its own from a plain string, so the same format gets back the form it wrote.
 */
function partBase(part: ChatContentPart, known: ReadonlySet<string>, nested?: { key: string; rest: Fields }) {
  const own = restOf(part, known);
  const fields = nested === undefined ? own : withNested(own, nested.key, nested.rest);
  // Anthropic's mark, which OpenRouter and others take here, or OpenAI's own; the field itself goes back as it came.
  const isMarked = part.cache_control ?? part.prompt_cache_breakpoint;
  const ttl = part.cache_control?.ttl;
  return {
    ...(isMarked && { cache: typeof ttl === "string" ? { ttl } : {} }),
    extras: { wire, fields },
  } as const;
}

function decodeImage(part: ChatContentPart, image: NonNullable<ChatContentPart["image_url"]>): ImageBlock {
  if (typeof image === "string") {
    // Mistral's shape.
    const base = partBase(part, imageKeys);
    base.extras.fields["$flat"] = true;
    return { type: "image", source: decodeMediaUrl(image), ...base };
  }
  const { url, detail } = image;
  return {
    type: "image",
    source: decodeMediaUrl(url),
    ...(typeof detail === "string" && { detail }),
    ...partBase(part, imageKeys, { key: "image_url", rest: restOf(image, imageUrlKeys) }),
  };
}

function fileSource(file: NonNullable<ChatContentPart["file"]>): MediaSource {
  if (typeof file.file_id === "string") return { kind: "file-id", id: file.file_id };
  const data = file.file_data ?? "";
  const inline = parseDataUrl(data);
  if (inline !== undefined) return { kind: "base64", ...inline };
  // Bare base64 from clients that leave the prefix out: the name tells the type.
  return { kind: "base64", mediaType: mediaTypeOfFilename(file.filename ?? undefined), data };
}

function decodeFile(part: ChatContentPart, file: NonNullable<ChatContentPart["file"]>): FileBlock {
  const rest = restOf(file, fileFieldKeys);
  if (typeof file.file_id === "string" && typeof file.file_data === "string") rest["file_data"] = file.file_data;
  return {
    type: "file",
    source: fileSource(file),
    ...(typeof file.filename === "string" && { filename: file.filename }),
    ...partBase(part, fileKeys, { key: "file", rest }),
  };
}

function decodeAudio(part: ChatContentPart, audio: NonNullable<ChatContentPart["input_audio"]>): AudioBlock {
  const { data, format } = audio;
  return {
    type: "audio",
    source: { kind: "base64", mediaType: format === "mp3" ? "audio/mpeg" : `audio/${format}`, data },
    format,
    ...partBase(part, audioKeys, { key: "input_audio", rest: restOf(audio, audioFieldKeys) }),
  };
}

function decodePart(part: ChatContentPart): Block {
  const { type, text, refusal, image_url: image, file, input_audio: audio } = part;
  if (type === "text" && typeof text === "string") return { type: "text", text, ...partBase(part, textKeys) };
  if (type === "refusal" && typeof refusal === "string") {
    return { type: "refusal", text: refusal, ...partBase(part, refusalKeys) };
  }
  if (type === "image_url" && image !== undefined && image !== null) return decodeImage(part, image);
  if (type === "file" && file) return decodeFile(part, file);
  if (type === "input_audio" && audio) return decodeAudio(part, audio);
  if (type === thinkingPart) return decodeThinking(part);
  // A vendor's part, such as `video_url`: only the same format can carry it. The part came from JSON.
  return { type: "opaque", wire, value: part as JsonValue };
}

/** Mistral's thoughts: `{"type":"thinking","thinking":[{"type":"text","text":"…"}]}`. */
function decodeThinking(part: ChatContentPart): Block {
  const list: unknown[] = Array.isArray(part[thinkingPart]) ? part[thinkingPart] : [];
  const parts = list.flatMap((entry) => {
    const text = isJsonObject(entry) ? entry["text"] : undefined;
    return typeof text === "string" ? [{ form: "raw", text } as const] : [];
  });
  const fields = restOf(part, new Set(["type", thinkingPart]));
  return {
    type: "reasoning",
    parts,
    provenance: { wire },
    extras: { wire, fields: { ...fields, [partNote]: thinkingPart } },
  };
}

/** The blocks of a message's `content`. An empty string is one empty text block. */
export function decodeContent(content: ChatContent): Block[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.map(decodePart);
}

/** Like `decodeContent`, for tool results: they hold text, images and files; what else stands there is carried whole. */
export function decodeResultContent(content: ChatContent): ToolResultBlock["content"] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return content.map((part) => {
    const block = decodePart(part);
    const isKnown = block.type === "text" || block.type === "image" || block.type === "file";
    return isKnown ? block : { type: "opaque", wire, value: part as JsonValue };
  });
}

/** Anthropic's cache mark, in the words of the hub. */
export function decodeCacheMark(mark: unknown): { readonly ttl?: string } | undefined {
  if (!isJsonObject(mark)) return undefined;
  return typeof mark["ttl"] === "string" ? { ttl: mark["ttl"] } : {};
}

/** A mark on a whole message belongs to its last block (translation.md 2.16, T82); the field goes back with the message. */
export function markLastBlock(blocks: readonly Block[], mark: unknown): readonly Block[] {
  const cache = decodeCacheMark(mark);
  const last = blocks.at(-1);
  if (cache === undefined || last === undefined) return blocks;
  return blocks.with(blocks.length - 1, {
    ...last,
    cache,
    extras: last.extras ?? { wire, fields: { [stringNote]: true } },
  });
}
