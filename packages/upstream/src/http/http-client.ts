import type { Runtime } from "@turnout/core";
import { Agent, type Dispatcher, ProxyAgent } from "undici";

import { createSpareConnections } from "./spare-connections.ts";

export interface HttpClientOptions {
  /** Connections to one origin, and with them the requests in flight. Default 1 024. */
  readonly maxConnections?: number;
  /** Milliseconds for TCP and TLS together. Default 15 000. */
  readonly connectTimeoutMs?: number;
  /**
   * Milliseconds an idle connection is kept. Default 8 000: chatgpt.com drops idle connections after 10 s at the earliest
   * (reports of 2026), and a request that meets such a drop cannot be told from one that was served, so it is not met.
   */
  readonly keepAliveTimeoutMs?: number;
  /** `http://host:port` of a proxy. Default: none; the environment is not read. */
  readonly proxyUrl?: string;
}

/** Pooled HTTP/1.1 with keep-alive. */
export interface HttpClient {
  readonly maxConnections: number;
  /** As undici's `dispatch`: calls back, returns at once. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
  /**
   * Opens a connection that the next request to the origin will take. Undefined where that cannot be done: through a proxy.
   *
   * @throws {RouterError} `upstream-unavailable` when it cannot be opened, or the signal's reason.
   */
  readonly prepare?: (origin: string, runtime: Runtime, signal: AbortSignal) => Promise<void>;
  /** Waits for requests in flight, then closes all connections. */
  close(): Promise<void>;
}

/**
 * An HttpClient on undici. It never repeats a request by itself: once a request has been written, a broken connection does
 * not tell whether it was served, so the caller learns `requestSent` and decides.
 */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const maxConnections = options.maxConnections ?? 1_024;
  const connectTimeout = options.connectTimeoutMs ?? 15_000;
  const keepAliveTimeout = options.keepAliveTimeoutMs ?? 8_000;
  const shared = {
    connections: maxConnections,
    pipelining: 1,
    allowH2: false,
    // Deadlines are the executor's, on the Runtime's clock; undici's would fire half a second late.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout,
    keepAliveMaxTimeout: keepAliveTimeout,
  };
  const spares = createSpareConnections(connectTimeout);
  const dispatcher: Dispatcher =
    options.proxyUrl === undefined
      ? new Agent({ ...shared, connect: spares.connector })
      : new ProxyAgent({
          ...shared,
          uri: options.proxyUrl,
          requestTls: { timeout: connectTimeout },
          proxyTls: { timeout: connectTimeout },
        });
  // Closing twice is closing once: plugins may share a client.
  let closing: Promise<void> | undefined;
  return {
    maxConnections,
    dispatch: (request, handler) => void dispatcher.dispatch(request, handler),
    ...(options.proxyUrl === undefined && {
      prepare: (origin: string, runtime: Runtime, signal: AbortSignal) =>
        spares.prepare(origin, keepAliveTimeout, runtime, signal),
    }),
    close: () => {
      spares.close();
      closing ??= dispatcher.close();
      return closing;
    },
  };
}
