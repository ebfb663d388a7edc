import { definePlugin, type Executor, type ProviderPlugin } from "@turnout/core";
import { connectionSettings, createHttpExecutor, type HttpClient, withChatStreamFlag } from "@turnout/upstream";

import { openaiAuth } from "./authentication.ts";
import { fitToModel } from "./chat-body.ts";
import { openaiHeaders, openaiResponseHeaders } from "./headers.ts";
import { openaiModels } from "./models.ts";
import { type OpenaiOptions, type OpenaiOptionsInput, openaiOptionsSchema } from "./options.ts";

export interface OpenaiHttpDependencies {
  /** Default: a client of its own, closed with the executor. */
  readonly client?: HttpClient;
}

function createExecutor(options: OpenaiOptions, dependencies: OpenaiHttpDependencies): Executor {
  return createHttpExecutor({
    id: "openai-chat",
    wire: "openai-chat",
    baseUrl: options.baseUrl,
    path: "/chat/completions",
    headers: (request, context) => openaiHeaders(options, request, context),
    prepareBody: (request) => fitToModel(request.model, withChatStreamFlag(request)),
    answersDocuments: true,
    responseHeaders: openaiResponseHeaders,
    ...connectionSettings(options),
    ...dependencies,
  });
}

/**
 * An executor for Chat Completions of the OpenAI API. Streams are always asked for their usage; a request without stream
 * goes up as one and is answered with one document.
 *
 * @param options - As a user writes them; see `openaiOptionsSchema`.
 * @throws {ZodError} for options that cannot be used.
 */
export function createOpenaiChat(
  options: OpenaiOptionsInput = {},
  dependencies: OpenaiHttpDependencies = {},
): Executor {
  return createExecutor(openaiOptionsSchema.parse(options), dependencies);
}

/** The plugin: an executor when `api` is `chat`. */
export const openaiChat: ProviderPlugin<typeof openaiOptionsSchema> = definePlugin({
  name: "openai-chat",
  provider: "openai",
  wire: "openai-chat",
  auth: () => openaiAuth,
  options: openaiOptionsSchema,
  models: openaiModels,
  createExecutors: (options) => (options.api === "chat" ? [createExecutor(options, {})] : []),
});
