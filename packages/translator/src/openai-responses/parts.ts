import {
  type AudioBlock,
  type Block,
  type Citation,
  type FileBlock,
  type ImageBlock,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type MediaSource,
  type TextBlock,
} from "@turnout/core";

import { formatDataUrl, parseDataUrl } from "../data-url.ts";
import { mediaTypeOfFilename } from "../media-type.ts";
import { parseRequest } from "../validate.ts";
import { isEmpty, objectField, own, ownFields, withoutNotes } from "./extras.ts";
import {
  type Annotation,
  annotationSchema,
  type AudioPart,
  type FilePart,
  type ImagePart,
  partSchemas,
  type TextPart,
} from "./schema.ts";
import { isSet } from "./is-set.ts";

type Speaker = "assistant" | "other";
type Path = readonly PropertyKey[];

/** The `type` a text part has when nobody says otherwise. */
function textType(speaker: Speaker): string {
  return speaker === "assistant" ? "output_text" : "input_text";
}

export function decodeAnnotation(annotation: Annotation): Citation {
  const { url, title, start_index: start, end_index: end, ...rest } = annotation;
  return {
    kind: rest.type === "url_citation" ? "url" : rest.type.includes("file") ? "file" : "other",
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    extras: own(rest),
  };
}

/** @returns Undefined for a citation that this format has no shape for. */
export function encodeCitation(citation: Citation): JsonObject | undefined {
  const fields = ownFields(citation.extras);
  const { url, title, start, end } = citation;
  if (fields !== undefined) {
    return {
      ...fields,
      ...(url !== undefined && { url }),
      ...(title !== undefined && { title }),
      ...(start !== undefined && { start_index: start }),
      ...(end !== undefined && { end_index: end }),
    };
  }
  if (citation.kind !== "url" || url === undefined) return undefined;
  return { type: "url_citation", start_index: start ?? 0, end_index: end ?? 0, url, title: title ?? "" };
}

/** The citations of a part, or undefined when one has an unknown shape and the list must travel as it is. */
function decodeAnnotations(value: JsonValue | undefined): Citation[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const citations: Citation[] = [];
  for (const entry of value) {
    const result = annotationSchema.safeParse(entry);
    if (!result.success) return undefined;
    citations.push(decodeAnnotation(result.data));
  }
  return citations;
}

function decodeText(part: TextPart, speaker: Speaker, fields: JsonObject): TextBlock {
  const { type, text, ...rest } = part;
  const citations = decodeAnnotations(rest["annotations"]);
  const { annotations: _annotations, ...unannotated } = rest;
  const left: JsonObject = citations === undefined ? rest : unannotated;
  return {
    type: "text",
    text,
    ...(citations !== undefined && { citations }),
    extras: own({ ...left, ...(type !== textType(speaker) && { $type: type }), ...fields }),
  };
}

interface InlineSource {
  readonly source: MediaSource;
  /** All before the base64 text, when writing the data URL anew would differ. */
  readonly prefix?: string;
}

/** The bytes of a base64 data URL; undefined for places to fetch from and for percent-encoded data. */
function decodeInline(url: string): InlineSource | undefined {
  const inline = parseDataUrl(url);
  if (inline === undefined || !url.endsWith(inline.data)) return undefined;
  const { mediaType, data } = inline;
  const source: MediaSource = { kind: "base64", mediaType, data };
  const prefix = url.slice(0, url.length - data.length);
  return prefix === formatDataUrl(mediaType, "") ? { source } : { source, prefix };
}

function decodeImage(part: ImagePart, fields: JsonObject): ImageBlock {
  const { type: _type, image_url: url, file_id: id, detail, ...rest } = part;
  const byUrl: InlineSource | undefined = !isSet(url)
    ? undefined
    : (decodeInline(url) ?? { source: { kind: "url", url } });
  const other: JsonObject = {
    ...rest,
    ...(url === null && { image_url: null }),
    // With a URL beside it the id has no place in core.
    ...(id !== undefined && (id === null || byUrl !== undefined) && { file_id: id }),
    ...(detail === null && { detail }),
  };
  return {
    type: "image",
    source: byUrl?.source ?? { kind: "file-id", id: id ?? "" },
    ...(isSet(detail) && { detail }),
    extras: own({
      ...other,
      ...fields,
      ...(byUrl?.prefix !== undefined && { $prefix: byUrl.prefix }),
    }),
  };
}

function decodeFile(part: FilePart, fields: JsonObject): FileBlock {
  const { type: _type, file_data: data, file_url: url, file_id: id, filename, ...rest } = part;
  const other: Record<string, JsonValue> = { ...rest };
  let source: MediaSource;
  let prefix: string | undefined;
  if (isSet(data)) {
    // Some clients send bare base64: the name is all that tells what it is.
    const bare = { kind: "base64", mediaType: mediaTypeOfFilename(filename ?? undefined), data } as const;
    ({ source, prefix } = decodeInline(data) ?? { source: bare, prefix: "" });
    if (url !== undefined) other["file_url"] = url;
    if (id !== undefined) other["file_id"] = id;
  } else if (isSet(url)) {
    source = { kind: "url", url };
    if (data !== undefined) other["file_data"] = data;
    if (id !== undefined) other["file_id"] = id;
  } else {
    source = { kind: "file-id", id: id ?? "" };
    if (data !== undefined) other["file_data"] = data;
    if (url !== undefined) other["file_url"] = url;
  }
  if (filename === null) other["filename"] = null;
  return {
    type: "file",
    source,
    ...(isSet(filename) && { filename }),
    extras: own({
      ...other,
      ...fields,
      ...(prefix !== undefined && { $prefix: prefix }),
    }),
  };
}

function decodeAudio(part: AudioPart, fields: JsonObject): AudioBlock {
  const { type: _type, input_audio: audio, ...rest } = part;
  const { data, format, ...audioRest } = audio;
  const other: JsonObject = isEmpty(audioRest) ? rest : { ...rest, input_audio: audioRest };
  return {
    type: "audio",
    source: { kind: "base64", mediaType: `audio/${format === "mp3" ? "mpeg" : format}`, data },
    format,
    extras: own({ ...other, ...fields }),
  };
}

/**
 * One content part.
 *
 * @param fields - What else to write down on the block, see `ownFields`.
 * @param path - Where it stands in the client's document.
 * @throws {RouterError} `request-invalid` when a part of a known type has the wrong shape.
 */
export function decodePart(part: JsonObject, speaker: Speaker, fields: JsonObject, path: Path): Block {
  const what = "Responses request";
  switch (part["type"]) {
    case "input_text":
    case "output_text":
    case "text":
      return decodeText(parseRequest(partSchemas.text, part, what, path), speaker, fields);
    case "refusal": {
      const { type: _type, refusal, ...rest } = parseRequest(partSchemas.refusal, part, what, path);
      return {
        type: "refusal",
        text: refusal,
        extras: own({ ...rest, ...fields }),
      };
    }
    case "input_image":
      return decodeImage(parseRequest(partSchemas.input_image, part, what, path), fields);
    case "input_file":
      return decodeFile(parseRequest(partSchemas.input_file, part, what, path), fields);
    case "input_audio":
      return decodeAudio(parseRequest(partSchemas.input_audio, part, what, path), fields);
    default:
      return { type: "opaque", wire: "openai-responses", value: part, extras: own({ ...fields, $part: true }) };
  }
}

function encodeUrl(source: MediaSource, fields: JsonObject | undefined): string | undefined {
  switch (source.kind) {
    case "base64": {
      const prefix = fields?.["$prefix"];
      return typeof prefix === "string" ? prefix + source.data : formatDataUrl(source.mediaType, source.data);
    }
    case "url":
      return source.url;
    case "file-id":
      return undefined;
  }
}

function defaultFilename(source: MediaSource): string | undefined {
  if (source.kind !== "base64") return undefined;
  return source.mediaType === "application/pdf" ? "document.pdf" : "document";
}

function encodeText(block: TextBlock, speaker: Speaker): JsonObject {
  const fields = ownFields(block.extras);
  const citations = (block.citations ?? []).map(encodeCitation).filter((citation) => citation !== undefined);
  const type = fields?.["$type"] ?? textType(speaker);
  const part: JsonObject = { type, ...withoutNotes(fields), text: block.text };
  if (citations.length > 0 || (fields === undefined && speaker === "assistant")) {
    return { ...part, annotations: citations };
  }
  return part;
}

/**
 * One content part.
 *
 * @returns Undefined for a block that is no content part.
 */
export function encodePart(block: Block, speaker: Speaker): JsonObject | undefined {
  const fields = ownFields(block.extras);
  const other = withoutNotes(fields);
  switch (block.type) {
    case "text":
      return encodeText(block, speaker);
    case "refusal":
      return { type: "refusal", ...other, refusal: block.text };
    case "image": {
      const url = encodeUrl(block.source, fields);
      const detail = block.detail ?? (fields === undefined ? "auto" : undefined);
      return {
        type: "input_image",
        ...other,
        ...(url !== undefined && { image_url: url }),
        ...(block.source.kind === "file-id" && { file_id: block.source.id }),
        ...(detail !== undefined && { detail }),
      };
    }
    case "file": {
      const { source } = block;
      const filename = block.filename ?? (fields === undefined ? defaultFilename(source) : undefined);
      const url = encodeUrl(source, fields);
      return {
        type: "input_file",
        ...other,
        ...(filename !== undefined && { filename }),
        ...(source.kind === "base64" && url !== undefined && { file_data: url }),
        ...(source.kind === "url" && { file_url: source.url }),
        ...(source.kind === "file-id" && { file_id: source.id }),
      };
    }
    case "audio": {
      if (block.source.kind !== "base64") return undefined;
      const format = block.format ?? (block.source.mediaType === "audio/wav" ? "wav" : "mp3");
      return {
        type: "input_audio",
        ...other,
        input_audio: { ...objectField(other, "input_audio"), data: block.source.data, format },
      };
    }
    case "opaque":
      return fields?.["$part"] !== undefined && isJsonObject(block.value) ? block.value : undefined;
    default:
      return undefined;
  }
}
