/** What an idle session is compared with: the socket alone, with the reader that turnout puts on it, after as much has passed. */
import { connectWs, type Socket } from "@turnout/upstream";
import { z } from "zod";
import { serveCommands } from "../library/serve-commands.ts";
import { inParallel } from "../library/in-parallel.ts";

const openSchema = z.object({
  url: z.string(),
  count: z.int().positive(),
  /** Sent one after the other on every socket. */
  frameBytes: z.array(z.int().positive()),
});

const sockets: Socket[] = [];

function openOne(url: string, frameBytes: readonly number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let turn = 0;
    const sendNext = () => {
      const bytes = frameBytes[turn];
      turn += 1;
      if (bytes === undefined) resolve();
      else socket.send(JSON.stringify({ type: "response.create", input: "x".repeat(bytes) }));
    };
    const socket = connectWs(
      url,
      { headers: {}, maxMessageBytes: 128 * 1_048_576, maxErrorBytes: 65_536 },
      {
        opened: sendNext,
        message: (text) => {
          if (text.includes('"type":"response.completed"')) sendNext();
        },
        binary: () => undefined,
        pong: () => undefined,
        refused: (status) => reject(new Error(`Cannot open a socket: ${status}`)),
        closed: (code) => reject(new Error(`A socket was closed with ${code}`)),
        failed: reject,
      },
    );
    sockets.push(socket);
  });
}

serveCommands({
  async open(parameters) {
    const { url, count, frameBytes } = openSchema.parse(parameters);
    await inParallel(count, 8, () => openOne(url, frameBytes));
    return sockets.length;
  },
});
