import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { type ClientConnection, createClientConnection } from "./client-connection.ts";

/** A client that has asked and reads nothing yet, and the line to it. */
async function openLine() {
  let open: (connection: ClientConnection) => void = () => undefined;
  const opened = new Promise<ClientConnection>((resolve) => {
    open = resolve;
  });
  const server = createServer((incoming, outgoing) => open(createClientConnection(incoming, outgoing)));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const asked = request({ port, host: "127.0.0.1" });
  const answered = new Promise<IncomingMessage>((resolve) => {
    asked.on("response", resolve);
  });
  asked.on("error", () => undefined);
  asked.end();
  return { connection: await opened, answered, asked };
}

/** Writes until the client is behind. */
function fill(connection: ClientConnection): Promise<void> {
  connection.sendHead(200, {});
  for (;;) {
    const slow = connection.write("x".repeat(64 * 1024));
    if (slow !== undefined) return slow;
  }
}

test("write() wakes every writer that waits for a slow client, not only the last", async () => {
  const { connection, answered } = await openLine();
  const answer = fill(connection);
  const keepAlive = connection.write(": keep-alive\n\n");
  (await answered).resume();
  await Promise.all([answer, keepAlive]);
  expect(connection.blocked).toBe(false);
});

test("blocked tells that the client has not taken what was written", async () => {
  const { connection, answered } = await openLine();
  expect(connection.blocked).toBe(false);
  const answer = fill(connection);
  expect(connection.blocked).toBe(true);
  (await answered).resume();
  await answer;
});

test("a client that leaves wakes the writers and aborts the signal", async () => {
  const { connection, answered, asked } = await openLine();
  const answer = fill(connection);
  await answered;
  asked.destroy();
  await answer;
  await expect.poll(() => connection.signal.aborted).toBe(true);
});
