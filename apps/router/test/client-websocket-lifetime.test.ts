import { connect, type Socket } from "node:net";
import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { model, openSocket, rawSocketOf, refusedHandshake, user } from "./support/client-socket.ts";
import { startTestRouter } from "./support/running-router.ts";
import { waitUntilQuiet } from "./support/wait-until-quiet.ts";

const create = { type: "response.create", model, input: "Hi" };
const words = { steps: [{ type: "text" as const, text: "word ".repeat(40), deltaLength: 5 }] };

describe("while the upstream is silent", () => {
  test("a client gets an event, before the answer has begun and in the midst of it", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const { url, sandbox } = await startTestRouter({ runtime, codex: { transport: "http" } });
    for (const afterEvents of [0, 6]) {
      sandbox.script({ answer: words, fault: { type: "stall", afterEvents } });
      const client = await openSocket(url);
      client.send(create);
      await expect.poll(() => sandbox.openStreams).toBe(1);
      if (afterEvents > 0) await client.next((event) => event.type === "response.output_text.delta");
      await runtime.advance(15_000);
      expect((await client.next((event) => event.type === "keepalive")).type).toBe("keepalive");
      await runtime.advance(15_000);
      await client.next((event) => event.type === "keepalive");
      client.socket.terminate();
      await expect.poll(() => sandbox.openStreams).toBe(0);
    }
  });

  test("the wait ends with an error event, not with silence", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const { url, sandbox } = await startTestRouter({ runtime, codex: { transport: "http" } });
    sandbox.script({ fault: { type: "stall", afterEvents: 0 } });
    const client = await openSocket(url);
    client.send(create);
    await expect.poll(() => sandbox.openStreams).toBe(1);
    for (let waited = 0; waited < 90_000; waited += 10_000) await runtime.advance(10_000);
    expect(await client.next((event) => event.type === "error")).toMatchObject({ status: 504 });
  });
});

describe("an idle socket", () => {
  test("is pinged every 25 s, and nothing else", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const { url } = await startTestRouter({ runtime });
    const client = await openSocket(url);
    let pings = 0;
    client.socket.on("ping", () => (pings += 1));
    for (const expected of [1, 2, 3]) {
      await runtime.advance(25_000);
      await expect.poll(() => pings).toBe(expected);
    }
    expect(client.events).toEqual([]);
  });

  test("is closed after a long time without a request, and not before", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const { url } = await startTestRouter({ runtime, websocket: { idleTimeoutMs: 20_000 } });
    const client = await openSocket(url);
    await runtime.advance(19_000);
    await client.ask({ input: "Hi" });
    await runtime.advance(19_000);
    await client.ask({ input: "Still there?" });
    await runtime.advance(20_000);
    expect(await client.closed).toBe(1000);
  });

  test("is none while an answer runs, however long that is silent", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const { url, sandbox } = await startTestRouter({ runtime, websocket: { idleTimeoutMs: 20_000 } });
    sandbox.script({ answer: words, fault: { type: "stall", afterEvents: 8 } });
    const client = await openSocket(url);
    await runtime.advance(10_000);
    client.send(create);
    await client.next((event) => event.type === "response.output_text.delta");
    await runtime.advance(25_000);
    await client.next((event) => event.type === "keepalive");
    await runtime.advance(10_000);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    expect(sandbox.openStreams).toBe(1);
  });

  test("whose client does not answer a ping any more is cut", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const { url } = await startTestRouter({ runtime, websocket: { maxSockets: 1 } });
    const dead = await openDumbSocket(url);
    await runtime.advance(25_000);
    await runtime.advance(25_000);
    await dead.ended;
    expect((await (await openSocket(url)).ask({ input: "Hi" })).last.type).toBe("response.completed");
  });
});

/** A client that has shaken hands and does nothing more, as one whose machine is gone. */
async function openDumbSocket(url: string): Promise<{ socket: Socket; ended: Promise<void> }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => {
    socket.destroy();
  });
  const ended = new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
  });
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => {
    socket.once("data", () => resolve());
    socket.write(
      `GET /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
        `sec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n`,
    );
  });
  return { socket, ended };
}

describe("a client that leaves", () => {
  test.each(["ws", "http"] as const)("aborts the upstream over %s, whenever it does", async (transport) => {
    const router = await startTestRouter({ codex: { transport } });
    const { url, sandbox } = router;
    for (const leave of ["terminate", "close"] as const) {
      for (const afterEvents of [0, 8]) {
        sandbox.script({ answer: words, fault: { type: "stall", afterEvents } });
        const client = await openSocket(url);
        client.send(create);
        await expect.poll(() => sandbox.openStreams).toBe(1);
        if (afterEvents > 0) await client.next((event) => event.type === "response.output_text.delta");
        client.socket[leave]();
        await expect.poll(() => sandbox.openStreams).toBe(0);
      }
    }
    await expect.poll(() => router.log.filter((line) => line["msg"] === "request left by its client")).toHaveLength(4);
  });

  test("that reads nothing holds the upstream up, and gets everything when it reads on", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const router = await startTestRouter({ runtime, codex: { transport: "ws" } });
    const { url, sandbox } = router;
    const count = 3_000;
    sandbox.script({ answer: { steps: [{ type: "text", text: "x".repeat(count * 4_000), deltaLength: 4_000 }] } });
    const client = await openSocket(url);
    const raw = rawSocketOf(client.socket);
    client.socket.pause();
    client.send(create);
    await waitUntilQuiet(() => raw.bytesRead);
    expect(sandbox.requests.at(-1)?.outcome).toBe("pending");
    // Nothing is said to one that does not listen, and it is not taken for dead.
    for (let passed = 0; passed < 100_000; passed += 12_500) await runtime.advance(12_500);
    client.socket.resume();
    await client.next((event) => event.type === "response.completed");
    expect(client.events.filter((event) => event.type === "response.output_text.delta")).toHaveLength(count);
    expect(client.events.filter((event) => event.type === "keepalive").length).toBeLessThan(2);
    await expect.poll(() => router.log.map((line) => line["msg"])).toContain("request completed");
  });

  test("that asks on without reading is not listened to, so that its refusals pile up nowhere", async () => {
    const { url, sandbox } = await startTestRouter({ codex: { transport: "ws" } });
    sandbox.script({ answer: { steps: [{ type: "text", text: "x".repeat(12_000_000), deltaLength: 4_000 }] } });
    const client = await openSocket(url);
    const raw = rawSocketOf(client.socket);
    client.socket.pause();
    client.send(create);
    await waitUntilQuiet(() => raw.bytesRead);
    const message = `{}${" ".repeat(20_000)}`;
    for (let index = 0; index < 800; index += 1) client.send(message);
    const sent = () => raw.bytesWritten - raw.writableLength;
    await waitUntilQuiet(sent);
    // What does not fit into the buffers of the system stays here.
    expect(raw.writableLength).toBeGreaterThan(200 * message.length);
    client.socket.removeAllListeners("message");
    client.socket.resume();
    await expect.poll(() => raw.writableLength, { timeout: 10_000 }).toBe(0);
  });
});

describe("stopping", () => {
  test("closes idle sockets at once, and the others when their answers have ended", async () => {
    const { url, sandbox, close } = await startTestRouter();
    sandbox.script({ answer: { ...words, delayMs: 5 } });
    const idle = await openSocket(url);
    const busy = await openSocket(url);
    const answer = busy.ask({ input: "Hi" });
    await expect.poll(() => busy.events.some((event) => event.type === "response.output_text.delta")).toBe(true);
    const closing = close();
    expect(await idle.closed).toBe(1001);
    const { last, text } = await answer;
    expect(last.type).toBe("response.completed");
    expect(text).toBe("word ".repeat(40));
    expect(await busy.closed).toBe(1001);
    await closing;
  });

  test("ends an answer that takes too long with an error event", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const { url, sandbox, router } = await startTestRouter({ runtime, server: { shutdownTimeoutMs: 5_000 } });
    sandbox.script({ answer: words, fault: { type: "stall", afterEvents: 8 } });
    const client = await openSocket(url);
    client.send(create);
    await client.next((event) => event.type === "response.output_text.delta");
    const closing = router.close();
    await runtime.advance(5_000);
    expect(await client.next((event) => event.type === "error")).toMatchObject({
      status: 503,
      error: { code: "server_error", message: "turnout is stopping" },
    });
    expect(await client.closed).toBe(1001);
    await stopped(closing, runtime);
  });

  test("cuts a client that does not agree to close, and takes no new socket meanwhile", async () => {
    const runtime = createFakeRuntime({ now: Date.now() });
    const { url, router } = await startTestRouter({ runtime, server: { shutdownTimeoutMs: 1_000 } });
    const dumb = await openDumbSocket(url);
    const kept = await openKeptAlive(url);
    const closing = router.close();
    expect(await kept.upgrade()).toContain("HTTP/1.1 503");
    // The time for answers, then that for last words.
    await runtime.advance(1_000);
    await runtime.advance(1_000);
    await dumb.ended;
    await stopped(closing, runtime);
  });

  async function stopped(closing: Promise<void>, runtime: ReturnType<typeof createFakeRuntime>): Promise<void> {
    let isClosed = false;
    const noted = closing.finally(() => {
      isClosed = true;
    });
    const closedAfterAWhile = async () => {
      await runtime.advance(500);
      return isClosed;
    };
    await expect.poll(closedAfterAWhile).toBe(true);
    await noted;
  }
});

/** A connection that has asked once, and asks for a socket later. */
async function openKeptAlive(url: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on("error", () => undefined);
  // Half a request, so that the connection is not idle when the router stops.
  await new Promise<void>((resolve) => {
    socket.write("GET /v1/responses HTTP/1.1\r\nhost: localhost\r\n", () => resolve());
  });
  await refusedHandshake(url, "/anything");
  return {
    upgrade: () =>
      new Promise<string>((resolve) => {
        socket.once("data", (data: Buffer) => resolve(data.toString()));
        socket.write(
          "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n",
        );
      }),
  };
}

test("a socket that is closed leaves nothing behind: no timer, no answer in memory", async () => {
  const runtime = createFakeRuntime({ now: Date.now() });
  const router = await startTestRouter({ runtime, codex: { transport: "http" } });
  const { url } = router;
  const useOnce = async () => {
    const client = await openSocket(url);
    await client.ask({ input: [user("Hi")], store: false });
    const during = runtime.pendingTimers;
    client.socket.close();
    await client.closed;
    return during;
  };
  // What the rest of the house keeps from its first request on is there before.
  await useOnce();
  await expect.poll(() => router.log.at(-1)?.["msg"]).toBe("socket closed");
  const before = runtime.pendingTimers;
  expect(await useOnce()).toBeGreaterThan(before);
  await expect.poll(() => runtime.pendingTimers).toBe(before);
});
