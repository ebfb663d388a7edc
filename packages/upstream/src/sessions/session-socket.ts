import { fromNodeError, RouterError, type Runtime, type Timer } from "@turnout/core";
import { sniffEventType } from "@turnout/translator";

import { type HeaderMap, parseRetryAfter, withRetryAfter } from "../connection/retry-after.ts";
import { describeClose, messageTooBig } from "./close-code.ts";
import type { ConnectSocket, Socket, SocketListener } from "./connect-socket.ts";
import type { SessionLimits } from "./session-limits.ts";

/** Facts about an answer, which may come before it or after it (codex.md 4.5, 2026-10). */
export const answerMetadata = "response.metadata";

/** Hears the answer to one frame. */
export interface SessionReceiver {
  message(text: string): void;
  /** The session broke; it hears nothing more. */
  lost(error: RouterError): void;
}

/** Hears what becomes of a socket. */
export interface SessionOwner {
  opened(): void;
  /** Called once, whatever ends it; `error` tells why it could not be opened, or broke. */
  over(error: RouterError): void;
}

export interface SessionSocketOptions {
  /** The beginning of messages, for example `codex-ws at chatgpt.com`. */
  readonly upstream: string;
  readonly limits: SessionLimits;
  readonly maxMessageBytes: number;
  readonly maxErrorBytes: number;
  readonly proxyUrl?: string | undefined;
  /** Understands a refused handshake. */
  readRefusal(status: number, bodyText: string, headers: HeaderMap, now: number): RouterError;
  readonly connect: ConnectSocket;
}

/** Messages kept that come before the frame is sent; the backend may greet with its rate limits. */
const maxEarlyMessages = 16;

/** Milliseconds the closing handshake may take before the socket is cut. */
const closeTimeoutMs = 1_000;

type State = "opening" | "idle" | "lent" | "over";

/**
 * One socket from its handshake to its end. Somebody always reads it, so that pings are answered while it is idle, and it asks
 * for signs of life itself: a line that is dead at the other end only is found out before a request is lost on it.
 */
export class SessionSocket implements SocketListener {
  /** Headers of the 101. */
  headers: HeaderMap = {};
  readonly openedAt: number;
  idleSince: number;
  readonly #options: SessionSocketOptions;
  readonly #runtime: Runtime;
  readonly #owner: SessionOwner;
  #state: State = "opening";
  #socket: Socket | undefined;
  #timer: Timer | undefined;
  #receiver: SessionReceiver | undefined;
  #early: string[] = [];
  #heardAt = 0;
  /** When an unanswered ping went out. */
  #askedAt: number | undefined;
  #isPaused = false;

  constructor(options: SessionSocketOptions, runtime: Runtime, owner: SessionOwner) {
    this.#options = options;
    this.#runtime = runtime;
    this.#owner = owner;
    this.openedAt = runtime.monotonic();
    this.idleSince = this.openedAt;
  }

  get state(): State {
    return this.#state;
  }

  /** Old enough that the upstream may end it soon. */
  get isAged(): boolean {
    return this.#runtime.monotonic() - this.openedAt >= this.#options.limits.maxAgeMs;
  }

  open(url: string, headers: HeaderMap): void {
    const { limits, maxMessageBytes, maxErrorBytes, proxyUrl, upstream, connect } = this.#options;
    const { connectTimeoutMs } = limits;
    this.#timer = this.#runtime.setTimer(connectTimeoutMs, () => {
      const message = `Cannot open ${upstream}: no handshake within ${connectTimeoutMs} ms`;
      this.terminate(new RouterError("upstream-timeout", message, { timeoutMs: connectTimeoutMs, requestSent: false }));
    });
    const options = { headers, maxMessageBytes, maxErrorBytes, ...(proxyUrl === undefined ? {} : { proxyUrl }) };
    try {
      this.#socket = connect(url, options, this);
    } catch (error) {
      // A header value that no header can hold, for example.
      this.#end(fromNodeError(error, `Cannot open ${upstream}`, false));
    }
  }

  lend(): void {
    this.#state = "lent";
  }

  /**
   * Sends one request; what comes back goes to `receiver`. Once per lending.
   *
   * @param asksForLife - Also asks for a sign of life: a socket that has been idle may be dead without knowing.
   */
  send(frame: string, receiver: SessionReceiver, asksForLife: boolean): void {
    this.#receiver = receiver;
    this.#socket?.send(frame);
    if (asksForLife) this.#ask();
    for (const text of this.#early.splice(0)) receiver.message(text);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#heard();
    this.#socket?.resume();
  }

  /** The answer is whole: the socket waits for the next request. */
  park(): void {
    this.#receiver = undefined;
    this.resume();
    this.#state = "idle";
    this.idleSince = this.#runtime.monotonic();
  }

  /** Ends a socket in good order. */
  close(): void {
    if (this.#state === "over") return;
    this.#receiver = undefined;
    this.#socket?.resume();
    this.#socket?.close();
    this.#end(this.#gone("closed by turnout"));
    this.#timer = this.#runtime.setTimer(closeTimeoutMs, () => this.#socket?.terminate());
  }

  /** Ends it at once: no cancel message exists, a cut is how the upstream's own client cancels. */
  terminate(error: RouterError = this.#gone("cut by turnout")): void {
    this.#socket?.terminate();
    this.#end(error);
  }

  opened(headers: HeaderMap): void {
    this.headers = headers;
    this.#state = "idle";
    this.#heardAt = this.#runtime.monotonic();
    this.#watch();
    this.#owner.opened();
  }

  refused(status: number, bodyText: string, headers: HeaderMap): void {
    const now = this.#runtime.now();
    const error = RouterError.from(this.#options.readRefusal(status, bodyText, headers, now));
    this.#end(withRetryAfter(error, parseRetryAfter(headers, now)));
  }

  message(text: string): void {
    this.#heard();
    if (this.#receiver !== undefined) this.#receiver.message(text);
    else if (this.#state === "idle") this.#unasked(text);
    else if (this.#early.length < maxEarlyMessages) this.#early.push(text);
  }

  pong(): void {
    this.#heard();
  }

  binary(): void {
    const message = `Cannot read message of ${this.#options.upstream}: it is binary`;
    this.terminate(new RouterError("upstream-malformed", message, { excerpt: "" }));
  }

  closed(code: number, reason: string): void {
    if (this.#state === "over") {
      this.#timer?.cancel();
      return;
    }
    const how = `socket closed with ${describeClose(code, reason)}`;
    if (code !== messageTooBig) this.#end(this.#gone(how));
    else {
      const message = `Cannot send to ${this.#options.upstream}: ${how}`;
      this.#end(new RouterError("transport-unsuitable", message, {}));
    }
  }

  failed(error: Error): void {
    if (this.#state === "over") {
      this.#timer?.cancel();
      return;
    }
    const tried = `Cannot ${this.#state === "opening" ? "open" : "finish answer of"} ${this.#options.upstream}`;
    if (breaksProtocol(error)) {
      const message = `${tried}: ${error.message}`;
      this.#end(new RouterError("upstream-malformed", message, { excerpt: "" }, { cause: error }));
    } else this.#end(fromNodeError(error, tried, this.#receiver !== undefined));
  }

  /** Between two requests: news of the backend's own are for nobody, part of an answer must not begin the next one. */
  #unasked(text: string): void {
    if (!isPrivate(text)) this.terminate(this.#gone("it sent an answer nobody asked for"));
  }

  #gone(how: string): RouterError {
    return new RouterError("upstream-unavailable", `Cannot finish answer of ${this.#options.upstream}: ${how}`, {
      status: undefined,
      requestSent: this.#receiver !== undefined,
    });
  }

  #heard(): void {
    this.#heardAt = this.#runtime.monotonic();
    this.#askedAt = undefined;
  }

  #ask(): void {
    this.#socket?.ping();
    this.#askedAt ??= this.#runtime.monotonic();
    this.#watch();
  }

  /** One timer for all that takes time on an open socket: pings, their answers, age, idleness. */
  #watch(): void {
    this.#timer?.cancel();
    const now = this.#runtime.monotonic();
    this.#timer = this.#runtime.setTimer(Math.max(1, this.#dueAt(now) - now), () => this.#look());
  }

  /** When something may be due next. A request moves idleness without touching the timer: while it runs, no later than that. */
  #dueAt(now: number): number {
    const { pingIntervalMs, pongTimeoutMs, maxIdleMs, maxAgeMs } = this.#options.limits;
    const life = this.#askedAt === undefined ? this.#heardAt + pingIntervalMs : this.#askedAt + pongTimeoutMs;
    if (this.#state !== "idle") return Math.min(life, now + maxIdleMs);
    return Math.min(life, this.idleSince + maxIdleMs, this.openedAt + maxAgeMs);
  }

  #look(): void {
    const { limits, upstream } = this.#options;
    const now = this.#runtime.monotonic();
    if (this.#state === "idle" && (this.isAged || now - this.idleSince >= limits.maxIdleMs)) {
      this.close();
      return;
    }
    // While the reader is held up nothing can be heard.
    if (this.#isPaused) this.#heard();
    if (this.#askedAt !== undefined && now - this.#askedAt >= limits.pongTimeoutMs) {
      const message = `Cannot finish answer of ${upstream}: no sign of life for ${limits.pongTimeoutMs} ms`;
      const details = { timeoutMs: limits.pongTimeoutMs, requestSent: this.#receiver !== undefined };
      this.terminate(new RouterError("upstream-timeout", message, details));
      return;
    }
    if (now - this.#heardAt >= limits.pingIntervalMs) this.#ask();
    else this.#watch();
  }

  #end(error: RouterError): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#timer?.cancel();
    this.#timer = undefined;
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#early = [];
    this.#owner.over(error);
    receiver?.lost(error);
  }
}

/** The backend's own news, which may come at any time. */
function isPrivate(text: string): boolean {
  const type = sniffEventType(text);
  return type === answerMetadata || (type !== "error" && !type.startsWith("response."));
}

/** `ws` found bytes that are no frame, or a message over the limit. */
function breaksProtocol(error: Error): boolean {
  return "code" in error && typeof error.code === "string" && error.code.startsWith("WS_ERR_");
}
