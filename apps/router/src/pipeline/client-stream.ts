import type { AnyRouterError, Runtime, Timer, WireEvent } from "@turnout/core";
import type { StreamVoice } from "@turnout/translator";
import { type DecodedExchange, requestIdHeaders } from "./exchange.ts";
import { createFraming } from "./framing.ts";

/** The line to a client that asked for a stream: opens late, is never silent for long, ends once. */
export interface ClientStream {
  /** The status line has gone out; from here on errors are events. */
  readonly open: boolean;
  /** The answer's own events begin. `headers` are added if the status line has not gone out yet. */
  begin(headers: Readonly<Record<string, string>>, voice: StreamVoice): void;
  /** @returns A promise when the client reads too slowly. */
  write(events: readonly WireEvent[]): Promise<void> | undefined;
  /** A failure as the last event. */
  fail(error: AnyRouterError): void;
  /** Ends the stream; `events` are its last words, in one write with the end. */
  end(events?: readonly WireEvent[]): void;
  /** Stops the keep-alive; needed on every way out. */
  dispose(): void;
}

export interface ClientStreamOptions {
  readonly runtime: Runtime;
  /** Milliseconds of silence. */
  readonly keepAliveMs: number;
  /** For the log: when the first event of the answer went out. */
  readonly onFirstEvent: () => void;
}

const streamHeaders = {
  "cache-control": "no-cache",
  // nginx would hold events back otherwise.
  "x-accel-buffering": "no",
};

export function createClientStream(exchange: DecodedExchange, options: ClientStreamOptions): ClientStream {
  const { client, codec, requestId } = exchange;
  const framing = createFraming(exchange.target, codec);
  const { runtime, keepAliveMs } = options;
  let voice: StreamVoice | undefined;
  let wroteFirst = false;
  let lastWrite = runtime.monotonic();
  let timer: Timer | undefined;

  function send(text: string): Promise<void> | undefined {
    lastWrite = runtime.monotonic();
    return client.write(text);
  }

  function openHead(headers: Readonly<Record<string, string>>): void {
    if (client.headSent) return;
    client.sendHead(200, {
      "content-type": framing.contentType,
      ...streamHeaders,
      ...requestIdHeaders(exchange),
      ...headers,
    });
  }

  /**
   * Before the answer has begun the grammar may have no event that every client takes; then a comment holds the line,
   * except for Codex, whose timer runs on over comments (codex.md 6.2, 2026-10).
   */
  function keepAliveText(): string | undefined {
    const event = (voice ?? codec.createEventEncoder(exchange.answer)).keepAlive();
    if (event !== undefined) return framing.event(event);
    return exchange.speaksCodex ? framing.event({ type: "", data: '{"type":"keepalive"}' }) : framing.comment;
  }

  function textOf(events: readonly WireEvent[]): string {
    if (!wroteFirst && events.length > 0) {
      wroteFirst = true;
      options.onFirstEvent();
    }
    let text = "";
    for (const event of events) text += framing.event(event);
    return text;
  }

  // One timer per stream, not one per write: it looks at how long the line has been silent and sleeps for the rest.
  function watch(milliseconds: number): void {
    timer = runtime.setTimer(milliseconds, () => {
      const silent = runtime.monotonic() - lastWrite;
      // A client that has something to read already is not kept alive by more of it.
      if (client.blocked) watch(keepAliveMs);
      else if (silent >= keepAliveMs) {
        // Which attempt will answer is not known yet, so the head says nothing of it.
        openHead({});
        const text = keepAliveText();
        if (text !== undefined) void send(text);
        watch(keepAliveMs);
      } else watch(keepAliveMs - silent);
    });
  }
  watch(keepAliveMs);

  return {
    get open() {
      return client.headSent;
    },
    begin: (headers, streamVoice) => {
      voice = streamVoice;
      openHead(headers);
    },
    write: (events) => {
      if (events.length === 0) return undefined;
      return send(textOf(events));
    },
    fail: (error) => {
      openHead({});
      const events = (voice ?? codec.createEventEncoder(exchange.answer)).fail(error, requestId);
      client.end(events.map((event) => framing.event(event)).join("") + framing.end());
    },
    end: (events = []) => client.end(textOf(events) + framing.end()),
    dispose: () => timer?.cancel(),
  };
}
