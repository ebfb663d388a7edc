import { createServer, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** A proxy that lets nothing through: what clients are given instead of the network beyond this machine. */
export interface OutsideWorld {
  readonly url: string;
  /** Hosts that were asked for, each once. */
  readonly askedFor: ReadonlySet<string>;
  close(): Promise<void>;
}

export async function startOutsideWorld(): Promise<OutsideWorld> {
  const askedFor = new Set<string>();
  const sockets = new Set<Socket>();
  const note = (request: IncomingMessage) => askedFor.add(request.headers.host ?? request.url ?? "unknown");
  const server = createServer((request, response) => {
    note(request);
    response.writeHead(403, { connection: "close" }).end();
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("connect", (request, socket) => {
    note(request);
    // A client that has already gone is no concern of ours.
    socket.on("error", () => socket.destroy());
    socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Cannot listen: no port was given");
  return {
    url: `http://127.0.0.1:${address.port}`,
    askedFor,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
