import {
  codexAuth,
  codexBaseUrlFor,
  codexLimits,
  codexModels,
  type CodexOptions,
  type CodexOptionsInput,
  codexOptionsSchema,
  codexResponseHeaders,
  codexRulesFor,
  codexSession,
  codexSocketHeaders,
  isCodexPrivate,
  isCodexTerminal,
  isLiteRequest,
  prepareCodexBody,
  readCodexErrorEvent,
  readCodexRefusal,
} from "@turnout/codex";
import {
  definePlugin,
  type ExecuteContext,
  type Executor,
  type JsonObject,
  type ProviderPlugin,
  type Translated,
  type WireRequest,
} from "@turnout/core";
import { createWebSocketExecutor, type WebSocketExecutorDependencies } from "@turnout/upstream";

/** `connect` and `sessions` of the executor below; default: `ws`, and a fresh socket for every request. */
export type CodexWsDependencies = WebSocketExecutorDependencies;

function prepareFrame(options: CodexOptions, request: WireRequest, context: ExecuteContext): Translated<JsonObject> {
  const { value, report } = prepareCodexBody(request.body, {
    transport: "ws",
    rules: codexRulesFor(options, context.credential),
    sessionId: codexSession(request).sessionId,
    lite: isLiteRequest(request),
  });
  // `type` first, as the backend's own client writes it.
  return { value: { type: "response.create", ...value, stream: true }, report };
}

function createExecutor(options: CodexOptions, dependencies: CodexWsDependencies): Executor {
  return createWebSocketExecutor(
    {
      id: "codex-ws",
      wire: "openai-responses",
      baseUrl: options.baseUrl,
      baseUrlFor: (credential) => codexBaseUrlFor(options, credential),
      path: options.socketPath,
      headers: (request, context) => codexSocketHeaders(options, request, context),
      prepareFrame: (request, context) => prepareFrame(options, request, context),
      readRefusal: readCodexRefusal,
      readErrorEvent: readCodexErrorEvent,
      isTerminal: isCodexTerminal,
      isPrivate: isCodexPrivate,
      responseHeaders: codexResponseHeaders,
      limits: codexLimits(options),
      connectTimeoutMs: options.connectTimeoutMs,
      maxFrameBytes: options.maxFrameBytes,
      maxSocketsPerAccount: options.maxSocketsPerAccount,
      ...(options.proxyUrl === undefined ? {} : { proxyUrl: options.proxyUrl }),
    },
    dependencies,
  );
}

/**
 * An executor for Codex over WebSocket: one `response.create` a socket, events as they come.
 *
 * @param options - As a user writes them; see `codexOptionsSchema`.
 * @throws {ZodError} for options that cannot be used.
 */
export function createCodexWs(options: CodexOptionsInput = {}, dependencies: CodexWsDependencies = {}): Executor {
  return createExecutor(codexOptionsSchema.parse(options), dependencies);
}

/** The plugin: no executor when `transport` is `http`. */
export const codexWs: ProviderPlugin<typeof codexOptionsSchema> = definePlugin({
  name: "codex-ws",
  provider: "codex",
  wire: "openai-responses",
  auth: codexAuth,
  options: codexOptionsSchema,
  models: codexModels,
  createExecutors: (options) => (options.transport === "http" ? [] : [createExecutor(options, {})]),
});
