import type { JsonObject } from "@turnout/core";

import { partsOf } from "./chunk.ts";
import { objectsIn } from "./extras.ts";

/** Chunks after which nothing more is learned from an upstream that never writes two alike. */
const maxMisses = 16;

/** The end of a chunk that must be the same, so that a cut one is not taken for whole. */
const suffixLength = 8;

const quote = 0x22;
const backslash = 0x5c;

/** How an upstream writes a chunk that is a piece of text and nothing else. */
interface Pattern {
  /** Up to the first character of the text. */
  readonly head: string;
  /** From the quote that ends the text to the usage, or to the end. */
  readonly middle: string;
  readonly suffix: string;
  readonly hasUsage: boolean;
}

/** The place of the quote that ends the JSON text which begins at `from`; -1 when there is none. */
function endOfText(data: string, from: number): number {
  for (let end = data.indexOf('"', from); end !== -1; end = data.indexOf('"', end + 1)) {
    let slashes = 0;
    while (data.charCodeAt(end - 1 - slashes) === backslash) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return -1;
}

function readWith(pattern: Pattern, data: string): string | undefined {
  const { head, middle, suffix, hasUsage } = pattern;
  if (!data.startsWith(head)) return undefined;
  const end = endOfText(data, head.length);
  if (end === -1 || !data.startsWith(middle, end) || !data.endsWith(suffix)) return undefined;
  const rest = end + middle.length;
  if (!hasUsage && rest !== data.length) return undefined;
  // Behind the usage other fields may stand, but none that says something of the answer.
  if (hasUsage && (data.includes('"error"', rest) || data.includes('"promptFeedback"', rest))) return undefined;
  const text = data.slice(head.length, end);
  if (!text.includes("\\")) return text;
  const value: unknown = JSON.parse(data.slice(head.length - 1, end + 1));
  return typeof value === "string" ? value : undefined;
}

const plainCandidate = new Set(["content", "index"]);
const plainContent = new Set(["parts", "role"]);

function hasOnly(object: unknown, keys: ReadonlySet<string>): boolean {
  return typeof object === "object" && object !== null && Object.keys(object).every((key) => keys.has(key));
}

/** The text of a chunk that is nothing but its next piece. */
function plainText(chunk: JsonObject): string | undefined {
  const [candidate, ...others] = objectsIn(chunk, "candidates");
  if (candidate === undefined || others.length > 0 || !hasOnly(candidate, plainCandidate)) return undefined;
  if ((candidate["index"] ?? 0) !== 0 || !hasOnly(candidate["content"], plainContent)) return undefined;
  const [part, ...more] = partsOf(candidate);
  if (part === undefined || more.length > 0 || !hasOnly(part, new Set(["text"]))) return undefined;
  return typeof part["text"] === "string" ? part["text"] : undefined;
}

function learn(data: string, chunk: JsonObject): Pattern | undefined {
  const text = plainText(chunk);
  if (text === undefined || chunk["error"] !== undefined || chunk["promptFeedback"] !== undefined) return undefined;
  const match = /"text"\s*:\s*"/u.exec(data);
  if (match === null) return undefined;
  const head = data.slice(0, match.index + match[0].length);
  const end = endOfText(data, head.length);
  const usage = data.indexOf('"usageMetadata"', end);
  const middle = usage === -1 ? data.slice(end) : data.slice(end, usage);
  const pattern = { head, middle, suffix: data.slice(-suffixLength), hasUsage: usage !== -1 };
  return data.charCodeAt(end) === quote && readWith(pattern, data) === text ? pattern : undefined;
}

/**
 * Reads chunks that are a piece of text and nothing else without parsing them: an upstream writes all of them alike but for
 * the text and the usage, so the first one tells how. A long answer consists of hardly anything else.
 */
export interface TextChunkReader {
  /** The piece of text, or undefined for a chunk that must be parsed. */
  read(data: string): string | undefined;
  /** Looks at a chunk that had to be parsed. */
  learn(data: string, chunk: JsonObject): void;
}

export function createTextChunkReader(): TextChunkReader {
  let pattern: Pattern | undefined;
  let misses = 0;
  return {
    read: (data) => (pattern === undefined ? undefined : readWith(pattern, data)),
    learn: (data, chunk) => {
      if (misses >= maxMisses) return;
      misses += 1;
      pattern = learn(data, chunk) ?? pattern;
    },
  };
}
