import { definePlugin, type Executor, type ProviderPlugin } from "@turnout/core";
import { connectionSettings, createHttpExecutor, type HttpClient, lossless, withStreamFlag } from "@turnout/upstream";

import { anthropicHeaders, anthropicResponseHeaders } from "./headers.ts";
import { anthropicModels } from "./models.ts";
import { type AnthropicOptions, type AnthropicOptionsInput, anthropicOptionsSchema } from "./options.ts";

export interface AnthropicDependencies {
  /** Default: a client of its own, closed with the executor. */
  readonly client?: HttpClient;
}

function createExecutor(options: AnthropicOptions, dependencies: AnthropicDependencies): Executor {
  return createHttpExecutor({
    id: "anthropic",
    wire: "anthropic-messages",
    baseUrl: options.baseUrl,
    operations: ["count-tokens"],
    path: ({ operation }) => (operation === "count-tokens" ? "/v1/messages/count_tokens" : "/v1/messages"),
    headers: (request, context) => anthropicHeaders(options, request, context),
    // Counting knows no `stream`.
    prepareBody: (request) => lossless(request.operation === "count-tokens" ? request.body : withStreamFlag(request)),
    answersDocuments: true,
    responseHeaders: anthropicResponseHeaders,
    ...connectionSettings(options),
    ...dependencies,
  });
}

/**
 * An executor for the Messages API of Anthropic. The body goes as it is; a request without stream goes up as one and is
 * answered with one document.
 *
 * @param options - As a user writes them; see `anthropicOptionsSchema`.
 * @throws {ZodError} for options that cannot be used.
 */
export function createAnthropic(
  options: AnthropicOptionsInput = {},
  dependencies: AnthropicDependencies = {},
): Executor {
  return createExecutor(anthropicOptionsSchema.parse(options), dependencies);
}

/** The plugin of provider `anthropic`. */
export const anthropic: ProviderPlugin<typeof anthropicOptionsSchema> = definePlugin({
  name: "anthropic",
  provider: "anthropic",
  wire: "anthropic-messages",
  auth: () => ({ kinds: ["api-key", "oauth"] }),
  options: anthropicOptionsSchema,
  models: anthropicModels,
  createExecutors: (options) => [createExecutor(options, {})],
});
