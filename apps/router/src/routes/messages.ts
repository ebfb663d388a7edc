import type { Hono } from "hono";
import type { PipelineOptions } from "../pipeline/handle.ts";
import type { RouterEnvironment } from "../server/environment.ts";
import { modelRoute } from "./model-route.ts";

/** `POST /v1/messages`: Anthropic Messages, streamed or not. */
export function messagesRoute(app: Hono<RouterEnvironment>, pipeline: PipelineOptions): void {
  modelRoute(app, "/v1/messages", "anthropic-messages", pipeline);
}
