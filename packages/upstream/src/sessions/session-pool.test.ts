import { getEventListeners } from "node:events";

import { type ExecuteContext, RouterError } from "@turnout/core";
import { createExecuteContext, createFakeRuntime, createGate, type FakeRuntime } from "@turnout/testing";
import { describe, expect, test } from "vitest";

import type { Conversation } from "../conversation/conversation-book.ts";
import type { SocketListener } from "./connect-socket.ts";
import { defaultSessionLimits, type SessionLimits } from "./session-limits.ts";
import { type LentSession, SessionPool, type SessionPoolOptions, type SessionWish } from "./session-pool.ts";

/** One dial, played by hand. */
interface Dial {
  readonly listener: SocketListener;
  readonly did: string[];
}

interface Setup {
  readonly limits?: Partial<SessionLimits>;
  readonly options?: Partial<SessionPoolOptions>;
  /** False: a test answers the handshakes itself. */
  readonly opens?: boolean;
}

function setUp({ limits, options, opens = true }: Setup = {}) {
  const runtime: FakeRuntime = createFakeRuntime();
  const dials: Dial[] = [];
  const pool = new SessionPool({
    upstream: "stub",
    limits: { ...defaultSessionLimits, pingIntervalMs: 86_400_000, dialSpacingMs: 0, ...limits },
    maxMessageBytes: 1_000,
    maxErrorBytes: 1_000,
    readRefusal: (status) => new RouterError("upstream-unavailable", "Refused", { status, requestSent: false }),
    connect: (_url, _options, listener) => {
      const did: string[] = [];
      dials.push({ listener, did });
      if (opens) queueMicrotask(() => listener.opened({}));
      return {
        send: (text) => did.push(`send ${text}`),
        close: () => {
          did.push("close");
          queueMicrotask(() => listener.closed(1000, ""));
        },
        terminate: () => did.push("terminate"),
        pause: () => {},
        resume: () => {},
        ping: () => {},
      };
    },
    reuses: true,
    whenSpaced: "refuse",
    ...options,
  });
  const controller = new AbortController();
  const context: ExecuteContext = createExecuteContext({ runtime, signal: controller.signal });
  const acquire = (wish: Partial<SessionWish> = {}, isFresh = false) =>
    pool.acquire(wishOf(wish), context, { isFresh });
  return { runtime, dials, pool, context, controller, acquire };
}

function wishOf(wish: Partial<SessionWish>): SessionWish {
  const accountKey = wish.accountKey ?? "first";
  return { url: "ws://stub", headers: {}, accountKey, identity: accountKey, hint: undefined, ...wish };
}

async function failure(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return RouterError.from(error).code;
  }
}

const completed = { how: "completed", anchor: undefined } as const;

/** An answer that can be gone on from. */
function anchored(pool: SessionPool, session: LentSession): Conversation {
  const conversation: Conversation = { scope: "s", hint: undefined, entries: [], isHeld: false };
  pool.release(session, {
    how: "completed",
    anchor: { responseId: "r", conversation, settings: new Map([["model", "m"]]), fullBytes: 1 },
  });
  return conversation;
}

function goOn(pool: SessionPool, conversation: Conversation, wish: Partial<SessionWish> = {}, model = "m") {
  const match = {
    kept: [],
    entries: 0,
    items: 0,
    isWhole: true,
    restored: [],
    renamed: new Map(),
    difference: undefined,
  };
  return pool.continue(wishOf(wish), [{ conversation, match }], new Map([["model", model]]));
}

describe("reuse", () => {
  test("a socket that was given back is lent again; one in use never", async () => {
    const { acquire, pool, dials } = setUp();
    const first = await acquire();
    const second = await acquire();
    expect([first.kind, second.kind, dials.length]).toEqual(["fresh", "fresh", 2]);
    pool.release(first, completed);
    const third = await acquire();
    expect([third.kind, third.socket === first.socket, dials.length]).toEqual(["reused", true, 2]);
  });

  test.each([
    ["another credential", { identity: "renewed" }],
    ["another account", { accountKey: "second" }],
    ["another conversation", { hint: "thread" }],
  ])("%s has a socket of its own", async (_what, wish) => {
    const { acquire, pool, dials } = setUp();
    pool.release(await acquire(), completed);
    expect((await acquire(wish)).kind).toBe("fresh");
    expect(dials).toHaveLength(2);
  });

  test("a fresh one is dialled when a fresh one is wanted", async () => {
    const { acquire, pool } = setUp();
    pool.release(await acquire(), completed);
    expect((await acquire({}, true)).kind).toBe("fresh");
  });

  test.each([
    ["abandoned", "terminate"],
    ["spoiled", "close"],
  ] as const)("a socket whose request was %s is never lent again", async (how, end) => {
    const { acquire, pool, dials } = setUp();
    pool.release(await acquire(), { how });
    expect(dials[0]?.did).toEqual([end]);
    expect(pool.size).toBe(0);
    expect((await acquire()).kind).toBe("fresh");
  });

  test("a socket that is old is closed when it is given back, and not lent when it has become so", async () => {
    const { acquire, pool, dials, runtime } = setUp({ limits: { maxAgeMs: 1_000, maxIdleMs: 1_000_000 } });
    const lent = await acquire();
    const idle = await acquire();
    pool.release(idle, completed);
    await runtime.advance(1_000);
    pool.release(lent, completed);
    expect(dials[0]?.did).toEqual(["close"]);
    expect((await acquire()).kind).toBe("fresh");
  });

  test("without reuse every request has a socket of its own, which ends with it", async () => {
    const { acquire, pool, dials } = setUp({ options: { reuses: false } });
    pool.release(await acquire(), completed);
    expect(dials[0]?.did).toEqual(["close"]);
    expect((await acquire()).kind).toBe("fresh");
  });
});

describe("continue()", () => {
  test("lends the socket that stands at the conversation, once", async () => {
    const { acquire, pool } = setUp();
    const session = await acquire();
    const conversation = anchored(pool, session);
    expect(conversation.isHeld).toBe(true);
    const next = goOn(pool, conversation);
    expect(next).toMatchObject({ kind: "incremental", continued: { anchor: { responseId: "r" } } });
    expect(next?.socket).toBe(session.socket);
    expect(conversation.isHeld).toBe(false);
    expect(goOn(pool, conversation)).toBeUndefined();
  });

  test.each([
    ["other settings", {}, "n"],
    ["another credential", { identity: "renewed" }, "m"],
    ["another account", { accountKey: "second" }, "m"],
  ])("lends nothing for %s", async (_what, wish, model) => {
    const { acquire, pool } = setUp();
    const conversation = anchored(pool, await acquire());
    expect(goOn(pool, conversation, wish, model)).toBeUndefined();
    expect(goOn(pool, conversation)).toBeDefined();
  });

  test("lends no socket that has died, or is too old", async () => {
    const { acquire, pool, dials, runtime } = setUp({ limits: { maxAgeMs: 1_000, maxIdleMs: 1_000_000 } });
    const dead = anchored(pool, await acquire());
    dials[0]?.listener.closed(1006, "");
    expect([goOn(pool, dead), dead.isHeld, pool.size]).toEqual([undefined, false, 0]);
    const old = anchored(pool, await acquire());
    await runtime.advance(1_000);
    expect(goOn(pool, old)).toBeUndefined();
  });

  test("a request in full takes the socket of a conversation only when none can be opened, and then its anchor is gone", async () => {
    const { acquire, pool } = setUp({ limits: { dialBurst: 1, dialSpacingMs: 1_000 } });
    const conversation = anchored(pool, await acquire());
    const taken = await acquire();
    expect(taken).toMatchObject({ kind: "reused", continued: undefined });
    pool.release(taken, completed);
    expect(goOn(pool, conversation)).toBeUndefined();
  });
});

describe("limits", () => {
  test("at the cap of an account the socket idle for longest makes room; with none idle there is none", async () => {
    const { acquire, pool, dials, runtime } = setUp({ limits: { maxSocketsPerAccount: 2 } });
    const one = await acquire({ hint: "a" });
    const two = await acquire({ hint: "b" });
    pool.release(two, completed);
    await runtime.advance(1);
    pool.release(one, completed);
    await acquire({ hint: "c" });
    expect([dials[0]?.did, dials[1]?.did]).toEqual([[], ["close"]]);
    await acquire({ hint: "d" });
    await expect(acquire({ hint: "e" })).rejects.toMatchObject({ code: "transport-unsuitable" });
    expect([pool.size, dials.length]).toEqual([2, 4]);
    expect((await acquire({ accountKey: "second" })).kind).toBe("fresh");
  });

  test("at the cap of all accounts the socket idle for longest makes room, whosever it is", async () => {
    const { acquire, pool, dials } = setUp({ limits: { maxSockets: 2 } });
    pool.release(await acquire({ accountKey: "one" }), completed);
    await acquire({ accountKey: "two" });
    await acquire({ accountKey: "three" });
    expect([pool.size, dials[0]?.did]).toEqual([2, ["close"]]);
    await expect(acquire({ accountKey: "four" })).rejects.toMatchObject({ code: "transport-unsuitable" });
  });

  test("after a burst of dials a request is refused at once, nothing is sent, and later it is let through", async () => {
    const { acquire, dials, runtime } = setUp({ limits: { dialBurst: 2, dialSpacingMs: 1_000 } });
    await acquire();
    await acquire();
    await expect(acquire()).rejects.toMatchObject({ code: "transport-unsuitable" });
    await runtime.advance(1_000);
    expect((await acquire()).kind).toBe("fresh");
    expect(dials).toHaveLength(3);
  });

  test("where nothing else may carry them, requests wait for their turn", async () => {
    const { acquire, dials, runtime } = setUp({
      limits: { dialBurst: 1, dialSpacingMs: 1_000 },
      options: { whenSpaced: "wait" },
    });
    const all = Promise.all(Array.from({ length: 4 }, () => acquire()));
    await runtime.settle();
    for (let dialled = 1; dialled <= 4; dialled += 1) {
      expect(dials).toHaveLength(dialled);
      await runtime.advance(1_000);
    }
    expect((await all).map(({ kind }) => kind)).toEqual(["fresh", "fresh", "fresh", "fresh"]);
    expect(new Set((await all).map(({ socket }) => socket)).size).toBe(4);
  });

  test("who waits takes a socket that is given back meanwhile only if it is his to take, and stops when told to", async () => {
    const { acquire, controller, runtime } = setUp({
      limits: { dialBurst: 1, dialSpacingMs: 1_000, maxIdleMs: 1_000_000 },
      options: { whenSpaced: "wait" },
    });
    await acquire({ hint: "a" });
    const before = runtime.pendingTimers;
    const waiting = acquire({ hint: "b" });
    await runtime.settle();
    controller.abort(new RouterError("client-closed", "Gone", {}));
    await expect(waiting).rejects.toMatchObject({ code: "client-closed" });
    expect([runtime.pendingTimers, getEventListeners(controller.signal, "abort")]).toEqual([before, []]);
  });

  test("a dial that is not let through costs no other conversation its socket", async () => {
    const { acquire, pool, dials } = setUp({
      limits: { dialBurst: 2, dialSpacingMs: 1_000, maxSocketsPerAccount: 2 },
    });
    const conversation = anchored(pool, await acquire({ hint: "a" }));
    pool.release(await acquire({ hint: "b" }), completed);
    await expect(acquire({ hint: "c" })).rejects.toMatchObject({ code: "transport-unsuitable" });
    await expect(acquire({ hint: "d" })).rejects.toMatchObject({ code: "transport-unsuitable" });
    expect(dials.map(({ did }) => did)).toEqual([[], []]);
    expect(goOn(pool, conversation)).toBeDefined();
  });
});

describe("dialling", () => {
  test.each([
    ["is refused", ({ listener }: Dial) => listener.refused(403, "", {}), "upstream-unavailable"],
    ["is closed", ({ listener }: Dial) => listener.closed(1006, ""), "upstream-unavailable"],
    ["fails", ({ listener }: Dial) => listener.failed(new Error("no route")), "upstream-unavailable"],
    [
      "speaks no WebSocket",
      ({ listener }: Dial) => listener.failed(Object.assign(new Error("Bad frame"), { code: "WS_ERR_INVALID_OPCODE" })),
      "upstream-malformed",
    ],
  ])("a handshake that %s leaves nothing behind", async (_how, end, code) => {
    const { acquire, pool, dials, runtime, controller } = setUp({ opens: false });
    const session = acquire();
    await runtime.settle();
    end(dials[0]!);
    await expect(session).rejects.toMatchObject({ code });
    expect([pool.size, runtime.pendingTimers, getEventListeners(controller.signal, "abort")]).toEqual([0, 0, []]);
  });

  test("a client that leaves during the handshake cuts it", async () => {
    const { acquire, pool, dials, runtime, controller } = setUp({ opens: false });
    const session = acquire();
    await runtime.settle();
    controller.abort(new RouterError("client-closed", "Gone", {}));
    await expect(session).rejects.toMatchObject({ code: "client-closed" });
    expect([pool.size, runtime.pendingTimers, dials[0]?.did]).toEqual([0, 0, ["terminate"]]);
    await expect(acquire()).rejects.toMatchObject({ code: "client-closed" });
    expect(dials).toHaveLength(1);
  });

  test("a handshake that another transport overtakes goes on for the next request", async () => {
    const { pool, dials, runtime, context } = setUp({ opens: false });
    const rival = { afterMs: 500, prepare: () => Promise.resolve() };
    const session = pool.acquire(wishOf({}), { ...context, rival }, { isFresh: false });
    const lost = failure(session);
    await runtime.advance(500);
    expect(await lost).toBe("transport-unsuitable");
    dials[0]?.listener.opened({});
    const next = await pool.acquire(wishOf({}), context, { isFresh: false });
    expect([next.kind, dials.length]).toEqual(["fresh", 1]);
  });

  test("a rival that cannot be made ready changes nothing; one that is late neither", async () => {
    const { pool, dials, runtime, context } = setUp({ opens: false });
    const failing = { afterMs: 500, prepare: () => Promise.reject(new Error("no")) };
    const first = pool.acquire(wishOf({}), { ...context, rival: failing }, { isFresh: false });
    await runtime.advance(600);
    dials[0]?.listener.opened({});
    expect((await first).kind).toBe("fresh");
    const gate = createGate();
    const slow = { afterMs: 500, prepare: () => gate.opened };
    const second = pool.acquire(wishOf({}), { ...context, rival: slow }, { isFresh: false });
    await runtime.advance(600);
    dials[1]?.listener.opened({});
    expect((await second).kind).toBe("fresh");
    gate.open();
    await runtime.settle();
    expect(pool.size).toBe(2);
  });
});

describe("close()", () => {
  test("closes what is idle at once, waits for what is lent, and leaves no timer", async () => {
    const { acquire, pool, dials, runtime } = setUp();
    const lent = await acquire();
    pool.release(await acquire(), completed);
    let isClosed = false;
    const closing = (async () => {
      await pool.close();
      isClosed = true;
    })();
    await runtime.settle();
    expect([dials[0]?.did, dials[1]?.did, isClosed]).toEqual([[], ["close"], false]);
    pool.release(lent, completed);
    await closing;
    expect(dials[0]?.did).toEqual(["close"]);
    await runtime.settle();
    expect([pool.size, runtime.pendingTimers]).toEqual([0, 0]);
  });

  test.each(["before", "after"])(
    "does not wait for a handshake that nobody waits for, given up %s it",
    async (when) => {
      const { pool, dials, runtime, context } = setUp({ opens: false });
      const rival = { afterMs: 500, prepare: () => Promise.resolve() };
      const lost = failure(pool.acquire(wishOf({}), { ...context, rival }, { isFresh: false }));
      if (when === "before") await runtime.advance(500);
      const closing = pool.close();
      if (when === "after") await runtime.advance(500);
      expect(await lost).toBe("transport-unsuitable");
      if (when === "after") dials[0]?.listener.opened({});
      await closing;
      await runtime.settle();
      expect([pool.size, runtime.pendingTimers]).toEqual([0, 0]);
    },
  );

  test("of an empty pool resolves at once, twice too", async () => {
    const { pool } = setUp();
    await Promise.all([pool.close(), pool.close()]);
    expect(pool.size).toBe(0);
  });
});
