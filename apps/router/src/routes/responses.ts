import type { Hono } from "hono";
import type { PipelineOptions } from "../pipeline/handle.ts";
import type { RouterEnvironment } from "../server/environment.ts";
import { modelRoute } from "./model-route.ts";

/** `POST /v1/responses`: OpenAI Responses over HTTP. */
export function responsesRoute(app: Hono<RouterEnvironment>, pipeline: PipelineOptions): void {
  modelRoute(app, "/v1/responses", "openai-responses", pipeline);
}
