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
  createTurnStates,
  isCodexPrivate,
  isCodexTerminal,
  isLiteRequest,
  prepareCodexBody,
  readCodexErrorEvent,
  readCodexRefusal,
  type TurnStates,
  turnStateHeader,
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

function prepareFrame(
  options: CodexOptions,
  turnStates: TurnStates,
  request: WireRequest,
  context: ExecuteContext,
): Translated<JsonObject> {
  const { value, report } = prepareCodexBody(request.body, {
    transport: "ws",
    rules: codexRulesFor(options, context.credential),
    sessionId: codexSession(request).sessionId,
    lite: isLiteRequest(request),
    isOwnTurnState: (state) => turnStates.isOf(state, context.credential.accountKey),
  });
  // `type` first, as the backend's own client writes it.
  return { value: { type: "response.create", ...value, stream: true }, report };
}

function createExecutor(options: CodexOptions, dependencies: CodexWsDependencies): Executor {
  const turnStates = createTurnStates();
  const executor = createWebSocketExecutor(
    {
      id: "codex-ws",
      wire: "openai-responses",
      baseUrl: options.baseUrl,
      baseUrlFor: (credential) => codexBaseUrlFor(options, credential),
      path: options.socketPath,
      headers: (request, context) => codexSocketHeaders(options, turnStates, request, context),
      prepareFrame: (request, context) => prepareFrame(options, turnStates, request, context),
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
  return {
    ...executor,
    execute: async (request, context) => {
      const response = await executor.execute(request, context);
      turnStates.remember(response.meta.headers[turnStateHeader], context.credential.accountKey);
      return response;
    },
  };
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
