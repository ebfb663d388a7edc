import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";

export interface StubServerOptions {
  /** Default: 404. */
  onRequest?(request: IncomingMessage, response: ServerResponse): void;
  /** Default: the socket is destroyed. */
  onUpgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** A server on a free loopback port that does what a test says. */
export interface StubServer {
  /** `http://127.0.0.1:port`, without a slash at its end. */
  readonly url: string;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Connections open now. */
  readonly open: number;
  /** Resolves once no connection is open. */
  idle(): Promise<void>;
  /** Cuts all connections and stops to listen. */
  close(): Promise<void>;
}

/** Starts a StubServer. */
export function startStubServer(options: StubServerOptions): Promise<StubServer> {
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  let accepted = 0;
  const server = createServer((request, response) => {
    if (options.onRequest === undefined) response.writeHead(404).end();
    else options.onRequest(request, response);
  });
  server.on("upgrade", (request, socket, head) => {
    // Node leaves such a socket half open when the client goes.
    socket.on("end", () => socket.end());
    if (options.onUpgrade === undefined) socket.destroy();
    else options.onUpgrade(request, socket, head);
  });
  server.on("connection", (socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on("error", () => {}); // resets are what these tests are about
    socket.on("close", () => {
      sockets.delete(socket);
      if (sockets.size === 0) for (const resolve of waiting.splice(0)) resolve();
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      resolve({
        url: `http://127.0.0.1:${port}`,
        get accepted() {
          return accepted;
        },
        get open() {
          return sockets.size;
        },
        idle: () =>
          sockets.size === 0
            ? Promise.resolve()
            : new Promise((done) => {
                waiting.push(done);
              }),
        close: () => {
          for (const socket of sockets) socket.destroy();
          return new Promise((done) => {
            server.close(() => done());
          });
        },
      });
    });
  });
}
