import type { Batch } from "../pump.ts";
import { fillHoles, type HoleText, type HoleValues } from "./holes.ts";

interface ReadyBatch {
  readonly delayMs: number;
  readonly bytes: Buffer;
  /** Where the token has to be written. */
  readonly tokenOffsets: readonly number[];
}

const tokenLength = 20;
// JSON never holds a raw control character.
const placeholder = "\u0001".repeat(tokenLength);

function ready({ delayMs, content }: Batch<HoleText>, values: HoleValues): ReadyBatch {
  const bytes = Buffer.from(fillHoles(content, { ...values, token: placeholder }));
  const tokenOffsets: number[] = [];
  for (let at = bytes.indexOf(1); at !== -1; at = bytes.indexOf(1, at + tokenLength)) tokenOffsets.push(at);
  return { delayMs, bytes, tokenOffsets };
}

function withToken({ delayMs, bytes, tokenOffsets }: ReadyBatch, token: Buffer): Batch<Buffer> {
  const content = Buffer.from(bytes);
  for (const offset of tokenOffsets) {
    for (let index = 0; index < tokenLength; index += 1) content[offset + index] = token[index] ?? 0;
  }
  return { delayMs, content };
}

/**
 * Fills the batches of an answer. Answers that differ in their token alone, the usual case under load, are copied with
 * the new token instead of filling every hole again.
 */
export function createBatchFiller(batches: readonly Batch<HoleText>[]): (values: HoleValues) => Batch<Buffer>[] {
  let latest: { readonly key: string; readonly batches: readonly ReadyBatch[] } | undefined;
  return (values) => {
    const { token, ...rest } = values;
    const key = Object.values(rest).join(" ");
    if (latest?.key !== key) latest = { key, batches: batches.map((batch) => ready(batch, values)) };
    const bytes = Buffer.from(token);
    return latest.batches.map((batch) => withToken(batch, bytes));
  };
}
