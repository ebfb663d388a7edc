import { Transform } from "node:stream";
import { callbackify } from "node:util";
import { ZSTDDecoder } from "zstddec";
import { tooLarge } from "./body-errors.ts";
import { zstdBound } from "./zstd-frames.ts";

/** Everything is decoded on one WebAssembly heap of at most 2 GiB, which holds both sides of the data and never shrinks. */
const mostBytes = 256 * 1024 * 1024;

/**
 * Decodes zstd of any number of frames. Takes the compressed data whole, then makes room for what it can expand to, but never
 * for more than `limitBytes`; windows that the data asks for are not needed that way, and not made.
 *
 * Not Node's own decoder: it exists from Node 22.15 on only, and ends after the first frame (seen with 24.21).
 *
 * Its stream fails with `too-large`, or with any other error for data that is damaged.
 */
export function createZstdDecoder(limitBytes: number): Transform {
  const limit = Math.min(limitBytes, mostBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      size += chunk.length;
      chunks.push(chunk);
      done(size > limit ? tooLarge(limit) : null);
    },
    flush: (done) => decodeThen(Buffer.concat(chunks, size), limit, done),
  });
}

const decoder = new ZSTDDecoder();

async function decode(data: Buffer, limitBytes: number): Promise<Buffer> {
  const bound = zstdBound(data);
  if (bound === 0) return Buffer.alloc(0);
  await decoder.init();
  const decoded = decoder.decode(data, Math.min(bound, limitBytes));
  if (decoded.length > 0) return Buffer.from(decoded.buffer, decoded.byteOffset, decoded.length);
  // It tells a failure by answering nothing: the data is damaged, or there was too little room for it.
  throw bound > limitBytes ? tooLarge(limitBytes) : new RangeError("The data is damaged");
}

const decodeThen = callbackify(decode);
