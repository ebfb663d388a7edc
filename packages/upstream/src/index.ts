export type { ConnectSocket, ConnectSocketOptions, Socket, SocketListener } from "./sessions/connect-socket.ts";
export { connectWs } from "./sessions/connect-socket.ts";
export { createHttpClient, type HttpClient, type HttpClientOptions } from "./http/http-client.ts";
export { createHttpExecutor, type HttpExecutorOptions } from "./http/http-executor.ts";
export { type DocumentRequest, readDocument } from "./http/read-document.ts";
export type { UpstreamNotice } from "./answer/answer-stream.ts";
export type { HeaderNames } from "./connection/headers.ts";
export { createHeaderMatcher } from "./connection/headers.ts";
export { defaultLimits, type UpstreamLimits } from "./answer/limits.ts";
export { type HeaderMap, parseRetryAfter, withRetryAfter } from "./connection/retry-after.ts";
export {
  createTransportMemory,
  type TransportFailure,
  transportFailureOf,
  type TransportMemory,
  type TransportMemoryOptions,
} from "./connection/transport-memory.ts";
export {
  createWebSocketExecutor,
  type WebSocketExecutorDependencies,
  type WebSocketProfile,
} from "./sessions/websocket-executor.ts";
export {
  connectionFields,
  connectionHeaders,
  type ConnectionOptions,
  connectionSettings,
  headerTextSchema,
  httpUrlSchema,
  millisecondsSchema,
} from "./connection/connection-options.ts";
export { createErrorReader, type ErrorReader, isPage, readResponsesErrorEvent } from "./connection/error-reader.ts";
export { lossless, withChatStreamFlag, withStreamFlag } from "./http/stream-body.ts";
export { type StreamEnd, streamEnds } from "./answer/stream-end.ts";
export { defaultSessionLimits, type SessionLimits } from "./sessions/session-limits.ts";
export type { ContinuationProfile } from "./sessions/continuation.ts";
export {
  type ConversationBook,
  type ConversationBookOptions,
  createConversationBook,
  type Scope,
} from "./conversation/conversation-book.ts";
export { rememberRequest, type RememberedRequest } from "./conversation/remembered-request.ts";
export { settingsOf } from "./conversation/settings.ts";
export { type SessionOptions, sessionLimitsOf, sessionOptionsSchema } from "./sessions/session-options.ts";
