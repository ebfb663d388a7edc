import type { AnyRouterError, Runtime, Timer, WireEvent } from "@turnout/core";
import type { StreamVoice } from "@turnout/translator";
import type { DecodedExchange } from "./exchange.ts";

/** The stream to a client that asked for one: opens late, is never silent for long, ends once. */
export interface ClientStream {
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
  /** Sees the events of the answer before the client does. */
  readonly onEvents?: ((events: readonly WireEvent[]) => void) | undefined;
}

export function createClientStream(exchange: DecodedExchange, options: ClientStreamOptions): ClientStream {
  const { client, codec, requestId } = exchange;
  const { runtime, keepAliveMs, onEvents } = options;
  let voice: StreamVoice | undefined;
  let wroteFirst = false;
  let lastWrite = runtime.monotonic();
  let timer: Timer | undefined;

  function note(events: readonly WireEvent[]): void {
    lastWrite = runtime.monotonic();
    if (!wroteFirst && events.length > 0) {
      wroteFirst = true;
      options.onFirstEvent();
    }
    onEvents?.(events);
  }

  function currentVoice(): StreamVoice {
    return voice ?? codec.createEventEncoder(exchange.answer);
  }

  // One timer per stream, not one per write: it looks at how long the line has been silent and sleeps for the rest.
  function watch(milliseconds: number): void {
    timer = runtime.setTimer(milliseconds, () => {
      const silent = runtime.monotonic() - lastWrite;
      // A client that has something to read already is not kept alive by more of it.
      if (client.blocked) watch(keepAliveMs);
      else if (silent >= keepAliveMs) {
        lastWrite = runtime.monotonic();
        client.keepAlive(currentVoice().keepAlive());
        watch(keepAliveMs);
      } else watch(keepAliveMs - silent);
    });
  }
  watch(keepAliveMs);

  return {
    begin: (headers, streamVoice) => {
      voice = streamVoice;
      client.begin(headers);
    },
    write: (events) => {
      if (events.length === 0) return undefined;
      note(events);
      return client.write(events);
    },
    fail: (error) => client.fail(error, () => currentVoice().fail(error, requestId)),
    end: (events = []) => {
      note(events);
      client.end(events);
    },
    dispose: () => timer?.cancel(),
  };
}
