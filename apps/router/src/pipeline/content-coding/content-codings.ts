import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import { RouterError } from "@turnout/core";
import { createZstdDecoder } from "./zstd-decoder.ts";

/** Makes a decoder of one coding. Who reads from it counts what comes out. */
type DecoderFactory = (limitBytes: number) => Transform;

/** A coding a body came in. */
export interface ContentCoding {
  readonly name: string;
  readonly createDecoder: DecoderFactory;
}

const decoders: Readonly<Record<string, DecoderFactory>> = {
  zstd: createZstdDecoder,
  gzip: () => zlib.createGunzip(),
  br: () => zlib.createBrotliDecompress(),
  // The zlib format, as the standard says; some programs of the past sent it without its header.
  deflate: () => zlib.createInflate(),
};

/** Value of `accept-encoding` on an answer that refuses a coding (RFC 9110, 12.5.3). */
export const acceptedCodings = Object.keys(decoders).join(", ");

/** One is usual; each further one is a chance to expand a little into a lot once more. */
const mostCodings = 3;

/**
 * Reads `content-encoding`.
 *
 * @returns In the order they were applied; empty for a plain body.
 * @throws {RouterError} `unsupported-media` for a coding that cannot be undone here, or for too many of them.
 */
export function readCodings(header: string | undefined): readonly ContentCoding[] {
  if (header === undefined) return [];
  const names = header
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity");
  if (names.length > mostCodings) throw refused(`more than ${mostCodings} codings`);
  return names.map((given) => {
    const name = given === "x-gzip" ? "gzip" : given;
    const createDecoder = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
    if (createDecoder === undefined) throw refused(`content-encoding "${name.slice(0, 40)}"`);
    return { name, createDecoder };
  });
}

function refused(what: string): RouterError {
  return new RouterError(
    "unsupported-media",
    `Cannot read a body with ${what}: send it plain, or as one of ${acceptedCodings}`,
    {},
  );
}
