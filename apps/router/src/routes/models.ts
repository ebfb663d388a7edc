import { RouterError } from "@turnout/core";
import type { Hono } from "hono";
import type { ListedModel, Registry } from "../registry/registry.ts";
import type { RouterEnvironment } from "../router.ts";

/** `GET /v1/models` and `GET /v1/models/{id}` in OpenAI's shape. Ids hold a slash, escaped or not. */
export function modelsRoute(app: Hono<RouterEnvironment>, registry: Registry): void {
  app.get("/v1/models", (context) => context.json({ object: "list", data: registry.list().map(modelObject) }));
  app.get("/v1/models/:id{.+}", (context) => {
    const id = context.req.param("id");
    registry.lookup(id);
    const listed = registry.list().find((model) => model.id === id) ?? hiddenModel(registry, id);
    return context.json(modelObject(listed));
  });
}

/** A name that works but is not listed: a bare one, or a hidden model. */
function hiddenModel(registry: Registry, id: string): ListedModel {
  const { provider, upstreamModel } = registry.lookup(id);
  const info = provider.models.get(upstreamModel);
  if (info === undefined) throw new RouterError("internal", `Model "${id}" has no entry`, {});
  return { id, provider: provider.name, info };
}

function modelObject(model: ListedModel) {
  const { info } = model;
  return {
    id: model.id,
    object: "model",
    // The upstreams do not say when a model was made; the field is required by OpenAI's clients.
    created: 0,
    owned_by: model.provider,
    ...(info.displayName === undefined ? {} : { display_name: info.displayName }),
    ...(info.contextWindow === undefined ? {} : { context_window: info.contextWindow }),
    ...(info.maxOutputTokens === undefined ? {} : { max_output_tokens: info.maxOutputTokens }),
    ...(info.efforts === undefined ? {} : { reasoning_efforts: info.efforts }),
    ...(model.aliasOf === undefined ? {} : { alias_of: model.aliasOf }),
  };
}
