import type { WireEvent } from "@turnout/core";

/** Writes the chunks of one stream as text: only what differs from chunk to chunk is turned into JSON. */
export interface ChunkWriter {
  /** A chunk with `"content": text`, the one that matters for speed. */
  content(text: string): WireEvent;
  /** A chunk with `"reasoning_content": text`. */
  reasoning(text: string): WireEvent;
  /** A chunk with this text of `delta`, which must be a JSON object. */
  delta(json: string): WireEvent;
  /** The chunk that names why the answer ended. */
  finish(reason: string): WireEvent;
  /** The chunk after the end that holds the usage and no choice. */
  usage(json: string): WireEvent;
}

export interface ChunkWriterOptions {
  readonly id: string;
  readonly model: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly serviceTier?: string | undefined;
  /** Whether the client asked for a usage chunk; then every other chunk says `"usage": null`, as OpenAI's do. */
  readonly includeUsage: boolean;
}

/** Writes chunks that all carry the same id, time and model. */
export function createChunkWriter(options: ChunkWriterOptions): ChunkWriter {
  const { id, model, createdAt, serviceTier, includeUsage } = options;
  const tier = serviceTier === undefined ? "" : `,"service_tier":${JSON.stringify(serviceTier)}`;
  const base = `{"id":${JSON.stringify(id)},"object":"chat.completion.chunk","created":${createdAt},"model":${JSON.stringify(model)}${tier},"choices":[`;
  const head = `${base}{"index":0,"delta":`;
  const end = includeUsage ? '}],"usage":null}' : "}]}";
  const tail = `,"finish_reason":null${end}`;
  const contentHead = `${head}{"content":`;
  const reasoningHead = `${head}{"reasoning_content":`;
  const textTail = `}${tail}`;
  return {
    content: (text) => ({ type: "", data: contentHead + JSON.stringify(text) + textTail }),
    reasoning: (text) => ({ type: "", data: reasoningHead + JSON.stringify(text) + textTail }),
    delta: (json) => ({ type: "", data: head + json + tail }),
    finish: (reason) => ({ type: "", data: `${head}{},"finish_reason":${JSON.stringify(reason)}${end}` }),
    usage: (json) => ({ type: "", data: `${base}],"usage":${json}}` }),
  };
}
