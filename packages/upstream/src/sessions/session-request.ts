import {
  type AnyRouterError,
  type ExecuteContext,
  type JsonObject,
  RouterError,
  type Translated,
  type WireRequest,
  type WireResponse,
} from "@turnout/core";
import { withDropped } from "@turnout/translator";

import type { AnswerStreamOptions } from "../answer/answer-stream.ts";
import { createTurnReader } from "../conversation/turn-reader.ts";
import { Continuation, type Frame } from "./continuation.ts";
import type { LendingOutcome, LentSession, SessionPool, SessionWish } from "./session-pool.ts";
import { WebSocketExchange } from "./websocket-exchange.ts";
import type { WebSocketProfile } from "./websocket-executor.ts";

/** What all requests of one executor share. */
export interface SessionRequestSetup {
  readonly profile: WebSocketProfile;
  readonly pool: SessionPool;
  readonly answer: AnswerStreamOptions;
  /** The beginning of messages, for example `codex-ws at chatgpt.com`. */
  readonly upstream: string;
  matchesHeader(name: string): boolean;
}

export interface SessionRequestOptions {
  readonly request: WireRequest;
  readonly context: ExecuteContext;
  /** The frame, in full. */
  readonly prepared: Translated<JsonObject>;
  /** Called when the answer is whole and its socket can be gone on from. */
  onCompleted(): void;
}

/** The socket that a request is looking for. */
export function wishOf(profile: WebSocketProfile, request: WireRequest, context: ExecuteContext): SessionWish {
  const { credential } = context;
  const baseUrl = profile.baseUrlFor?.(credential) ?? profile.baseUrl;
  const url = (baseUrl + profile.path).replace(/^http/u, "ws");
  return {
    url,
    headers: profile.headers(request, context),
    accountKey: credential.accountKey,
    identity: JSON.stringify([url, credential.secret, profile.socketIdentity?.(request) ?? ""]),
    hint: profile.continuation?.hint(request),
  };
}

/** Failures of a socket that has served before after which a fresh one may do better. */
function mayBeTheSockets(error: AnyRouterError): boolean {
  switch (error.code) {
    case "upstream-unavailable":
    case "upstream-timeout":
    case "upstream-malformed":
    // Refused may be that it is the second one on this socket, or what is left of it there. In full, it speaks for itself.
    case "request-invalid":
      return true;
    case "not-found":
      return error.details.path === "previous_response_id";
    default:
      return false;
  }
}

/** One request on its way over the sockets of a pool: on from where one stands, or in full; once more when that fails. */
export class SessionRequest {
  readonly #setup: SessionRequestSetup;
  readonly #options: SessionRequestOptions;
  readonly #continuation: Continuation;
  readonly #wish: SessionWish;
  readonly #difference: string | undefined;
  #sentBytes = 0;

  constructor(setup: SessionRequestSetup, options: SessionRequestOptions) {
    const { profile, pool } = setup;
    const { request, context, prepared } = options;
    this.#setup = setup;
    this.#options = options;
    this.#continuation = new Continuation(profile.continuation, prepared.value, request, context);
    this.#wish = wishOf(profile, request, context);
    this.#difference = pool.difference(this.#continuation.found, this.#continuation.settings);
  }

  async run(): Promise<WireResponse> {
    const { found, settings } = this.#continuation;
    const session = this.#setup.pool.continue(this.#wish, found, settings) ?? (await this.#acquire(false));
    try {
      return await this.send(session);
    } catch (error) {
      const failure = RouterError.from(error);
      const mayRetry = this.#dropsUnreadable(failure) || (session.kind !== "fresh" && mayBeTheSockets(failure));
      if (this.#options.context.signal.aborted || !mayRetry) throw this.#aboutItself(failure);
    }
    try {
      return await this.send(await this.#acquire(true));
    } catch (error) {
      // In full, reasoning was put back for the first time; the client knows nothing of it.
      const failure = RouterError.from(error);
      if (this.#options.context.signal.aborted || !this.#dropsUnreadable(failure)) throw this.#aboutItself(failure);
    }
    return this.send(await this.#acquire(true));
  }

  /** A request in full names no earlier response: an upstream that misses one all the same has a fault of its own. */
  #aboutItself(failure: AnyRouterError): RouterError {
    const isMissing = failure.code === "not-found" && failure.details.path === "previous_response_id";
    if (!isMissing || !this.#continuation.isRemembered) return failure;
    const message = `Cannot use answer of ${this.#setup.upstream}: it misses a response that was not named`;
    return new RouterError("upstream-malformed", message, { excerpt: "" }, { cause: failure });
  }

  /**
   * Whether another sending can do without the reasoning that the upstream cannot read. True once at most, and never for a
   * client that would rather have the error.
   */
  #dropsUnreadable(failure: AnyRouterError): boolean {
    if (failure.code !== "reasoning-invalid" || this.#options.context.strict === true) return false;
    return this.#continuation.dropReasoning();
  }

  /** Sends it on a lent socket: what is new where that goes on from something, otherwise all of it. */
  send(session: LentSession): Promise<WireResponse> {
    const { profile, pool, answer, matchesHeader } = this.#setup;
    const { context, prepared } = this.#options;
    const { continued } = session;
    const frame = continued === undefined ? this.#continuation.full : this.#continuation.next(continued);
    if (!this.#fits(frame)) {
      // Nothing was sent: the socket stands where it stood.
      pool.release(session, { how: "completed", anchor: continued?.anchor });
      return Promise.reject(this.#tooLong());
    }
    this.#sentBytes += frame.bytes;
    const reader = this.#continuation.isRemembered ? createTurnReader() : undefined;
    const difference = continued === undefined ? this.#difference : undefined;
    return new WebSocketExchange({
      answer,
      context,
      session,
      matchesHeader,
      report: withDropped(prepared.report, this.#continuation.dropped),
      traffic: {
        sentBytes: this.#sentBytes,
        fullBytes: frame.fullBytes,
        ...(difference === undefined ? {} : { difference }),
      },
      reader,
      readErrorEvent: (event) => profile.readErrorEvent(event, context.runtime.now()),
      isPrivate: (event) => profile.isPrivate?.(event) ?? false,
      release: (how) => {
        const turn = how === "completed" ? reader?.turn : undefined;
        const anchor = turn && this.#continuation.anchor(turn, frame, continued);
        pool.release(session, outcomeOf(how, anchor));
        if (anchor !== undefined) this.#options.onCompleted();
      },
    }).start(frame.text);
  }

  #acquire(isFresh: boolean): Promise<LentSession> {
    if (!this.#fits(this.#continuation.full)) return Promise.reject(this.#tooLong());
    return this.#setup.pool.acquire(this.#wish, this.#options.context, { isFresh });
  }

  #fits({ bytes }: Frame): boolean {
    const { maxFrameBytes } = this.#setup.profile;
    return maxFrameBytes === undefined || bytes <= maxFrameBytes;
  }

  #tooLong(): RouterError {
    const { profile, upstream } = this.#setup;
    const { maxFrameBytes = 0 } = profile;
    const message = `Cannot send to ${upstream}: the request takes more than ${maxFrameBytes} bytes in one frame`;
    return new RouterError("transport-unsuitable", message, { limitBytes: maxFrameBytes });
  }
}

function outcomeOf(
  how: "completed" | "failed" | "abandoned",
  anchor: Extract<LendingOutcome, { how: "completed" }>["anchor"],
): LendingOutcome {
  switch (how) {
    case "completed":
      return { how, anchor };
    case "failed":
      return { how: "spoiled" };
    case "abandoned":
      return { how };
  }
}
