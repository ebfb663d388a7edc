import {
  codexAuth,
  codexBaseUrlFor,
  codexCommons,
  codexHttpHeaders,
  codexLimits,
  codexModels,
  type CodexOptions,
  type CodexOptionsInput,
  codexOptionsSchema,
  codexQuotaNotice,
  codexResponseHeaders,
  codexRulesFor,
  codexSession,
  createCodexQuotaReader,
  isCodexTerminal,
  isLiteRequest,
  prepareCodexBody,
  prepareCodexCompactBody,
  readCodexError,
  tellCodexQuotas,
  turnStateHeader,
  turnStateNotices,
} from "@turnout/codex";
import {
  type Commons,
  createCommons,
  definePlugin,
  type Executor,
  type ProviderPlugin,
  type Runtime,
  systemRuntime,
} from "@turnout/core";
import { createHttpClient, createHttpExecutor, type HttpClient } from "@turnout/upstream";

export interface CodexHttpDependencies {
  /** Default: the real one. */
  readonly runtime?: Runtime;
  /** What it knows together with other executors of its provider. Default: nothing. */
  readonly commons?: Commons;
  /** Default: a client of its own, closed with the executor. */
  readonly client?: HttpClient;
}

function createExecutor(options: CodexOptions, dependencies: CodexHttpDependencies): Executor {
  const client =
    dependencies.client ??
    createHttpClient({
      maxConnections: options.maxConnections,
      connectTimeoutMs: options.connectTimeoutMs,
      ...(options.proxyUrl === undefined ? {} : { proxyUrl: options.proxyUrl }),
    });
  const { runtime = systemRuntime, commons = createCommons() } = dependencies;
  const { conversations, turnStates } = codexCommons(options, runtime, commons);
  const executor = createHttpExecutor({
    id: "codex-http",
    wire: "openai-responses",
    baseUrl: options.baseUrl,
    baseUrlFor: (credential) => codexBaseUrlFor(options, credential),
    operations: ["compact"],
    path: ({ operation }) => (operation === "compact" ? "/responses/compact" : "/responses"),
    headers: (request, context) => codexHttpHeaders(options, turnStates, request, context),
    prepareBody: (request, context) => {
      const prepare = request.operation === "compact" ? prepareCodexCompactBody : prepareCodexBody;
      return prepare(request.body, {
        transport: "http",
        rules: codexRulesFor(options, context.credential),
        sessionId: codexSession(request).sessionId,
        lite: isLiteRequest(request),
        isOwnTurnState: (state) => turnStates.isOf(state, context.credential.accountKey),
      });
    },
    readError: readCodexError,
    isTerminal: isCodexTerminal,
    notices: [codexQuotaNotice, ...turnStateNotices(turnStates)],
    responseHeaders: codexResponseHeaders,
    limits: codexLimits(options),
    conversations,
    client,
  });
  return {
    ...executor,
    execute: async (request, context) => {
      const response = await executor.execute(request, context);
      tellCodexQuotas(response, context);
      turnStates.remember(response.meta.headers[turnStateHeader], context.credential.accountKey);
      return response;
    },
    close: async () => {
      if (dependencies.client === undefined) await client.close();
    },
  };
}

/**
 * An executor for Codex over HTTP with Server-Sent Events. The upstream always streams, whatever the client asked for.
 *
 * @param options - As a user writes them; see `codexOptionsSchema`.
 * @throws {ZodError} for options that cannot be used.
 */
export function createCodexHttp(options: CodexOptionsInput = {}, dependencies: CodexHttpDependencies = {}): Executor {
  return createExecutor(codexOptionsSchema.parse(options), dependencies);
}

/** The plugin: no executor when `transport` is `ws`. */
export const codexHttp: ProviderPlugin<typeof codexOptionsSchema> = definePlugin({
  name: "codex-http",
  provider: "codex",
  wire: "openai-responses",
  auth: codexAuth,
  options: codexOptionsSchema,
  models: codexModels,
  createExecutors: (options, runtime, commons) =>
    options.transport === "ws" ? [] : [createExecutor(options, { runtime, ...(commons && { commons }) })],
  createQuotaReader: createCodexQuotaReader,
});
