import {
  definePlugin,
  type Executor,
  type JsonObject,
  type ProviderPlugin,
  RouterError,
  type Runtime,
  systemRuntime,
  type Translated,
  type WireRequest,
} from "@turnout/core";
import {
  connectionSettings,
  createConversationBook,
  createWebSocketExecutor,
  lossless,
  sessionLimitsOf,
  streamEnds,
  type WebSocketExecutorDependencies,
} from "@turnout/upstream";

import { openaiAuth } from "./authentication.ts";
import { createRefusalReader, readSocketError } from "./error.ts";
import { openaiResponseHeaders, openaiSocketHeaders } from "./headers.ts";
import { openaiModels } from "./models.ts";
import { type OpenaiOptions, type OpenaiOptionsInput, openaiOptionsSchema } from "./options.ts";

export interface OpenaiWebSocketDependencies extends WebSocketExecutorDependencies {
  /** Default: the real one. */
  readonly runtime?: Runtime;
}

const id = "openai-responses-ws";
const wire = "openai-responses";

/**
 * The body as one `response.create`. `stream` and `stream_options` are left out: a socket always streams, and the API
 * reference says not to send the first (WebSocket events, read 2026-11-25).
 *
 * @throws {RouterError} `transport-unsuitable` for `background`, which HTTP has and a socket has not.
 */
function prepareFrame({ body, operation }: WireRequest): Translated<JsonObject> {
  const { stream: _, stream_options: __, background, ...rest } = body;
  if (background === true) {
    throw new RouterError(
      "transport-unsuitable",
      "Cannot send over WebSocket: background is served over HTTP only",
      {},
    );
  }
  return lossless({ type: "response.create", ...rest, ...(operation === "warm-up" && { generate: false }) });
}

/** The backend's own events, which may come before `response.created`. */
function isPrivate(type: string): boolean {
  return !type.startsWith("response.") && type !== "error";
}

function createExecutor(options: OpenaiOptions, dependencies: OpenaiWebSocketDependencies): Executor {
  const { limits } = connectionSettings(options);
  const { runtime = systemRuntime } = dependencies;
  const book = createConversationBook({ runtime, maxBytes: options.sessions.maxRememberedBytes });
  const executor = createWebSocketExecutor(
    {
      id,
      wire,
      baseUrl: options.baseUrl,
      path: "/responses",
      headers: (_request, context) => openaiSocketHeaders(options, context),
      prepareFrame,
      readRefusal: createRefusalReader(`${id} at ${new URL(options.baseUrl).host}`),
      readErrorEvent: readSocketError,
      isTerminal: streamEnds[wire].isTerminal,
      isPrivate: (event) => isPrivate(event.type),
      responseHeaders: openaiResponseHeaders,
      limits,
      maxFrameBytes: options.maxFrameBytes,
      sessionLimits: sessionLimitsOf(options),
      reusesSockets: options.sessions.reuse,
      warmsUp: options.sessions.warmUp,
      operations: ["warm-up"],
      continuation: {
        book,
        scope: ({ model }, { credential }) => ({ accountKey: credential.accountKey, model }),
        hint: ({ session }) => session?.sessionId,
      },
      whenSpaced: options.transport === "ws" ? "wait" : "refuse",
      ...(options.proxyUrl === undefined ? {} : { proxyUrl: options.proxyUrl }),
    },
    dependencies,
  );
  return { ...executor, keepsResponses: true };
}

/**
 * An executor for the Responses API of OpenAI over WebSocket. It always streams; a client's own `previous_response_id` goes as
 * it is, and otherwise a request that goes on from an earlier one carries only what is new.
 *
 * @param options - As a user writes them; see `openaiOptionsSchema`.
 * @throws {ZodError} for options that cannot be used.
 */
export function createOpenaiResponsesWs(
  options: OpenaiOptionsInput = {},
  dependencies: OpenaiWebSocketDependencies = {},
): Executor {
  return createExecutor(openaiOptionsSchema.parse(options), dependencies);
}

/** The plugin: an executor only when `transport` asks for one, and `api` is `responses`. */
export const openaiResponsesWs: ProviderPlugin<typeof openaiOptionsSchema> = definePlugin({
  name: id,
  provider: "openai",
  wire,
  auth: () => openaiAuth,
  options: openaiOptionsSchema,
  models: openaiModels,
  createExecutors: (options, runtime) =>
    options.api === "chat" || options.transport === "http" ? [] : [createExecutor(options, { runtime })],
});
