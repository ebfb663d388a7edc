import type { IncomingMessage } from "node:http";

import { type Executor, RouterError, type WireEvent, type WireRequest, type WireResponse } from "@turnout/core";
import {
  collectEvents,
  createExecuteContext,
  createFakeRuntime,
  createGate,
  startStubServer,
  type StubServer,
} from "@turnout/testing";
import { afterEach, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";

import { createWebSocketExecutor, type WebSocketProfile } from "./websocket-executor.ts";

const request: WireRequest = { model: "m", body: { model: "m" }, stream: true };
const emptyReport = { approximated: [], dropped: [] };
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

interface Setup {
  /** Called with each frame. */
  readonly onFrame?: (socket: WebSocket, text: string, request: IncomingMessage) => void;
  readonly onOpen?: (socket: WebSocket) => void;
  /** Raw bytes instead of a handshake. */
  readonly refusal?: string;
  readonly profile?: Partial<WebSocketProfile>;
}

async function setUp(options: Setup): Promise<{ server: StubServer; executor: Executor }> {
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on("headers", (headers) => void headers.push("x-shown-a: 1", "x-hidden: 2"));
  const server = await startStubServer({
    onUpgrade: (incoming, socket, head) => {
      if (options.refusal !== undefined) {
        socket.end(options.refusal);
        return;
      }
      sockets.handleUpgrade(incoming, socket, head, (webSocket) => {
        webSocket.on("error", () => {}); // cut by the client on purpose
        webSocket.on("message", (data) => options.onFrame?.(webSocket, (data as Buffer).toString("utf8"), incoming));
        options.onOpen?.(webSocket);
      });
    },
  });
  const executor = createWebSocketExecutor({
    id: "stub-ws",
    wire: "openai-responses",
    baseUrl: server.url,
    path: "/responses",
    headers: () => ({ authorization: "Bearer secret-token" }),
    prepareFrame: ({ body }) => ({ value: { type: "create", ...body }, report: emptyReport }),
    readRefusal: (status, bodyText) =>
      new RouterError("rate-limited", `${status} ${bodyText}`, { retryAfterMs: undefined }),
    readErrorEvent: (event) =>
      event.type === "error" ? new RouterError("rate-limited", event.data, { retryAfterMs: 5 }) : undefined,
    isTerminal: (event) => event.type === "end" || event.type === "error",
    isPrivate: (event) => event.type.startsWith("private."),
    responseHeaders: ["x-shown-*"],
    ...options.profile,
    // Fake time leaps over the answer to a ping.
    sessionLimits: { pingIntervalMs: 86_400_000, ...options.profile?.sessionLimits },
  });
  cleanups.push(async () => {
    sockets.close();
    await server.close();
    await executor.close?.();
  });
  return { server, executor };
}

/** Takes upgrades and never answers them. */
async function startSilentServer(onArrival: () => void): Promise<StubServer> {
  const server = await startStubServer({
    onUpgrade: (_incoming, socket) => {
      socket.resume();
      onArrival();
    },
  });
  cleanups.push(() => server.close());
  return server;
}

function say(socket: WebSocket, ...types: string[]): void {
  for (const type of types) socket.send(JSON.stringify({ type }));
}

function iterate(response: WireResponse): AsyncIterator<readonly WireEvent[]> {
  if (response.kind !== "stream") throw new Error("Expected a stream");
  return response.events[Symbol.asyncIterator]();
}

function typesOf(events: readonly WireEvent[]): readonly string[] {
  return events.map((event) => event.type);
}

async function failure(promise: Promise<unknown>): Promise<RouterError> {
  const error: unknown = await promise.then(
    () => new Error("It did not fail"),
    (reason: unknown) => reason,
  );
  if (!RouterError.is(error)) throw error;
  return error;
}

test("execute() without reuse sends one frame, delivers what arrives together as one batch, and closes cleanly", async () => {
  const frames: string[] = [];
  const closeCodes: number[] = [];
  const authorizations: unknown[] = [];
  const { executor, server } = await setUp({
    profile: { reusesSockets: false },
    onFrame: (socket, text, incoming) => {
      frames.push(text);
      authorizations.push(incoming.headers.authorization);
      socket.on("close", (code) => closeCodes.push(code));
      say(socket, "private.limits", "a", "b", "end", "late");
    },
  });
  const runtime = createFakeRuntime();
  const response = await executor.execute(request, createExecuteContext({ runtime }));
  const { batches, error } = await collectEvents(response);
  expect(error).toBeUndefined();
  expect(batches.map(typesOf)).toEqual([["private.limits", "a", "b", "end"]]);
  expect(response.meta).toEqual({
    headers: { "x-shown-a": "1" },
    session: "fresh",
    traffic: { sentBytes: 29, fullBytes: 29 },
    report: emptyReport,
  });
  expect(frames).toEqual(['{"type":"create","model":"m"}']);
  expect(authorizations).toEqual(["Bearer secret-token"]);
  await server.idle();
  expect(closeCodes).toEqual([1000]);
  // The client's side of the close comes a read later; a timer that stays makes this test time out.
  while (runtime.pendingTimers > 0) await runtime.settle();
});

test("execute() keeps messages that come before the frame was sent", async () => {
  const { executor } = await setUp({
    onOpen: (socket) => say(socket, "private.early"),
    onFrame: (socket) => say(socket, "end"),
  });
  const { events } = await collectEvents(await executor.execute(request, createExecuteContext()));
  expect(typesOf(events)).toEqual(["private.early", "end"]);
});

test("execute() gives a refused handshake to readRefusal and adds when to come back", async () => {
  const { executor, server } = await setUp({
    refusal: "HTTP/1.1 429 Too Many\r\nretry-after: 3\r\ncontent-length: 4\r\n\r\nslow",
  });
  const error = await failure(executor.execute(request, createExecuteContext()));
  expect(error).toMatchObject({ code: "rate-limited", message: "429 slow", details: { retryAfterMs: 3_000 } });
  await server.idle();
});

test("execute() tells that nothing was sent when nobody listens", async () => {
  const { executor, server } = await setUp({});
  await server.close();
  const error = await failure(executor.execute(request, createExecuteContext()));
  expect(error).toMatchObject({ code: "upstream-unavailable", details: { requestSent: false } });
  expect(error.message).not.toContain("secret-token");
});

test("execute() gives up a handshake that takes longer than connectTimeoutMs", async () => {
  const runtime = createFakeRuntime();
  const arrived = createGate();
  const server = await startSilentServer(() => arrived.open());
  const { executor } = await setUp({ profile: { baseUrl: server.url, sessionLimits: { connectTimeoutMs: 15_000 } } });
  const answer = failure(executor.execute(request, createExecuteContext({ runtime })));
  await arrived.opened;
  await runtime.advance(15_000);
  expect(await answer).toMatchObject({ code: "upstream-timeout", details: { timeoutMs: 15_000, requestSent: false } });
  await server.idle();
  expect(runtime.pendingTimers).toBe(0);
});

test("execute() gives up a handshake when the signal is aborted", async () => {
  const arrived = createGate();
  const server = await startSilentServer(() => arrived.open());
  const { executor } = await setUp({ profile: { baseUrl: server.url } });
  const controller = new AbortController();
  const runtime = createFakeRuntime();
  const answer = failure(executor.execute(request, createExecuteContext({ signal: controller.signal, runtime })));
  await arrived.opened;
  controller.abort();
  expect((await answer).code).toBe("client-closed");
  await server.idle();
  expect(runtime.pendingTimers).toBe(0);
});

test("execute() does not dial for a frame over maxFrameBytes, counted in UTF-8", async () => {
  const { executor, server } = await setUp({ profile: { maxFrameBytes: 60 } });
  const body = { text: "€".repeat(15) };
  const error = await failure(executor.execute({ ...request, body }, createExecuteContext()));
  expect(error).toMatchObject({ code: "transport-unsuitable", details: { limitBytes: 60 } });
  expect(server.accepted).toBe(0);
});

test("execute() sends a frame of exactly maxFrameBytes", async () => {
  const body = { text: "€".repeat(15) };
  const size = Buffer.byteLength(JSON.stringify({ type: "create", ...body }), "utf8");
  const { executor } = await setUp({ onFrame: (socket) => say(socket, "end"), profile: { maxFrameBytes: size } });
  const { error } = await collectEvents(await executor.execute({ ...request, body }, createExecuteContext()));
  expect(error).toBeUndefined();
});

test("execute() throws what readErrorEvent makes of an error before the answer, private events aside", async () => {
  const { executor, server } = await setUp({ onFrame: (socket) => say(socket, "private.limits", "error") });
  const error = await failure(executor.execute(request, createExecuteContext()));
  expect(error).toMatchObject({ code: "rate-limited", details: { retryAfterMs: 5 } });
  await server.idle();
});

test("an error event after the answer began is passed on as its terminal event", async () => {
  const { executor } = await setUp({ onFrame: (socket) => say(socket, "a", "error") });
  const { events, error } = await collectEvents(await executor.execute(request, createExecuteContext()));
  expect(typesOf(events)).toEqual(["a", "error"]);
  expect(error).toBeUndefined();
});

test.each([
  [1000, "upstream-unavailable"],
  [1011, "upstream-unavailable"],
  [1009, "transport-unsuitable"],
])("a socket closed with %d before the terminal event throws %s", async (code, expected) => {
  const { executor } = await setUp({
    onFrame: (socket) => {
      say(socket, "a");
      socket.close(code, "because");
    },
  });
  const { events, error } = await collectEvents(await executor.execute(request, createExecuteContext()));
  expect(typesOf(events)).toEqual(["a"]);
  expect(error).toMatchObject({ code: expected });
  expect(String(error)).toContain(`${code}`);
  expect(String(error)).toContain("because");
});

test("a socket cut before the first event tells that the request may have been seen", async () => {
  const { executor } = await setUp({ onFrame: (socket) => socket.terminate() });
  const error = await failure(executor.execute(request, createExecuteContext()));
  expect(error).toMatchObject({ code: "upstream-unavailable", details: { requestSent: true } });
});

test.each([
  ["binary", Buffer.from("{}")],
  ["cut JSON", '{"type":"b'],
  ["JSON that is no object", "[]"],
])("a %s message throws upstream-malformed and cuts the socket", async (_what, message) => {
  const { executor, server } = await setUp({
    onFrame: (socket) => {
      say(socket, "a");
      socket.send(message);
    },
  });
  const { events, error } = await collectEvents(await executor.execute(request, createExecuteContext()));
  expect(typesOf(events)).toEqual(["a"]);
  expect(error).toMatchObject({ code: "upstream-malformed" });
  await server.idle();
});

test("a message over maxEventBytes throws upstream-malformed", async () => {
  const { executor, server } = await setUp({
    onFrame: (socket) => {
      say(socket, "a");
      socket.send(JSON.stringify({ type: "b", text: "x".repeat(1_000) }));
    },
    profile: { limits: { maxEventBytes: 1_000 } },
  });
  const { events, error } = await collectEvents(await executor.execute(request, createExecuteContext()));
  expect(typesOf(events)).toEqual(["a"]);
  expect(error).toMatchObject({ code: "upstream-malformed" });
  await server.idle();
});

test("execute() throws upstream-timeout when no event comes in time, and cuts the socket", async () => {
  const runtime = createFakeRuntime();
  const arrived = createGate();
  const { executor, server } = await setUp({ onFrame: () => arrived.open() });
  const answer = failure(executor.execute(request, createExecuteContext({ runtime })));
  await arrived.opened;
  await runtime.advance(90_000);
  expect(await answer).toMatchObject({ code: "upstream-timeout", details: { timeoutMs: 90_000, requestSent: true } });
  await server.idle();
  expect(runtime.pendingTimers).toBe(0);
});

test("events throw upstream-timeout after too long a silence", async () => {
  const runtime = createFakeRuntime();
  const { executor, server } = await setUp({ onFrame: (socket) => say(socket, "a") });
  const iterator = iterate(await executor.execute(request, createExecuteContext({ runtime })));
  await iterator.next();
  const next = failure(iterator.next());
  await runtime.advance(299_999);
  expect(server.open).toBe(1);
  await runtime.advance(1);
  expect((await next).code).toBe("upstream-timeout");
  await server.idle();
});

const departures = {
  abort: async (iterator: AsyncIterator<unknown>, controller: AbortController) => {
    const next = failure(iterator.next());
    controller.abort();
    return (await next).code;
  },
  leave: async (iterator: AsyncIterator<unknown>) => {
    await iterator.return?.();
    return "client-closed";
  },
};

test.each(["abort", "leave"] as const)("%s during the stream cuts the socket without a goodbye", async (how) => {
  const controller = new AbortController();
  const closeCodes: number[] = [];
  const { executor, server } = await setUp({
    onFrame: (socket) => {
      socket.on("close", (code) => closeCodes.push(code));
      say(socket, "a");
    },
  });
  const iterator = iterate(await executor.execute(request, createExecuteContext({ signal: controller.signal })));
  await iterator.next();
  expect(await departures[how](iterator, controller)).toBe("client-closed");
  await server.idle();
  expect(closeCodes).toEqual([1006]);
});

test("a reader that does not read holds the upstream back", async () => {
  const text = JSON.stringify({ type: "a", text: "x".repeat(10_000) });
  const total = 3_000;
  let written = 0;
  const { executor } = await setUp({
    onFrame: (socket) => {
      const write = () => {
        written += 1;
        if (written > total) say(socket, "end");
        else socket.send(text, write);
      };
      write();
    },
  });
  const runtime = createFakeRuntime();
  const response = await executor.execute(request, createExecuteContext({ runtime }));
  for (let before = -1; before !== written;) {
    before = written;
    for (let turn = 0; turn < 50; turn += 1) await runtime.settle();
  }
  await runtime.advance(1_000_000);
  // Kernel buffers of both sides hold a few megabytes; 30 MB they do not.
  expect(written).toBeLessThan(total);
  const { events, error } = await collectEvents(response);
  expect(error).toBeUndefined();
  expect(events).toHaveLength(total + 1);
});

test("close() waits for the streams that run", async () => {
  const seen = createGate();
  const { executor } = await setUp({
    onFrame: (socket) => {
      say(socket, "a");
      void seen.opened.then(() => say(socket, "end"));
    },
  });
  const response = await executor.execute(request, createExecuteContext());
  let isClosed = false;
  const closing = (async () => {
    await executor.close?.();
    isClosed = true;
  })();
  await createFakeRuntime().settle();
  expect(isClosed).toBe(false);
  seen.open();
  const { error } = await collectEvents(response);
  expect(error).toBeUndefined();
  await closing;
});

test("more sockets of one account than allowed fail as transport-unsuitable, until one is free", async () => {
  const { executor } = await setUp({
    onFrame: (socket, text) => say(socket, "a", ...(text.includes("done") ? ["end"] : [])),
    profile: { sessionLimits: { maxSocketsPerAccount: 1 } },
  });
  const iterator = iterate(await executor.execute(request, createExecuteContext()));
  const done = { ...request, body: { done: true } };
  const error = await failure(executor.execute(done, createExecuteContext()));
  expect(error.code).toBe("transport-unsuitable");
  await iterator.return?.();
  const { events } = await collectEvents(await executor.execute(done, createExecuteContext()));
  expect(typesOf(events)).toEqual(["a", "end"]);
});
