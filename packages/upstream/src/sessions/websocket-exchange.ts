import type { ExecuteContext, RouterError, TranslationReport, WireEvent, WireResponse } from "@turnout/core";
import { sniffEventType } from "@turnout/translator";

import { type AnswerConnection, AnswerStream, type AnswerStreamOptions } from "../answer/answer-stream.ts";
import { pickHeaders } from "../connection/headers.ts";
import type { Session, SessionReceiver } from "./session-source.ts";

export interface WebSocketExchangeOptions {
  readonly answer: AnswerStreamOptions;
  readonly context: ExecuteContext;
  readonly session: Session;
  readonly report: TranslationReport;
  matchesHeader(name: string): boolean;
  readErrorEvent(event: WireEvent): RouterError | undefined;
  isPrivate(event: WireEvent): boolean;
  /** Called exactly once. */
  release(outcome: "completed" | "abandoned"): void;
}

/** One request and its answer on a lent session. */
export class WebSocketExchange implements SessionReceiver, AnswerConnection {
  readonly #options: WebSocketExchangeOptions;
  readonly #answer: AnswerStream;
  #hasBegun = false;
  #resolve: (response: WireResponse) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(options: WebSocketExchangeOptions) {
    this.#options = options;
    this.#answer = new AnswerStream(options.answer, this, options.context);
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
      this.#options.session.send(frame, this);
    });
  }

  message(text: string): void {
    const event: WireEvent = { type: sniffEventType(text), data: text };
    if (this.#hasBegun) {
      this.#answer.accept(event);
      return;
    }
    const error = this.#options.readErrorEvent(event);
    if (error !== undefined) {
      this.#answer.fail(error);
      return;
    }
    this.#answer.accept(event);
    if (!this.#options.isPrivate(event)) this.#begin();
  }

  lost(error: RouterError): void {
    this.#answer.fail(error);
  }

  pause(): void {
    this.#options.session.pause();
  }

  resume(): void {
    this.#options.session.resume();
  }

  finished(): void {
    this.#options.release("completed");
  }

  broken(error: RouterError): void {
    this.#options.release("abandoned");
    this.#reject(error);
  }

  #begin(): void {
    this.#hasBegun = true;
    const { session, report, matchesHeader } = this.#options;
    this.#resolve({
      kind: "stream",
      meta: { headers: pickHeaders(session.headers, matchesHeader), session: session.kind, report },
      events: this.#answer.events,
    });
  }
}
