import type { AnyRouterError, Runtime, Timer, WireEvent } from "@turnout/core";
import type { StreamVoice } from "@turnout/translator";
import { formatSse } from "@turnout/translator";
import type { DecodedExchange } from "./exchange.ts";

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
  end(): void;
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
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  // nginx would hold events back otherwise.
  "x-accel-buffering": "no",
};

export function createClientStream(exchange: DecodedExchange, options: ClientStreamOptions): ClientStream {
  const { client, codec, requestId } = exchange;
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
    if (!client.headSent) client.sendHead(200, { ...streamHeaders, "x-request-id": requestId, ...headers });
  }

  /**
   * Before the answer has begun the grammar may have no event that every client takes; then a comment holds the line,
   * except for Codex, whose timer runs on over comments (codex.md 6.2, 2026-10).
   */
  function keepAliveText(): string {
    const event = (voice ?? codec.createEventEncoder(exchange.answer)).keepAlive();
    if (event !== undefined) return formatSse(event, codec.namedEvents);
    return exchange.speaksCodex ? 'data: {"type":"keepalive"}\n\n' : ": keep-alive\n\n";
  }

  // One timer per stream, not one per write: it looks at how long the line has been silent and sleeps for the rest.
  function watch(milliseconds: number): void {
    timer = runtime.setTimer(milliseconds, () => {
      const silent = runtime.monotonic() - lastWrite;
      if (silent >= keepAliveMs) {
        // Which attempt will answer is not known yet, so the head says nothing of it.
        openHead({});
        void send(keepAliveText());
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
      if (!wroteFirst) {
        wroteFirst = true;
        options.onFirstEvent();
      }
      let text = "";
      for (const event of events) text += formatSse(event, codec.namedEvents);
      return send(text);
    },
    fail: (error) => {
      openHead({});
      const events = (voice ?? codec.createEventEncoder(exchange.answer)).fail(error, requestId);
      client.end(events.map((event) => formatSse(event, codec.namedEvents)).join(""));
    },
    end: () => client.end(),
    dispose: () => timer?.cancel(),
  };
}
