import {
  definePlugin,
  type ExecuteContext,
  type Executor,
  type JsonObject,
  type ProviderPlugin,
  type WireRequest,
} from "@turnout/core";
import {
  connectionHeaders,
  connectionSettings,
  createHttpExecutor,
  type HeaderMap,
  type HttpClient,
  lossless,
} from "@turnout/upstream";

import { geminiModels } from "./models.ts";
import { type GeminiOptions, type GeminiOptionsInput, geminiOptionsSchema } from "./options.ts";

export interface GeminiDependencies {
  /** Default: a client of its own, closed with the executor. */
  readonly client?: HttpClient;
}

/** Names of Google's API have their collection in front; a bare name is one of `models`. */
const collection = /^(models|tunedModels)\/(.+)$/u;

/** Model and stream are in the path. Nothing in a model's name can lead elsewhere: it is one escaped segment. */
function pathOf(apiVersion: string, request: WireRequest): string {
  const { model } = request;
  const [, parent = "models", name = model] = collection.exec(model) ?? [];
  const method = methodOf(request);
  return `/${apiVersion}/${parent}/${encodeURIComponent(name)}:${method}`;
}

function methodOf({ operation, stream }: WireRequest): string {
  if (operation === "count-tokens") return "countTokens";
  return stream ? "streamGenerateContent?alt=sse" : "generateContent";
}

/** The body without what other formats keep in it and Gemini in the path. */
function bodyOf({ body }: WireRequest): JsonObject {
  if (body["model"] === undefined && body["stream"] === undefined) return body;
  const { model: _, stream: __, ...rest } = body;
  return rest;
}

function headersOf(options: GeminiOptions, request: WireRequest, { credential }: ExecuteContext): HeaderMap {
  const { kind, secret } = credential;
  return {
    ...(kind === "api-key" ? { "x-goog-api-key": secret } : { authorization: `Bearer ${secret}` }),
    ...connectionHeaders(options, request),
  };
}

function createExecutor(options: GeminiOptions, dependencies: GeminiDependencies): Executor {
  return createHttpExecutor({
    id: "gemini",
    wire: "gemini",
    baseUrl: options.baseUrl,
    operations: ["count-tokens"],
    path: (request) => pathOf(options.apiVersion, request),
    headers: (request, context) => headersOf(options, request, context),
    prepareBody: (request) => lossless(bodyOf(request)),
    answersDocuments: true,
    ...connectionSettings(options),
    ...dependencies,
  });
}

/**
 * An executor for Google's Gemini API: `generateContent`, and `streamGenerateContent` with Server-Sent Events.
 *
 * @param options - As a user writes them; see `geminiOptionsSchema`.
 * @throws {ZodError} for options that cannot be used.
 */
export function createGemini(options: GeminiOptionsInput = {}, dependencies: GeminiDependencies = {}): Executor {
  return createExecutor(geminiOptionsSchema.parse(options), dependencies);
}

/** The plugin of provider `gemini`. */
export const gemini: ProviderPlugin<typeof geminiOptionsSchema> = definePlugin({
  name: "gemini",
  provider: "gemini",
  wire: "gemini",
  auth: () => ({ kinds: ["api-key", "oauth"] }),
  options: geminiOptionsSchema,
  models: geminiModels,
  createExecutors: (options) => [createExecutor(options, {})],
});
