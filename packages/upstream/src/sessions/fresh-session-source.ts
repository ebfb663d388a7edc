import { type ExecuteContext, fromNodeError, RouterError, type Runtime, type Timer } from "@turnout/core";

import { abortError } from "../answer/answer-stream.ts";
import { type ConnectSocket, connectWs, type Socket, type SocketListener } from "./connect-socket.ts";
import { type HeaderMap, parseRetryAfter, withRetryAfter } from "../connection/retry-after.ts";
import type { Session, SessionReceiver, SessionSource } from "./session-source.ts";

export interface FreshSessionSourceOptions {
  /** The beginning of messages, for example `codex-ws at chatgpt.com`. */
  readonly upstream: string;
  /** Milliseconds for TCP, TLS and handshake together. */
  readonly connectTimeoutMs: number;
  readonly maxMessageBytes: number;
  readonly maxErrorBytes: number;
  readonly proxyUrl?: string;
  /** Understands a refused handshake. */
  readRefusal(status: number, bodyText: string, headers: HeaderMap, now: number): RouterError;
  /** Default: `ws`. */
  readonly connect?: ConnectSocket;
}

/** Messages kept that come before the frame is sent; the backend may greet with its rate limits. */
const maxEarlyMessages = 16;

/** Milliseconds the closing handshake may take before the socket is cut. */
const closeTimeoutMs = 1_000;

/** A SessionSource that opens one socket for every request and closes it afterwards. */
export function createFreshSessionSource(options: FreshSessionSourceOptions): SessionSource {
  const connect = options.connect ?? connectWs;
  const lent = new Map<Session, FreshSession>();
  const closing: (() => void)[] = [];
  return {
    acquire: (key, context) => {
      if (context.signal.aborted) return Promise.reject(abortError(context.signal));
      return new Promise((resolve, reject) => {
        const session = new FreshSession(options, context, reject, () => {
          lent.set(session, session);
          resolve(session);
        });
        session.open(connect, key.url, key.headers);
      });
    },
    release: (session, outcome) => {
      lent.get(session)?.release(outcome);
      lent.delete(session);
      if (lent.size === 0) for (const resolve of closing.splice(0)) resolve();
    },
    close: () =>
      lent.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            closing.push(resolve);
          }),
  };
}

class FreshSession implements Session, SocketListener {
  readonly kind = "fresh";
  headers: HeaderMap = {};
  readonly #options: FreshSessionSourceOptions;
  readonly #runtime: Runtime;
  readonly #signal: AbortSignal;
  readonly #reject: (error: RouterError) => void;
  readonly #resolve: () => void;
  #socket: Socket | undefined;
  #timer: Timer | undefined;
  #receiver: SessionReceiver | undefined;
  #early: string[] = [];
  #isOpen = false;
  #lostWith: RouterError | undefined;

  constructor(
    options: FreshSessionSourceOptions,
    context: ExecuteContext,
    reject: (error: RouterError) => void,
    resolve: () => void,
  ) {
    this.#options = options;
    this.#runtime = context.runtime;
    this.#signal = context.signal;
    this.#reject = reject;
    this.#resolve = resolve;
  }

  open(connect: ConnectSocket, url: string, headers: HeaderMap): void {
    const { connectTimeoutMs, maxMessageBytes, maxErrorBytes, proxyUrl, upstream } = this.#options;
    this.#signal.addEventListener("abort", this, { once: true });
    this.#timer = this.#runtime.setTimer(connectTimeoutMs, () => {
      this.#giveUp(
        new RouterError("upstream-timeout", `Cannot open ${upstream}: no handshake within ${connectTimeoutMs} ms`, {
          timeoutMs: connectTimeoutMs,
          requestSent: false,
        }),
      );
    });
    const options = { headers, maxMessageBytes, maxErrorBytes, ...(proxyUrl === undefined ? {} : { proxyUrl }) };
    try {
      this.#socket = connect(url, options, this);
    } catch (error) {
      // A header value that no header can hold, for example.
      this.#giveUp(fromNodeError(error, `Cannot open ${upstream}`, false));
    }
  }

  handleEvent(): void {
    this.#giveUp(abortError(this.#signal));
  }

  opened(headers: HeaderMap): void {
    this.#settled();
    this.#isOpen = true;
    this.headers = headers;
    this.#resolve();
  }

  refused(status: number, bodyText: string, headers: HeaderMap): void {
    const now = this.#runtime.now();
    const error = RouterError.from(this.#options.readRefusal(status, bodyText, headers, now));
    this.#fail(withRetryAfter(error, parseRetryAfter(headers, now)));
  }

  message(text: string): void {
    if (this.#receiver !== undefined) this.#receiver.message(text);
    else if (this.#early.length < maxEarlyMessages) this.#early.push(text);
  }

  binary(): void {
    this.#fail(
      new RouterError("upstream-malformed", `Cannot read message of ${this.#options.upstream}: it is binary`, {
        excerpt: "",
      }),
    );
    this.#socket?.terminate();
  }

  closed(code: number, reason: string): void {
    const { upstream } = this.#options;
    if (code === messageTooBig) {
      const message = `Cannot send to ${upstream}: socket closed with ${describeClose(code, reason)}`;
      this.#fail(new RouterError("transport-unsuitable", message, {}));
      return;
    }
    this.#fail(
      new RouterError(
        "upstream-unavailable",
        `Cannot finish answer of ${upstream}: socket closed with ${describeClose(code, reason)}`,
        { status: undefined, requestSent: this.#receiver !== undefined },
      ),
    );
  }

  failed(error: Error): void {
    const tried = `Cannot ${this.#isOpen ? "finish answer of" : "open"} ${this.#options.upstream}`;
    if (breaksProtocol(error)) {
      const message = `${tried}: ${error.message}`;
      this.#fail(new RouterError("upstream-malformed", message, { excerpt: "" }, { cause: error }));
    } else this.#fail(fromNodeError(error, tried, this.#receiver !== undefined));
  }

  send(frame: string, receiver: SessionReceiver): void {
    this.#receiver = receiver;
    if (this.#lostWith !== undefined) {
      receiver.lost(this.#lostWith);
      return;
    }
    this.#socket?.send(frame);
    for (const text of this.#early) receiver.message(text);
    this.#early = [];
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  release(outcome: "completed" | "abandoned"): void {
    this.#receiver = undefined;
    if (outcome === "abandoned") {
      // No cancel message exists; a cut is how the upstream's own client cancels.
      this.#socket?.terminate();
      return;
    }
    this.#socket?.resume();
    this.#socket?.close();
    this.#timer = this.#runtime.setTimer(closeTimeoutMs, () => this.#socket?.terminate());
  }

  #settled(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#signal.removeEventListener("abort", this);
  }

  #giveUp(error: RouterError): void {
    this.#settled();
    this.#socket?.terminate();
    this.#reject(error);
  }

  #fail(error: RouterError): void {
    this.#settled();
    this.#lostWith = error;
    if (!this.#isOpen) this.#reject(error);
    else this.#receiver?.lost(error);
  }
}

/** `ws` found bytes that are no frame, or a message over the limit. */
function breaksProtocol(error: Error): boolean {
  return "code" in error && typeof error.code === "string" && error.code.startsWith("WS_ERR_");
}

const messageTooBig = 1009;

const closeNames: Readonly<Record<number, string>> = {
  1000: "normal end",
  1001: "going away",
  1005: "no code",
  1006: "no closing handshake",
  1008: "policy",
  1009: "message too big",
  1011: "server error or ping timeout",
  1012: "service restart",
  1013: "try again later",
};

function describeClose(code: number, reason: string): string {
  const name = closeNames[code];
  const words = [name === undefined ? "" : `(${name})`, reason === "" ? "" : `"${reason.slice(0, 120)}"`];
  return [String(code), ...words.filter((word) => word !== "")].join(" ");
}
