import type { FileBlock, ImageBlock, JsonObject, JsonValue, MediaSource } from "@turnout/core";

import { put, type Fields } from "../fields.ts";
import { invalidRequest } from "../validate.ts";
import type { DocumentContent, ImageContent } from "./schema.ts";

/** Note on a file: it came as a `text` source. */
export const textSourceNote = "$text";

/** What Anthropic reads as an image (docs, vision, read 2026-11-24). */
const imageTypes = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

/** Text by another name than `text/…`. */
const textTypes = new Set(["application/json", "application/xml", "application/yaml", "application/x-yaml"]);

/** Without parameters and in lower case. */
function bareMediaType(mediaType: string): string {
  return (mediaType.split(";")[0] ?? "").trim().toLowerCase();
}

function encodeBase64(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function decodeBase64(data: string, path: string): string {
  try {
    const binary = atob(data);
    return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
  } catch {
    throw invalidRequest(path, "Cannot send the file to an Anthropic upstream: its data is not base64");
  }
}

/** Where the bytes of an image or document are; undefined for a source that is a list of blocks. */
export function decodeSource(source: ImageContent["source"] | DocumentContent["source"]): MediaSource | undefined {
  switch (source.type) {
    case "base64":
      return { kind: "base64", mediaType: source.media_type, data: source.data };
    case "url":
      return { kind: "url", url: source.url };
    case "file":
      return { kind: "file-id", id: source.file_id };
    case "text":
      return { kind: "base64", mediaType: source.media_type ?? "text/plain", data: encodeBase64(source.data) };
    case "content":
      return undefined;
  }
}

function remoteSource(source: Exclude<MediaSource, { kind: "base64" }>, path: string): JsonObject {
  if (source.kind === "file-id") return { type: "file", file_id: source.id };
  // A place only Google can read (T70).
  if (!/^https?:/iu.test(source.url)) {
    throw invalidRequest(path, "Cannot send media to an Anthropic upstream: it reads http and https URLs only");
  }
  return { type: "url", url: source.url };
}

/**
 * The `image` block.
 *
 * @throws {RouterError} `request-invalid` for a type of image that Anthropic refuses.
 */
export function encodeImage(block: ImageBlock, path: string): Fields {
  const { source } = block;
  if (source.kind !== "base64") return { type: "image", source: remoteSource(source, path) };
  const mediaType = bareMediaType(source.mediaType);
  if (!imageTypes.has(mediaType)) {
    throw invalidRequest(
      path,
      `Cannot send an image of type \`${source.mediaType}\` to an Anthropic upstream: it takes jpeg, png, gif and webp`,
    );
  }
  return { type: "image", source: { type: "base64", media_type: mediaType, data: source.data } };
}

function documentSource(block: FileBlock, path: string): JsonObject {
  const { source } = block;
  if (source.kind !== "base64") return remoteSource(source, path);
  const mediaType = bareMediaType(source.mediaType);
  if (mediaType === "application/pdf") return { type: "base64", media_type: mediaType, data: source.data };
  if (mediaType.startsWith("text/") || textTypes.has(mediaType)) {
    return { type: "text", media_type: "text/plain", data: decodeBase64(source.data, path) };
  }
  throw invalidRequest(
    path,
    `Cannot send a file of type \`${source.mediaType}\` to an Anthropic upstream: it takes pdf and text`,
  );
}

/**
 * The `document` block; an image that came as a file becomes an `image` block.
 *
 * @throws {RouterError} `request-invalid` for a type of file that Anthropic refuses.
 */
export function encodeFile(block: FileBlock, path: string): Fields {
  const { source, filename } = block;
  if (source.kind === "base64" && imageTypes.has(bareMediaType(source.mediaType))) {
    return encodeImage({ type: "image", source }, path);
  }
  const document: Fields = { type: "document", source: documentSource(block, path) };
  put(document, "title", filename);
  return document;
}

/** The same source as it was written, for blocks that came from this format. */
export function encodeOwnSource(source: MediaSource, isText: boolean): JsonObject {
  switch (source.kind) {
    case "url":
      return { type: "url", url: source.url };
    case "file-id":
      return { type: "file", file_id: source.id };
    case "base64":
      return isText
        ? { type: "text", media_type: source.mediaType, data: decodeBase64(source.data, "source") }
        : { type: "base64", media_type: source.mediaType, data: source.data };
  }
}

/** The texts inside a list of blocks, for formats that know only text; undefined when there is more than text. */
export function flattenTexts(blocks: readonly JsonValue[]): string | undefined {
  const texts: string[] = [];
  for (const block of blocks) {
    const text = typeof block === "object" && block !== null && "text" in block ? block["text"] : undefined;
    if (typeof text !== "string") return undefined;
    texts.push(text);
  }
  return texts.join("\n");
}
