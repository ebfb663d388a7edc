import type { Hono } from "hono";
import type { PipelineOptions } from "../pipeline/handle.ts";
import type { RouterEnvironment } from "../server/environment.ts";
import { answerWithCount, modelRoute } from "./model-route.ts";

/** `POST /v1/messages`: Anthropic Messages, streamed or not; and `/v1/messages/count_tokens`. */
export function messagesRoute(app: Hono<RouterEnvironment>, pipeline: PipelineOptions): void {
  app.post("/v1/messages/count_tokens", (context) =>
    answerWithCount(context, { wire: "anthropic-messages", framing: "sse" }, pipeline),
  );
  modelRoute(app, "/v1/messages", { wire: "anthropic-messages" }, pipeline);
}
