import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";

import { isJsonObject, type JsonObject } from "@turnout/core";

import { startStubServer, type StubServer } from "./stub-server.ts";

/** A request as it arrived, its JSON body parsed. */
export interface ReceivedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: JsonObject;
}

/** What a ScriptedServer answers. */
export interface ScriptedAnswer {
  /** Default 200. */
  readonly status?: number;
  /** Default: `content-type` by the shape of `body`: `application/json` for an object, `text/event-stream` for a text. */
  readonly headers?: Readonly<Record<string, string>>;
  /** One document, or the text of the response. */
  readonly body: JsonObject | string;
  /** After the body the connection is cut instead of the response ended. */
  readonly cut?: boolean;
}

/** A server that answers every POST as it is told, and keeps what it was asked. */
export interface ScriptedServer extends StubServer {
  readonly requests: readonly ReceivedRequest[];
}

/**
 * Starts a ScriptedServer: for the tests of executors whose upstream the sandbox does not simulate.
 *
 * @param answer - Sees each request; what it throws is answered as status 500, so that a strict one can refuse.
 */
export async function startScriptedServer(
  answer: (request: ReceivedRequest) => ScriptedAnswer,
): Promise<ScriptedServer> {
  const requests: ReceivedRequest[] = [];
  const server = await startStubServer({
    onRequest: (incoming, response) => {
      collect(incoming, (text) => {
        const received = toReceived(incoming, text);
        requests.push(received);
        send(response, answerOf(received));
      });
    },
  });

  function answerOf(received: ReceivedRequest): ScriptedAnswer {
    try {
      return answer(received);
    } catch (error) {
      return { status: 500, body: { error: { message: String(error) } } };
    }
  }

  return {
    requests,
    url: server.url,
    get accepted() {
      return server.accepted;
    },
    get open() {
      return server.open;
    },
    idle: () => server.idle(),
    close: () => server.close(),
  };
}

function collect(incoming: IncomingMessage, done: (text: string) => void): void {
  let text = "";
  incoming.setEncoding("utf8");
  incoming.on("data", (chunk: string) => {
    text += chunk;
  });
  incoming.on("end", () => done(text));
}

function toReceived(incoming: IncomingMessage, text: string): ReceivedRequest {
  const body: unknown = text === "" ? {} : JSON.parse(text);
  return {
    method: incoming.method ?? "",
    path: incoming.url ?? "",
    headers: incoming.headers,
    body: isJsonObject(body) ? body : {},
  };
}

function send(response: ServerResponse, { status = 200, headers = {}, body, cut = false }: ScriptedAnswer): void {
  const isText = typeof body === "string";
  response.writeHead(status, { "content-type": isText ? "text/event-stream" : "application/json", ...headers });
  const text = isText ? body : JSON.stringify(body);
  if (!cut) {
    response.end(text);
    return;
  }
  // Only once it is on its way: a cut takes what is still waiting with it.
  response.write(text, () => response.destroy());
}
