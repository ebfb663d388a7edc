import type { Hono } from "hono";
import type { PipelineOptions } from "../pipeline/handle.ts";
import type { RouterEnvironment } from "../server/environment.ts";
import { responsesPaths } from "../server/responses-paths.ts";
import { modelRoute } from "./model-route.ts";

/**
 * `POST /v1/responses` and below the Codex base paths: OpenAI Responses over HTTP; with `/compact`,
 * a shorter history of a conversation, from upstreams that make one.
 */
export function responsesRoute(app: Hono<RouterEnvironment>, pipeline: PipelineOptions): void {
  const wire = "openai-responses";
  for (const path of responsesPaths) {
    modelRoute(app, path, { wire }, pipeline);
    modelRoute(app, `${path}/compact`, { wire, operation: "compact" }, pipeline);
  }
}
