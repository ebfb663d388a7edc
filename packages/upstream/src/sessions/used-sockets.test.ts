import type { Socket as TcpSocket } from "node:net";

import { type Executor, type JsonObject, type JsonValue, RouterError } from "@turnout/core";
import {
  collectEvents,
  createExecuteContext,
  createFakeRuntime,
  type FakeRuntime,
  startStubServer,
  type StubServer,
  until,
} from "@turnout/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";

import { createConversationBook } from "../conversation/conversation-book.ts";
import type { SessionLimits } from "./session-limits.ts";
import { createWebSocketExecutor } from "./websocket-executor.ts";

/** What the sandbox cannot be made to do: an upstream whose lines and words a test plays by hand. */
interface Line {
  readonly socket: WebSocket;
  readonly tcp: TcpSocket;
  readonly frames: JsonObject[];
}

/** Answers a frame; replaced by a test for one turn. */
type Answerer = (line: Line, frame: JsonObject) => void;

let server: StubServer;
let executor: Executor;
let runtime: FakeRuntime;
let lines: Line[];
let answerers: Answerer[];
let answers: number;

function say(line: Line, ...events: readonly JsonObject[]): void {
  for (const event of events) line.socket.send(JSON.stringify(event));
}

const message = (text: string): JsonObject => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text }],
});

/** An answer with a text of its own. */
function eventsOf(text: string): readonly [JsonObject, ...JsonObject[]] {
  const response = { id: `resp_${text}`, output: [] };
  return [
    { type: "response.created", response },
    { type: "response.output_text.delta", delta: text },
    { type: "response.output_item.done", output_index: 0, item: message(text) },
    { type: "response.completed", response },
  ];
}

const answerWell: Answerer = (line) => say(line, ...eventsOf(`${(answers += 1)}`));

function start(sessionLimits: Partial<SessionLimits> = {}): void {
  runtime = createFakeRuntime();
  executor = createWebSocketExecutor({
    id: "stub-ws",
    wire: "openai-responses",
    baseUrl: server.url,
    path: "/responses",
    headers: () => ({}),
    prepareFrame: ({ body }) => ({
      value: { type: "response.create", ...body },
      report: { approximated: [], dropped: [] },
    }),
    readRefusal: (status) => new RouterError("upstream-unavailable", "Refused", { status, requestSent: false }),
    readErrorEvent: () => undefined,
    isTerminal: ({ type }) => type === "response.completed",
    sessionLimits: { dialSpacingMs: 0, pingIntervalMs: 86_400_000, ...sessionLimits },
    continuation: {
      book: createConversationBook({ runtime }),
      scope: () => ({ accountKey: "first", model: "m" }),
      hint: () => undefined,
    },
  });
}

beforeEach(async () => {
  lines = [];
  answerers = [];
  answers = 0;
  const sockets = new WebSocketServer({ noServer: true });
  server = await startStubServer({
    onUpgrade: (incoming, _socket, head) => {
      sockets.handleUpgrade(incoming, incoming.socket, head, (socket) => {
        const line: Line = { socket, tcp: incoming.socket, frames: [] };
        lines.push(line);
        socket.on("error", () => {});
        socket.on("message", (data) => {
          const frame: JsonObject = JSON.parse((data as Buffer).toString("utf8"));
          line.frames.push(frame);
          (answerers.shift() ?? answerWell)(line, frame);
        });
      });
    },
  });
  start();
});
afterEach(async () => {
  await server.close();
  await executor.close?.();
  await until(() => runtime.pendingTimers === 0, "no timer is left");
});

async function ask(input: readonly JsonValue[]) {
  const body = { model: "m", input };
  const response = await executor.execute({ model: "m", body, stream: true }, createExecuteContext({ runtime }));
  const { events, error } = await collectEvents(response);
  if (error !== undefined) throw RouterError.from(error);
  const deltas = events
    .filter(({ type }) => type === "response.output_text.delta")
    .map(({ data }): { delta: string } => JSON.parse(data));
  return { session: response.meta.session, text: deltas.map(({ delta }) => delta).join("") };
}

const first = [{ role: "user", content: "Hi" }];
const second = [...first, message("1"), { role: "user", content: "On" }];

/** A conversation of one turn, on the first line. */
async function begin(): Promise<void> {
  expect(await ask(first)).toEqual({ session: "fresh", text: "1" });
}

describe("facts about an answer", () => {
  const metadata = { type: "response.metadata", headers: { "x-codex-turn-state": "t" } };

  test("before its beginning are no reason to ask again", async () => {
    await begin();
    answerers.push((line) => say(line, metadata, ...eventsOf("own")));
    expect(await ask(second)).toEqual({ session: "incremental", text: "own" });
    expect(lines).toHaveLength(1);
  });

  test("after its end do not end the socket", async () => {
    answerers.push((line) => say(line, ...eventsOf("1"), metadata));
    await begin();
    expect((await ask(second)).session).toBe("incremental");
  });
});

test.each(["response.output_text.delta", "response.completed", "response.output_item.done"])(
  "what is left of another answer (%s) is no beginning of this one: once more in full, on a fresh socket",
  async (type) => {
    await begin();
    answerers.push((line) => say(line, { type, delta: "left over" }, ...eventsOf("mixed")));
    expect(await ask(second)).toEqual({ session: "fresh", text: "2" });
    expect(lines.map(({ frames }) => frames.length)).toEqual([2, 1]);
    expect(lines[1]?.frames[0]?.["input"]).toEqual(second);
    await until(() => lines[0]?.tcp.destroyed === true, "the socket is gone");
  },
);

describe("a line that is dead at the other end only", () => {
  /** The other end takes nothing in any more, and does not say so. */
  const goDeaf = (line: Line) => line.socket.pause();

  test("is found out while nobody waits, and the next request goes in full on a fresh socket", async () => {
    start({ pingIntervalMs: 25_000, pongTimeoutMs: 20_000 });
    await begin();
    goDeaf(lines[0]!);
    await runtime.advance(45_000);
    expect(await ask(second)).toEqual({ session: "fresh", text: "2" });
    expect(lines[0]?.frames).toHaveLength(1);
  });

  test("costs a request on it 20 s, not the 90 s to its first event", async () => {
    await begin();
    goDeaf(lines[0]!);
    const seen = ask(second);
    await runtime.advance(20_000);
    expect(await seen).toEqual({ session: "fresh", text: "2" });
    expect(lines[1]?.frames[0]?.["input"]).toEqual(second);
  });

  test("is told when it dies in the middle of an answer", async () => {
    start({ pingIntervalMs: 25_000, pongTimeoutMs: 20_000 });
    answerers.push((line) => {
      say(line, ...eventsOf("part").slice(0, 2));
      goDeaf(line);
    });
    const seen = ask(first).catch((error: unknown) => error);
    await until(() => lines[0]?.frames.length === 1, "the request arrived");
    for (let turn = 0; turn < 20; turn += 1) await runtime.settle();
    await runtime.advance(45_000);
    expect(await seen).toMatchObject({ code: "upstream-timeout", details: { requestSent: true } });
    expect(lines).toHaveLength(1);
  });
});

test.each([1000, 1001, 1011, 1012])(
  "a goodbye with %i that leaves the connection open is a goodbye: the next request does not wait",
  async (code) => {
    await begin();
    const [line] = lines;
    line?.socket.pause();
    line?.tcp.write(Buffer.from([0x88, 0x02, code >> 8, code & 0xff]));
    for (let turn = 0; turn < 50; turn += 1) await runtime.settle();
    // Time stands still: nothing but the goodbye can have told.
    expect(await ask(second)).toEqual({ session: "fresh", text: "2" });
  },
);
