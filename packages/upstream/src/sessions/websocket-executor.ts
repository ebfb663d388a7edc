import {
  type AnyRouterError,
  type Credential,
  type ExecuteContext,
  type Executor,
  type JsonObject,
  type Operation,
  RouterError,
  type Translated,
  type WireEvent,
  type WireFormat,
  type WireRequest,
  type WireResponse,
} from "@turnout/core";
import { refuseLosses } from "@turnout/translator";

import type { AnswerStreamOptions } from "../answer/answer-stream.ts";
import { defaultLimits, type UpstreamLimits } from "../answer/limits.ts";
import { createHeaderMatcher, type HeaderNames } from "../connection/headers.ts";
import type { HeaderMap } from "../connection/retry-after.ts";
import { createTurnReader } from "../conversation/turn-reader.ts";
import { type ConnectSocket, connectWs } from "./connect-socket.ts";
import { Continuation, type ContinuationProfile, type Frame } from "./continuation.ts";
import { defaultSessionLimits, type SessionLimits } from "./session-limits.ts";
import { type LendingOutcome, type LentSession, SessionPool, type SessionWish } from "./session-pool.ts";
import { WebSocketExchange } from "./websocket-exchange.ts";

/** A provider that speaks Responses over WebSocket: one frame asks, events answer, one of them is terminal. */
export interface WebSocketProfile {
  /** For example `codex-ws`. */
  readonly id: string;
  readonly wire: WireFormat;
  /** http(s) URL without a slash at its end; the socket's URL follows from it. */
  readonly baseUrl: string;
  /** Where a credential does not go to `baseUrl`: its own base URL. */
  readonly baseUrlFor?: (credential: Credential) => string;
  /** Appended to the base URL, for example `/responses`. */
  readonly path: string;
  /** Headers of the handshake. */
  headers(request: WireRequest, context: ExecuteContext): HeaderMap;
  /** The whole frame that asks, `type` included. */
  prepareFrame(request: WireRequest, context: ExecuteContext): Translated<JsonObject>;
  /** Understands a refused handshake. `retry-after` headers are read without its help. */
  readRefusal(status: number, bodyText: string, headers: HeaderMap, now: number): RouterError;
  /**
   * Understands an event that reports a failure; undefined for all others. When it comes before any part of the answer,
   * `execute` throws this error.
   */
  readErrorEvent(event: WireEvent, now: number): RouterError | undefined;
  /** True for the last event of an answer, errors included. */
  isTerminal(event: WireEvent): boolean;
  /** True for the backend's own events, which may come before the first event of the answer. Default: none. */
  isPrivate?(event: WireEvent): boolean;
  /** Headers of the 101 shown in `meta`, lower case; one that ends in `*` stands for all that begin so. Default: none. */
  readonly responseHeaders?: HeaderNames;
  readonly limits?: Partial<UpstreamLimits>;
  /** A longer frame is not sent but fails as `transport-unsuitable`. Default: no limit. */
  readonly maxFrameBytes?: number;
  /** What the pool of sockets keeps to. */
  readonly sessionLimits?: Partial<SessionLimits>;
  /** False: each request has a fresh socket, which ends with it. Default true. */
  readonly reusesSockets?: boolean;
  /** What happens to a request whose socket must not be dialled just now. Default `refuse`: it fails as `transport-unsuitable`. */
  readonly whenSpaced?: "wait" | "refuse";
  /** What else than URL and credential must be equal for two requests to share a socket. Default: nothing. */
  socketIdentity?(request: WireRequest): string;
  /** Without it every request goes in full. */
  readonly continuation?: ContinuationProfile;
  /** What it can be asked beside `generate`. Default: nothing. */
  readonly operations?: readonly Operation[];
  /** `http://host:port` of a proxy. Default: none; the environment is not read. */
  readonly proxyUrl?: string;
}

export interface WebSocketExecutorDependencies {
  /** Default: `ws`. */
  readonly connect?: ConnectSocket;
}

function socketUrl(httpUrl: string): string {
  return httpUrl.replace(/^http/u, "ws");
}

/** Failures of a socket that has served before after which a fresh one may do better. */
function mayBeTheSockets(error: AnyRouterError): boolean {
  switch (error.code) {
    case "upstream-unavailable":
    case "upstream-timeout":
    case "upstream-malformed":
      return true;
    case "not-found":
      return error.details.path === "previous_response_id";
    default:
      return false;
  }
}

/**
 * An executor over WebSocket. Sockets stay open and are used again; where the profile allows it, a request that goes on from
 * what a socket's upstream remembers carries only what is new. `execute` resolves with the first event of the answer, so that
 * an upstream that fails before it makes `execute` throw. A socket that turns out to be dead or forgetful costs one more
 * sending, in full on a fresh one.
 *
 * Its errors: `transport-unsuitable` (frame over the limit, too many sockets or dials; nothing was sent),
 * `upstream-unavailable` (refused by TCP, gone before the terminal event), `upstream-timeout`, `upstream-malformed` (binary,
 * not JSON), the signal's reason, and whatever `readRefusal` and `readErrorEvent` tell.
 */
export function createWebSocketExecutor(
  profile: WebSocketProfile,
  dependencies: WebSocketExecutorDependencies = {},
): Executor {
  const limits = { ...defaultLimits, ...profile.limits };
  const upstreamHost = new URL(profile.baseUrl).host;
  const upstream = `${profile.id} at ${upstreamHost}`;
  const answer: AnswerStreamOptions = { upstream, limits, isTerminal: (event) => profile.isTerminal(event) };
  const matchesHeader = createHeaderMatcher(profile.responseHeaders ?? []);
  const pool = new SessionPool({
    upstream,
    limits: { ...defaultSessionLimits, ...profile.sessionLimits },
    maxMessageBytes: limits.maxEventBytes,
    maxErrorBytes: limits.maxErrorBytes,
    proxyUrl: profile.proxyUrl,
    readRefusal: (...refusal) => profile.readRefusal(...refusal),
    connect: dependencies.connect ?? connectWs,
    reuses: profile.reusesSockets ?? true,
    whenSpaced: profile.whenSpaced ?? "refuse",
  });

  function wishOf(request: WireRequest, context: ExecuteContext): SessionWish {
    const { credential } = context;
    const baseUrl = profile.baseUrlFor?.(credential) ?? profile.baseUrl;
    const url = socketUrl(baseUrl + profile.path);
    return {
      url,
      headers: profile.headers(request, context),
      accountKey: credential.accountKey,
      identity: JSON.stringify([url, credential.secret, profile.socketIdentity?.(request) ?? ""]),
      hint: profile.continuation?.hint(request),
    };
  }

  function requireFits({ bytes }: Frame): void {
    const { maxFrameBytes } = profile;
    if (maxFrameBytes === undefined || bytes <= maxFrameBytes) return;
    const message = `Cannot send to ${upstream}: the request takes more than ${maxFrameBytes} bytes in one frame`;
    throw new RouterError("transport-unsuitable", message, { limitBytes: maxFrameBytes });
  }

  return {
    id: profile.id,
    ...(profile.operations === undefined ? {} : { operations: profile.operations }),
    wire: profile.wire,
    transport: "ws",
    upstreamHost,
    async execute(request: WireRequest, context: ExecuteContext): Promise<WireResponse> {
      const prepared = profile.prepareFrame(request, context);
      if (context.strict === true) refuseLosses(prepared.report);
      const continuation = new Continuation(profile.continuation, prepared.value, request, context);
      const wish = wishOf(request, context);
      const difference = pool.difference(continuation.found, continuation.settings);
      let sentBytes = 0;

      function exchange(session: LentSession): Promise<WireResponse> {
        const { continued } = session;
        const frame = continued === undefined ? continuation.full : continuation.next(continued);
        sentBytes += frame.bytes;
        const reader = continuation.isRemembered ? createTurnReader() : undefined;
        const outcome = (how: "completed" | "failed" | "abandoned"): LendingOutcome => {
          if (how !== "completed") return { how: how === "failed" ? "spoiled" : "abandoned" };
          const turn = reader?.turn;
          return { how, anchor: turn && continuation.anchor(turn, frame, continued) };
        };
        return new WebSocketExchange({
          answer,
          context,
          session,
          matchesHeader,
          report: prepared.report,
          traffic: {
            sentBytes,
            fullBytes: frame.fullBytes,
            ...(continued !== undefined || difference === undefined ? {} : { difference }),
          },
          reader,
          readErrorEvent: (event) => profile.readErrorEvent(event, context.runtime.now()),
          isPrivate: (event) => profile.isPrivate?.(event) ?? false,
          release: (how) => pool.release(session, outcome(how)),
        }).start(frame.text);
      }

      async function inFull(isFresh: boolean): Promise<LentSession> {
        requireFits(continuation.full);
        return pool.acquire(wish, context, { isFresh });
      }

      const session = pool.continue(wish, continuation.found, continuation.settings) ?? (await inFull(false));
      try {
        return await exchange(session);
      } catch (error) {
        const failure = RouterError.from(error);
        if (context.signal.aborted) throw failure;
        const isUnreadable = failure.code === "reasoning-invalid" && continuation.dropRestored();
        if (!isUnreadable && (session.kind === "fresh" || !mayBeTheSockets(failure))) throw failure;
        return exchange(await inFull(true));
      }
    },
    close: () => pool.close(),
  };
}
