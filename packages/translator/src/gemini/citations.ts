import { type Citation, isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";

import { objectIn } from "../fields.ts";
import type { LossCollector } from "../report.ts";
import { createByteOffsets } from "./byte-offsets.ts";
import { objectsIn, textIn } from "./extras.ts";

function numberIn(object: JsonObject, key: string): number | undefined {
  const value = object[key];
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/** A source of `groundingChunks`, which is a web page, a map place or a file of the user's store. */
function decodeSource(chunk: JsonObject): Citation {
  const web = isJsonObject(chunk["web"]) ? chunk["web"] : objectIn(chunk, "maps");
  const stored = objectIn(chunk, "retrievedContext");
  const url = textIn(web, "uri") ?? textIn(stored, "uri");
  const title = textIn(web, "title") ?? textIn(stored, "title") ?? textIn(stored, "fileSearchStore");
  return {
    kind: url === undefined ? "file" : "url",
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
  };
}

/** The text blocks of an answer, each with the number its citations shall get. */
export interface CitedText {
  readonly text: string;
  readonly citations: Citation[];
}

/** Puts a span of the whole text onto the block it begins in. */
function place(blocks: readonly CitedText[], source: Citation, start: number, end: number): void {
  let offset = 0;
  for (const block of blocks) {
    if (start < offset + block.text.length || block === blocks.at(-1)) {
      const from = Math.max(0, start - offset);
      const to = Math.min(block.text.length, Math.max(from, end - offset));
      block.citations.push({ ...source, start: Math.min(from, block.text.length), end: to });
      return;
    }
    offset += block.text.length;
  }
}

/**
 * Adds what `groundingMetadata` and `citationMetadata` of a candidate tell to the blocks they speak of. Their indexes
 * count UTF-8 bytes of the whole text; the citations count UTF-16 units of their block.
 */
export function decodeCitations(candidate: JsonObject, blocks: readonly CitedText[]): void {
  const grounding = objectIn(candidate, "groundingMetadata");
  const cited = objectIn(candidate, "citationMetadata");
  const supports = objectsIn(grounding, "groundingSupports");
  const sources = [...objectsIn(cited, "citationSources"), ...objectsIn(cited, "citations")];
  if (blocks.length === 0 || supports.length + sources.length === 0) return;
  const whole = blocks.map((block) => block.text).join("");
  const offsets = createByteOffsets();
  offsets.add(whole);
  const chunks = objectsIn(grounding, "groundingChunks");
  for (const support of supports) {
    const segment = objectIn(support, "segment");
    const text = textIn(segment, "text");
    let start = offsets.toUnits(numberIn(segment, "startIndex") ?? 0);
    let end = offsets.toUnits(numberIn(segment, "endIndex") ?? 0);
    // Some backends count something else; the text they quote is the better witness.
    if (text !== undefined && whole.slice(start, end) !== text) {
      const found = whole.indexOf(text);
      if (found !== -1) [start, end] = [found, found + text.length];
    }
    const indices = support["groundingChunkIndices"];
    for (const index of Array.isArray(indices) ? (indices as readonly JsonValue[]) : []) {
      const chunk = typeof index === "number" ? chunks[index] : undefined;
      if (chunk !== undefined) place(blocks, decodeSource(chunk), start, end);
    }
  }
  for (const source of sources) {
    const url = textIn(source, "uri");
    const title = textIn(source, "title");
    const citation: Citation = {
      kind: "url",
      ...(url !== undefined && { url }),
      ...(title !== undefined && { title }),
    };
    const start = offsets.toUnits(numberIn(source, "startIndex") ?? 0);
    place(blocks, citation, start, offsets.toUnits(numberIn(source, "endIndex") ?? 0));
  }
}

/** Collects the citations of an answer for a client of this format. */
export interface GroundingWriter {
  /** @param startByte - Where the citation's span begins, in UTF-8 bytes of the whole text, and where it ends. */
  add(citation: Citation, startByte: number | undefined, endByte: number | undefined): void;
  /** `groundingMetadata`, or undefined when nothing was cited. */
  end(): JsonObject | undefined;
}

export function createGroundingWriter(losses: LossCollector): GroundingWriter {
  const chunks: JsonObject[] = [];
  const supports: JsonObject[] = [];
  const indexByUrl = new Map<string, number>();
  return {
    add: (citation, startByte, endByte) => {
      const { url, title } = citation;
      if (url === undefined) {
        losses.dropped("citations", "Gemini has citations of URLs only");
        return;
      }
      let index = indexByUrl.get(url);
      if (index === undefined) {
        index = chunks.length;
        indexByUrl.set(url, index);
        chunks.push({ web: { uri: url, ...(title !== undefined && { title }) } });
      }
      if (startByte === undefined || endByte === undefined) return;
      const segment = { ...(startByte > 0 && { startIndex: startByte }), endIndex: endByte };
      supports.push({ segment, groundingChunkIndices: [index] });
    },
    end: () => {
      if (chunks.length === 0) return undefined;
      return { groundingChunks: chunks, ...(supports.length > 0 && { groundingSupports: supports }) };
    },
  };
}
