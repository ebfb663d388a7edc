import type { AudioBlock, Block, FileBlock, ImageBlock, JsonValue, MediaSource, ReasoningBlock } from "@turnout/core";

import { type Fields, restOf } from "../fields.ts";
import { splitParts, unwrapPayload } from "../payload-envelope.ts";
import { carried } from "./carrier.ts";
import { extrasFrom, wire } from "./extras.ts";
import type { GeminiBlob, GeminiFileData, GeminiPart } from "./schema.ts";

const textKeys = new Set(["text", "thought", "thoughtSignature"]);
const blobKeys = new Set(["inlineData"]);
const fileKeys = new Set(["fileData"]);
const blobFields = new Set(["mimeType", "data"]);
const fileFields = new Set(["fileUri", "mimeType"]);

/** Core's words for how closely an image is looked at. */
const detailByResolution: Readonly<Record<string, string>> = {
  MEDIA_RESOLUTION_LOW: "low",
  MEDIA_RESOLUTION_HIGH: "high",
};

function resolutionOf(part: GeminiPart): string | undefined {
  const { mediaResolution } = part;
  const level: unknown =
    typeof mediaResolution === "object" && mediaResolution !== null && "level" in mediaResolution
      ? mediaResolution.level
      : mediaResolution;
  return typeof level === "string" && Object.hasOwn(detailByResolution, level) ? detailByResolution[level] : undefined;
}

const audioFormats: Readonly<Record<string, string>> = {
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/mp3": "mp3",
  "audio/mpeg": "mp3",
};

/** What a media part is by its type; video has no block and travels whole. */
function mediaBlock(
  part: GeminiPart,
  source: MediaSource,
  mediaType: string,
  filename: string | undefined,
  fields: Fields,
): ImageBlock | FileBlock | AudioBlock | undefined {
  const kind = mediaType.slice(0, mediaType.indexOf("/"));
  const extras = extrasFrom(fields);
  if (kind === "image") {
    const detail = resolutionOf(part);
    return { type: "image", source, ...(detail !== undefined && { detail }), ...extras };
  }
  if (kind === "audio") {
    const format = Object.hasOwn(audioFormats, mediaType) ? audioFormats[mediaType] : undefined;
    return { type: "audio", source, ...(format !== undefined && { format }), ...extras };
  }
  if (kind === "video") return undefined;
  return { type: "file", source, ...(filename !== undefined && { filename }), ...extras };
}

/** What a part has beside its media; the media's own other fields lie under its key. */
function mediaFields(part: GeminiPart, keys: ReadonlySet<string>, key: string, media: Fields): Fields {
  const fields = restOf(part, keys);
  if (Object.keys(media).length > 0) fields[`$${key}`] = media;
  return fields;
}

function decodeBlob(part: GeminiPart, blob: GeminiBlob): Block | undefined {
  const { mimeType, data, displayName } = blob;
  const source = { kind: "base64", mediaType: mimeType, data } as const;
  const fields = mediaFields(part, blobKeys, "inlineData", restOf(blob, blobFields));
  return mediaBlock(part, source, mimeType.toLowerCase(), displayName ?? undefined, fields);
}

function decodeFileData(part: GeminiPart, file: GeminiFileData): Block | undefined {
  const { fileUri, mimeType, displayName } = file;
  const mediaType = mimeType ?? undefined;
  // Vertex's own storage is no place others can fetch from: as an id it is refused there, not dropped (T70).
  const source: MediaSource = /^https?:/iu.test(fileUri)
    ? { kind: "url", url: fileUri, ...(mediaType !== undefined && { mediaType }) }
    : { kind: "file-id", id: fileUri };
  const rest = restOf(file, fileFields);
  if (source.kind === "file-id" && mediaType !== undefined) rest["mimeType"] = mediaType;
  const fields = mediaFields(part, fileKeys, "fileData", rest);
  return mediaBlock(part, source, (mediaType ?? "").toLowerCase(), displayName ?? undefined, fields);
}

function decodeThought(part: GeminiPart): ReasoningBlock {
  const { text, thoughtSignature } = part;
  const extras = extrasFrom(restOf(part, textKeys));
  const envelope = typeof thoughtSignature === "string" ? unwrapPayload(carried(thoughtSignature)) : undefined;
  if (envelope !== undefined) {
    const { provenance, payload, itemId } = envelope;
    return {
      type: "reasoning",
      parts: splitParts(typeof text === "string" && text !== "" ? text : (envelope.text ?? ""), envelope),
      ...(payload !== undefined && { payload }),
      provenance,
      ...(itemId !== undefined && { itemId }),
      ...(envelope.redacted === true && { redacted: true }),
    };
  }
  return {
    type: "reasoning",
    parts: typeof text === "string" && text !== "" ? [{ form: "summary", text }] : [],
    ...(typeof thoughtSignature === "string" && { payload: thoughtSignature }),
    provenance: { wire },
    ...extras,
  };
}

/** Reasoning of another provider that came back on a part of another kind, as the block it was. */
export function carriedReasoning(signature: string | null | undefined): ReasoningBlock | undefined {
  const envelope = typeof signature === "string" ? unwrapPayload(carried(signature)) : undefined;
  if (envelope === undefined || envelope.callId !== undefined) return undefined;
  const { provenance, payload, itemId, redacted } = envelope;
  return {
    type: "reasoning",
    parts: splitParts(envelope.text ?? "", envelope),
    ...(payload !== undefined && { payload }),
    provenance,
    ...(itemId !== undefined && { itemId }),
    ...(redacted === true && { redacted: true }),
  };
}

/**
 * The blocks of a part that is no call and no result. Only `thought: true` makes it a thought; a signature alone does not
 * (T14, T16).
 */
export function decodePart(part: GeminiPart): Block[] {
  const { text, thought, inlineData, fileData, thoughtSignature } = part;
  if (typeof text === "string") {
    if (thought === true) return [decodeThought(part)];
    const foreign = carriedReasoning(thoughtSignature);
    const fields = restOf(part, foreign === undefined ? new Set(["text"]) : textKeys);
    const block: Block = { type: "text", text, ...extrasFrom(fields) };
    return foreign === undefined ? [block] : text === "" ? [foreign] : [foreign, block];
  }
  const media = inlineData ? decodeBlob(part, inlineData) : fileData ? decodeFileData(part, fileData) : undefined;
  // Code, its result, video, what Google's own tools did: only the same format can carry them. The part came from JSON.
  return [media ?? { type: "opaque", wire, value: part as JsonValue }];
}
