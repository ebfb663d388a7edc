import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";

import { RouterError } from "@turnout/core";
import { collectEvents, createExecuteContext, startStubServer } from "@turnout/testing";
import { expect, test } from "vitest";
import { WebSocketServer } from "ws";

import { createWebSocketExecutor } from "../sessions/websocket-executor.ts";

/** An HTTP proxy that notes where it was asked to go. */
async function startProxy(status = 200) {
  const targets: string[] = [];
  const authorizations: unknown[] = [];
  const server = createServer();
  server.on("connect", (request, client, head) => {
    targets.push(request.url ?? "");
    authorizations.push(request.headers["proxy-authorization"]);
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const [host, port] = (request.url ?? "").split(":");
    const upstream = connect(Number(port), host, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { port, targets, authorizations, close: () => server.close() };
}

function createExecutor(baseUrl: string, proxyUrl: string) {
  return createWebSocketExecutor({
    id: "stub-ws",
    wire: "openai-responses",
    baseUrl,
    path: "/responses",
    headers: () => ({}),
    prepareFrame: ({ body }) => ({ value: body, report: { approximated: [], dropped: [] } }),
    readRefusal: (status) => new RouterError("upstream-unavailable", "x", { status, requestSent: false }),
    readErrorEvent: () => undefined,
    isTerminal: (event) => event.type === "end",
    proxyUrl,
  });
}

const request = { model: "m", body: {}, stream: true };

test("a WebSocket goes through proxyUrl, with the credentials in it", async () => {
  const sockets = new WebSocketServer({ noServer: true });
  const server = await startStubServer({
    onUpgrade: (incoming, socket, head) =>
      sockets.handleUpgrade(incoming, socket, head, (webSocket) => {
        webSocket.on("message", () => webSocket.send('{"type":"end"}'));
      }),
  });
  const proxy = await startProxy();
  const executor = createExecutor(server.url, `http://user:p%40ss@127.0.0.1:${proxy.port}`);
  const { error } = await collectEvents(await executor.execute(request, createExecuteContext()));
  expect(error).toBeUndefined();
  expect(proxy.targets).toEqual([server.url.replace("http://", "")]);
  expect(proxy.authorizations).toEqual([`Basic ${Buffer.from("user:p@ss").toString("base64")}`]);
  await server.close();
  proxy.close();
});

test("a proxy that refuses the tunnel is upstream-unavailable, and nothing was sent", async () => {
  const proxy = await startProxy(407);
  const executor = createExecutor("http://127.0.0.1:9", `http://127.0.0.1:${proxy.port}`);
  await expect(executor.execute(request, createExecuteContext())).rejects.toMatchObject({
    code: "upstream-unavailable",
    details: { requestSent: false },
    message: expect.stringContaining("407"),
  });
  proxy.close();
});
