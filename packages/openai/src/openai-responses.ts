import { definePlugin, type Executor, type JsonObject, type ProviderPlugin, type WireRequest } from "@turnout/core";
import { connectionSettings, createHttpExecutor, lossless, withStreamFlag } from "@turnout/upstream";

import { openaiAuth } from "./authentication.ts";
import { openaiHeaders, openaiResponseHeaders } from "./headers.ts";
import { openaiModels } from "./models.ts";
import type { OpenaiHttpDependencies } from "./openai-chat.ts";
import { type OpenaiOptions, type OpenaiOptionsInput, openaiOptionsSchema } from "./options.ts";

function createExecutor(options: OpenaiOptions, dependencies: OpenaiHttpDependencies): Executor {
  const executor = createHttpExecutor({
    id: "openai-responses",
    wire: "openai-responses",
    baseUrl: options.baseUrl,
    operations: ["compact"],
    path: ({ operation }) => (operation === "compact" ? "/responses/compact" : "/responses"),
    headers: (request, context) => openaiHeaders(options, request, context),
    prepareBody: (request) => lossless(request.operation === "compact" ? unstreamed(request) : withStreamFlag(request)),
    answersDocuments: true,
    responseHeaders: openaiResponseHeaders,
    ...connectionSettings(options),
    ...dependencies,
  });
  return { ...executor, keepsResponses: true };
}

/** A history is no stream, and the API refuses fields it does not know. */
function unstreamed({ body }: WireRequest): JsonObject {
  const { stream: _stream, ...rest } = body;
  return rest;
}

/**
 * An executor for the Responses API of OpenAI over HTTP. The body goes as it is; a request without stream goes up as one and
 * is answered with one document.
 *
 * @param options - As a user writes them; see `openaiOptionsSchema`.
 * @throws {ZodError} for options that cannot be used.
 */
export function createOpenaiResponses(
  options: OpenaiOptionsInput = {},
  dependencies: OpenaiHttpDependencies = {},
): Executor {
  return createExecutor(openaiOptionsSchema.parse(options), dependencies);
}

/** The plugin: no executor when `api` is `chat` or `transport` is `ws`. */
export const openaiResponses: ProviderPlugin<typeof openaiOptionsSchema> = definePlugin({
  name: "openai-responses",
  provider: "openai",
  wire: "openai-responses",
  auth: () => openaiAuth,
  options: openaiOptionsSchema,
  models: openaiModels,
  createExecutors: (options) =>
    options.api === "chat" || options.transport === "ws" ? [] : [createExecutor(options, {})],
});
