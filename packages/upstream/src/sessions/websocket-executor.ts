import {
  type Credential,
  type ExecuteContext,
  type Executor,
  type JsonObject,
  RouterError,
  type Translated,
  type WireEvent,
  type WireFormat,
  type WireRequest,
  type WireResponse,
} from "@turnout/core";
import { refuseLosses } from "@turnout/translator";

import type { AnswerStreamOptions } from "../answer/answer-stream.ts";
import type { ConnectSocket } from "./connect-socket.ts";
import { createFreshSessionSource } from "./fresh-session-source.ts";
import { createHeaderMatcher, type HeaderNames } from "../connection/headers.ts";
import { defaultLimits, type UpstreamLimits } from "../answer/limits.ts";
import type { HeaderMap } from "../connection/retry-after.ts";
import type { Session, SessionSource } from "./session-source.ts";
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
  /** Milliseconds for TCP, TLS and handshake together. Default 15 000. */
  readonly connectTimeoutMs?: number;
  /** A longer frame is not sent but fails as `transport-unsuitable`. Default: no limit. */
  readonly maxFrameBytes?: number;
  /** Sockets open at the same time; more fail as `transport-unsuitable`. Default 1 024. */
  readonly maxSockets?: number;
  /** The same for each account. Default: no limit of its own. */
  readonly maxSocketsPerAccount?: number;
  /** `http://host:port` of a proxy. Default: none; the environment is not read. */
  readonly proxyUrl?: string;
}

export interface WebSocketExecutorDependencies {
  /** Default: `ws`. */
  readonly connect?: ConnectSocket;
  /** Default: a fresh socket for every request. */
  readonly sessions?: SessionSource;
}

const maxBytesPerCodeUnit = 3;

/** Bytes of UTF-8, counted only when that can matter. */
function exceeds(text: string, limitBytes: number): boolean {
  if (text.length > limitBytes) return true;
  return text.length * maxBytesPerCodeUnit > limitBytes && Buffer.byteLength(text, "utf8") > limitBytes;
}

function socketUrl(httpUrl: string): string {
  return httpUrl.replace(/^http/u, "ws");
}

/**
 * An executor over WebSocket. `execute` resolves with the first event of the answer, so that an upstream that fails before it
 * makes `execute` throw.
 *
 * Its errors: `transport-unsuitable` (frame over the limit or too many sockets; nothing was dialled),
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
  const sessions =
    dependencies.sessions ??
    createFreshSessionSource({
      upstream,
      connectTimeoutMs: profile.connectTimeoutMs ?? 15_000,
      maxMessageBytes: limits.maxEventBytes,
      maxErrorBytes: limits.maxErrorBytes,
      readRefusal: (...refusal) => profile.readRefusal(...refusal),
      ...(profile.proxyUrl === undefined ? {} : { proxyUrl: profile.proxyUrl }),
      ...(dependencies.connect === undefined ? {} : { connect: dependencies.connect }),
    });
  const maxSockets = profile.maxSockets ?? 1_024;
  const maxPerAccount = profile.maxSocketsPerAccount ?? maxSockets;
  const perAccount = new Map<string, number>();
  let total = 0;

  function take(accountKey: string): void {
    const count = perAccount.get(accountKey) ?? 0;
    if (total >= maxSockets || count >= maxPerAccount) {
      const message = `Cannot open ${upstream}: ${count} sockets of this account are open`;
      throw new RouterError("transport-unsuitable", message, {});
    }
    total += 1;
    perAccount.set(accountKey, count + 1);
  }

  function giveBack(accountKey: string): void {
    total -= 1;
    const left = (perAccount.get(accountKey) ?? 1) - 1;
    if (left === 0) perAccount.delete(accountKey);
    else perAccount.set(accountKey, left);
  }

  return {
    id: profile.id,
    wire: profile.wire,
    transport: "ws",
    upstreamHost,
    async execute(request: WireRequest, context: ExecuteContext): Promise<WireResponse> {
      const prepared = profile.prepareFrame(request, context);
      if (context.strict === true) refuseLosses(prepared.report);
      const frame = JSON.stringify(prepared.value);
      const { maxFrameBytes } = profile;
      if (maxFrameBytes !== undefined && exceeds(frame, maxFrameBytes)) {
        const message = `Cannot send to ${upstream}: the request takes more than ${maxFrameBytes} bytes in one frame`;
        throw new RouterError("transport-unsuitable", message, { limitBytes: maxFrameBytes });
      }
      const baseUrl = profile.baseUrlFor?.(context.credential) ?? profile.baseUrl;
      const key = { url: socketUrl(baseUrl + profile.path), headers: profile.headers(request, context), request };
      const { accountKey } = context.credential;
      take(accountKey);
      let session: Session;
      try {
        session = await sessions.acquire(key, context);
      } catch (error) {
        giveBack(accountKey);
        throw error;
      }
      const exchange = new WebSocketExchange({
        answer,
        context,
        session,
        matchesHeader,
        report: prepared.report,
        readErrorEvent: (event) => profile.readErrorEvent(event, context.runtime.now()),
        isPrivate: (event) => profile.isPrivate?.(event) ?? false,
        release: (outcome) => {
          sessions.release(session, outcome);
          giveBack(accountKey);
        },
      });
      return exchange.start(frame);
    },
    close: () => sessions.close(),
  };
}
