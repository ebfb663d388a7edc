import type { Hono } from "hono";
import type { PipelineOptions } from "../pipeline/handle.ts";
import type { RouterEnvironment } from "../server/environment.ts";
import { modelRoute } from "./model-route.ts";

/** `POST /v1/chat/completions`: OpenAI Chat Completions. */
export function chatCompletionsRoute(app: Hono<RouterEnvironment>, pipeline: PipelineOptions): void {
  modelRoute(app, "/v1/chat/completions", { wire: "openai-chat" }, pipeline);
}
