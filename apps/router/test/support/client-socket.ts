import { request } from "node:http";
import { Socket } from "node:net";
import { onTestFinished } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import { z } from "zod";

const eventSchema = z.looseObject({
  type: z.string(),
  status: z.int().optional(),
  error: z
    .looseObject({
      type: z.string(),
      code: z.string().nullish(),
      message: z.string(),
      param: z.string().nullish(),
    })
    .optional(),
  headers: z.record(z.string(), z.string()).optional(),
  response: z.looseObject({ id: z.string(), status: z.string(), output: z.array(z.unknown()) }).optional(),
  item: z.looseObject({ type: z.string(), id: z.string().optional(), call_id: z.string().optional() }).optional(),
  // Events nobody knows may call anything so.
  delta: z.string().optional().catch(undefined),
});

/** One message of the router, parsed. */
export type SocketEvent = z.output<typeof eventSchema>;

const ends = new Set(["response.completed", "response.incomplete", "response.failed", "error"]);

/** A client on a socket of its own, written without any of our own code. */
export interface ClientSocket {
  readonly socket: WebSocket;
  /** Everything received so far. */
  readonly events: readonly SocketEvent[];
  /** Sends an object as a message, a text as it is. */
  send(message: object | string): void;
  /** The next event that `accepts`; those before it are skipped. */
  next(accepts?: (event: SocketEvent) => boolean): Promise<SocketEvent>;
  /** Sends a `response.create` and waits for the last event of its answer. */
  ask(body: Readonly<Record<string, unknown>>): Promise<SocketAnswer>;
  /** The code with which the socket is closed. */
  readonly closed: Promise<number>;
}

/** What came back for one request. */
export interface SocketAnswer {
  readonly events: readonly SocketEvent[];
  readonly last: SocketEvent;
  /** Of the response, from the event that began it. */
  readonly id: string;
  readonly text: string;
  /** The finished items. */
  readonly items: readonly NonNullable<SocketEvent["item"]>[];
}

export const model = "codex/gpt-5.4";

/** Opens a socket; it is closed when the test has finished. */
export async function openSocket(
  url: string,
  options: ClientOptions = {},
  path = "/v1/responses",
): Promise<ClientSocket> {
  const socket = new WebSocket(url.replace("http", "ws") + path, options);
  onTestFinished(() => socket.terminate());
  const client = readSocket(socket);
  await new Promise<void>((resolve, reject) => {
    socket.on("open", resolve);
    socket.on("error", reject);
  });
  return client;
}

function readSocket(socket: WebSocket): ClientSocket {
  const events: SocketEvent[] = [];
  let read = 0;
  let wake = () => {};
  const closed = new Promise<number>((resolve) => {
    socket.on("close", resolve);
  });
  let isClosed = false;
  socket.on("close", () => {
    isClosed = true;
    wake();
  });
  socket.on("message", (data, isBinary) => {
    if (isBinary) throw new Error("A binary message");
    events.push(eventSchema.parse(JSON.parse((data as Buffer).toString())));
    wake();
  });
  const send = (message: object | string) =>
    socket.send(typeof message === "string" ? message : JSON.stringify(message));

  async function next(accepts: (event: SocketEvent) => boolean = () => true): Promise<SocketEvent> {
    for (;;) {
      const event = events[read];
      if (event !== undefined) {
        read += 1;
        if (accepts(event)) return event;
      } else if (isClosed) throw new Error(`The socket was closed after ${JSON.stringify(events.at(-1))}`);
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }

  async function ask(body: Readonly<Record<string, unknown>>): Promise<SocketAnswer> {
    const from = events.length;
    send({ type: "response.create", model, ...body });
    read = from;
    const last = await next((event) => ends.has(event.type));
    const own = events.slice(from, read);
    const done = own.filter((event) => event.type === "response.output_item.done");
    const deltas = own.filter((event) => event.type === "response.output_text.delta");
    return {
      events: own,
      last,
      id: own.find((event) => event.response !== undefined)?.response?.id ?? "",
      text: deltas.map((event) => event.delta ?? "").join(""),
      items: done.flatMap((event) => event.item ?? []),
    };
  }

  return { socket, events, send, next, ask, closed };
}

/** What `ws` reads from and writes to. */
export function rawSocketOf(socket: WebSocket): Socket {
  const raw: unknown = Reflect.get(socket, "_socket");
  if (raw instanceof Socket) return raw;
  throw new Error("`ws` keeps its connection elsewhere");
}

/** How a handshake is refused: status, head and parsed body. */
export async function refusedHandshake(url: string, path: string, headers: Readonly<Record<string, string>> = {}) {
  return new Promise<{ status: number | undefined; headers: Record<string, unknown>; body: unknown }>(
    (resolve, reject) => {
      const asked = request(url + path, {
        headers: {
          connection: "Upgrade",
          upgrade: "websocket",
          "sec-websocket-version": "13",
          "sec-websocket-key": "MDEyMzQ1Njc4OWFiY2RlZg==",
          ...headers,
        },
      });
      asked.on("upgrade", () => reject(new Error("The handshake was accepted")));
      asked.on("error", reject);
      asked.on("response", (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () =>
          resolve({ status: response.statusCode, headers: response.headers, body: JSON.parse(text) }),
        );
      });
      asked.end();
    },
  );
}

export function user(text: string) {
  return { type: "message", role: "user", content: [{ type: "input_text", text }] };
}

export function toolOutput(callId: string | undefined, output: string) {
  return { type: "function_call_output", call_id: callId, output };
}
