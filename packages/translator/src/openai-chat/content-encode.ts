import type {
  AudioBlock,
  Block,
  FileBlock,
  ImageBlock,
  JsonObject,
  JsonValue,
  MediaSource,
  RefusalBlock,
  TextBlock,
} from "@turnout/core";

import { formatDataUrl } from "../data-url.ts";
import type { LossCollector } from "../report.ts";
import { invalidRequest } from "../validate.ts";
import { type Fields, objectIn, ownFields, reportForeign, restore, stringNote, wire } from "./extras.ts";

function mediaUrl(source: MediaSource, path: string, what: string): string {
  if (source.kind === "base64") return formatDataUrl(source.mediaType, source.data);
  if (source.kind === "url") return source.url;
  throw invalidRequest(path, `Cannot send ${what} by file id to a Chat upstream: it takes URLs and data only`);
}

function encodeImage(block: ImageBlock, path: string, losses: LossCollector): Fields {
  const url = mediaUrl(block.source, path, "an image");
  if (ownFields(block.extras)["$flat"] === true) return { type: "image_url", image_url: url };
  let detail = block.detail;
  if (detail === "original") {
    losses.approximated(`${path}.detail`, "Chat knows no detail `original`: sent as `high`");
    detail = "high";
  }
  const image = { url, ...(detail !== undefined && { detail }), ...objectIn(ownFields(block.extras), "image_url") };
  return { type: "image_url", image_url: image };
}

function encodeFile(block: FileBlock, path: string): Fields {
  const { source, filename } = block;
  const rest = objectIn(ownFields(block.extras), "file");
  if (source.kind === "url") {
    throw invalidRequest(path, "Cannot send a file by URL to a Chat upstream: it takes file ids and data only");
  }
  if (source.kind === "file-id") {
    return { type: "file", file: { file_id: source.id, ...(filename !== undefined && { filename }), ...rest } };
  }
  // OpenAI wants a name beside data; a client of this format that left it out did so knowingly.
  const name = filename ?? (block.extras?.wire === wire ? undefined : "document.pdf");
  const data = formatDataUrl(source.mediaType, source.data);
  return { type: "file", file: { ...(name !== undefined && { filename: name }), file_data: data, ...rest } };
}

function encodeAudio(block: AudioBlock, path: string): Fields {
  const { source, format } = block;
  if (source.kind !== "base64") {
    throw invalidRequest(path, "Cannot send audio by URL or id to a Chat upstream: it takes data only");
  }
  const name = format ?? (source.mediaType.endsWith("mpeg") ? "mp3" : source.mediaType.replace(/^audio\/(?:x-)?/u, ""));
  return {
    type: "input_audio",
    input_audio: { data: source.data, format: name, ...objectIn(ownFields(block.extras), "input_audio") },
  };
}

type PartBlock = TextBlock | RefusalBlock | ImageBlock | FileBlock | AudioBlock;

/** True for blocks that stand in `content`. */
function isPartBlock(block: Block): block is PartBlock {
  switch (block.type) {
    case "text":
    case "refusal":
    case "image":
    case "file":
    case "audio":
      return true;
    default:
      return false;
  }
}

/**
 * One block as a content part.
 *
 * @throws {RouterError} `request-invalid` for media that no Chat part can point at.
 */
function encodePart(block: PartBlock, path: string, losses: LossCollector): JsonObject {
  let part: Fields;
  switch (block.type) {
    case "text":
      part = { type: "text", text: block.text };
      break;
    case "refusal":
      part = { type: "refusal", refusal: block.text };
      break;
    case "image":
      part = encodeImage(block, path, losses);
      break;
    case "file":
      part = encodeFile(block, path);
      break;
    case "audio":
      part = encodeAudio(block, path);
      break;
  }
  reportBlock(block, path, losses);
  restore(part, block.extras);
  return part;
}

/** Names in the report what a block had beyond its content. */
export function reportBlock(block: Block, path: string, losses: LossCollector): void {
  reportForeign(block.extras, path, losses);
  if (block.cache !== undefined && block.extras?.wire !== wire) {
    losses.dropped(`${path}.cache`, "Chat upstreams take no cache marks on parts");
  }
}

/** True for text that goes into a plain string: it was one, or it came from a format without that difference. */
export function isPlainText(block: Block): block is TextBlock {
  if (block.type !== "text") return false;
  return block.extras?.wire !== wire || block.extras.fields[stringNote] === true;
}

/**
 * `content` for these blocks: a string when that says the same, else an array of parts.
 *
 * @param blocks - Opaque ones of this format go back whole.
 */
export function encodeContent(
  blocks: readonly { readonly block: Block; readonly path: string }[],
  losses: LossCollector,
): JsonValue {
  const [first] = blocks;
  if (first === undefined) return "";
  if (blocks.length === 1 && isPlainText(first.block)) {
    reportBlock(first.block, first.path, losses);
    return first.block.text;
  }
  const parts: JsonValue[] = [];
  for (const { block, path } of blocks) {
    if (isPartBlock(block)) parts.push(encodePart(block, path, losses));
    else if (block.type === "opaque" && block.wire === wire) parts.push(block.value);
    else losses.dropped(path, `a block of type \`${block.type}\` has no place in a Chat message`);
  }
  return parts;
}
