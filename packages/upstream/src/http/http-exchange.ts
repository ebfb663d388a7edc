import type { IncomingHttpHeaders } from "node:http";

import {
  type ExecuteContext,
  fromNodeError,
  isJsonObject,
  type JsonObject,
  RouterError,
  type Timer,
  type TranslationReport,
  type WireResponse,
  type WireResponseMeta,
} from "@turnout/core";
import { createSseDecoder, sniffEventType, type SseDecoder } from "@turnout/translator";
import type { Dispatcher } from "undici";

import {
  type AnswerConnection,
  type AnswerReader,
  AnswerStream,
  type AnswerStreamOptions,
} from "../answer/answer-stream.ts";
import { flattenHeaders, pickHeaders } from "../connection/headers.ts";
import type { HttpClient } from "./http-client.ts";
import { type HeaderMap, parseRetryAfter, withRetryAfter } from "../connection/retry-after.ts";

/** What all exchanges of one executor share. */
export interface HttpExchangeSetup {
  readonly answer: AnswerStreamOptions;
  /** Events without an `event:` line get the `type` of their JSON. */
  readonly sniffsType: boolean;
  matchesHeader(name: string): boolean;
  readError(status: number, bodyText: string, headers: HeaderMap, now: number): RouterError;
  readonly readDocumentError?: ((body: JsonObject) => RouterError | undefined) | undefined;
}

/** What is of one exchange alone. */
export interface HttpExchangeOptions {
  readonly context: ExecuteContext;
  readonly report: TranslationReport | undefined;
  readonly reader: AnswerReader | undefined;
  /** Called once, when the connection is free. */
  onOver(): void;
}

/** Where the response is: not here yet, a stream of events, a body to collect first, or without interest. */
type Phase = "waiting" | "events" | "document" | "refusal" | "discarding";

/** One request and its response: undici's handler on one side, an AnswerStream on the other. */
export class HttpExchange implements Dispatcher.DispatchHandler, AnswerConnection {
  readonly #setup: HttpExchangeSetup;
  readonly #context: ExecuteContext;
  readonly #report: TranslationReport | undefined;
  readonly #onOver: () => void;
  readonly #answer: AnswerStream;
  #phase: Phase = "waiting";
  #controller: Dispatcher.DispatchController | undefined;
  #decoder: SseDecoder | undefined;
  #abortedWith: RouterError | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #collected: Buffer[] = [];
  #collectedBytes = 0;
  #isComplete = false;
  #drainTimer: Timer | undefined;
  #resolve: (response: WireResponse) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(setup: HttpExchangeSetup, options: HttpExchangeOptions) {
    const { context, report, reader, onOver } = options;
    this.#setup = setup;
    this.#context = context;
    this.#report = report;
    this.#onOver = onOver;
    this.#answer = new AnswerStream(setup.answer, this, context, reader);
  }

  /** @returns Once the response's head is here, or its body where that is one document. */
  start(client: HttpClient, request: Dispatcher.DispatchOptions): Promise<WireResponse> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      client.dispatch(request, this);
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#abortedWith !== undefined) controller.abort(this.#abortedWith);
    else this.#answer.requestSent = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#answer.isOver) return;
    this.#status = status;
    this.#headers = headers;
    const contentType = (headers["content-type"] ?? "").toLowerCase();
    if (status >= 300) this.#phase = "refusal";
    else if (contentType.includes("json")) this.#phase = "document";
    // A page where events were expected comes from something in between.
    else if (contentType.includes("html")) this.#phase = "refusal";
    else {
      this.#phase = "events";
      this.#decoder = createSseDecoder({ maxBufferBytes: this.#setup.answer.limits.maxEventBytes });
      this.#resolve({ kind: "stream", meta: this.#meta(), events: this.#answer.events });
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    switch (this.#phase) {
      case "events":
        this.#answer.touch();
        this.#decode(chunk);
        break;
      case "document":
        this.#collect(chunk, this.#setup.answer.limits.maxDocumentBytes);
        break;
      case "refusal":
        this.#collect(chunk, this.#setup.answer.limits.maxErrorBytes);
        break;
      default:
        break;
    }
  }

  onResponseEnd(): void {
    this.#complete();
    switch (this.#phase) {
      case "events":
        this.#decode(undefined);
        this.#answer.end("its stream ended");
        break;
      case "document":
        this.#finishDocument();
        break;
      case "refusal":
        this.#finishRefusal();
        break;
      default:
        break;
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#complete();
    // The status is the news; what is missing of the body matters less.
    if (this.#phase === "refusal" && !this.#answer.isOver) this.#finishRefusal();
    else {
      this.#answer.fail(fromNodeError(error, `Cannot reach ${this.#setup.answer.upstream}`, this.#answer.requestSent));
    }
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  // The rest of the body is read, so that the connection can serve again; not for ever, though.
  finished(): void {
    this.#phase = "discarding";
    this.#decoder = undefined;
    this.#controller?.resume();
    if (this.#isComplete) return;
    const { drainTimeoutMs } = this.#setup.answer.limits;
    this.#drainTimer = this.#context.runtime.setTimer(drainTimeoutMs, () => {
      this.#controller?.abort(new Error("The answer has ended but its response has not"));
    });
  }

  broken(error: RouterError): void {
    this.#phase = "discarding";
    this.#decoder = undefined;
    this.#collected = [];
    this.#reject(error);
    this.#abort(error);
  }

  #abort(error: RouterError): void {
    this.#abortedWith = error;
    if (!this.#isComplete) this.#controller?.abort(error);
  }

  #complete(): void {
    if (this.#isComplete) return;
    this.#isComplete = true;
    // undici calls this handler no more: what it holds of the response can go.
    this.#controller = undefined;
    this.#drainTimer?.cancel();
    this.#onOver();
  }

  #meta(): WireResponseMeta {
    const headers = pickHeaders(this.#headers, this.#setup.matchesHeader);
    return this.#report === undefined ? { headers } : { headers, report: this.#report };
  }

  /** @param chunk - undefined at the end of the response. */
  #decode(chunk: Buffer | undefined): void {
    const decoder = this.#decoder;
    if (decoder === undefined) return;
    try {
      const events = chunk === undefined ? decoder.end() : decoder.decode(chunk);
      for (const event of events) {
        const { data } = event;
        if (event.type !== "" || !this.#setup.sniffsType) this.#answer.accept(event);
        else this.#answer.accept({ type: sniffEventType(data), data });
      }
    } catch (error) {
      this.#answer.fail(RouterError.from(error));
    }
  }

  #collect(chunk: Buffer, limitBytes: number): void {
    this.#answer.touch();
    this.#collectedBytes += chunk.length;
    if (this.#collectedBytes <= limitBytes) {
      this.#collected.push(chunk);
      return;
    }
    if (this.#phase === "refusal") {
      this.#collected.push(chunk.subarray(0, limitBytes - this.#collectedBytes + chunk.length));
      this.#finishRefusal();
      return;
    }
    const { upstream } = this.#setup.answer;
    this.#answer.fail(
      new RouterError("upstream-malformed", `Cannot read answer of ${upstream}: more than ${limitBytes} bytes`, {
        excerpt: "",
      }),
    );
  }

  #collectedText(): string {
    const text = Buffer.concat(this.#collected).toString("utf8");
    this.#collected = [];
    return text;
  }

  #finishDocument(): void {
    if (this.#answer.isOver) return;
    const text = this.#collectedText();
    const { upstream } = this.#setup.answer;
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch (cause) {
      this.#answer.fail(malformed(`Cannot read answer of ${upstream}: not valid JSON`, text, cause));
      return;
    }
    if (!isJsonObject(body)) {
      this.#answer.fail(malformed(`Cannot read answer of ${upstream}: not a JSON object`, text));
      return;
    }
    const error = this.#setup.readDocumentError?.(body);
    if (error !== undefined) {
      this.#answer.fail(error);
      return;
    }
    this.#answer.release();
    this.#resolve({ kind: "document", meta: this.#meta(), body });
  }

  #finishRefusal(): void {
    const text = this.#collectedText();
    if (this.#status < 300) {
      this.#answer.fail(
        malformed(`Cannot read answer of ${this.#setup.answer.upstream}: an HTML page instead of events`, text),
      );
      return;
    }
    const headers = flattenHeaders(this.#headers);
    const now = this.#context.runtime.now();
    const error = RouterError.from(this.#setup.readError(this.#status, text, headers, now));
    this.#answer.fail(withRetryAfter(error, parseRetryAfter(headers, now)));
  }
}

function malformed(message: string, text: string, cause?: unknown): RouterError {
  return new RouterError("upstream-malformed", message, { excerpt: text.slice(0, 200) }, { cause });
}
