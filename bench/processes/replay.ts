/**
 * An upstream that does next to nothing: it answers requests with bytes prepared beforehand. The sandbox checks requests and builds
 * answers, and on a small machine takes CPU time from whatever is measured; against this one, differences show in full.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { serveCommands } from "../library/serve-commands.ts";
import { replayAnswerSchema, type ReplayAnswer } from "../library/replay-answer.ts";

const listenSchema = z.object({ answers: z.array(replayAnswerSchema) });

interface Prepared extends Pick<ReplayAnswer, "path" | "mark" | "repeat"> {
  readonly head: readonly Buffer[];
  readonly middle: readonly Buffer[];
  readonly tail: readonly Buffer[];
}

function prepare({ head, middle, tail, ...rest }: ReplayAnswer): Prepared {
  const bytes = (writes: readonly string[]) => writes.map((text) => Buffer.from(text));
  return { ...rest, head: bytes(head), middle: bytes(middle), tail: bytes(tail) };
}

function* writesOf({ head, middle, tail, repeat }: Prepared): Generator<Buffer, void> {
  yield* head;
  for (let count = 0; count < repeat; count += 1) yield* middle;
  yield* tail;
}

/** Bytes handed to the sockets so far: what has left this process, and what waits in it for a slow reader. */
let sent = 0;

/** One write per turn of the event loop, so that readers see several reads, as they would from afar; slow readers are waited for. */
function writeAll(response: ServerResponse, writes: Iterator<Buffer, void>): void {
  const next = writes.next();
  if (next.done === true) {
    response.end();
    return;
  }
  sent += next.value.length;
  if (response.write(next.value)) setImmediate(writeAll, response, writes);
  else response.once("drain", () => writeAll(response, writes));
}

serveCommands({
  async listen(parameters) {
    const answers = listenSchema.parse(parameters).answers.map(prepare);
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const body = Buffer.concat(pieces).toString("utf8");
        const found = answers.find(({ path, mark }) => request.url?.includes(path) && body.includes(mark));
        response.writeHead(found === undefined ? 404 : 200, { "content-type": "text/event-stream" });
        if (found === undefined) response.end();
        else writeAll(response, writesOf(found));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  },
  sent: () => sent,
});
