import type { IncomingMessage } from "node:http";
import { RouterError } from "@turnout/core";
import { leftEarly, tooLarge } from "./content-coding/body-errors.ts";
import { readCodings } from "./content-coding/content-codings.ts";
import { readCoded } from "./content-coding/read-coded.ts";

/**
 * Reads and parses a JSON body, plain or in a `content-encoding`. The limit holds for what travels and for what it expands to.
 *
 * @throws {RouterError} `too-large` over the limit, `unsupported-media` for an unknown coding, `request-invalid` for damaged
 * data, bad UTF-8 or bad JSON, `client-closed` when the client leaves half-way.
 */
export async function receiveBody(incoming: IncomingMessage, limitBytes: number): Promise<unknown> {
  const codings = readCodings(incoming.headers["content-encoding"]);
  const declared = Number(incoming.headers["content-length"] ?? 0);
  if (declared > limitBytes) throw tooLarge(limitBytes);
  const bytes =
    codings.length === 0 ? await readBytes(incoming, limitBytes) : await readCoded(incoming, codings, limitBytes);
  return parseBody(bytes);
}

function readBytes(incoming: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (finish: () => void) => {
      incoming.off("data", onData).off("end", onEnd).off("close", onClose);
      finish();
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) {
        chunks.push(chunk);
        return;
      }
      // The rest is not read: the answer goes out and the connection ends with it.
      incoming.pause();
      settle(() => reject(tooLarge(limitBytes)));
    };
    const onEnd = () => {
      const [only] = chunks;
      settle(() => resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size)));
    };
    const onClose = () => settle(() => reject(leftEarly()));
    incoming.on("data", onData).on("end", onEnd).on("close", onClose);
    // A broken connection also closes; the listener keeps the error from being thrown at the process.
    incoming.on("error", () => undefined);
  });
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Messages here quote nothing of the body: it may hold secrets, and this text is logged. */
function parseBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new RouterError("request-invalid", "Cannot read the request: the body is empty", {});
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw new RouterError("request-invalid", "Cannot read the request body: not valid UTF-8", {}, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RouterError("request-invalid", `Cannot read the request body: not valid JSON${place(error)}`, {});
  }
}

function place(error: unknown): string {
  const found = error instanceof Error ? /position (\d+)/.exec(error.message) : null;
  return found === null ? "" : ` at position ${found[1]}`;
}
