import { RouterError } from "@turnout/core";
import type { Hono } from "hono";
import type { RequestTarget } from "../pipeline/exchange.ts";
import type { PipelineOptions } from "../pipeline/handle.ts";
import type { RouterEnvironment } from "../server/environment.ts";
import { answerForModel, answerWithCount } from "./model-route.ts";

/**
 * `POST /v1beta/models/{model}:generateContent`, `:streamGenerateContent` with `alt=sse` or as one JSON array, and
 * `:countTokens`. The Gen AI SDK 3 asks under `/v1`. Names hold a slash, escaped or not.
 */
export function generateContentRoute(app: Hono<RouterEnvironment>, pipeline: PipelineOptions): void {
  for (const base of ["/v1beta", "/v1"]) {
    app.post(`${base}/:target{.+:.+}`, (context) => {
      const { method, target } = readTarget(context.req.param("target"), context.req.query("alt"));
      const answer = method === "countTokens" ? answerWithCount : answerForModel;
      return answer(context, target, pipeline);
    });
  }
}

function readTarget(text: string, alt: string | undefined): { method: string; target: RequestTarget } {
  const colon = text.lastIndexOf(":");
  // The AI SDK takes a name with a slash for a path of its own and leaves `models/` out.
  const model = text.slice(0, colon).replace(/^models\//, "");
  const method = text.slice(colon + 1);
  if (method === "generateContent" || method === "countTokens") {
    return { method, target: { wire: "gemini", address: { model, stream: false }, framing: "sse" } };
  }
  if (method === "streamGenerateContent") {
    const framing = alt === "sse" ? "sse" : "json-array";
    return { method, target: { wire: "gemini", address: { model, stream: true }, framing } };
  }
  throw new RouterError("not-found", `There is no method "${method}" of models`, {});
}
