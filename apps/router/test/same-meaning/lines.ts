import { isJsonObject, type JsonObject } from "@turnout/core";
import { WebSocket } from "ws";
import { type ClientWire, post, type Received } from "../support/ask.ts";
import {
  type Asked,
  type Client,
  type ClientRequest,
  type Entry,
  eventsOf,
  type Line,
  objectsIn,
  parsed,
  type SeenAnswer,
} from "./conversation.ts";
import { createResponsesClient, responsesHabits } from "./responses-clients.ts";

/** Everything over HTTP, with all of its history. */
export function createPostLine(wire: ClientWire): Line {
  return {
    isName: false,
    send: (url, _asked, { body, headers }) => post(url, wire, body, headers),
    remember() {},
    close() {},
  };
}

/** The response that can be gone on from. */
interface Latest {
  readonly id: string;
  readonly settings: Asked["settings"];
  /** The conversation, the answer included. */
  readonly history: readonly Entry[];
}

type WholeOf = (asked: Asked) => ClientRequest;

function inputOf({ body }: ClientRequest): JsonObject[] {
  return objectsIn(body["input"]);
}

/** Only what is new since the latest response, as the Codex CLI does it (codex.md 4.4); undefined when that is not possible. */
function continuedBody(asked: Asked, whole: JsonObject, latest: Latest | undefined, wholeOf: WholeOf) {
  if (latest === undefined || latest.settings !== asked.settings) return undefined;
  const goesOn = latest.history.every((entry, index) => isSameEntry(entry, asked.history[index]));
  if (!goesOn) return undefined;
  const known = inputOf(wholeOf({ ...asked, history: latest.history })).length;
  return { ...whole, previous_response_id: latest.id, input: objectsIn(whole["input"]).slice(known) };
}

function isSameEntry(entry: Entry, other: Entry | undefined): boolean {
  return entry === other || (entry.kind === "answer" && other?.kind === "answer" && entry.answer === other.answer);
}

function latestOf(asked: Asked, answer: SeenAnswer, received: Received): Latest | undefined {
  const response = responseIn(received);
  if (typeof response["id"] !== "string" || response["status"] !== "completed") return undefined;
  const history: Entry[] = [...asked.history, { kind: "answer", answer }];
  return { id: response["id"], settings: asked.settings, history };
}

function responseIn(received: Received): JsonObject {
  if (received.document !== undefined) return isJsonObject(received.document) ? received.document : {};
  const response = eventsOf(received).at(-1)?.["response"];
  return isJsonObject(response) ? response : {};
}

/** Over HTTP, with `previous_response_id` where it can. */
function createStoredLine(wholeOf: WholeOf): Line {
  let latest: Latest | undefined;
  return {
    isName: false,
    send(url, asked, whole) {
      const body = continuedBody(asked, whole.body, latest, wholeOf) ?? whole.body;
      return post(url, "openai-responses", body, whole.headers);
    },
    remember(asked, answer, received) {
      latest = latestOf(asked, answer, received) ?? latest;
    },
    close() {},
  };
}

/** Over HTTP, with references in place of what the model said, as the AI SDK does. */
function createReferringLine(): Line {
  const known = new Set<string>();

  function referred(item: JsonObject): JsonObject {
    const { id, type } = item;
    if (typeof id !== "string" || !known.has(id)) return item;
    if (type === "reasoning" || type === "message") return { type: "item_reference", id };
    return item;
  }

  return {
    isName: false,
    send(url, _asked, whole) {
      const body = { ...whole.body, input: inputOf(whole).map(referred) };
      return post(url, "openai-responses", body, whole.headers);
    },
    remember(_asked, { native }, received) {
      if (responseIn(received)["status"] !== "completed") return;
      for (const { id } of objectsIn(native)) if (typeof id === "string") known.add(id);
    },
    close() {},
  };
}

interface SocketHabits {
  readonly wholeOf: WholeOf;
  /** Sends only what is new, on the socket that gave the latest answer; else all of it. */
  readonly continues: boolean;
  /** Makes the socket ready with the tools and the system prompt. */
  readonly warmsUp: boolean;
}

/** One socket for the conversation; a second one for what is asked while an answer is under way. */
function createSocketLine({ wholeOf, continues, warmsUp }: SocketHabits): Line {
  let main: { readonly handshake: string; readonly socket: Promise<Socket> } | undefined;
  let latest: Latest | undefined;
  let isBusy = false;
  /** What came over the main socket: only there it can be gone on from. */
  const own = new WeakSet<Received>();

  async function open(url: string, asked: Asked, whole: ClientRequest): Promise<Socket> {
    const socket = await openSocket(url, whole.headers);
    if (!warmsUp) return socket;
    const history: Entry[] = [];
    const { body } = wholeOf({ ...asked, history });
    const received = await socket.ask({ ...body, generate: false });
    const id = responseIn(received)["id"];
    if (typeof id !== "string") throw new Error(`Cannot warm up: ${JSON.stringify(received.events)}`);
    latest = { id, settings: asked.settings, history };
    return socket;
  }

  function close(): void {
    latest = undefined;
    void main?.socket.then((socket) => socket.close());
  }

  async function askOnce(url: string, { body, headers }: ClientRequest): Promise<Received> {
    const socket = await openSocket(url, headers);
    try {
      return await socket.ask(body);
    } finally {
      socket.close();
    }
  }

  return {
    isName: true,
    async send(url, asked, whole) {
      if (isBusy) return askOnce(url, whole);
      isBusy = true;
      try {
        const handshake = JSON.stringify(whole.headers);
        if (main?.handshake !== handshake) {
          close();
          main = { handshake, socket: open(url, asked, whole) };
        }
        const socket = await main.socket;
        const continued = continues ? continuedBody(asked, whole.body, latest, wholeOf) : undefined;
        const received = await socket.ask(continued ?? whole.body);
        own.add(received);
        return received;
      } finally {
        isBusy = false;
      }
    },
    remember(asked, answer, received) {
      if (own.has(received)) latest = latestOf(asked, answer, received);
    },
    close,
  };
}

interface Socket {
  ask(body: JsonObject): Promise<Received>;
  close(): void;
}

const ends = new Set(["response.completed", "response.incomplete", "response.failed", "error"]);

async function openSocket(url: string, headers: Readonly<Record<string, string>>): Promise<Socket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/responses`, { headers });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return {
    ask: (body) =>
      new Promise((resolve) => {
        const events: string[] = [];
        const finish = (status: number, broken: boolean) => {
          socket.removeAllListeners();
          resolve({ status, headers: {}, events, document: undefined, broken });
        };
        socket.on("message", (data: Buffer) => {
          const text = data.toString();
          events.push(text);
          const { type, status } = parsed(text);
          if (type === "error") finish(typeof status === "number" ? status : 0, false);
          else if (typeof type === "string" && ends.has(type)) finish(200, false);
        });
        socket.on("close", (code) => finish(code, true));
        socket.on("error", () => finish(0, true));
        const { stream: _stream, ...message } = body;
        socket.send(JSON.stringify({ type: "response.create", ...message }));
      }),
    close: () => socket.terminate(),
  };
}

function habitOf(name: string, fixed?: JsonObject): (typeof responsesHabits)[number] {
  const habit = responsesHabits.find((candidate) => candidate.name === `responses: ${name}`);
  if (habit === undefined) throw new Error(`No client is called ${name}`);
  return fixed === undefined ? habit : { ...habit, fixed };
}

function withLine(name: string, habit: (typeof responsesHabits)[number], open: (wholeOf: WholeOf) => Line): Client {
  const client = createResponsesClient({ ...habit, name });
  return { ...client, openLine: () => open(client.request) };
}

/** Programs that refer to earlier answers over HTTP. */
export const referringClients: readonly Client[] = [
  withLine("responses: previous response", habitOf("openai sdk", {}), createStoredLine),
  withLine("responses: references", habitOf("openai sdk", {}), createReferringLine),
];

/** Programs over WebSocket (captures: codex, opencode, openai-agents). */
export const socketClients: readonly Client[] = [
  withLine("socket: codex", habitOf("codex"), (wholeOf) =>
    createSocketLine({ wholeOf, continues: true, warmsUp: true }),
  ),
  withLine("socket: pi", habitOf("pi"), (wholeOf) => createSocketLine({ wholeOf, continues: true, warmsUp: false })),
  withLine("socket: opencode", habitOf("opencode"), (wholeOf) =>
    createSocketLine({ wholeOf, continues: false, warmsUp: false }),
  ),
];
