export type { ConnectSocket, ConnectSocketOptions, Socket, SocketListener } from "./connect-socket.ts";
export { connectWs } from "./connect-socket.ts";
export { createHttpClient, type HttpClient, type HttpClientOptions } from "./http-client.ts";
export { createHttpExecutor, type HttpExecutorOptions } from "./http-executor.ts";
export type { HeaderNames } from "./headers.ts";
export { createHeaderMatcher } from "./headers.ts";
export { defaultLimits, type UpstreamLimits } from "./limits.ts";
export { type HeaderMap, parseRetryAfter, withRetryAfter } from "./retry-after.ts";
export type { Session, SessionKey, SessionReceiver, SessionSource } from "./session-source.ts";
export { createFreshSessionSource, type FreshSessionSourceOptions } from "./fresh-session-source.ts";
export {
  createTransportMemory,
  type TransportFailure,
  transportFailureOf,
  type TransportMemory,
  type TransportMemoryOptions,
} from "./transport-memory.ts";
export {
  createWebSocketExecutor,
  type WebSocketExecutorDependencies,
  type WebSocketProfile,
} from "./websocket-executor.ts";
export {
  connectionFields,
  connectionHeaders,
  type ConnectionOptions,
  connectionSettings,
  headerTextSchema,
  httpUrlSchema,
  millisecondsSchema,
} from "./connection-options.ts";
export { createErrorReader, type ErrorReader, isPage, readResponsesErrorEvent } from "./error-reader.ts";
export { lossless, withChatStreamFlag, withStreamFlag } from "./stream-body.ts";
export { type StreamEnd, streamEnds } from "./stream-end.ts";
