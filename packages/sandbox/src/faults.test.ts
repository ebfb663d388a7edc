import { describe, expect, test } from "vitest";
import { answer, faults, frameCount, say, type Fault } from "./index.ts";
import {
  deltaText,
  eventTypes,
  goodBody,
  HandshakeRefused,
  openSocket,
  parseSse,
  post,
  refusedHandshake,
  startSandbox,
  until,
} from "../test/harness.ts";

const script = answer(say.text("One two three.", { deltas: 3 }));
const error = { type: "server_error", code: "server_error", message: "No.", param: null };

async function overHttp(fault: Fault) {
  const sandbox = await startSandbox({ answer: script });
  const account = sandbox.createAccount();
  sandbox.script({ fault });
  const result = await post(sandbox, account, goodBody()).catch((thrown: unknown) => String(thrown));
  return { sandbox, account, result };
}

async function overSocket(fault: Fault) {
  const sandbox = await startSandbox({ answer: script });
  const account = sandbox.createAccount();
  const socket = await openSocket(sandbox, account);
  sandbox.script({ fault });
  socket.create();
  return { sandbox, account, socket };
}

function eventsOf(result: Awaited<ReturnType<typeof overHttp>>["result"]) {
  return typeof result === "string" ? [] : result.events;
}

describe("handshake", () => {
  test.each([426, 403, 429, 500])("answers %d", async (status) => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    sandbox.script({ fault: faults.handshake(status, { headers: { "retry-after": "2" }, body: { detail: "No" } }) });
    const refused = await refusedHandshake(openSocket(sandbox, account));
    expect(refused).toMatchObject({ status, body: '{"detail":"No"}', headers: { "retry-after": "2" } });
    expect(sandbox.requests).toMatchObject([{ kind: "handshake", outcome: "faulted", status }]);
    // Once: the next one succeeds.
    await openSocket(sandbox, account);
  });

  test("answers an edge's page", async () => {
    const sandbox = await startSandbox();
    sandbox.script({ transport: "ws", fault: faults.html() });
    const refused = await refusedHandshake(openSocket(sandbox, sandbox.createAccount()));
    expect(refused).toMatchObject({ status: 403, headers: { "content-type": "text/html; charset=UTF-8" } });
    expect(refused.body).toContain("<html>");
  });

  test("happens as often as `times` says", async () => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    sandbox.script({ fault: faults.handshake(503), times: 2 });
    await expect(openSocket(sandbox, account)).rejects.toThrow(HandshakeRefused);
    await expect(openSocket(sandbox, account)).rejects.toThrow(HandshakeRefused);
    await openSocket(sandbox, account);
  });

  test("is left alone by a scenario for a request", async () => {
    const sandbox = await startSandbox();
    sandbox.script({ answer: script });
    const socket = await openSocket(sandbox, sandbox.createAccount());
    socket.create();
    expect(deltaText(await socket.answer())).toBe("One two three.");
  });
});

describe("hang", () => {
  test("never answers a handshake, and sees the client go", async () => {
    const sandbox = await startSandbox();
    sandbox.script({ fault: faults.hang() });
    const opening = openSocket(sandbox, sandbox.createAccount()).catch((thrown: unknown) => thrown);
    await until(() => sandbox.requests.length === 1);
    expect(sandbox.requests[0]?.outcome).toBe("pending");
    await sandbox.close();
    expect(await opening).toBeInstanceOf(Error);
    await until(() => sandbox.requests[0]?.outcome === "aborted");
  });

  test("never sends response headers, and sees the client go", async () => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    sandbox.script({ fault: faults.hang() });
    const controller = new AbortController();
    const posting = post(sandbox, account, goodBody(), { signal: controller.signal });
    await until(() => sandbox.openStreams === 1);
    controller.abort();
    await expect(posting).rejects.toThrow("aborted");
    await until(() => sandbox.openStreams === 0);
    expect(sandbox.requests[0]?.outcome).toBe("aborted");
  });
});

test("http answers with status, headers and body", async () => {
  const fault = faults.http(503, { headers: { "retry-after": "3" }, body: { error } });
  const { result, sandbox } = await overHttp(fault);
  expect(result).toMatchObject({ status: 503, text: JSON.stringify({ error }), headers: { "retry-after": "3" } });
  expect(sandbox.requests[0]).toMatchObject({ outcome: "faulted", status: 503 });
});

test("html answers an edge's page over HTTP", async () => {
  const { result } = await overHttp(faults.html(503));
  expect(result).toMatchObject({ status: 503, text: expect.stringContaining("<html>") });
});

describe("cut over HTTP", () => {
  test("on the request: no headers", async () => {
    const { result } = await overHttp(faults.cut());
    expect(result).toMatch(/other side closed|ECONNRESET/);
  });

  test.each(["reset", "close"] as const)("at every event: %s", async (how) => {
    for (let after = 0; after < frameCount(script, "http"); after += 1) {
      const { result, sandbox } = await overHttp(faults.cut({ after, how }));
      expect(result).toMatchObject({ broken: true, status: 200 });
      expect(eventsOf(result)).toHaveLength(after);
      expect(sandbox.requests[0]?.outcome).toBe("faulted");
      expect(sandbox.openStreams).toBe(0);
    }
  });

  test("in the middle of an event", async () => {
    const { result } = await overHttp(faults.cut({ after: 2, atByte: 40 }));
    const whole = await overHttp(faults.unknownEvents());
    expect(eventsOf(whole.result).length).toBeGreaterThan(2);
    const text = typeof result === "string" ? "" : result.text;
    expect(text.split("\n\n").at(-1)).toHaveLength(40);
    expect(eventsOf(result)).toHaveLength(2);
  });
});

describe("cut on a socket", () => {
  test.each([1000, 1008, 1011, 1012])("with close code %d", async (how) => {
    const { socket, sandbox } = await overSocket(faults.cut({ how, reason: "why" }));
    expect(await socket.closed).toEqual({ code: how, reason: "why" });
    expect(socket.messages).toEqual([]);
    await until(() => sandbox.openSockets === 0);
    expect(sandbox.requests.at(-1)?.outcome).toBe("faulted");
  });

  test.each(["reset", "close", 1006] as const)("without a close frame: %s", async (how) => {
    const { socket } = await overSocket(faults.cut({ after: "first-event", how }));
    socket.socket.on("error", () => {});
    expect(await socket.closed).toMatchObject({ code: 1006 });
    expect(socket.messages).toHaveLength(1);
  });

  test("at every event", async () => {
    for (let after = 0; after < frameCount(script); after += 1) {
      const { socket } = await overSocket(faults.cut({ after, how: "reset" }));
      socket.socket.on("error", () => {});
      await socket.closed;
      expect(socket.messages).toHaveLength(after);
    }
  });

  test("in the middle of a frame", async () => {
    const { socket } = await overSocket(faults.cut({ after: 3, atByte: 30, how: "close" }));
    socket.socket.on("error", () => {});
    expect(await socket.closed).toMatchObject({ code: 1006 });
    expect(socket.messages).toHaveLength(3);
  });
});

describe("error-event", () => {
  test.each([
    ["nested", { type: "error", status: 500, error, headers: { "retry-after": "1" } }],
    ["flat", { ...error, type: "error", status: 500, headers: { "retry-after": "1" } }],
    ["body-error", { type: "error", status: 500, body: { error }, headers: { "retry-after": "1" } }],
    ["status-code", { type: "error", status_code: 500, error, headers: { "retry-after": "1" } }],
  ] as const)("has the shape %s", async (shape, expected) => {
    const fault = faults.errorEvent({ status: 500, error, headers: { "retry-after": "1" }, shape, afterEvents: 3 });
    const { socket, sandbox } = await overSocket(fault);
    const events = await socket.answer();
    expect(events).toHaveLength(4);
    expect(events.at(-1)).toEqual(expected);
    expect(sandbox.requests.at(-1)).toMatchObject({ outcome: "faulted", status: 500 });
    const { result } = await overHttp(fault);
    expect(eventsOf(result).at(-1)).toEqual(expected);
  });

  test("has the shape response.failed", async () => {
    const { socket } = await overSocket(faults.errorEvent({ error, shape: "response.failed" }));
    expect(await socket.answer()).toMatchObject([{ type: "response.failed", response: { status: "failed", error } }]);
  });

  test("can be without status", async () => {
    const { socket } = await overSocket(faults.errorEvent({ error }));
    expect(await socket.answer()).toEqual([{ type: "error", error }]);
  });

  test.each([
    [faults.staleAnchor("resp_1"), "previous_response_not_found"],
    [faults.connectionLimit(), "websocket_connection_limit_reached"],
    [faults.overloaded(), "server_is_overloaded"],
  ])("has a builder: %#", async (fault, code) => {
    const { socket } = await overSocket(fault);
    expect(await socket.answer()).toMatchObject([{ type: "error", error: { code } }]);
  });
});

describe("rate-limit", () => {
  const limited = { type: "usage_limit_reached", plan_type: "plus", resets_in_seconds: 60 };

  test("is a 429 over HTTP", async () => {
    const { result } = await overHttp(faults.rateLimit({ resetsInSeconds: 60 }));
    expect(result).toMatchObject({ status: 429, headers: { "retry-after": "60" } });
    expect(JSON.parse(typeof result === "string" ? "" : result.text)).toMatchObject({
      error: { ...limited, resets_at: expect.any(Number) },
    });
  });

  test("is an error event on a socket", async () => {
    const { socket } = await overSocket(faults.rateLimit({ resetsInSeconds: 60 }));
    expect(await socket.answer()).toMatchObject([
      { type: "error", status: 429, error: limited, headers: { "x-codex-primary-used-percent": "100.0" } },
    ]);
  });

  test("is an event over HTTP after others", async () => {
    const { result } = await overHttp(faults.rateLimit({ afterEvents: 2 }));
    expect(eventsOf(result)).toMatchObject([{}, {}, { type: "error", status: 429, error: { plan_type: "plus" } }]);
  });
});

describe("malformed", () => {
  test.each(["broken-json", "non-object", "wrong-type", "no-type"] as const)("sends %s", async (what) => {
    const { socket } = await overSocket(faults.malformed(what, 4));
    await until(() => socket.messages.length === frameCount(script) + 1);
    const message = socket.messages[4] ?? "";
    if (what === "broken-json") expect(() => JSON.parse(message)).toThrow(SyntaxError);
    else expect(message).toMatch({ "non-object": /^\[/, "wrong-type": /"item_id":7/, "no-type": /hello/ }[what]);
    const { result } = await overHttp(faults.malformed(what));
    expect(typeof result === "string" ? "" : result.text).toContain(message);
  });

  test("sends a binary frame", async () => {
    const { socket } = await overSocket(faults.malformed("binary", 4));
    await socket.answer();
    expect(socket.binaryMessages).toHaveLength(1);
    const { result } = await overHttp(faults.malformed("binary"));
    // Bytes that are no UTF-8.
    expect(typeof result === "string" ? "" : result.text).toContain("\uFFFD");
  });
});

test("one-byte-chunks changes nothing but the chunks", async () => {
  const { result } = await overHttp(faults.oneByteChunks());
  const text = typeof result === "string" ? "" : result.text;
  expect(deltaText(parseSse(text))).toBe("One two three.");
  expect(result).toMatchObject({ chunks: text.length });
  const { socket, sandbox } = await overSocket(faults.oneByteChunks());
  expect(deltaText(await socket.answer())).toBe("One two three.");
  expect(sandbox.openStreams).toBe(0);
});

test("extra-after-terminal goes on after the end", async () => {
  const { result } = await overHttp(faults.extraAfterTerminal());
  const types = eventTypes(eventsOf(result));
  expect(types.indexOf("response.completed")).toBeLessThan(types.length - 3);
  expect(types.at(-1)).toBe("response.completed");
});

test("no-terminal ends cleanly without a terminal event", async () => {
  const { result } = await overHttp(faults.noTerminal());
  expect(result).toMatchObject({ broken: false });
  expect(eventTypes(eventsOf(result)).at(-1)).toBe("response.output_item.done");
  const { socket } = await overSocket(faults.noTerminal());
  expect(await socket.closed).toMatchObject({ code: 1000 });
  expect(socket.messages.at(-1)).toContain("response.output_item.done");
});

test("unknown-events come between the known ones", async () => {
  const { result } = await overHttp(faults.unknownEvents());
  const events = eventsOf(result);
  expect(eventTypes(events).filter((type) => type.includes("future"))).toHaveLength(frameCount(script, "http"));
  expect(deltaText(events)).toBe("One two three.");
  expect(events.at(-1)?.type).toBe("response.completed");
});

describe("stall", () => {
  test("stays silent until the client goes", async () => {
    const sandbox = await startSandbox({ answer: script });
    const account = sandbox.createAccount();
    sandbox.script({ fault: faults.stall(2) });
    const controller = new AbortController();
    const posting = post(sandbox, account, goodBody(), { signal: controller.signal });
    await until(() => sandbox.requests[0]?.status === 200);
    expect(sandbox.openStreams).toBe(1);
    controller.abort();
    await posting.catch(() => {});
    await until(() => sandbox.openStreams === 0);
    expect(sandbox.requests[0]?.outcome).toBe("aborted");
  });
});

describe("script()", () => {
  test.each([
    [{ transport: "http", fault: faults.handshake(403) } as const],
    [{ transport: "ws", fault: faults.http(503) } as const],
  ])("refuses a fault that cannot happen: %#", async (scenario) => {
    const sandbox = await startSandbox();
    expect(() => sandbox.script(scenario)).toThrow("never happens over");
  });

  test("gives scenarios in their order to the requests they match", async () => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    const withText = (text: string) => (body: unknown) => JSON.stringify(body).includes(text);
    sandbox.script({ match: withText("second"), answer: answer(say.text("for the second")) });
    sandbox.script({ transport: "ws", answer: answer(say.text("for a socket")) });
    sandbox.script({ answer: answer(say.text("for any")) });
    expect(deltaText((await post(sandbox, account, goodBody())).events)).toBe("for any");
    const second = await post(sandbox, account, goodBody({ instructions: "second" }));
    expect(deltaText(second.events)).toBe("for the second");
    const socket = await openSocket(sandbox, account);
    socket.create();
    expect(deltaText(await socket.answer())).toBe("for a socket");
  });

  test("keeps a scenario from a request that breaks a rule", async () => {
    const sandbox = await startSandbox();
    const account = sandbox.createAccount();
    sandbox.script({ answer: answer(say.text("scripted")) });
    expect((await post(sandbox, account, goodBody({ store: true }))).status).toBe(400);
    expect(deltaText((await post(sandbox, account, goodBody())).events)).toBe("scripted");
  });
});
