import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { RouterError } from "@turnout/core";
import { leftEarly, tooLarge } from "./body-errors.ts";
import type { ContentCoding } from "./content-codings.ts";

/**
 * Reads a coded body and undoes its codings while it arrives. The limit holds for what the client sends and for what comes
 * out of each decoder: an archive that grows without end is left at the limit.
 *
 * @param codings - At least one, in the order they were applied.
 * @throws {RouterError} `too-large`, `request-invalid` for damaged data, `client-closed` when the client leaves half-way.
 */
export function readCoded(
  incoming: IncomingMessage,
  codings: readonly ContentCoding[],
  limitBytes: number,
): Promise<Buffer> {
  const stages = codings.toReversed().map((coding) => ({ coding, decoder: coding.createDecoder(limitBytes) }));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let isOver = false;

    const finish = () => {
      isOver = true;
      incoming.unpipe();
      for (const { decoder } of stages) decoder.destroy();
      // The rest is let pass: the connection can serve again, or the answer ends it.
      incoming.resume();
    };
    const fail = (error: RouterError) => {
      if (isOver) return;
      finish();
      reject(error);
    };
    const succeed = () => {
      if (isOver) return;
      finish();
      resolve(Buffer.concat(chunks));
    };
    const limit = (stream: Readable) => {
      let size = 0;
      stream.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > limitBytes) fail(tooLarge(limitBytes));
      });
    };

    limit(incoming);
    incoming.on("close", () => {
      if (!incoming.complete) fail(leftEarly());
    });
    // A broken connection also closes; the listener keeps the error from being thrown at the process.
    incoming.on("error", () => undefined);
    let last: Readable = incoming;
    for (const { coding, decoder } of stages) {
      limit(decoder);
      decoder.on("error", (error) => fail(RouterError.is(error) ? error : damaged(coding, error)));
      last = last.pipe(decoder);
    }
    last.on("data", (chunk: Buffer) => {
      if (!isOver) chunks.push(chunk);
    });
    last.on("end", succeed);
  });
}

function damaged({ name }: ContentCoding, cause: Error): RouterError {
  return new RouterError(
    "request-invalid",
    `Cannot read the request body: it is no valid ${name} data, or its end is missing`,
    {},
    { cause },
  );
}
