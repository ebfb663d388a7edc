import { getEventListeners } from "node:events";

import type { Credential, Executor, JsonObject, JsonValue, WireRequest } from "@turnout/core";
import { isJsonObject, RouterError } from "@turnout/core";
import {
  answer,
  collectEvents,
  createExecuteContext,
  createFakeRuntime,
  createSandbox,
  type FakeRuntime,
  faults,
  type Sandbox,
  say,
  until,
} from "@turnout/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createCodexWs } from "./codex-ws.ts";

type Fault = ReturnType<(typeof faults)[keyof typeof faults]>;
type Script = Parameters<Sandbox["script"]>[0];
type Options = NonNullable<Parameters<typeof createCodexWs>[0]>;

let sandbox: Sandbox;
let executor: Executor;
let runtime: FakeRuntime;
let credentials: Record<"first" | "second", Credential>;
let marks = 0;

function start(options: Options = {}): void {
  const sessions = { dialSpacingMs: 0, pingIntervalMs: 86_400_000, ...options.sessions };
  executor = createCodexWs({ baseUrl: sandbox.codexBaseUrl, ...options, sessions }, { runtime });
}

async function startWith(sandboxOptions: Parameters<typeof createSandbox>[0], options: Options = {}): Promise<void> {
  sandbox = await createSandbox(sandboxOptions);
  runtime = createFakeRuntime();
  const login = (accountKey: string): Credential => {
    const { accountId, accessToken } = sandbox.createAccount();
    return { accountKey, kind: "oauth", secret: accessToken, accountId };
  };
  credentials = { first: login("first"), second: login("second") };
  start(options);
}

beforeEach(() => startWith({}));
afterEach(async () => {
  await executor.close?.();
  await sandbox.close();
  // Only a close that the other side has not answered yet may still have its timer.
  await runtime.advance(1_000);
  await until(() => runtime.pendingTimers === 0, "no timer is left");
});

const user = (text: string): JsonObject => ({ type: "message", role: "user", content: [{ type: "input_text", text }] });

interface Seen {
  readonly session: string | undefined;
  readonly text: string;
  readonly starts: number;
  readonly output: readonly JsonObject[];
  /** What the client was told, before or after the answer began. */
  readonly error: RouterError | undefined;
  readonly hasBegun: boolean;
}

interface Ask extends Partial<WireRequest> {
  readonly fields?: JsonObject;
  readonly account?: "first" | "second";
  readonly signal?: AbortSignal;
}

function execute(input: readonly JsonValue[], { fields, account = "first", signal, ...more }: Ask = {}) {
  const body = { model: "gpt-5.4", instructions: "Be brief", tools: [], ...fields, input };
  const context = createExecuteContext({ credential: credentials[account], runtime, ...(signal && { signal }) });
  return executor.execute({ model: "gpt-5.4", body, stream: true, ...more }, context);
}

/** Asks, and takes apart what came: an answer, or an error, or a part of one and then the other. */
async function ask(input: readonly JsonValue[], more: Ask = {}): Promise<Seen> {
  const nothing = { session: undefined, text: "", starts: 0, output: [], hasBegun: false };
  let response;
  try {
    response = await execute(input, more);
  } catch (error) {
    if (!RouterError.is(error)) throw error;
    return { ...nothing, error };
  }
  const { events, error } = await collectEvents(response);
  if (error !== undefined && !RouterError.is(error)) throw RouterError.from(error);
  const parsed = events.map(({ data }): JsonObject => JSON.parse(data));
  const ofType = (type: string) => parsed.filter((event) => event["type"] === type);
  return {
    session: response.meta.session,
    text: ofType("response.output_text.delta")
      .map(({ delta }) => (typeof delta === "string" ? delta : ""))
      .join(""),
    starts: ofType("response.created").length,
    output: ofType("response.output_item.done")
      .map(({ item }) => item)
      .filter(isJsonObject),
    error,
    hasBegun: ofType("response.output_item.added").length > 0,
  };
}

/** A text nobody else says. */
function mark(): string {
  marks += 1;
  return `answer number ${marks}, which nobody else has`;
}

/** Scripts the next answer; returns its text. */
function script(fault?: Fault, more: Script = {}): string {
  const text = mark();
  const reasoned = answer(say.reasoning("Hm"), say.text(text, { deltaLength: 8 }));
  sandbox.script({ answer: reasoned, ...(fault && { fault }), ...more });
  return text;
}

/** The requests as they travelled. */
function sent() {
  return sandbox.requests.filter(({ kind }) => kind === "response");
}

/** A conversation of one turn, as a client of the same format would go on with it. */
async function begin(more: Ask = {}): Promise<readonly JsonValue[]> {
  const first = [user(`Hello ${mark()}`)];
  const text = script();
  const seen = await ask(first, more);
  expect([seen.text, seen.error]).toEqual([text, undefined]);
  const output = more.translated === true ? seen.output.filter(({ type }) => type !== "reasoning") : seen.output;
  return [...first, ...output, user(`On ${mark()}`)];
}

/** The conversation goes on, with every item the upstream should have. */
async function expectRight(input: readonly JsonValue[], more: Ask = {}): Promise<Seen> {
  const text = script();
  const seen = await ask(input, more);
  expect([seen.text, seen.error, seen.starts]).toEqual([text, undefined, 1]);
  expect(sent().at(-1)?.outcome).toBe("completed");
  if (more.translated !== true) expect(sent().at(-1)?.input).toHaveLength(input.length);
  return seen;
}

// codex.md 4.7; 1005: a close frame without a code.
const closeCodes = [1000, 1001, 1005, 1006, 1008, 1009, 1011, 1012, 1013, 1015] as const;
const codeOf = (how: number) => (how === 1009 ? "transport-unsuitable" : "upstream-unavailable");

describe.each(closeCodes)("a socket closed with %i", (how) => {
  test("before the first event, on a fresh socket: nothing is sent again, and the error tells that it was sent", async () => {
    script(faults.cut({ how }));
    const { error } = await ask([user("Hello")]);
    expect(error).toMatchObject({ code: codeOf(how), ...(how !== 1009 && { details: { requestSent: true } }) });
    expect(sent()).toHaveLength(1);
  });

  test.each([
    ["before the first event", "request"],
    ["after the opening events", 4],
  ] as const)(
    "%s, on a used socket: once more in full, unseen; but what was too big goes another way",
    async (_when, after) => {
      const whole = await begin();
      script(faults.cut({ how, after }));
      const text = script();
      const seen = await ask(whole);
      if (how === 1009) {
        expect(seen.error).toMatchObject({ code: "transport-unsuitable" });
        expect(sent()).toHaveLength(2);
      } else {
        expect([seen.text, seen.starts, seen.error, seen.session]).toEqual([text, 1, undefined, "fresh"]);
        expect(sent()).toHaveLength(3);
        expect(sent().at(-1)?.input).toHaveLength(whole.length);
      }
    },
  );

  test("after content: a typed error, and nothing is sent again", async () => {
    const whole = await begin();
    const text = script(faults.cut({ how, after: 16 }));
    const seen = await ask(whole);
    expect(seen.error).toMatchObject({ code: codeOf(how) });
    expect([seen.starts, seen.text.length > 0, text.startsWith(seen.text)]).toEqual([1, true, true]);
    expect(sent()).toHaveLength(2);
    await expectRight(whole);
  });

  test("between two turns: the next one goes in full on a fresh socket", async () => {
    const first = [user("Hello")];
    const text = script(faults.cut({ how, after: 1_000 }));
    const seen = await ask(first);
    expect([seen.text, seen.error]).toEqual([text, undefined]);
    await until(() => sandbox.openSockets === 0, "the socket closed");
    expect((await expectRight([...first, ...seen.output, user("On")])).session).toBe("fresh");
  });
});

test("a cut anywhere, between two frames or inside one, loses nothing and doubles nothing", async () => {
  const frames = 24;
  let resent = 0;
  let broken = 0;
  for (let after = 0; after <= frames; after += 1) {
    for (const atByte of [undefined, 1, 2, 9, 60]) {
      const whole = await begin();
      const before = sent().length;
      const cutText = script(faults.cut({ after, how: "close", ...(atByte !== undefined && { atByte }) }));
      const text = mark();
      sandbox.script({
        answer: answer(say.text(text)),
        match: (body) => !JSON.stringify(body).includes("previous_response_id"),
      });
      const seen = await ask(whole);
      if (seen.error === undefined) {
        expect([[text, cutText].includes(seen.text), seen.starts]).toEqual([true, 1]);
        if (seen.text === text) resent += 1;
      } else {
        expect([seen.hasBegun, cutText.startsWith(seen.text), sent().length - before]).toEqual([true, true, 1]);
        broken += 1;
      }
      if (seen.text !== text) await ask([user("Take what is left")]);
    }
  }
  expect([resent > 15, broken > 50]).toEqual([true, true]);
  expect(sandbox.openStreams).toBe(0);
});

describe("silence", () => {
  test("before the first event, on a fresh socket", async () => {
    script(faults.stall(0));
    const seen = ask([user("Hello")]);
    await until(() => sandbox.openStreams === 1, "the request arrived");
    await runtime.advance(90_000);
    expect((await seen).error).toMatchObject({
      code: "upstream-timeout",
      details: { timeoutMs: 90_000, requestSent: true },
    });
    await until(() => sandbox.openSockets === 0, "the silent socket is cut");
  });

  test.each([
    ["before the first event", 0, 90_000],
    ["after the opening events", 4, 300_000],
  ])("%s, on a used socket: once more in full, unseen", async (_when, events, milliseconds) => {
    const whole = await begin();
    script(faults.stall(events));
    const text = script();
    const seen = ask(whole);
    await until(() => sandbox.openStreams === 1, "the request arrived");
    for (let turn = 0; turn < 50; turn += 1) await runtime.settle();
    await runtime.advance(milliseconds);
    expect(await seen).toMatchObject({ text, starts: 1, session: "fresh", error: undefined });
    await until(() => sandbox.openSockets === 1, "the silent socket is cut");
  });

  test("after content: a typed error, and nothing is sent again", async () => {
    const whole = await begin();
    const text = script(faults.stall(16));
    const seen = ask(whole);
    await until(() => sandbox.openStreams === 1, "the request arrived");
    for (let turn = 0; turn < 50; turn += 1) await runtime.settle();
    await runtime.advance(300_000);
    const { error, text: part } = await seen;
    expect(error).toMatchObject({ code: "upstream-timeout", details: { timeoutMs: 300_000 } });
    expect([part.length > 0, text.startsWith(part), sent().length]).toEqual([true, true, 2]);
    await until(() => sandbox.openSockets === 0, "the silent socket is cut");
  });
});

const badRequest = {
  type: "invalid_request_error",
  code: "response_in_progress",
  message: "Another response is in progress",
};
const stale = {
  type: "invalid_request_error",
  code: "previous_response_not_found",
  message: "Previous response not found.",
};

describe("an error in answer to a second request", () => {
  test.each<[string, Fault]>([
    ["that only the socket can be to blame for", faults.errorEvent({ status: 400, error: badRequest })],
    [
      "that only the continuation can be to blame for",
      faults.errorEvent({ status: 400, error: { message: "Unsupported parameter: previous_response_id" } }),
    ],
    [
      "of an item that the upstream says is missing",
      faults.errorEvent({
        status: 400,
        error: { message: "No tool call found for function call output with call_id c1.", param: "input" },
      }),
    ],
    ["of a stale anchor, flat", faults.errorEvent({ status: 400, error: stale, shape: "flat" })],
    ["of a stale anchor under body", faults.errorEvent({ status: 400, error: stale, shape: "body-error" })],
    ["of a stale anchor with status_code", faults.errorEvent({ status: 400, error: stale, shape: "status-code" })],
    ["of a stale anchor without a status", faults.errorEvent({ error: stale })],
    ["of a stale anchor after the opening events", faults.errorEvent({ status: 400, error: stale, afterEvents: 4 })],
  ])("%s: once more in full, unseen", async (_what, fault) => {
    const whole = await begin();
    script(fault);
    const text = script();
    expect(await ask(whole)).toMatchObject({ text, starts: 1, session: "fresh", error: undefined });
    expect(sent().map(({ body }) => isJsonObject(body) && body["previous_response_id"] !== undefined)).toEqual([
      false,
      true,
      false,
    ]);
    await until(() => sandbox.openSockets === 1, "the refused socket is gone");
  });

  test("that is the request's own comes to the client, once it has come to a fresh socket too", async () => {
    const whole = await begin();
    script(faults.errorEvent({ status: 400, error: badRequest }), { times: 2 });
    expect((await ask(whole)).error).toMatchObject({ code: "request-invalid" });
    expect(sent()).toHaveLength(3);
  });

  test.each<[string, Fault, string]>([
    ["a used-up plan", faults.rateLimit(), "usage-limited"],
    ["an overload", faults.overloaded(4), "upstream-overloaded"],
    [
      "too long a conversation",
      faults.errorEvent({ status: 400, error: { code: "context_length_exceeded", message: "Too long" } }),
      "context-too-long",
    ],
  ])("%s is told at once", async (_what, fault, code) => {
    const whole = await begin();
    script(fault);
    expect((await ask(whole)).error).toMatchObject({ code });
    expect(sent()).toHaveLength(2);
  });

  test("and then another one on the fresh socket: the second is told, and no third is sent", async () => {
    const whole = await begin();
    script(faults.staleAnchor());
    script(faults.cut({ how: 1011 }));
    expect((await ask(whole)).error).toMatchObject({ code: "upstream-unavailable", details: { requestSent: true } });
    expect(sent()).toHaveLength(3);
    await until(() => sandbox.openSockets === 0, "both sockets are gone");
  });
});

test("unknown events pass, and the conversation goes on after them", async () => {
  const first = [user("Hello")];
  const text = script(faults.unknownEvents());
  const seen = await ask(first);
  expect([seen.text, seen.error]).toEqual([text, undefined]);
  const second = [...first, ...seen.output, user("On")];
  const again = await expectRight(second);
  expect(again.session).toBe("incremental");
  const third = [...second, ...again.output, user("More")];
  // One of them comes before the answer has begun: on a used socket it could be what is left of another one.
  const next = script(faults.unknownEvents(), { times: 2 });
  expect(await ask(third)).toMatchObject({ text: next, starts: 1, error: undefined });
  expect(sent().at(-1)?.input).toHaveLength(third.length);
});

describe("an answer that its client gives up", () => {
  test.each(["abort", "leave"] as const)(
    "%s: its socket is gone, and nothing of it comes into another answer",
    async (how) => {
      for (let round = 0; round < 5; round += 1) {
        const whole = await begin();
        const slow = mark();
        sandbox.script({ answer: { steps: [{ type: "text", text: slow.repeat(20), deltaLength: 4 }], delayMs: 1 } });
        const controller = new AbortController();
        const response = await execute(whole, { signal: controller.signal });
        if (response.kind !== "stream") throw new Error("Expected a stream");
        const iterator = response.events[Symbol.asyncIterator]();
        await iterator.next();
        const { connection } = sent().at(-1) ?? {};
        if (how === "leave") await iterator.return?.();
        else {
          controller.abort();
          await expect(iterator.next()).rejects.toMatchObject({ code: "client-closed" });
        }
        const { session } = await expectRight(whole);
        expect([session, sent().at(-1)?.connection === connection]).toEqual(["fresh", false]);
        await until(() => sandbox.openStreams === 0 && sandbox.openSockets <= 1 + round, "the abandoned socket is cut");
        expect(
          sandbox.requests.find((entry) => entry.connection === connection && entry.outcome === "aborted"),
        ).toBeDefined();
        expect(getEventListeners(controller.signal, "abort")).toEqual([]);
      }
    },
  );
});
