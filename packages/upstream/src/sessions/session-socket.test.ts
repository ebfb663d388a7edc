import { RouterError } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, test } from "vitest";

import type { SocketListener } from "./connect-socket.ts";
import { defaultSessionLimits, type SessionLimits } from "./session-limits.ts";
import { SessionSocket } from "./session-socket.ts";

/** A session on a socket that a test plays by hand; `did` tells what was done to the socket. */
function setUp(limits: Partial<SessionLimits> = {}, { answersPings = false } = {}) {
  const runtime = createFakeRuntime();
  const did: string[] = [];
  const ended: RouterError[] = [];
  let opened = 0;
  let wire: SocketListener | undefined;
  const session = new SessionSocket(
    {
      upstream: "stub",
      limits: { ...defaultSessionLimits, ...limits },
      maxMessageBytes: 1_000,
      maxErrorBytes: 1_000,
      readRefusal: (status) => new RouterError("upstream-unavailable", "Refused", { status, requestSent: false }),
      connect: (_url, _options, listener) => {
        wire = listener;
        return {
          send: (text) => did.push(`send ${text}`),
          close: () => did.push("close"),
          terminate: () => did.push("terminate"),
          pause: () => did.push("pause"),
          resume: () => did.push("resume"),
          ping: () => {
            did.push("ping");
            if (answersPings) queueMicrotask(() => listener.pong());
          },
        };
      },
    },
    runtime,
    { opened: () => (opened += 1), over: (error) => ended.push(error) },
  );
  session.open("ws://stub", {});
  if (wire === undefined) throw new Error("Expected a dial");
  const heard: string[] = [];
  const lost: RouterError[] = [];
  const receiver = { message: (text: string) => heard.push(text), lost: (error: RouterError) => lost.push(error) };
  /** As a request that is answered. */
  const use = () => {
    session.lend();
    session.send("frame", receiver, false);
    session.park();
  };
  return { runtime, did, ended, session, wire, heard, lost, receiver, use, opened: () => opened };
}

describe("opening", () => {
  test("a handshake that takes too long is cut", async () => {
    const { runtime, did, ended } = setUp({ connectTimeoutMs: 15_000 });
    await runtime.advance(14_999);
    expect(ended).toEqual([]);
    await runtime.advance(1);
    expect(ended).toMatchObject([{ code: "upstream-timeout", details: { timeoutMs: 15_000, requestSent: false } }]);
    expect(did).toEqual(["terminate"]);
    expect(runtime.pendingTimers).toBe(0);
  });

  test("a refused handshake tells what readRefusal says, and when to come back", () => {
    const { wire, ended, runtime } = setUp();
    wire.refused(503, "", { "retry-after": "7" });
    expect(ended).toMatchObject([{ code: "upstream-unavailable", details: { status: 503, retryAfterMs: 7_000 } }]);
    expect(runtime.pendingTimers).toBe(0);
  });

  test("nothing more happens after the end, whatever still comes", () => {
    const { wire, ended, session } = setUp();
    wire.closed(1006, "");
    wire.failed(new Error("late"));
    wire.closed(1000, "");
    session.terminate();
    session.close();
    expect(ended).toHaveLength(1);
    expect(session.state).toBe("over");
  });
});

describe("signs of life", () => {
  test("an idle socket is pinged every 25 s as long as it answers", async () => {
    const { wire, did, ended, runtime } = setUp({ maxIdleMs: 1_000_000 }, { answersPings: true });
    wire.opened({});
    for (let ping = 1; ping <= 8; ping += 1) {
      await runtime.advance(25_000);
      expect(did.filter((what) => what === "ping")).toHaveLength(ping);
    }
    expect(ended).toEqual([]);
  });

  test("a socket that sends needs no ping", async () => {
    const { wire, did, runtime } = setUp({ maxIdleMs: 1_000_000 });
    wire.opened({});
    for (let count = 0; count < 8; count += 1) {
      await runtime.advance(20_000);
      wire.message('{"type":"codex.keepalive"}');
    }
    expect(did.filter((what) => what === "ping").length).toBeLessThanOrEqual(3);
  });

  test("a dead line is found while nobody waits", async () => {
    const { wire, did, ended, runtime, session } = setUp();
    wire.opened({});
    await runtime.advance(25_000 + 20_000);
    expect(ended).toMatchObject([{ code: "upstream-timeout", details: { requestSent: false } }]);
    expect(did).toEqual(["ping", "terminate"]);
    expect(session.state).toBe("over");
    expect(runtime.pendingTimers).toBe(0);
  });

  test("a dead line is found 20 s after a request on a used socket, long before the first event is due", async () => {
    const { wire, runtime, session, receiver, lost, use } = setUp();
    wire.opened({});
    use();
    await runtime.advance(10_000);
    session.lend();
    session.send("frame", receiver, true);
    await runtime.advance(19_999);
    expect(lost).toEqual([]);
    await runtime.advance(1);
    expect(lost).toMatchObject([{ code: "upstream-timeout", details: { timeoutMs: 20_000, requestSent: true } }]);
  });

  test("a line that answers pings is never dead, however long its answer takes", async () => {
    const { wire, runtime, session, receiver, lost, did } = setUp({}, { answersPings: true });
    wire.opened({});
    session.lend();
    session.send("frame", receiver, true);
    await runtime.advance(600_000);
    expect(lost).toEqual([]);
    expect(did.filter((what) => what === "ping").length).toBeGreaterThan(10);
  });

  test("a reader that is held up does not make its line dead", async () => {
    const { wire, runtime, session, receiver, lost } = setUp();
    wire.opened({});
    session.lend();
    session.send("frame", receiver, true);
    session.pause();
    await runtime.advance(1_000_000);
    expect(lost).toEqual([]);
    session.resume();
    await runtime.advance(24_000);
    expect(lost).toEqual([]);
    // From here on silence counts again.
    await runtime.advance(45_000);
    expect(lost).toHaveLength(1);
  });
});

describe("limits of an idle socket", () => {
  test.each([
    ["with pings in between", 25_000],
    ["whatever the pings", 86_400_000],
  ])("it is closed after maxIdleMs %s", async (_how, pingIntervalMs) => {
    const { wire, runtime, did, use, session } = setUp({ maxIdleMs: 100_000, pingIntervalMs });
    wire.opened({});
    use();
    for (let count = 0; count < 9; count += 1) {
      await runtime.advance(10_000);
      wire.pong();
    }
    expect(did).not.toContain("close");
    await runtime.advance(10_000);
    expect(did).toContain("close");
    expect(session.state).toBe("over");
  });

  test("each request begins its idleness anew", async () => {
    const { wire, runtime, use, session } = setUp({ maxIdleMs: 100_000 });
    wire.opened({});
    for (let count = 0; count < 12; count += 1) {
      await runtime.advance(20_000);
      wire.pong();
      use();
    }
    expect(session.state).toBe("idle");
  });

  test("it is closed when it is old enough, and takes no request before that", async () => {
    const { wire, runtime, use, session } = setUp({ maxAgeMs: 110_000, maxIdleMs: 1_000_000 });
    wire.opened({});
    use();
    for (let count = 0; count < 10; count += 1) {
      await runtime.advance(10_999);
      wire.pong();
      use();
    }
    expect([session.isAged, session.state]).toEqual([false, "idle"]);
    await runtime.advance(10);
    expect(session.isAged).toBe(true);
    await runtime.advance(25_000);
    expect(session.state).toBe("over");
  });

  test("a request that runs is not closed for age or idleness", async () => {
    const { wire, runtime, session, receiver, lost, did } = setUp({ maxAgeMs: 100_000, maxIdleMs: 50_000 });
    wire.opened({});
    session.lend();
    session.send("frame", receiver, false);
    for (let count = 0; count < 30; count += 1) {
      await runtime.advance(10_000);
      wire.message("{}");
    }
    expect(lost).toEqual([]);
    expect(did).not.toContain("close");
  });
});

describe("between two requests", () => {
  test.each([
    "codex.rate_limits",
    "codex.response.metadata",
    "response.metadata",
    "keepalive",
    "responsesapi.websocket_timing",
    "",
  ])("news of type %j are for nobody", (type) => {
    const { wire, use, heard, session } = setUp();
    wire.opened({});
    use();
    wire.message(JSON.stringify({ type }));
    expect([heard, session.state]).toEqual([[], "idle"]);
  });

  test.each(["response.created", "response.output_text.delta", "response.completed", "error"])(
    "%s ends the socket: it must not begin the next answer",
    (type) => {
      const { wire, use, heard, session, did } = setUp();
      wire.opened({});
      use();
      wire.message(JSON.stringify({ type }));
      expect([heard, session.state, did.at(-1)]).toEqual([[], "over", "terminate"]);
    },
  );

  test("what comes after the handshake and before the request belongs to its answer, within limits", () => {
    const { wire, session, receiver, heard } = setUp();
    wire.opened({});
    session.lend();
    for (let index = 0; index < 100; index += 1) wire.message(`{"type":"codex.news","n":${index}}`);
    session.send("frame", receiver, false);
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.length).toBeLessThanOrEqual(16);
    expect(heard[0]).toContain('"n":0');
  });

  test("binary messages end the socket", () => {
    const { wire, use, did, ended } = setUp();
    wire.opened({});
    use();
    wire.binary();
    expect(ended).toMatchObject([{ code: "upstream-malformed" }]);
    expect(did.at(-1)).toBe("terminate");
  });
});

describe("the end", () => {
  test("the receiver hears once that its session broke, after the pool knows", () => {
    const { wire, session, receiver, lost, ended } = setUp();
    wire.opened({});
    session.lend();
    session.send("frame", receiver, false);
    wire.closed(1011, "keepalive ping timeout");
    wire.closed(1006, "");
    expect(lost).toHaveLength(1);
    expect(ended).toEqual(lost);
    expect(lost[0]?.message).toContain('1011 (server error or ping timeout) "keepalive ping timeout"');
    expect(lost[0]?.details).toMatchObject({ requestSent: true });
  });

  test("1009 is not the line's fault but the message's", () => {
    const { wire, session, receiver, lost } = setUp();
    wire.opened({});
    session.lend();
    session.send("frame", receiver, false);
    wire.closed(1009, "");
    expect(lost).toMatchObject([{ code: "transport-unsuitable" }]);
  });

  test("a close that is not answered is cut after a second", async () => {
    const { wire, session, did, runtime } = setUp();
    wire.opened({});
    session.close();
    await runtime.advance(999);
    expect(did.at(-1)).toBe("close");
    await runtime.advance(1);
    expect(did.at(-1)).toBe("terminate");
    expect(runtime.pendingTimers).toBe(0);
  });

  test.each(["closed", "failed"] as const)("no timer stays when the close is answered (%s)", (how) => {
    const { wire, session, runtime } = setUp();
    wire.opened({});
    session.close();
    if (how === "closed") wire.closed(1000, "");
    else wire.failed(new Error("ECONNRESET"));
    expect(runtime.pendingTimers).toBe(0);
  });
});
