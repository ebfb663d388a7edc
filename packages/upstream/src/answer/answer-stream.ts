import { type ExecuteContext, RouterError, type WireEvent } from "@turnout/core";

import { createEventQueue, type EventQueue, type EventQueueSource } from "./event-queue.ts";
import type { UpstreamLimits } from "./limits.ts";
import { createWatchdog, type Watchdog } from "./watchdog.ts";

/** The connection under an answer. */
export interface AnswerConnection {
  pause(): void;
  resume(): void;
  /** The terminal event has come: the connection may be kept. */
  finished(): void;
  /** The answer is given up for `error`: the connection must go. Called at most once, and never after `finished`. */
  broken(error: RouterError): void;
}

export interface AnswerStreamOptions {
  /** The beginning of messages, for example `Codex over HTTP at chatgpt.com`. */
  readonly upstream: string;
  readonly limits: UpstreamLimits;
  readonly isTerminal: (event: WireEvent) => boolean;
  /** True for an event after which the end of the response is a clean end. Default: none. */
  readonly mayEndAfter?: ((event: WireEvent) => boolean) | undefined;
  readonly notices?: readonly UpstreamNotice[] | undefined;
}

/** An event of the backend's own that tells something beside the answer. It passes on like any other. */
export interface UpstreamNotice {
  readonly type: string;
  /** Does not throw. */
  read(event: WireEvent, context: ExecuteContext): void;
}

/** Reads along with an answer; sees each event before anybody else does. */
export interface AnswerReader {
  read(event: WireEvent): void;
  /** The terminal event has been read. Not called for an answer that was given up. */
  finished(): void;
}

const nothing: readonly UpstreamNotice[] = [];

/** Events that may follow the one that says an answer is over: its usage, for the most part. */
const recentEvents = 8;

/**
 * What every stream has, however it travels: deadlines, the caller's signal, back-pressure, the terminal event. Exactly one
 * of these ends it: the terminal event, a failure, or the reader leaving.
 */
export class AnswerStream implements EventQueueSource {
  readonly #options: AnswerStreamOptions;
  readonly #connection: AnswerConnection;
  readonly #context: ExecuteContext;
  readonly #signal: AbortSignal;
  readonly #watchdog: Watchdog;
  readonly #reader: AnswerReader | undefined;
  readonly #queue: EventQueue;
  #hasEvent = false;
  #isOver = false;
  /** The newest events, in a ring: looked at only when the response ends without a terminal one. */
  readonly #recent: WireEvent[] = [];
  #eventCount = 0;
  /** The request may have reached the upstream. */
  requestSent = false;

  /** Starts the deadline of the first event. */
  constructor(
    options: AnswerStreamOptions,
    connection: AnswerConnection,
    context: ExecuteContext,
    reader?: AnswerReader,
  ) {
    this.#options = options;
    this.#reader = reader;
    this.#connection = connection;
    this.#context = context;
    this.#signal = context.signal;
    this.#watchdog = createWatchdog(context.runtime, (limitMs) => this.fail(this.#timeout(limitMs)));
    this.#queue = createEventQueue(this, options.limits.maxBufferedBytes);
    this.#watchdog.arm(options.limits.firstEventTimeoutMs);
    this.#signal.addEventListener("abort", this.#onAbort);
  }

  get events(): AsyncIterable<readonly WireEvent[]> {
    return this.#queue.events;
  }

  /** Nothing more is taken or thrown. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Something was read that is no event yet. */
  touch(): void {
    if (this.#hasEvent) this.#watchdog.touch();
  }

  /** Takes one event; what follows the terminal one is ignored. */
  accept(event: WireEvent): void {
    if (this.#isOver) return;
    if (!looksWhole(event.data)) {
      this.fail(
        new RouterError("upstream-malformed", `Cannot read event of ${this.#options.upstream}: not a JSON object`, {
          excerpt: event.data.slice(0, 200),
        }),
      );
      return;
    }
    if (this.#hasEvent) this.#watchdog.touch();
    else {
      this.#hasEvent = true;
      this.#watchdog.arm(this.#options.limits.silenceTimeoutMs);
    }
    this.#reader?.read(event);
    for (const notice of this.#options.notices ?? nothing) {
      if (event.type === notice.type) notice.read(event, this.#context);
    }
    this.#queue.push(event);
    if (this.#options.isTerminal(event)) this.#finish();
    else if (this.#options.mayEndAfter !== undefined) this.#recent[this.#eventCount++ % recentEvents] = event;
  }

  /** The upstream's stream is over; that is a failure unless the terminal event, or one that may be the last, came before. */
  end(how: string): void {
    if (this.#isOver) return;
    const { mayEndAfter } = this.#options;
    if (mayEndAfter !== undefined && this.#recent.some(mayEndAfter)) {
      this.#finish();
      return;
    }
    this.fail(
      new RouterError(
        "upstream-unavailable",
        `Cannot finish answer of ${this.#options.upstream}: ${how} before the terminal event`,
        { status: undefined, requestSent: this.requestSent },
      ),
    );
  }

  fail(error: RouterError): void {
    if (this.#isOver) return;
    this.#release();
    this.#queue.fail(error);
    this.#connection.broken(error);
  }

  /** The answer came another way (a document, a refusal): nothing is waited for any more. */
  release(): void {
    if (!this.#isOver) this.#release();
  }

  // A function: of an object with `handleEvent` Node 20 keeps all it holds until the next full collection (measured 2026-11-25).
  readonly #onAbort = (): void => this.aborted();

  /** The caller gives up. */
  aborted(): void {
    this.fail(abortError(this.#signal));
  }

  pause(): void {
    this.#watchdog.pause();
    this.#connection.pause();
  }

  resume(): void {
    if (this.#isOver) return;
    this.#watchdog.resume();
    this.#connection.resume();
  }

  abandon(): void {
    this.fail(new RouterError("client-closed", "Cannot finish answer: its reader left", {}));
  }

  #finish(): void {
    this.#release();
    this.#queue.end();
    this.#reader?.finished();
    this.#connection.finished();
  }

  #release(): void {
    this.#isOver = true;
    this.#recent.length = 0;
    this.#watchdog.stop();
    this.#signal.removeEventListener("abort", this.#onAbort);
  }

  #timeout(limitMs: number): RouterError {
    const what = this.#hasEvent ? "silent" : "no event";
    return new RouterError(
      "upstream-timeout",
      `Cannot finish answer of ${this.#options.upstream}: ${what} for ${limitMs} ms`,
      { timeoutMs: limitMs, requestSent: this.requestSent },
    );
  }
}

/** What the signal was aborted with, as one of ours. */
export function abortError(signal: AbortSignal): RouterError {
  const reason: unknown = signal.reason;
  if (RouterError.is(reason)) return reason;
  return new RouterError("client-closed", "Cannot finish answer: the request was aborted", {}, { cause: reason });
}

const openingBrace = 0x7b;
const closingBrace = 0x7d;

// A cut or garbled event is caught without parsing the good ones: they begin and end with a brace.
function looksWhole(data: string): boolean {
  if (data.charCodeAt(0) === openingBrace && data.charCodeAt(data.length - 1) === closingBrace) return true;
  const text = data.trim();
  return (text.startsWith("{") && text.endsWith("}")) || text === "[DONE]";
}
