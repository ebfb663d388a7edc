/**
 * A long way: TCP to somewhere else, every byte of both directions half a round trip late, and the first bytes of a connection one
 * round trip more, which TCP's own handshake would take. What it does not show: bandwidth, loss, and the round trips TCP needs until it
 * trusts a fresh connection with much; so a fresh connection that carries a long request looks better here than it is.
 */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { z } from "zod";
import { createDelayLine } from "../library/delay-line.ts";
import { serveCommands } from "../library/serve-commands.ts";

const roundTripSchema = z.object({ roundTripMs: z.number().min(0) });
const listenSchema = roundTripSchema.extend({ origin: z.string() });

let roundTripMs = 0;
const counted = { sentBytes: 0, receivedBytes: 0, connections: 0 };

/** Bytes kept back in one direction; beyond it the sender has to wait. */
const maxWaitingBytes = 16 * 1_048_576;

/** What happens on the way: bytes, the end of one direction, or of the whole connection. */
type Passing = Buffer | "end" | "gone";

interface Direction {
  readonly from: Socket;
  readonly to: Socket;
  /** When the connection can carry its first byte. */
  readonly readyAt: number;
  count(bytes: number): void;
}

function carry({ from, to, readyAt, count }: Direction): void {
  let waitingBytes = 0;
  const line = createDelayLine<Passing>((passing) => {
    if (passing === "end") to.end();
    else if (passing === "gone") to.destroySoon(); // What came before still goes out.
    else {
      waitingBytes -= passing.length;
      if (waitingBytes + to.writableLength < maxWaitingBytes) from.resume();
      to.write(passing);
    }
  });
  const push = (passing: Passing) => line.push(passing, Math.max(performance.now(), readyAt) + roundTripMs / 2);
  from.on("data", (chunk: Buffer) => {
    count(chunk.length);
    waitingBytes += chunk.length;
    if (waitingBytes + to.writableLength >= maxWaitingBytes) from.pause();
    push(chunk);
  });
  from.on("end", () => push("end"));
  from.on("error", () => undefined); // `close` follows.
  from.on("close", () => push("gone"));
}

function accept(client: Socket, port: number): void {
  counted.connections += 1;
  const server = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  const readyAt = performance.now() + roundTripMs;
  carry({ from: client, to: server, readyAt, count: (bytes) => void (counted.sentBytes += bytes) });
  carry({ from: server, to: client, readyAt, count: (bytes) => void (counted.receivedBytes += bytes) });
}

serveCommands({
  async listen(parameters) {
    const { origin, ...rest } = listenSchema.parse(parameters);
    roundTripMs = rest.roundTripMs;
    const port = Number(new URL(origin).port);
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => accept(client, port));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  },
  /** From now on. */
  delay(parameters) {
    roundTripMs = roundTripSchema.parse(parameters).roundTripMs;
    return null;
  },
  counted: () => counted,
});
