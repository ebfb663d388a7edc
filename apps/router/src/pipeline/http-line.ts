import type { WireEvent } from "@turnout/core";
import { getCodec } from "@turnout/translator";
import type { ClientMemory } from "../responses/client-memory.ts";
import type { ClientConnection } from "../server/client-connection.ts";
import type { ClientLine } from "./client-line.ts";
import { type RequestTarget, requestIdHeaders } from "./exchange.ts";
import { createFraming } from "./framing.ts";
import { receiveBody } from "./receive.ts";
import { refusalHeaders } from "./refusal-headers.ts";
import { sendJson } from "./send-json.ts";
import { speaksCodex } from "./session-hints.ts";

export interface HttpLineOptions {
  readonly target: RequestTarget;
  readonly requestId: string;
  readonly bodyLimitBytes: number;
  readonly memory?: ClientMemory | undefined;
}

const streamHeaders = {
  "cache-control": "no-cache",
  // nginx would hold events back otherwise.
  "x-accel-buffering": "no",
};

/** A request that came over HTTP: a stream is Server-Sent Events or a JSON array, anything else one document. */
export function createHttpLine(client: ClientConnection, options: HttpLineOptions): ClientLine {
  const { target, requestId, bodyLimitBytes, memory } = options;
  const { wire } = target;
  const codec = getCodec(wire);
  const exchange = { client, requestId, wire };
  const framing = createFraming(target, codec);

  function begin(headers: Readonly<Record<string, string>>): void {
    if (client.headSent) return;
    client.sendHead(200, {
      "content-type": framing.contentType,
      ...streamHeaders,
      ...requestIdHeaders(exchange),
      ...headers,
    });
  }

  function textOf(events: readonly WireEvent[]): string {
    let text = "";
    for (const event of events) text += framing.event(event);
    return text;
  }

  /** A comment holds the line, except for Codex, whose timer runs on over comments (codex.md 6.2, 2026-10). */
  function wordless(): string | undefined {
    return speaksCodex(client.headers) ? framing.event({ type: "", data: '{"type":"keepalive"}' }) : framing.comment;
  }

  return {
    transport: "http",
    headers: client.headers,
    ...(memory === undefined ? {} : { memory }),
    signal: client.signal,
    get open() {
      return client.headSent;
    },
    get blocked() {
      return client.blocked;
    },
    abort: client.abort,
    receive: () => receiveBody(client.incoming, bodyLimitBytes),
    begin,
    write: (events) => client.write(textOf(events)),
    end: (events) => client.end(textOf(events) + framing.end()),
    keepAlive: (event) => {
      begin({});
      const text = event === undefined ? wordless() : framing.event(event);
      if (text !== undefined) void client.write(text);
    },
    fail: (_error, words) => {
      begin({});
      client.end(textOf(words()) + framing.end());
    },
    answer: (body, headers) => sendJson(exchange, 200, headers, body),
    refuse: (error, headers) => {
      const encoded = codec.encodeError(error, requestId);
      const ending = refusalHeaders(error, client.incoming);
      // A Gemini client that asked for an array gets one, also when it holds nothing but the error.
      const document = target.framing === "json-array" ? [encoded.body] : encoded.body;
      sendJson(exchange, encoded.status, { ...headers, ...encoded.headers, ...ending }, document);
    },
  };
}
