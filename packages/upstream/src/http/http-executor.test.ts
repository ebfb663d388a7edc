import type { IncomingMessage, ServerResponse } from "node:http";

import { RouterError, type Executor, type WireEvent, type WireRequest, type WireResponse } from "@turnout/core";
import {
  collectEvents,
  createExecuteContext,
  createFakeRuntime,
  createGate,
  startStubServer,
  type StubServer,
} from "@turnout/testing";
import { afterEach, expect, test } from "vitest";

import { createHttpClient } from "./http-client.ts";
import { createHttpExecutor, type HttpExecutorOptions } from "./http-executor.ts";

const request: WireRequest = { model: "m", body: { model: "m" }, stream: true };
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

async function setUp(
  onRequest: Listener,
  options: Partial<HttpExecutorOptions> = {},
): Promise<{ server: StubServer; executor: Executor }> {
  const server = await startStubServer({ onRequest });
  const executor = createHttpExecutor({
    id: "stub-http",
    wire: "openai-responses",
    baseUrl: server.url,
    path: "/responses",
    headers: () => ({ authorization: "Bearer secret-token" }),
    readError: (status, bodyText) =>
      new RouterError("rate-limited", `${status} ${bodyText}`, { retryAfterMs: undefined }),
    isTerminal: (event) => event.type === "end",
    responseHeaders: ["x-shown-*"],
    ...options,
  });
  cleanups.push(async () => {
    await server.close();
    await executor.close?.();
  });
  return { server, executor };
}

function sse(response: ServerResponse): ServerResponse {
  response.writeHead(200, { "content-type": "text/event-stream", "x-shown-a": "1", "x-hidden": "2" });
  response.flushHeaders();
  return response;
}

function frame(type: string): string {
  return `event: ${type}\ndata: {"type":"${type}"}\n\n`;
}

function iterate(response: WireResponse): AsyncIterator<readonly WireEvent[]> {
  if (response.kind !== "stream") throw new Error("Expected a stream");
  return response.events[Symbol.asyncIterator]();
}

async function failure(promise: Promise<unknown>): Promise<RouterError> {
  const error: unknown = await promise.then(
    () => new Error("It did not fail"),
    (reason: unknown) => reason,
  );
  if (!RouterError.is(error)) throw error;
  return error;
}

test("execute() delivers the events of one read as one batch and ends after the terminal one", async () => {
  const bodies: string[] = [];
  const { executor, server } = await setUp((incoming, response) => {
    incoming.setEncoding("utf8");
    incoming.on("data", (chunk: string) => bodies.push(chunk));
    incoming.on("end", () => sse(response).end(frame("a") + frame("b") + frame("end") + frame("late")));
  });
  const runtime = createFakeRuntime();
  const response = await executor.execute(request, createExecuteContext({ runtime }));
  const collected = await collectEvents(response);
  expect(collected.error).toBeUndefined();
  expect(collected.batches.map((batch) => batch.map((event) => event.type))).toEqual([["a", "b", "end"]]);
  expect(collected.events[0]).toEqual({ type: "a", data: '{"type":"a"}' });
  expect(response.meta.headers).toEqual({ "x-shown-a": "1" });
  expect(bodies.join("")).toBe('{"model":"m"}');
  // The end of the first response may come a read later, and undici frees a connection one turn after that.
  while (runtime.pendingTimers > 0) await runtime.settle();
  await runtime.settle();
  await collectEvents(await executor.execute(request, createExecuteContext()));
  expect(server.accepted).toBe(1);
});

test("execute() reads events cut at every byte, with and without an event line", async () => {
  const { executor } = await setUp((_incoming, response) => {
    sse(response);
    const bytes = Buffer.from(`data: {"type":"a","text":"é€😀"}\n\n${frame("end")}`, "utf8");
    let index = 0;
    const writeNext = () => {
      if (index === bytes.length) response.end();
      else response.write(bytes.subarray(index, (index += 1)), () => setImmediate(writeNext));
    };
    writeNext();
  });
  const { events, error } = await collectEvents(await executor.execute(request, createExecuteContext()));
  expect(error).toBeUndefined();
  expect(events).toEqual([
    { type: "a", data: '{"type":"a","text":"é€😀"}' },
    { type: "end", data: '{"type":"end"}' },
  ]);
});

test("execute() answers a document where the upstream answers JSON", async () => {
  const { executor } = await setUp((_incoming, response) => {
    response.writeHead(200, { "content-type": "application/json; charset=utf-8" }).end('{"id":"r","é":"€"}');
  });
  const response = await executor.execute({ ...request, stream: false }, createExecuteContext());
  expect(response).toMatchObject({ kind: "document", body: { id: "r", é: "€" } });
});

test.each(["not json", "[]", ""])("execute() throws upstream-malformed for the document %j", async (body) => {
  const { executor } = await setUp((_incoming, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(body);
  });
  const error = await failure(executor.execute(request, createExecuteContext()));
  expect(error.code).toBe("upstream-malformed");
});

test("execute() throws upstream-malformed for a page with status 200", async () => {
  const { executor } = await setUp((_incoming, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<html>hello</html>");
  });
  const error = await failure(executor.execute(request, createExecuteContext()));
  expect(error.code).toBe("upstream-malformed");
  expect(error.details).toEqual({ excerpt: "<html>hello</html>" });
});

test("execute() gives a refusal to readError and adds when to come back", async () => {
  const { executor } = await setUp((_incoming, response) => {
    response.writeHead(429, { "retry-after": "7" }).end("slow");
  });
  const error = await failure(executor.execute(request, createExecuteContext()));
  expect(error).toMatchObject({ code: "rate-limited", message: "429 slow", details: { retryAfterMs: 7_000 } });
});

test("execute() reads at most maxErrorBytes of a refusal that does not end, and closes it", async () => {
  const { executor, server } = await setUp(
    (_incoming, response) => {
      response.writeHead(500);
      response.write("x".repeat(100));
    },
    { limits: { maxErrorBytes: 50 } },
  );
  const error = await failure(executor.execute(request, createExecuteContext()));
  expect(error.message).toBe(`500 ${"x".repeat(50)}`);
  await server.idle();
});

test("execute() tells that nothing was sent when nobody listens", async () => {
  const { executor, server } = await setUp(() => {});
  await server.close();
  const error = await failure(executor.execute(request, createExecuteContext()));
  expect(error).toMatchObject({ code: "upstream-unavailable", details: { requestSent: false } });
  expect(error.message).not.toContain("secret-token");
});

test("execute() tells that the request may have been seen when the connection breaks before the response", async () => {
  const { executor } = await setUp((incoming) => void incoming.socket.resetAndDestroy());
  const error = await failure(executor.execute(request, createExecuteContext()));
  expect(error).toMatchObject({ code: "upstream-unavailable", details: { requestSent: true } });
});

test.each(["end", "reset"])("events throw when the upstream stops by %s before the terminal event", async (how) => {
  const seen = createGate();
  const { executor } = await setUp((incoming, response) => {
    sse(response).write(frame("a"));
    void seen.opened.then(() => (how === "end" ? response.end() : incoming.socket.resetAndDestroy()));
  });
  const iterator = iterate(await executor.execute(request, createExecuteContext()));
  expect((await iterator.next()).value).toEqual([{ type: "a", data: '{"type":"a"}' }]);
  seen.open();
  const error = await failure(iterator.next());
  expect(error).toMatchObject({ code: "upstream-unavailable", details: { requestSent: true } });
});

test("events throw upstream-malformed for an event that is no JSON object, and the upstream is closed", async () => {
  const { executor, server } = await setUp((_incoming, response) => {
    sse(response).write(`${frame("a")}data: {"type":"b\n\n`);
  });
  const { events, error } = await collectEvents(await executor.execute(request, createExecuteContext()));
  expect(events).toHaveLength(1);
  expect(error).toMatchObject({ code: "upstream-malformed" });
  await server.idle();
});

test("execute() throws upstream-timeout when no response begins in time, and closes the connection", async () => {
  const runtime = createFakeRuntime();
  const arrived = createGate();
  const { executor, server } = await setUp(() => arrived.open(), { limits: { firstEventTimeoutMs: 90_000 } });
  const answer = failure(executor.execute(request, createExecuteContext({ runtime })));
  await arrived.opened;
  await runtime.advance(90_000);
  expect(await answer).toMatchObject({ code: "upstream-timeout", details: { timeoutMs: 90_000, requestSent: true } });
  await server.idle();
  expect(runtime.pendingTimers).toBe(0);
});

test("events throw upstream-timeout after too long a silence, counted from the last event", async () => {
  const runtime = createFakeRuntime();
  const { executor, server } = await setUp((_incoming, response) => {
    sse(response).write(frame("a"));
  });
  const response = await executor.execute(request, createExecuteContext({ runtime }));
  const iterator = iterate(response);
  await iterator.next();
  const next = failure(iterator.next());
  await runtime.advance(299_999);
  expect(server.open).toBe(1);
  await runtime.advance(1);
  expect(await next).toMatchObject({ code: "upstream-timeout", details: { timeoutMs: 300_000 } });
  await server.idle();
  expect(runtime.pendingTimers).toBe(0);
});

test("an abort before the response rejects with the signal's reason and closes the connection", async () => {
  const controller = new AbortController();
  const arrived = createGate();
  const { executor, server } = await setUp(() => arrived.open());
  const answer = failure(executor.execute(request, createExecuteContext({ signal: controller.signal })));
  await arrived.opened;
  controller.abort(new RouterError("shutting-down", "Stopping", {}));
  expect((await answer).code).toBe("shutting-down");
  await server.idle();
});

test("an abort during the stream throws client-closed and closes the connection", async () => {
  const controller = new AbortController();
  const runtime = createFakeRuntime();
  const { executor, server } = await setUp((_incoming, response) => {
    sse(response).write(frame("a"));
  });
  const response = await executor.execute(request, createExecuteContext({ signal: controller.signal, runtime }));
  const iterator = iterate(response);
  await iterator.next();
  const next = failure(iterator.next());
  controller.abort();
  expect((await next).code).toBe("client-closed");
  await server.idle();
  expect(runtime.pendingTimers).toBe(0);
});

test("leaving the loop early closes the connection", async () => {
  const { executor, server } = await setUp((_incoming, response) => {
    sse(response).write(frame("a"));
  });
  const response = await executor.execute(request, createExecuteContext());
  if (response.kind !== "stream") throw new Error("Expected a stream");
  for await (const batch of response.events) {
    expect(batch).toHaveLength(1);
    break;
  }
  await server.idle();
});

test("a reader that does not read holds the upstream back", async () => {
  const chunk = `data: {"type":"a","text":"${"x".repeat(10_000)}"}\n\n`;
  const total = 3_000;
  let written = 0;
  const { executor } = await setUp((_incoming, response) => {
    sse(response);
    const write = () => {
      while (written < total) {
        written += 1;
        if (!response.write(chunk)) {
          response.once("drain", write);
          return;
        }
      }
      response.end(frame("end"));
    };
    write();
  });
  const runtime = createFakeRuntime();
  const response = await executor.execute(request, createExecuteContext({ runtime }));
  for (let before = -1; before !== written;) {
    before = written;
    for (let turn = 0; turn < 50; turn += 1) await runtime.settle();
  }
  // The reader's own slowness is not the upstream's silence.
  await runtime.advance(1_000_000);
  // Kernel buffers of both sides hold a few megabytes; 30 MB they do not.
  expect(written).toBeLessThan(total);
  const { events, error } = await collectEvents(response);
  expect(error).toBeUndefined();
  expect(events).toHaveLength(total + 1);
});

test("an answer whose response stays open after the terminal event is complete, and its connection is cut", async () => {
  const runtime = createFakeRuntime();
  const { executor, server } = await setUp((_incoming, response) => {
    sse(response).write(frame("end"));
  });
  const { events, error } = await collectEvents(await executor.execute(request, createExecuteContext({ runtime })));
  expect(error).toBeUndefined();
  expect(events).toHaveLength(1);
  await runtime.advance(1_000);
  await server.idle();
  expect(runtime.pendingTimers).toBe(0);
});

test("more requests than connections fail at once as upstream-overloaded", async () => {
  const client = createHttpClient({ maxConnections: 1 });
  cleanups.push(() => client.close());
  const { executor } = await setUp((_incoming, response) => void sse(response).write(frame("a")), { client });
  const controller = new AbortController();
  await executor.execute(request, createExecuteContext({ signal: controller.signal }));
  const error = await failure(executor.execute(request, createExecuteContext()));
  expect(error.code).toBe("upstream-overloaded");
  controller.abort();
});

test("execute() refuses a header that none can hold, quotes no value, and keeps its connections", async () => {
  let value = "secret\ntoken";
  const { executor } = await setUp((_, response) => sse(response).end(frame("end")), {
    headers: () => ({ authorization: value }),
    clientOptions: { maxConnections: 2 },
  });
  for (let index = 0; index < 3; index += 1) {
    const error = await failure(executor.execute(request, createExecuteContext()));
    expect(error).toMatchObject({ code: "upstream-unavailable", details: { requestSent: false } });
    expect(error.message).toContain("header authorization");
    expect(error.message).not.toContain("secret");
  }
  value = "good";
  const response = await executor.execute(request, createExecuteContext());
  expect((await collectEvents(response)).batches).toHaveLength(1);
});

test("execute() reads a content type in any case", async () => {
  const { executor } = await setUp((_, response) => {
    response.writeHead(200, { "content-type": "Application/JSON" }).end('{"a":1}');
  });
  expect(await executor.execute(request, createExecuteContext())).toMatchObject({ kind: "document", body: { a: 1 } });
});
