import { type Credential, definePlugin, type Executor, type ProviderPlugin } from "@turnout/core";
import { connectionHeaders, connectionSettings, createHttpExecutor, type HttpClient } from "@turnout/upstream";

import { prepareChatBody } from "./body.ts";
import { createChatErrorReader, readChatDocumentError } from "./error.ts";
import {
  chatServerOf,
  type OpenaiCompatibleOptions,
  type OpenaiCompatibleOptionsInput,
  openaiCompatibleOptionsSchema,
} from "./options.ts";

export interface OpenaiCompatibleDependencies {
  /** Default: a client of its own, closed with the executor. */
  readonly client?: HttpClient;
  /** Default: the preset's name, or `openai-compatible`. */
  readonly id?: string;
}

/** An empty secret is the credential of a server that needs none. */
function authorization({ secret }: Credential): Record<string, string> {
  return secret === "" ? {} : { authorization: `Bearer ${secret}` };
}

function createExecutor(options: OpenaiCompatibleOptions, dependencies: OpenaiCompatibleDependencies): Executor {
  const server = chatServerOf(options);
  const { dialect, baseUrl } = server;
  const id = dependencies.id ?? server.id;
  const readError = createChatErrorReader(`${id} at ${new URL(baseUrl).host}`);
  return createHttpExecutor({
    id,
    wire: "openai-chat",
    baseUrl,
    path: "/chat/completions",
    headers: (request, { credential }) => ({ ...authorization(credential), ...connectionHeaders(options, request) }),
    prepareBody: (request) => prepareChatBody(request, dialect),
    readError,
    readDocumentError: (body) => readChatDocumentError(body, readError),
    answersDocuments: true,
    responseHeaders: ["x-request-id", "x-ratelimit-*"],
    ...connectionSettings(options),
    ...(dependencies.client === undefined ? {} : { client: dependencies.client }),
  });
}

/**
 * An executor for a server that speaks Chat Completions.
 *
 * @param options - As a user writes them: a `preset`, a `baseUrl`, or both; see `openaiCompatibleOptionsSchema`.
 * @throws {ZodError} for options that cannot be used.
 * @example
 * ```ts
 * createOpenaiCompatible({ preset: "groq" });
 * createOpenaiCompatible({ baseUrl: "http://127.0.0.1:9000/v1", key: "none" });
 * ```
 */
export function createOpenaiCompatible(
  options: OpenaiCompatibleOptionsInput,
  dependencies: OpenaiCompatibleDependencies = {},
): Executor {
  return createExecutor(openaiCompatibleOptionsSchema.parse(options), dependencies);
}

/** The plugin. It knows no models: they are named under `models` in the config, for each server. */
export const openaiCompatible: ProviderPlugin<typeof openaiCompatibleOptionsSchema> = definePlugin({
  name: "openai-compatible",
  provider: "openai-compatible",
  wire: "openai-chat",
  auth: (options) => ({ kinds: ["api-key"], keyless: chatServerOf(options).keyless }),
  options: openaiCompatibleOptionsSchema,
  models: [],
  createExecutors: (options) => [createExecutor(options, {})],
});
