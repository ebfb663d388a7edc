import {
  codexAuth,
  codexBaseUrlFor,
  type CodexCommons,
  codexCommons,
  codexLimits,
  codexModels,
  type CodexOptions,
  type CodexOptionsInput,
  codexOptionsSchema,
  codexQuotaNotice,
  codexResponseHeaders,
  codexRoutingHint,
  codexRulesFor,
  codexSession,
  codexSocketHeaders,
  isCodexPrivate,
  isCodexTerminal,
  isLiteRequest,
  prepareCodexBody,
  readCodexErrorEvent,
  readCodexRefusal,
  tellCodexQuotas,
  turnStateHeader,
  turnStateNotices,
} from "@turnout/codex";
import {
  type Commons,
  createCommons,
  definePlugin,
  type ExecuteContext,
  type Executor,
  type JsonObject,
  type ProviderPlugin,
  type Runtime,
  systemRuntime,
  type Translated,
  type WireRequest,
} from "@turnout/core";
import { createWebSocketExecutor, sessionLimitsOf, type WebSocketExecutorDependencies } from "@turnout/upstream";

export interface CodexWsDependencies extends WebSocketExecutorDependencies {
  /** Default: the real one. */
  readonly runtime?: Runtime;
  /** What it knows together with other executors of its provider. Default: nothing. */
  readonly commons?: Commons;
}

function prepareFrame(
  options: CodexOptions,
  { turnStates }: CodexCommons,
  request: WireRequest,
  context: ExecuteContext,
): Translated<JsonObject> {
  const isOwnTurnState = (state: string) => turnStates.isOf(state, context.credential.accountKey);
  const { value, report } = prepareCodexBody(request.body, {
    transport: "ws",
    rules: codexRulesFor(options, context.credential),
    sessionId: codexSession(request).sessionId,
    lite: isLiteRequest(request),
    turnState: request.session?.headers?.[turnStateHeader],
    isOwnTurnState,
  });
  const isWarmUp = request.operation === "warm-up";
  // `type` first, as the backend's own client writes it.
  return { value: { type: "response.create", ...value, stream: true, ...(isWarmUp && { generate: false }) }, report };
}

/** Fixed by the handshake: a request for another model, or in another tier, must not travel under it. */
function socketIdentity(request: WireRequest): string {
  return request.session?.headers?.["x-codex-routing-hint"] === undefined ? "" : codexRoutingHint(request);
}

function createExecutor(options: CodexOptions, dependencies: CodexWsDependencies): Executor {
  const { runtime = systemRuntime, commons = createCommons() } = dependencies;
  const common = codexCommons(options, runtime, commons);
  const { turnStates } = common;
  const executor = createWebSocketExecutor(
    {
      id: "codex-ws",
      wire: "openai-responses",
      operations: ["warm-up"],
      baseUrl: options.baseUrl,
      baseUrlFor: (credential) => codexBaseUrlFor(options, credential),
      path: options.socketPath,
      headers: (request, context) => codexSocketHeaders(options, turnStates, request, context),
      prepareFrame: (request, context) => prepareFrame(options, common, request, context),
      readRefusal: readCodexRefusal,
      readErrorEvent: readCodexErrorEvent,
      isTerminal: isCodexTerminal,
      isPrivate: isCodexPrivate,
      notices: [codexQuotaNotice, ...turnStateNotices(turnStates)],
      responseHeaders: codexResponseHeaders,
      limits: codexLimits(options),
      maxFrameBytes: options.maxFrameBytes,
      sessionLimits: sessionLimitsOf(options),
      reusesSockets: options.sessions.reuse,
      warmsUp: options.sessions.warmUp,
      whenSpaced: options.transport === "ws" ? "wait" : "refuse",
      socketIdentity,
      continuation: common.conversations,
      ...(options.proxyUrl === undefined ? {} : { proxyUrl: options.proxyUrl }),
    },
    dependencies,
  );
  return {
    ...executor,
    execute: async (request, context) => {
      const response = await executor.execute(request, context);
      tellCodexQuotas(response, context);
      turnStates.remember(response.meta.headers[turnStateHeader], context.credential.accountKey);
      return response;
    },
  };
}

/**
 * An executor for Codex over WebSocket: sockets stay open, and a request that goes on from an earlier one carries only what is
 * new.
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
  createExecutors: (options, runtime, commons) =>
    options.transport === "http" ? [] : [createExecutor(options, { runtime, ...(commons && { commons }) })],
});
