import type { JsonObject, WireEvent } from "@turnout/core";

/** Writes the chunks of one stream as text: only what differs from chunk to chunk is turned into JSON. */
export interface ChunkWriter {
  /** A chunk with a text part, the one that matters for speed. */
  text(text: string): WireEvent;
  /** A chunk with a thought. */
  thought(text: string): WireEvent;
  /** A chunk with any other part. */
  part(part: JsonObject): WireEvent;
  /** The last chunk. */
  finish(candidate: JsonObject, usage: JsonObject | undefined): WireEvent;
}

export interface ChunkWriterOptions {
  readonly responseId: string;
  readonly model: string;
}

/** Writes chunks that all carry the same id and model. */
export function createChunkWriter(options: ChunkWriterOptions): ChunkWriter {
  const identity = `"modelVersion":${JSON.stringify(options.model)},"responseId":${JSON.stringify(options.responseId)}`;
  const head = '{"candidates":[{"content":{"parts":[';
  const tail = `],"role":"model"},"index":0}],${identity}}`;
  const textHead = `${head}{"text":`;
  const textTail = `}${tail}`;
  const thoughtTail = `,"thought":true}${tail}`;
  return {
    text: (text) => ({ type: "", data: textHead + JSON.stringify(text) + textTail }),
    thought: (text) => ({ type: "", data: textHead + JSON.stringify(text) + thoughtTail }),
    part: (part) => ({ type: "", data: head + JSON.stringify(part) + tail }),
    finish: (candidate, usage) => {
      const counted = usage === undefined ? "" : `"usageMetadata":${JSON.stringify(usage)},`;
      return { type: "", data: `{"candidates":[${JSON.stringify(candidate)}],${counted}${identity}}` };
    },
  };
}
