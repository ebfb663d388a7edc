import { RouterError } from "@turnout/core";
import type { Hono } from "hono";
import type { RequestTarget } from "../pipeline/exchange.ts";
import type { PipelineOptions } from "../pipeline/handle.ts";
import type { RouterEnvironment } from "../server/environment.ts";
import { answerForModel } from "./model-route.ts";

/**
 * `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent`, with `alt=sse` or as one JSON array. The Gen AI
 * SDK 3 asks under `/v1`. Names hold a slash, escaped or not.
 */
export function generateContentRoute(app: Hono<RouterEnvironment>, pipeline: PipelineOptions): void {
  for (const base of ["/v1beta", "/v1"]) {
    app.post(`${base}/models/:target{.+:.+}`, (context) => {
      const target = readTarget(context.req.param("target"), context.req.query("alt"));
      return answerForModel(context, target, pipeline);
    });
  }
}

function readTarget(target: string, alt: string | undefined): RequestTarget {
  const colon = target.lastIndexOf(":");
  const model = target.slice(0, colon);
  const method = target.slice(colon + 1);
  if (method === "generateContent") {
    return { wire: "gemini", address: { model, stream: false }, framing: "sse" };
  }
  if (method === "streamGenerateContent") {
    return { wire: "gemini", address: { model, stream: true }, framing: alt === "sse" ? "sse" : "json-array" };
  }
  throw new RouterError("not-found", `There is no method "${method}" of models`, {});
}
