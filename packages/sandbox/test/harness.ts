import type { Readable } from "node:stream";
import { isJsonObject, type JsonObject, type Runtime, sleepWith, type Timer } from "@turnout/core";
import { request } from "undici";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { createSandbox, type Sandbox, type SandboxAccount, type SandboxOptions } from "../src/index.ts";

/** A Runtime whose time stands still until a test moves it. */
export interface TestRuntime extends Runtime {
  /** Moves time and fires what is due; sockets get their turns in between. */
  advance(milliseconds: number): Promise<void>;
  readonly pendingTimers: number;
}

/** Lets sockets of this process have their turn. */
export async function turns(count = 40): Promise<void> {
  for (let index = 0; index < count; index += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits, without a clock, until it is so; the test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turns(1);
}

export function testRuntime(): TestRuntime {
  const timers = new Set<{ at: number; callback: () => void }>();
  let elapsed = 0;
  let count = 0;
  const setTimer = (milliseconds: number, callback: () => void): Timer => {
    const timer = { at: elapsed + milliseconds, callback };
    timers.add(timer);
    return { cancel: () => void timers.delete(timer) };
  };
  return {
    now: () => 1_700_000_000_000 + elapsed,
    monotonic: () => elapsed,
    random: () => 0.5,
    uuid: () => `00000000-0000-4000-8000-${String((count += 1)).padStart(12, "0")}`,
    setTimer,
    sleep: (milliseconds, signal) => sleepWith(setTimer, milliseconds, signal),
    get pendingTimers() {
      return timers.size;
    },
    async advance(milliseconds) {
      const end = elapsed + milliseconds;
      for (;;) {
        await turns();
        const due = [...timers].filter(({ at }) => at <= end).toSorted((left, right) => left.at - right.at)[0];
        if (due === undefined) break;
        timers.delete(due);
        elapsed = due.at;
        due.callback();
      }
      elapsed = end;
      await turns();
    },
  };
}

/** A sandbox that is closed when the test ends. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await createSandbox(options);
  onTestFinished(() => sandbox.close());
  return sandbox;
}

export type Headers = Record<string, string>;

/** What a good client sends with every request. A value of "" takes a header away. */
export function identity(account: SandboxAccount, extra: Headers = {}): Headers {
  const headers: Headers = {
    authorization: `Bearer ${account.accessToken}`,
    "chatgpt-account-id": account.accountId,
    originator: "codex_cli_rs",
    "user-agent": "codex_cli_rs/0.160.0 (Linux 6.1; x86_64) xterm",
    ...extra,
  };
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ""));
}

export function userMessage(text: string): JsonObject {
  return { type: "message", role: "user", content: [{ type: "input_text", text }] };
}

/** A body that keeps every rule. */
export function goodBody(extra: JsonObject = {}): JsonObject {
  return {
    model: "gpt-5.4",
    instructions: "Be brief.",
    input: [userMessage("Hello")],
    store: false,
    stream: true,
    include: ["reasoning.encrypted_content"],
    ...extra,
  };
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Pieces in which the body came. */
  readonly chunks: number;
  /** Parsed events of an SSE answer. */
  readonly events: readonly JsonObject[];
  /** The connection broke before the end. */
  readonly broken: boolean;
}

function parseObject(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) throw new TypeError(`Expected a JSON object, got ${text.slice(0, 100)}`);
  return value;
}

export function parseSse(text: string): JsonObject[] {
  return text
    .split("\n\n")
    .flatMap((block) => block.split("\n").filter((line) => line.startsWith("data: ")))
    .map((line) => parseObject(line.slice("data: ".length)));
}

/** `data` lines that are whole JSON; for answers with scripted damage. */
function parseSseLoosely(text: string): JsonObject[] {
  return text.split("\n\n").flatMap((block) => {
    try {
      return parseSse(block);
    } catch {
      return [];
    }
  });
}

/** Reads a body to its end; counts the pieces in which it came. */
export function collect(body: Readable): Promise<Pick<HttpAnswer, "text" | "broken" | "chunks">> {
  const chunks: Buffer[] = [];
  let broken = false;
  body.on("data", (chunk: Buffer) => chunks.push(chunk));
  body.on("error", () => {
    broken = true;
  });
  return new Promise((resolve) => {
    body.once("close", () => resolve({ text: Buffer.concat(chunks).toString(), broken, chunks: chunks.length }));
  });
}

export interface PostOptions {
  readonly headers?: Headers;
  readonly path?: string;
  readonly signal?: AbortSignal;
}

/** `POST {base}/responses` like a good client. */
export async function post(
  sandbox: Sandbox,
  account: SandboxAccount,
  body: JsonObject | string,
  { headers = {}, path = "/responses", signal }: PostOptions = {},
): Promise<HttpAnswer> {
  const answer = await request(sandbox.codexBaseUrl + path, {
    method: "POST",
    headers: identity(account, { "content-type": "application/json", accept: "text/event-stream", ...headers }),
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  const { text, broken, chunks } = await collect(answer.body);
  const isSse = String(answer.headers["content-type"]).startsWith("text/event-stream");
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    broken,
    chunks,
    events: isSse ? parseSseLoosely(text) : [],
  };
}

export interface TestSocket {
  readonly socket: WebSocket;
  readonly handshakeHeaders: Readonly<Record<string, string | string[] | undefined>>;
  /** Every text message so far. */
  readonly messages: readonly string[];
  readonly binaryMessages: readonly Buffer[];
  create(extra?: JsonObject): void;
  send(message: unknown): void;
  /** The events up to the next terminal event or error. */
  answer(): Promise<JsonObject[]>;
  readonly closed: Promise<{ code: number; reason: string }>;
}

const lastTypes = new Set(["response.completed", "response.incomplete", "response.failed", "error"]);

export interface OpenOptions {
  readonly headers?: Headers;
  readonly url?: string;
  readonly autoPong?: boolean;
}

/** Opens a socket like a good client. Rejects with `HandshakeRefused` when it is refused. */
export function openSocket(
  sandbox: Sandbox,
  account: SandboxAccount,
  { headers = {}, url = `${sandbox.codexBaseUrl}/responses`, autoPong = true }: OpenOptions = {},
): Promise<TestSocket> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), {
    headers: identity(account, { "openai-beta": "responses_websockets=2026-02-06", ...headers }),
    perMessageDeflate: false,
    autoPong,
  });
  const messages: string[] = [];
  const binaryMessages: Buffer[] = [];
  let read = 0;
  let handshakeHeaders: TestSocket["handshakeHeaders"] = {};
  let wake = () => {};
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once("close", (code, reason) => {
      resolve({ code, reason: reason.toString() });
      wake();
    });
  });
  socket.on("message", (data: Buffer, isBinary) => {
    if (isBinary) binaryMessages.push(data);
    else messages.push(data.toString());
    wake();
  });
  socket.once("upgrade", (response) => {
    handshakeHeaders = response.headers;
  });
  onTestFinished(() => socket.terminate());

  async function nextMessage(): Promise<string> {
    while (read >= messages.length) {
      if (socket.readyState === WebSocket.CLOSED) throw new Error("Socket is closed");
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    read += 1;
    return messages[read - 1] ?? "";
  }

  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.once("unexpected-response", (_request, response) => {
      void collect(response).then(({ text }) =>
        reject(new HandshakeRefused(response.statusCode ?? 0, text, response.headers)),
      );
    });
    socket.once("open", () =>
      resolve({
        socket,
        get handshakeHeaders() {
          return handshakeHeaders;
        },
        messages,
        binaryMessages,
        create: (extra = {}) => socket.send(JSON.stringify({ type: "response.create", ...goodBody(extra) })),
        send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
        async answer() {
          const events: JsonObject[] = [];
          for (;;) {
            const event = parseObject(await nextMessage());
            events.push(event);
            if (lastTypes.has(textOf(event.type))) return events;
          }
        },
        closed,
      }),
    );
  });
}

export class HandshakeRefused extends Error {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;

  constructor(status: number, body: string, headers: HandshakeRefused["headers"]) {
    super(`Handshake refused: ${status} ${body}`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** The refusal of a handshake that must not succeed. */
export async function refusedHandshake(opening: Promise<TestSocket>): Promise<HandshakeRefused> {
  try {
    await opening;
  } catch (error) {
    if (error instanceof HandshakeRefused) return error;
    throw error;
  }
  throw new Error("The handshake was accepted");
}

/** A string as it is, anything else as JSON. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** `response` of the last event. */
export function finalResponse(events: readonly JsonObject[]): JsonObject {
  const { response } = events.at(-1) ?? {};
  if (!isJsonObject(response)) throw new TypeError(`No response in ${JSON.stringify(events.at(-1))}`);
  return response;
}

/** The output items of an answer, from `output_item.done`. */
export function outputItems(events: readonly JsonObject[]): JsonObject[] {
  return events.flatMap(({ type, item }) => (type === "response.output_item.done" && isJsonObject(item) ? [item] : []));
}

/** The text of all deltas. */
export function deltaText(events: readonly JsonObject[]): string {
  return events
    .filter(({ type }) => type === "response.output_text.delta")
    .map(({ delta }) => textOf(delta))
    .join("");
}

export function eventTypes(events: readonly JsonObject[]): string[] {
  return events.map(({ type }) => textOf(type));
}
