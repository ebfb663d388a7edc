import type { Credential, Executor, JsonObject, JsonValue, WireRequest } from "@turnout/core";
import { isJsonObject, RouterError } from "@turnout/core";
import {
  answer,
  collectEvents,
  createExecuteContext,
  createFakeRuntime,
  createSandbox,
  faults,
  type Sandbox,
  say,
  until,
} from "@turnout/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createCodexWs } from "./codex-ws.ts";

type Options = NonNullable<Parameters<typeof createCodexWs>[0]>;
type Account = "first" | "second";

let bench: ReturnType<typeof createBench>;
let sandbox: Sandbox;

/** One executor in front of the sandbox, with two accounts. */
function createBench(options: Options = {}) {
  const runtime = createFakeRuntime();
  const login = (accountKey: Account): Credential => {
    const { accountId, accessToken } = sandbox.createAccount();
    return { accountKey, kind: "oauth", secret: accessToken, accountId };
  };
  const credentials = { first: login("first"), second: login("second") };
  const sessions = { dialSpacingMs: 0, pingIntervalMs: 86_400_000, ...options.sessions };
  const executor: Executor = createCodexWs({ baseUrl: sandbox.codexBaseUrl, ...options, sessions }, { runtime });
  let count = 0;

  function execute(input: readonly JsonValue[], account: Account, more: Partial<WireRequest> = {}) {
    const { model = "gpt-5.4", body } = more;
    const whole = { model, instructions: "Be brief", tools: [], ...body, input };
    const request: WireRequest = { stream: true, ...more, model, body: whole };
    return executor.execute(request, createExecuteContext({ credential: credentials[account], runtime }));
  }

  return {
    runtime,
    executor,
    execute,
    /** A turn that must succeed: how it travelled, and its items. */
    async turn(input: readonly JsonValue[], account: Account = "first", more: Partial<WireRequest> = {}) {
      const text = `text ${(count += 1)}, said once`;
      const scenario = { answer: answer(say.reasoning("Hm"), say.text(text)) };
      sandbox.script({ ...scenario, match: (body) => JSON.stringify(body).includes(JSON.stringify(input.at(-1))) });
      const response = await execute(input, account, more);
      const { events, error } = await collectEvents(response);
      if (error !== undefined) throw RouterError.from(error);
      const items = events
        .filter(({ type }) => type === "response.output_item.done")
        .map(({ data }): { item: JsonObject } => JSON.parse(data))
        .map(({ item }) => item);
      expect(JSON.stringify(items)).toContain(text);
      const carried = more.translated === true ? items.filter(({ type }) => type !== "reasoning") : items;
      return { session: response.meta.session, items, carried };
    },
  };
}

beforeEach(async () => {
  sandbox = await createSandbox();
  bench = createBench();
});
afterEach(async () => {
  await bench.executor.close?.();
  await until(() => sandbox.openSockets === 0, "no socket is left");
  await sandbox.close();
  await until(() => bench.runtime.pendingTimers === 0, "no timer is left");
});

function use(options: Options): void {
  bench = createBench(options);
}

let texts = 0;
const user = (text = `Question ${(texts += 1)}`): JsonObject => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text }],
});

/** The newest request as it travelled. */
function sent(): JsonObject {
  const body = sandbox.requests.findLast(({ kind }) => kind === "response")?.body;
  return isJsonObject(body) ? body : {};
}

/** What the upstream had before it when it answered last. */
const had = (): readonly JsonObject[] => JSON.parse(JSON.stringify(sandbox.requests.at(-1)?.input ?? []));
const typesIn = (items: readonly JsonValue[]) =>
  items.map((item) => (isJsonObject(item) ? (item["type"] ?? "message") : "?"));

async function failure(promise: Promise<unknown>): Promise<RouterError> {
  const error: unknown = await promise.then(
    () => new Error("It did not fail"),
    (reason: unknown) => reason,
  );
  if (!RouterError.is(error)) throw error;
  return error;
}

describe("what belongs to an account", () => {
  const translated = { translated: true };

  test("stays with it: a conversation that moves goes in full, without foreign reasoning, and back again", async () => {
    const first = [user()];
    const one = await bench.turn(first, "first", translated);
    const second = [...first, ...one.carried, user()];
    const two = await bench.turn(second, "second", translated);
    expect(two.session).toBe("fresh");
    expect(sent()).not.toHaveProperty("previous_response_id");
    expect(had()).toHaveLength(second.length);
    expect(typesIn(had())).not.toContain("reasoning");
    // Back at the first: its socket still stands after its own answer.
    const third = [...second, ...two.carried, user()];
    const three = await bench.turn(third, "first", translated);
    expect(three.session).toBe("incremental");
    expect(typesIn(had()).filter((type) => type === "reasoning")).toHaveLength(1);
    expect(JSON.stringify(sent())).not.toContain('encrypted_content":');
  });

  test("that a client carries itself does not go to another account either", async () => {
    const first = [user()];
    const one = await bench.turn(first, "first");
    const second = [...first, ...one.items, user()];
    const two = await bench.turn(second, "second");
    expect(two.session).toBe("fresh");
    expect(typesIn(had())).not.toContain("reasoning");
    const third = [...second, ...two.items, user()];
    expect((await bench.turn(third, "second")).session).toBe("incremental");
    // Back at the first, whose socket still stands: its own reasoning is there, the other's is not.
    expect((await bench.turn(third, "first")).session).toBe("incremental");
    const payloads = had()
      .map((item) => item["encrypted_content"])
      .filter((payload) => payload !== undefined);
    expect(payloads).toEqual(
      one.items.map((item) => item["encrypted_content"]).filter((payload) => payload !== undefined),
    );
  });

  test("is not shared by a login that came later under the same name", async () => {
    const first = [user()];
    const { carried } = await bench.turn(first, "first", translated);
    const other = createBench();
    await other.turn([...first, ...carried, user()], "first", translated);
    expect(typesIn(had())).not.toContain("reasoning");
    await other.executor.close?.();
  });

  test("such as a turn state is replayed to it, and to no other", async () => {
    const session = { sessionId: "thread" };
    const response = await bench.execute([user()], "first", { session });
    await collectEvents(response);
    const state = response.meta.headers["x-codex-turn-state"] ?? "";
    expect(state).toMatch(/^ts_/u);
    const body = { client_metadata: { "x-codex-turn-state": state } };
    await bench.turn([user()], "second", { body, session });
    expect(JSON.stringify(sent())).not.toContain(state);
    await bench.turn([user()], "first", { body, session });
    expect(sent()).toMatchObject(body);
  });
});

describe("reasoning is put back", () => {
  // A fork is found by its name: by what it holds a conversation is found at its end only.
  const translated = { translated: true, session: { sessionId: "thread" } };

  /** A conversation of two turns, whose socket is gone: all of it must travel. */
  async function twoTurns() {
    const first = [user()];
    const one = await bench.turn(first, "first", translated);
    const second = [...first, ...one.carried, user()];
    const two = await bench.turn(second, "first", translated);
    return { first, second, whole: [...second, ...two.carried], one, two };
  }
  const otherSettings = { ...translated, body: { instructions: "Be long" } };

  test("where it was, when all must travel", async () => {
    const { whole, one, two } = await twoTurns();
    await bench.turn([...whole, user()], "first", otherSettings);
    expect(typesIn(had())).toEqual(["message", "reasoning", "message", "message", "reasoning", "message", "message"]);
    const payloads = [...one.items, ...two.items]
      .map((item) => item["encrypted_content"])
      .filter((payload) => payload !== undefined);
    expect(
      had()
        .map((item) => item["encrypted_content"])
        .filter((payload) => payload !== undefined),
    ).toEqual(payloads);
  });

  test("no further than the place where a conversation forks", async () => {
    const { second, whole } = await twoTurns();
    await bench.turn([...second.slice(0, -1), user()], "first", translated);
    expect(typesIn(had())).toEqual(["message", "reasoning", "message", "message"]);
    await bench.turn(
      [...whole.slice(0, -1), { type: "message", role: "assistant", content: "Edited" }, user()],
      "first",
      translated,
    );
    expect(typesIn(had())).toEqual(["message", "reasoning", "message", "message", "message", "message"]);
  });

  test("nowhere in a conversation whose beginning was edited", async () => {
    const { whole } = await twoTurns();
    await bench.turn([user(), ...whole.slice(1), user()], "first", translated);
    expect(typesIn(had())).not.toContain("reasoning");
  });

  test("not for another model", async () => {
    const { whole } = await twoTurns();
    await bench.turn([...whole, user()], "first", { ...translated, model: "gpt-5.5" });
    expect(typesIn(had())).not.toContain("reasoning");
  });

  const unreadable = faults.errorEvent({
    status: 400,
    error: {
      type: "invalid_request_error",
      code: "invalid_encrypted_content",
      message: "The encrypted content could not be verified.",
    },
  });

  test("and left out when the upstream cannot read it: once more without it, unseen", async () => {
    const { whole } = await twoTurns();
    sandbox.script({ fault: unreadable });
    await bench.turn([...whole, user()], "first", otherSettings);
    expect(typesIn(had())).not.toContain("reasoning");
    await bench.turn([...whole, user()], "first", { ...translated, body: { instructions: "Be longer" } });
    expect(typesIn(had())).not.toContain("reasoning");
  });

  test("and left out, too, when that is found on the second sending only", async () => {
    const { whole } = await twoTurns();
    sandbox.script({ fault: faults.staleAnchor() });
    sandbox.script({ fault: unreadable });
    await bench.turn([...whole, user()], "first", translated);
    expect(typesIn(had())).not.toContain("reasoning");
  });
});

describe("frames", () => {
  test("over the limit go another way; a long conversation goes on all the same on its open socket", async () => {
    await sandbox.close();
    sandbox = await createSandbox({ maxFrameBytes: 20_000 });
    use({ maxFrameBytes: 19_000 });
    const long = () => user(`${(texts += 1)}${"x".repeat(9_000)}`);
    const first = [long()];
    const one = await bench.turn(first);
    const second = [...first, ...one.items, long()];
    const two = await bench.turn(second);
    const third = [...second, ...two.items, long()];
    expect((await bench.turn(third)).session).toBe("incremental");
    expect(JSON.stringify(had()).length).toBeGreaterThan(27_000);
    const count = sandbox.requests.length;
    expect(await failure(bench.execute(third, "second"))).toMatchObject({
      code: "transport-unsuitable",
      details: { limitBytes: 19_000 },
    });
    expect(sandbox.requests).toHaveLength(count);
  });

  test("that are too long in what is new leave the socket as it stood", async () => {
    use({ maxFrameBytes: 19_000 });
    const first = [user()];
    const { items } = await bench.turn(first);
    const tooLong = [...first, ...items, user("x".repeat(20_000))];
    expect(await failure(bench.execute(tooLong, "first"))).toMatchObject({ code: "transport-unsuitable" });
    expect((await bench.turn([...first, ...items, user()])).session).toBe("incremental");
  });

  test("of 10 MiB travel twice on one socket, though both together would not", async () => {
    const first = [user("a".repeat(10 * 1024 * 1024))];
    const one = await bench.turn(first);
    const second = [...first, ...one.items, user("b".repeat(10 * 1024 * 1024))];
    expect((await bench.turn(second)).session).toBe("incremental");
    expect(await failure(bench.execute(second, "second"))).toMatchObject({ code: "transport-unsuitable" });
    expect(sandbox.openSockets).toBe(1);
  });
});

describe("dials", () => {
  test("refused with 403 send nothing and blame no account; the next one is let through", async () => {
    sandbox.script({ fault: faults.handshake(403, { body: "" }), times: 3 });
    const errors = await Promise.all(Array.from({ length: 3 }, () => failure(bench.execute([user()], "first"))));
    for (const error of errors)
      expect(error).toMatchObject({ code: "upstream-unavailable", details: { status: 403, requestSent: false } });
    expect(sandbox.requests.every(({ kind }) => kind === "handshake")).toBe(true);
    expect((await bench.turn([user()])).session).toBe("fresh");
  });

  test("beyond a burst are not made: HTTP may carry the request", async () => {
    use({ sessions: { dialBurst: 2, dialSpacingMs: 1_000 } });
    sandbox.script({ answer: { steps: [say.text("slow")], delayMs: 5 }, times: 2 });
    const running = [bench.execute([user()], "first"), bench.execute([user()], "first")];
    expect(await failure(bench.execute([user()], "first"))).toMatchObject({ code: "transport-unsuitable" });
    for (const response of await Promise.all(running)) expect((await collectEvents(response)).error).toBeUndefined();
    expect(sandbox.requests.filter(({ kind }) => kind === "handshake")).toHaveLength(2);
  });

  test("wait for their turn where nothing else may carry the request", async () => {
    use({ transport: "ws", sessions: { dialBurst: 1, dialSpacingMs: 1_000 } });
    const turns = Promise.all([user(), user(), user()].map((item) => bench.turn([item])));
    const handshakes = () => sandbox.requests.filter(({ kind }) => kind === "handshake").length;
    for (let dialled = 1; dialled <= 2; dialled += 1) {
      await until(() => handshakes() === dialled, "a dial");
      await bench.runtime.advance(1_000);
    }
    expect((await turns).length).toBe(3);
    expect(handshakes()).toBeLessThanOrEqual(3);
  });

  test("at the cap of an account end the socket idle for longest", async () => {
    use({ maxSocketsPerAccount: 2 });
    const asked = [];
    for (const sessionId of ["a", "b", "c"]) {
      const input = [user()];
      const { items } = await bench.turn(input, "first", { session: { sessionId } });
      asked.push({ input, items, session: { sessionId } });
      await bench.runtime.advance(1);
    }
    await until(() => sandbox.openSockets === 2, "one was closed");
    const sessions = [];
    for (const { input, items, session } of asked.toReversed()) {
      sessions.push((await bench.turn([...input, ...items, user()], "first", { session })).session);
    }
    expect(sessions).toEqual(["incremental", "incremental", "fresh"]);
  });
});

describe("time", () => {
  test.each([
    ["idle for 5 minutes", 5 * 60_000, {}],
    ["55 minutes old", 55 * 60_000, { maxIdleMs: 86_400_000 }],
  ])(
    "a socket that is %s is closed, and its conversation goes in full on a fresh one",
    async (_what, milliseconds, sessions) => {
      use({ sessions });
      const first = [user()];
      const { items } = await bench.turn(first);
      await bench.runtime.advance(milliseconds - 1);
      expect(sandbox.openSockets).toBe(1);
      await bench.runtime.advance(1);
      await until(() => sandbox.openSockets === 0, "it is closed");
      expect((await bench.turn([...first, ...items, user()])).session).toBe("fresh");
    },
  );

  test("closing lets the running answer end, and then nothing is left", async () => {
    const first = [user()];
    await bench.turn([user()], "second");
    sandbox.script({ answer: { steps: [say.text("to the end, whatever happens", { deltaLength: 3 })], delayMs: 3 } });
    const response = await bench.execute(first, "first");
    const closing = bench.executor.close?.();
    await until(() => sandbox.openSockets === 1, "the idle one is closed");
    const { events, error } = await collectEvents(response);
    expect([error, events.at(-1)?.type]).toEqual([undefined, "response.completed"]);
    await closing;
    await until(() => sandbox.openSockets === 0, "the other one is closed");
  });
});

test("two requests that extend the same conversation at once: one goes on, the other goes in full, both are right", async () => {
  const first = [user()];
  const { items } = await bench.turn(first);
  const left = [...first, ...items, user("Left")];
  const right = [...first, ...items, user("Right")];
  const turns = await Promise.all([bench.turn(left), bench.turn(right)]);
  expect(turns.map(({ session }) => session)).toEqual(["incremental", "fresh"]);
  const inputs = sandbox.requests.filter(({ kind }) => kind === "response").map(({ input }) => input?.length);
  expect(inputs).toEqual([1, left.length, right.length]);
  // Each goes on on its own.
  const again = await Promise.all([
    bench.turn([...left, ...(turns[0]?.items ?? []), user("Left again")]),
    bench.turn([...right, ...(turns[1]?.items ?? []), user("Right again")]),
  ]);
  expect(again.map(({ session }) => session)).toEqual(["incremental", "incremental"]);
});
