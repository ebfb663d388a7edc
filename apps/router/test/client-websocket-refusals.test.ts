import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, test } from "vitest";
import { model, openSocket, rawSocketOf, refusedHandshake, user } from "./support/client-socket.ts";
import { startTestRouter } from "./support/running-router.ts";

const paths = ["/v1/responses", "/backend-api/codex/responses", "/codex/responses", "/v1/codex/responses"];

describe("a handshake", () => {
  test.each(paths)("is accepted at %s", async (path) => {
    const { url } = await startTestRouter();
    const client = await openSocket(url, {}, `${path}?client_version=0.169.0`);
    expect((await client.ask({ input: [user("Hi")] })).last.type).toBe("response.completed");
  });

  test("offers no compression and names no model", async () => {
    const { url } = await startTestRouter();
    const client = await openSocket(url, { perMessageDeflate: true });
    expect(client.socket.extensions).toBe("");
    let head: Record<string, unknown> = {};
    const { WebSocket } = await import("ws");
    const second = new WebSocket(`${url.replace("http", "ws")}/v1/responses`);
    second.on("upgrade", (response) => (head = response.headers));
    await new Promise((resolve) => {
      second.on("open", resolve);
    });
    second.terminate();
    expect(head).not.toHaveProperty("openai-model");
    expect(head).not.toHaveProperty("sec-websocket-extensions");
  });

  test.each(["/", "/v1/chat/completions", "/v1/messages", "/v1/realtime", "/v1/responses/"])(
    "is refused at %s with 426 at once, which sends clients to HTTP",
    async (path) => {
      const { url } = await startTestRouter();
      const { status, headers, body } = await refusedHandshake(url, path);
      expect(status).toBe(426);
      expect(headers).toMatchObject({ connection: "close", "x-request-id": expect.stringMatching(/^req_/) });
      expect(body).toMatchObject({ error: { code: "upgrade_unsupported" } });
    },
  );

  test("is refused with 426 everywhere when sockets are switched off", async () => {
    const { url } = await startTestRouter({ websocket: { enabled: false } });
    for (const path of paths) expect((await refusedHandshake(url, path)).status).toBe(426);
  });

  test.each([
    ["a foreign host", { host: "evil.example" }, 403, null],
    ["a page of another origin", { origin: "https://evil.example" }, 403, null],
    ["no key", {}, 401, "invalid_api_key"],
    ["a wrong key", { authorization: "Bearer not-the-key" }, 401, "invalid_api_key"],
  ])("with %s is refused before anything is opened", async (_what, headers, status, code) => {
    const router = await startTestRouter({ server: { keys: ["the-client-key"] } });
    const refused = await refusedHandshake(router.url, "/v1/responses", headers);
    expect(refused).toMatchObject({ status, body: { error: { code, message: expect.any(String) } } });
    expect(router.log.at(-1)).toMatchObject({ msg: "request refused", path: "/v1/responses", status });
    expect(router.logText()).not.toContain("not-the-key");
    const good = await openSocket(router.url, { headers: { authorization: "Bearer the-client-key" } });
    expect((await good.ask({ input: [user("Hi")] })).last.type).toBe("response.completed");
  });

  test("that is none is refused in the words of the format", async () => {
    const { url } = await startTestRouter();
    for (const headers of [{ "sec-websocket-key": "short" }, { "sec-websocket-version": "7" }, { upgrade: "h2c" }]) {
      expect(await refusedHandshake(url, "/v1/responses", headers)).toMatchObject({
        status: 400,
        body: { error: { type: "invalid_request_error" } },
      });
    }
  });

  test("beyond the limit of sockets is refused with 503 and when to try again, until one is closed", async () => {
    const { url } = await startTestRouter({ websocket: { maxSockets: 2 } });
    const first = await openSocket(url);
    await openSocket(url);
    const refused = await refusedHandshake(url, "/v1/responses");
    expect(refused).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    first.socket.close();
    await first.closed;
    expect((await (await openSocket(url)).ask({ input: [user("Hi")] })).last.type).toBe("response.completed");
  });
});

describe("a message", () => {
  test.each([
    ["no JSON", "{oops", null, null],
    ["no object", "[1]", null, null],
    ["no type", { model }, null, "type"],
    ["no model", { type: "response.create", input: "Hi" }, null, "model"],
    ["no input", { type: "response.create", model }, null, "input"],
    [
      "a wrong item",
      { type: "response.create", model, input: [{ role: "robot", content: "" }] },
      null,
      "input[0].role",
    ],
    ["a lane", { type: "response.create", model, input: "Hi", stream_id: "a" }, null, "stream_id"],
    [
      "an unknown response",
      { type: "response.create", model, input: "Hi", previous_response_id: "resp_unknown" },
      "previous_response_not_found",
      "previous_response_id",
    ],
  ])("with %s is answered with an error event, and the socket goes on", async (_what, message, code, param) => {
    const { url, sandbox } = await startTestRouter();
    const client = await openSocket(url);
    client.send(message);
    const event = await client.next();
    expect(event).toMatchObject({ type: "error", status: 400, error: { type: "invalid_request_error", code, param } });
    expect(event.error?.message).not.toContain("oops");
    expect(event.headers?.["x-request-id"]).toMatch(/^req_/);
    expect(sandbox.requests).toEqual([]);
    expect((await client.ask({ input: [user("Hi")] })).last.type).toBe("response.completed");
  });

  test("for a model nobody has is answered with 404", async () => {
    const { url } = await startTestRouter();
    const client = await openSocket(url);
    expect((await client.ask({ model: "codex/gpt-none", input: "Hi" })).last).toMatchObject({
      type: "error",
      status: 404,
      error: { code: "model_not_found", param: "model" },
    });
  });

  test("names the item as the client counts it, not as it stands in the whole conversation", async () => {
    const { url } = await startTestRouter();
    const client = await openSocket(url);
    const { id } = await client.ask({ input: [user("One")] });
    const { last } = await client.ask({ input: [user("Two"), { role: "robot" }], previous_response_id: id });
    expect(last).toMatchObject({ type: "error", status: 400, error: { param: "input[1].role" } });
  });

  test("that is binary closes the socket with 1003 and ends the answer", async () => {
    const { url, sandbox } = await startTestRouter();
    sandbox.script({ fault: { type: "stall", afterEvents: 3 } });
    const client = await openSocket(url);
    client.send({ type: "response.create", model, input: "Hi" });
    await expect.poll(() => sandbox.openStreams).toBe(1);
    client.socket.send(Buffer.from("{}"));
    expect(await client.closed).toBe(1003);
    await expect.poll(() => sandbox.openStreams).toBe(0);
  });

  test("over the limit closes the socket with 1009, and nothing of it is kept", async () => {
    const { url } = await startTestRouter({ server: { bodyLimitBytes: 10_000 } });
    const client = await openSocket(url);
    client.send({ type: "response.create", model, input: "x".repeat(10_000) });
    expect(await client.closed).toBe(1009);
    const other = await openSocket(url);
    expect((await other.ask({ input: "x".repeat(9_000) })).last.type).toBe("response.completed");
  });

  test("larger than the upstream's own limit of 16 MiB is accepted, and goes over HTTP", async () => {
    const router = await startTestRouter();
    const client = await openSocket(router.url);
    const { last } = await client.ask({ input: [user("x".repeat(17 * 1024 * 1024))], store: false });
    expect(last.type).toBe("response.completed");
    await expect.poll(() => router.log.at(-1)).toMatchObject({ client: "ws", executor: "codex-http" });
  });
});

describe("frames", () => {
  test.each([
    ["a text that is not UTF-8", 1007, [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]],
    ["an unknown kind of frame", 1002, [0x83, 0x80, 0, 0, 0, 0]],
    ["a frame without a mask", 1002, [0x81, 0x02, 0x7b, 0x7d]],
    ["bits that nobody agreed on", 1002, [0xf1, 0x80, 0, 0, 0, 0]],
  ])("with %s close the socket with %d, and no other", async (_what, code, bytes) => {
    const { url, sandbox } = await startTestRouter();
    const other = await openSocket(url);
    sandbox.script({ fault: { type: "stall", afterEvents: 3 } });
    const client = await openSocket(url);
    client.send({ type: "response.create", model, input: "Hi" });
    await expect.poll(() => sandbox.openStreams).toBe(1);
    rawSocketOf(client.socket).write(Buffer.from(bytes));
    expect(await client.closed).toBe(code);
    await expect.poll(() => sandbox.openStreams).toBe(0);
    expect((await other.ask({ input: "Hi" })).last.type).toBe("response.completed");
  });

  test("of one message may be many, with pings between them", async () => {
    const { url } = await startTestRouter();
    const client = await openSocket(url);
    const text = JSON.stringify({ type: "response.create", model, input: "In pieces" });
    for (let index = 0; index < text.length; index += 1) {
      client.socket.send(text.charAt(index), { fin: false });
      // Not each time: `ws` cuts whoever has more pings answered at once than anybody needs.
      if (index % 8 === 0) client.socket.ping();
    }
    client.socket.send("", { fin: true });
    expect((await client.next((event) => event.type === "response.completed")).response?.status).toBe("completed");
  });
});

describe("a failure of the upstream", () => {
  test("of its limits tells when to come back, in numbers the client reads", async () => {
    const { url, sandbox } = await startTestRouter();
    sandbox.script({ fault: { type: "rate-limit", resetsInSeconds: 120 } });
    const client = await openSocket(url);
    const { last, events } = await client.ask({ input: "Hi" });
    expect(events).toHaveLength(1);
    expect(last).toMatchObject({
      type: "error",
      status: 429,
      error: { type: "usage_limit_reached", code: "usage_limit_reached", resets_in_seconds: expect.any(Number) },
      headers: { "retry-after": expect.stringMatching(/^1[12]\d$/), "x-turnout-executor": "codex-ws" },
    });
  });

  test("after the first event is one error event with a status, and the last", async () => {
    for (const transport of ["ws", "http"] as const) {
      const { url, sandbox } = await startTestRouter({ codex: { transport } });
      sandbox.script({
        answer: { steps: [{ type: "text", text: "word ".repeat(20) }] },
        fault: { type: "cut", after: 6 },
      });
      const client = await openSocket(url);
      const { events, last } = await client.ask({ input: "Hi" });
      expect(events[0]?.type).toBe("response.created");
      expect(last).toMatchObject({ type: "error", status: 503, error: { type: "server_error", code: "server_error" } });
      expect((await client.ask({ input: "Again" })).last.type).toBe("response.completed");
    }
  });

  test("before the first event is made good unseen", async () => {
    const router = await startTestRouter();
    router.sandbox.script({ transport: "ws", fault: { type: "handshake", status: 426 } });
    const client = await openSocket(router.url);
    expect((await client.ask({ input: "Hi" })).last.type).toBe("response.completed");
    await expect.poll(() => router.log.at(-1)).toMatchObject({ client: "ws", attempts: 2, transport: "http" });
  });
});

test("a socket that is too old says so at the next request, in words that make clients open another", async () => {
  const runtime = createFakeRuntime({ now: Date.now() });
  const { url, sandbox } = await startTestRouter({ runtime, websocket: { maxAgeMs: 20_000 } });
  const client = await openSocket(url);
  const { id } = await client.ask({ input: "Hi" });
  await runtime.advance(20_000);
  const { last } = await client.ask({ input: "Again", previous_response_id: id });
  expect(last).toMatchObject({
    status: 400,
    error: { type: "invalid_request_error", code: "websocket_connection_limit_reached" },
  });
  expect(await client.closed).toBe(1000);
  expect(sandbox.requests.filter((request) => request.kind === "response")).toHaveLength(1);
});
