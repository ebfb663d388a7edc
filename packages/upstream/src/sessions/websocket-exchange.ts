import {
  type ExecuteContext,
  RouterError,
  type TranslationReport,
  type WireEvent,
  type WireResponse,
  type WireResponseMeta,
} from "@turnout/core";
import { sniffEventType } from "@turnout/translator";

import {
  type AnswerConnection,
  type AnswerReader,
  AnswerStream,
  type AnswerStreamOptions,
} from "../answer/answer-stream.ts";
import { pickHeaders } from "../connection/headers.ts";
import type { LentSession } from "./session-pool.ts";
import { answerMetadata, type SessionReceiver } from "./session-socket.ts";

export interface WebSocketExchangeOptions {
  readonly answer: AnswerStreamOptions;
  readonly context: ExecuteContext;
  readonly session: LentSession;
  readonly report: TranslationReport;
  readonly traffic: NonNullable<WireResponseMeta["traffic"]>;
  readonly reader: AnswerReader | undefined;
  matchesHeader(name: string): boolean;
  readErrorEvent(event: WireEvent): RouterError | undefined;
  isPrivate(event: WireEvent): boolean;
  /** Called exactly once. `failed`: the answer is whole, and says that the upstream failed. */
  release(how: "completed" | "failed" | "abandoned"): void;
}

/** Events that only announce an answer. */
const openings = new Set(["response.created", "response.queued", "response.in_progress"]);

/**
 * One request and its answer on a lent session. On a socket that has served before, an answer counts as begun only when
 * something of it has come: until then a failure can be made good on a fresh one, and what does not begin as an answer does is
 * no answer to this request.
 */
export class WebSocketExchange implements SessionReceiver, AnswerConnection {
  readonly #options: WebSocketExchangeOptions;
  readonly #answer: AnswerStream;
  readonly #isFresh: boolean;
  #isAnnounced = false;
  #hasBegun = false;
  #hasFailed = false;
  #resolve: (response: WireResponse) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(options: WebSocketExchangeOptions) {
    this.#options = options;
    this.#isFresh = options.session.kind === "fresh";
    this.#answer = new AnswerStream(options.answer, this, options.context, options.reader);
  }

  /** @returns With the first event that belongs to the answer. */
  start(frame: string): Promise<WireResponse> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (this.#options.context.signal.aborted) {
        // In the moment between the handshake and now, when nobody listened.
        this.#answer.aborted();
        return;
      }
      this.#answer.requestSent = true;
      this.#options.session.socket.send(frame, this, !this.#isFresh);
    });
  }

  message(text: string): void {
    const event: WireEvent = { type: sniffEventType(text), data: text };
    if (this.#hasBegun) this.#accept(event);
    else this.#acceptOpening(event);
  }

  lost(error: RouterError): void {
    this.#answer.fail(error);
  }

  pause(): void {
    this.#options.session.socket.pause();
  }

  resume(): void {
    this.#options.session.socket.resume();
  }

  finished(): void {
    this.#options.release(this.#hasFailed ? "failed" : "completed");
  }

  broken(error: RouterError): void {
    this.#options.release("abandoned");
    this.#reject(error);
  }

  #accept(event: WireEvent): void {
    const { answer, readErrorEvent } = this.#options;
    // Known before the event is accepted: the terminal one ends the lending.
    if (answer.isTerminal(event) && readErrorEvent(event) !== undefined) this.#hasFailed = true;
    this.#answer.accept(event);
  }

  #acceptOpening(event: WireEvent): void {
    const { isPrivate, readErrorEvent } = this.#options;
    const error = readErrorEvent(event);
    if (error !== undefined) {
      this.#answer.fail(error);
      return;
    }
    if (isPrivate(event) || event.type === answerMetadata) {
      this.#answer.accept(event);
      return;
    }
    const isOpening = openings.has(event.type);
    if (!this.#isFresh && !isOpening && !this.#isAnnounced) {
      const message = `Cannot read answer of ${this.#options.answer.upstream}: it begins with ${event.type}`;
      this.#answer.fail(new RouterError("upstream-malformed", message, { excerpt: "" }));
      return;
    }
    this.#isAnnounced = true;
    // Resolved first: the terminal event may be this one, and ends the lending.
    if (this.#isFresh || !isOpening) this.#begin();
    this.#answer.accept(event);
  }

  #begin(): void {
    this.#hasBegun = true;
    const { session, report, traffic, matchesHeader } = this.#options;
    // What the handshake said was said of the first answer.
    const headers = this.#isFresh ? pickHeaders(session.socket.headers, matchesHeader) : {};
    this.#resolve({
      kind: "stream",
      meta: { headers, session: session.kind, traffic, report },
      events: this.#answer.events,
    });
  }
}
