/**
 * TLS in front of an upstream that speaks none, and a clock beside it: what passes is noted, so that the time the upstream itself took
 * can be told from the time on the way.
 */
import { connect, type AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { z } from "zod";
import { serveCommands } from "../library/serve-commands.ts";
import type { Passage } from "../library/passage.ts";

const listenSchema = z.object({ origin: z.string(), key: z.string(), certificate: z.string() });

/** Passages kept; a turn has some dozens. */
const maxPassages = 100_000;

let passages: Passage[] = [];

function note(toUpstream: boolean, bytes: number): void {
  if (passages.length < maxPassages) passages.push({ toUpstream, bytes, at: performance.now() });
}

function accept(client: TLSSocket, port: number): void {
  const upstream = connect({ port, host: "127.0.0.1", noDelay: true });
  client.on("data", (chunk: Buffer) => {
    note(true, chunk.length);
    upstream.write(chunk);
  });
  upstream.on("data", (chunk: Buffer) => {
    note(false, chunk.length);
    client.write(chunk);
  });
  // Ends and failures alike: nobody here is interested in half a connection.
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
  }
}

serveCommands({
  async listen(parameters) {
    const { origin, key, certificate } = listenSchema.parse(parameters);
    const port = Number(new URL(origin).port);
    const server = createServer({ key, cert: certificate, noDelay: true }, (client) => accept(client, port));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  },
  /** What passed since the last question. */
  passages() {
    const passed = passages;
    passages = [];
    return passed;
  },
});
