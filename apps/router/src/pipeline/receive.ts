import type { IncomingMessage } from "node:http";
import { RouterError } from "@turnout/core";

/**
 * Reads and parses a JSON body.
 *
 * @throws {RouterError} `too-large` over the limit, `unsupported-media` for a coded body, `request-invalid` for bad UTF-8
 * or bad JSON, `client-closed` when the client leaves half-way.
 */
export async function receiveBody(incoming: IncomingMessage, limitBytes: number): Promise<unknown> {
  refuseEncoded(incoming.headers["content-encoding"]);
  const declared = Number(incoming.headers["content-length"] ?? 0);
  if (declared > limitBytes) throw tooLarge(limitBytes);
  return parseBody(await readBytes(incoming, limitBytes));
}

function refuseEncoded(encoding: string | undefined): void {
  if (encoding === undefined || encoding === "identity") return;
  throw new RouterError(
    "unsupported-media",
    `Cannot read a body with content-encoding "${encoding}": send it as plain JSON`,
    {},
  );
}

function tooLarge(limitBytes: number): RouterError {
  return new RouterError("too-large", `Cannot read the request body: larger than ${limitBytes} bytes`, { limitBytes });
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

function leftEarly(): RouterError {
  return new RouterError("client-closed", "The client closed the connection while sending its request", {});
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
