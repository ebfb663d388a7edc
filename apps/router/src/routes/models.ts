import { createHash } from "node:crypto";
import type { WireFormat } from "@turnout/core";
import { RouterError } from "@turnout/core";
import type { Context, Hono } from "hono";
import type { ListedModel, Registry } from "../registry/registry.ts";
import { nodeHeaders, type RouterEnvironment } from "../server/environment.ts";
import { clientWire } from "../server/client-wire.ts";
import { codexBases } from "../server/responses-paths.ts";
import { codexCatalogue } from "./codex-catalogue.ts";

/**
 * `GET /v1/models`, `GET /v1beta/models` and one of them by `/{id}`, in the client's own shape. Ids hold a slash, escaped or
 * not. The Codex CLI asks with `client_version`, or below its base path, and has its catalogue in the same object.
 */
export function modelsRoute(app: Hono<RouterEnvironment>, registry: Registry): void {
  for (const base of ["/v1", "/v1beta"]) {
    app.get(`${base}/models`, (context) => {
      const wire = wireOf(context);
      const isCodex = wire === "openai-responses" && context.req.query("client_version") !== undefined;
      return answerWithList(context, isCodex ? codexList(registry) : listShapes[wire](registry.list()));
    });
    app.get(`${base}/models/:id{.+}`, (context) => {
      const model = findModel(registry, context.req.param("id"));
      return context.json(modelShapes[wireOf(context)](model));
    });
  }
  for (const base of codexBases) {
    app.get(`${base}/models`, (context) => answerWithList(context, codexList(registry)));
  }
}

/** Both lists in one object: each kind of client reads its own (clients.md, rule 11, seen with Codex CLI 0.169). */
function codexList(registry: Registry): Record<string, unknown> {
  return { ...openaiList(registry.list()), models: codexCatalogue(registry) };
}

/** With an `ETag`: clients keep a list for minutes and ask whether it is still the same. */
function answerWithList(context: Context<RouterEnvironment>, list: Record<string, unknown>): Response {
  const text = JSON.stringify(list);
  const tag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
  context.header("etag", tag);
  if (isKnown(context.req.header("if-none-match"), tag)) return context.body(null, 304);
  context.header("content-type", "application/json; charset=utf-8");
  return context.body(text);
}

/** Whether `if-none-match` names the tag, as a weak one or among others (RFC 9110, 13.1.2). */
function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((known) => known.trim() === "*" || known.trim().replace(/^W\//, "") === tag);
}

function wireOf(context: Context<RouterEnvironment>): WireFormat {
  return clientWire(context.req.path, nodeHeaders(context));
}

function findModel(registry: Registry, id: string): ListedModel {
  const { provider, upstreamModel } = registry.lookup(id);
  const listed = registry.list().find((model) => model.id === id);
  if (listed !== undefined) return listed;
  // A name that works but is not listed: a bare one, or a hidden model.
  const info = provider.models.get(upstreamModel);
  if (info === undefined) throw new RouterError("internal", `Model "${id}" has no entry`, {});
  return { id, provider: provider.name, info };
}

type Shape = (model: ListedModel) => Record<string, unknown>;
type ListShape = (models: readonly ListedModel[]) => Record<string, unknown>;

const openaiModel: Shape = ({ id, provider, info, aliasOf }) => ({
  id,
  object: "model",
  // The upstreams do not say when a model was made; the field is required by OpenAI's clients.
  created: 0,
  owned_by: provider,
  ...(info.displayName === undefined ? {} : { display_name: info.displayName }),
  ...(info.contextWindow === undefined ? {} : { context_window: info.contextWindow }),
  ...(info.maxOutputTokens === undefined ? {} : { max_output_tokens: info.maxOutputTokens }),
  ...(info.efforts === undefined ? {} : { reasoning_efforts: info.efforts }),
  ...(aliasOf === undefined ? {} : { alias_of: aliasOf }),
});

const anthropicModel: Shape = ({ id, info }) => ({
  type: "model",
  id,
  display_name: info.displayName ?? id,
  created_at: "1970-01-01T00:00:00Z",
});

const geminiModel: Shape = ({ id, info }) => ({
  name: `models/${id}`,
  displayName: info.displayName ?? id,
  supportedGenerationMethods: ["generateContent", "countTokens"],
  ...(info.contextWindow === undefined ? {} : { inputTokenLimit: info.contextWindow }),
  ...(info.maxOutputTokens === undefined ? {} : { outputTokenLimit: info.maxOutputTokens }),
});

const openaiList: ListShape = (models) => ({ object: "list", data: models.map(openaiModel) });

const anthropicList: ListShape = (models) => ({
  data: models.map(anthropicModel),
  has_more: false,
  first_id: models.at(0)?.id ?? null,
  last_id: models.at(-1)?.id ?? null,
});

const modelShapes: Readonly<Record<WireFormat, Shape>> = {
  "openai-chat": openaiModel,
  "openai-responses": openaiModel,
  "anthropic-messages": anthropicModel,
  gemini: geminiModel,
};

const listShapes: Readonly<Record<WireFormat, ListShape>> = {
  "openai-chat": openaiList,
  "openai-responses": openaiList,
  "anthropic-messages": anthropicList,
  gemini: (models) => ({ models: models.map(geminiModel) }),
};
