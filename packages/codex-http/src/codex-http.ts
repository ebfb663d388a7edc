import {
  codexAuth,
  codexBaseUrlFor,
  codexHttpHeaders,
  codexLimits,
  codexModels,
  type CodexOptions,
  type CodexOptionsInput,
  codexOptionsSchema,
  codexResponseHeaders,
  codexRulesFor,
  codexSession,
  createTurnStates,
  isCodexTerminal,
  isLiteRequest,
  prepareCodexBody,
  readCodexError,
  turnStateHeader,
} from "@turnout/codex";
import { definePlugin, type Executor, type ProviderPlugin } from "@turnout/core";
import { createHttpClient, createHttpExecutor, type HttpClient } from "@turnout/upstream";

export interface CodexHttpDependencies {
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
  const turnStates = createTurnStates();
  const executor = createHttpExecutor({
    id: "codex-http",
    wire: "openai-responses",
    baseUrl: options.baseUrl,
    baseUrlFor: (credential) => codexBaseUrlFor(options, credential),
    path: "/responses",
    headers: (request, context) => codexHttpHeaders(options, turnStates, request, context),
    prepareBody: (request, context) =>
      prepareCodexBody(request.body, {
        transport: "http",
        rules: codexRulesFor(options, context.credential),
        sessionId: codexSession(request).sessionId,
        lite: isLiteRequest(request),
        isOwnTurnState: (state) => turnStates.isOf(state, context.credential.accountKey),
      }),
    readError: readCodexError,
    isTerminal: isCodexTerminal,
    responseHeaders: codexResponseHeaders,
    limits: codexLimits(options),
    client,
  });
  return {
    ...executor,
    execute: async (request, context) => {
      const response = await executor.execute(request, context);
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
  createExecutors: (options) => (options.transport === "ws" ? [] : [createExecutor(options, {})]),
});
