/**
 * An upstream that does next to nothing: it answers each model with bytes prepared beforehand. The sandbox checks requests and builds
 * answers, and on a small machine takes CPU time from whatever is measured; against this one, differences show in full.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { serveCommands } from "../library/serve-commands.ts";

const listenSchema = z.object({
  answers: z.record(z.string(), z.array(z.string()).describe("What is written at once, in turn.")),
});

/** One write per turn of the event loop, so that readers see several reads, as they would from afar. */
function writeAll(response: ServerResponse, writes: readonly Buffer[], index = 0): void {
  const piece = writes[index];
  if (piece === undefined) {
    response.end();
    return;
  }
  response.write(piece);
  setImmediate(writeAll, response, writes, index + 1);
}

serveCommands({
  async listen(parameters) {
    const answers = Object.entries(listenSchema.parse(parameters).answers).map(([model, writes]) => ({
      mark: `"model":"${model}"`,
      writes: writes.map((text) => Buffer.from(text)),
    }));
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const body = Buffer.concat(pieces).toString("utf8");
        const writes = answers.find(({ mark }) => body.includes(mark))?.writes;
        response.writeHead(writes === undefined ? 404 : 200, { "content-type": "text/event-stream" });
        writeAll(response, writes ?? []);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  },
});
