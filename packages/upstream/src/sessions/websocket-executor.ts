import type {
  Credential,
  ExecuteContext,
  Executor,
  JsonObject,
  Operation,
  RouterError,
  Translated,
  WireEvent,
  WireFormat,
  WireRequest,
  WireResponse,
} from "@turnout/core";
import { refuseLosses } from "@turnout/translator";

import type { AnswerStreamOptions, UpstreamNotice } from "../answer/answer-stream.ts";
import { defaultLimits, type UpstreamLimits } from "../answer/limits.ts";
import { createHeaderMatcher, type HeaderNames } from "../connection/headers.ts";
import type { HeaderMap } from "../connection/retry-after.ts";
import { withoutForeignReasoning } from "../conversation/foreign-reasoning.ts";
import { type ConnectSocket, connectWs } from "./connect-socket.ts";
import type { ContinuationProfile } from "./continuation.ts";
import { defaultSessionLimits, type SessionLimits } from "./session-limits.ts";
import { SessionPool } from "./session-pool.ts";
import { SessionRequest, type SessionRequestSetup } from "./session-request.ts";
import { SpareSessions } from "./spare-sessions.ts";

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
  /** Default: none. */
  readonly notices?: readonly UpstreamNotice[];
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
  /** Keeps a second socket ready for each conversation that has a name, with its settings loaded. Default false. */
  readonly warmsUp?: boolean;
  /** What it can be asked beside `generate`. Default: nothing. */
  readonly operations?: readonly Operation[];
  /** `http://host:port` of a proxy. Default: none; the environment is not read. */
  readonly proxyUrl?: string;
}

export interface WebSocketExecutorDependencies {
  /** Default: `ws`. */
  readonly connect?: ConnectSocket;
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
  const { notices } = profile;
  const answer: AnswerStreamOptions = { upstream, limits, notices, isTerminal: (event) => profile.isTerminal(event) };
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

  const setup: SessionRequestSetup = { profile, pool, answer, upstream, matchesHeader };
  const spares = new SpareSessions(setup);

  return {
    id: profile.id,
    ...(profile.operations === undefined ? {} : { operations: profile.operations }),
    wire: profile.wire,
    transport: "ws",
    upstreamHost,
    async execute(request: WireRequest, context: ExecuteContext): Promise<WireResponse> {
      const { continuation } = profile;
      const given = profile.prepareFrame(request, context);
      const prepared =
        continuation === undefined
          ? given
          : withoutForeignReasoning(given, continuation.book, continuation.scope(request, context));
      if (context.strict === true) refuseLosses(prepared.report);
      const onCompleted = profile.warmsUp === true ? () => spares.prepare(request, context, prepared.value) : () => {};
      return new SessionRequest(setup, { request, context, prepared, onCompleted }).run();
    },
    close: () => pool.close(),
  };
}
