import {
  type AudioBlock,
  type FileBlock,
  type ImageBlock,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type MediaSource,
  type ToolCallBlock,
} from "@turnout/core";

import { type Fields, objectIn } from "../fields.ts";
import { mediaTypeOfFilename, mediaTypeOfPath } from "../media-type.ts";
import { tryParseJson } from "../parse-json.ts";

import type { LossCollector } from "../report.ts";
import { invalidRequest } from "../validate.ts";
import { callNotes } from "./contents-decode.ts";
import { ownFields, reportForeign, restore } from "./extras.ts";

type MediaBlock = ImageBlock | FileBlock | AudioBlock;

/** Without parameters and in small letters, as types are compared. */
export function plainMediaType(mediaType: string): string {
  return (mediaType.split(";")[0] ?? "").trim().toLowerCase();
}

const audioTypes: Readonly<Record<string, string>> = { wav: "audio/wav", mp3: "audio/mp3" };

function inlineType(block: MediaBlock, source: Extract<MediaSource, { kind: "base64" }>, path: string): string {
  const type = plainMediaType(source.mediaType);
  if (block.type === "audio" && !type.includes("/")) return audioTypes[block.format ?? ""] ?? `audio/${type}`;
  if (block.type === "audio" && type === "audio/mpeg") return "audio/mp3";
  if (type !== "application/octet-stream" && type !== "") return type;
  const named = block.type === "file" ? mediaTypeOfFilename(block.filename) : type;
  if (named !== "application/octet-stream" && named !== "") return named;
  throw invalidRequest(path, `Cannot send this ${block.type} to Gemini: its media type is not known`);
}

/** Files API ids, Google's storage and YouTube are what `fileUri` may name besides public addresses. */
const googleFile = /^(?:gs:\/\/|files\/|https?:\/\/)/iu;

function fileType(block: MediaBlock, url: string, mediaType: string | undefined): string | undefined {
  if (mediaType !== undefined) return plainMediaType(mediaType);
  const named = mediaTypeOfPath(url);
  if (named !== undefined) return named;
  // Vertex wants a type; a picture without an ending is most often this one.
  return block.type === "image" ? "image/jpeg" : undefined;
}

const resolutions: Readonly<Record<string, string>> = {
  low: "MEDIA_RESOLUTION_LOW",
  high: "MEDIA_RESOLUTION_HIGH",
  original: "MEDIA_RESOLUTION_HIGH",
};

/** Settings of the target that decide how a block is written. */
export interface PartContext {
  readonly losses: LossCollector;
  /** See `GeminiModel.generation3`. */
  readonly generation3: boolean;
  /** The blocks came from this format and go back exactly as they were. */
  readonly isOwn: boolean;
}

function putDetail(part: Fields, block: MediaBlock, path: string, context: PartContext): void {
  if (block.type !== "image" || block.detail === undefined || context.isOwn) return;
  const level = Object.hasOwn(resolutions, block.detail) ? resolutions[block.detail] : undefined;
  if (level === undefined) return;
  if (context.generation3) part["mediaResolution"] = { level };
  else context.losses.dropped(`${path}.detail`, "this model has one resolution for all media");
}

/**
 * Media as `inlineData` or `fileData`.
 *
 * @throws {RouterError} `request-invalid` for what Gemini cannot be pointed at.
 */
export function encodeMedia(block: MediaBlock, path: string, context: PartContext): Fields {
  const own = ownFields(block.extras);
  const { source } = block;
  const filename = block.type === "file" ? block.filename : undefined;
  const part: Fields = {};
  if (source.kind === "base64") {
    const mimeType = context.isOwn ? source.mediaType : inlineType(block, source, path);
    part["inlineData"] = { mimeType, data: source.data, ...objectIn(own, "$inlineData") };
    if (filename !== undefined && !context.isOwn)
      context.losses.dropped(`${path}.filename`, "Gemini takes no file names");
  } else if (source.kind === "url" || googleFile.test(source.id)) {
    const fileUri = source.kind === "url" ? source.url : source.id;
    const given = source.kind === "url" ? source.mediaType : undefined;
    const mimeType = context.isOwn ? given : fileType(block, fileUri, given);
    part["fileData"] = { ...(mimeType !== undefined && { mimeType }), fileUri, ...objectIn(own, "$fileData") };
    if (!context.isOwn) context.losses.approximated(path, "Gemini fetches few addresses by itself");
  } else throw invalidRequest(path, `Cannot send this ${block.type} to Gemini: it is a file of another provider`);
  putDetail(part, block, path, context);
  restore(part, block.extras);
  if (!context.isOwn) reportForeign(block.extras, path, context.losses);
  return part;
}

/**
 * Arguments as the object Gemini wants. What is no object has no other place than under a name (T67); free text of custom
 * tools goes under the same one.
 */
function argumentsObject(call: Pick<ToolCallBlock, "kind" | "arguments">, noteLoss: () => void): JsonObject {
  if (call.kind === "custom") return { input: call.arguments };
  if (call.arguments === "") return {};
  const value: JsonValue | undefined = tryParseJson(call.arguments);
  if (isJsonObject(value)) return value;
  if (value === null) return {};
  noteLoss();
  return { input: value ?? call.arguments };
}

/** A call as a part, without its signature. `id` undefined leaves it out. */
export function encodeCall(
  call: ToolCallBlock,
  name: string,
  id: string | undefined,
  path: string,
  losses: LossCollector,
): Fields {
  const own = ownFields(call.extras);
  const args = argumentsObject(call, () => losses.approximated(path, "arguments that are no object: sent as `input`"));
  const part: Fields = {
    functionCall: {
      ...(id !== undefined && { id }),
      name,
      ...(own[callNotes.absentArgs] !== true && { args }),
      ...objectIn(own, callNotes.inner),
    },
  };
  restore(part, call.extras);
  return part;
}
