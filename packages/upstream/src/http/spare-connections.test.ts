import { collectEvents, createExecuteContext, createFakeRuntime, startStubServer } from "@turnout/testing";
import { expect, test } from "vitest";

import { createHttpClient } from "./http-client.ts";
import { createHttpExecutor } from "./http-executor.ts";

async function setUp() {
  const connections: string[] = [];
  const server = await startStubServer({
    onRequest: (request, response) => {
      connections.push(String(request.socket.remotePort));
      response.writeHead(200, { "content-type": "text/event-stream" }).end('data: {"type":"response.completed"}\n\n');
    },
  });
  const client = createHttpClient();
  const executor = createHttpExecutor({
    id: "stub-http",
    wire: "openai-responses",
    baseUrl: server.url,
    path: "/",
    headers: () => ({}),
    client,
  });
  return { server, client, executor, connections };
}

test("prepare() opens the connection that the next request takes, and sends nothing", async () => {
  const { server, client, executor, connections } = await setUp();
  const context = createExecuteContext({ runtime: createFakeRuntime() });
  await executor.prepare?.(context);
  await executor.prepare?.(context);
  expect(connections).toEqual([]);
  await expect.poll(() => server.accepted).toBe(1);
  const { error } = await collectEvents(
    await executor.execute({ model: "m", body: { model: "m", input: [] }, stream: true }, context),
  );
  expect(error).toBeUndefined();
  expect(server.accepted).toBe(1);
  await client.close();
  await server.close();
});

test("a connection nobody takes is closed after the keep-alive time", async () => {
  const { server, client, executor } = await setUp();
  const runtime = createFakeRuntime();
  await executor.prepare?.(createExecuteContext({ runtime }));
  await runtime.advance(8_000);
  await server.idle();
  expect(runtime.pendingTimers).toBe(0);
  await client.close();
  await server.close();
});

test("prepare() tells that nobody listens", async () => {
  const { server, client, executor } = await setUp();
  await server.close();
  await expect(executor.prepare?.(createExecuteContext())).rejects.toMatchObject({ code: "upstream-unavailable" });
  await client.close();
});
