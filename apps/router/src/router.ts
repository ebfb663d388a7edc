import { RouterError } from "@turnout/core";
import { getCodec } from "@turnout/translator";
import type { Context } from "hono";
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { requestIdHeaders } from "./pipeline/exchange.ts";
import type { PipelineOptions } from "./pipeline/handle.ts";
import { chatCompletionsRoute } from "./routes/chat-completions.ts";
import { generateContentRoute } from "./routes/generate-content.ts";
import { healthRoute } from "./routes/health.ts";
import { messagesRoute } from "./routes/messages.ts";
import { modelsRoute } from "./routes/models.ts";
import { responsesRoute } from "./routes/responses.ts";
import { clientWire } from "./server/client-wire.ts";
import { nodeHeaders, type RouterEnvironment } from "./server/environment.ts";
import type { Guard } from "./server/guard.ts";
import { createRequestId } from "./server/request-id.ts";

export interface RouterOptions {
  readonly pipeline: PipelineOptions;
  readonly guard: Guard;
}

/**
 * The HTTP application. It does not listen. Routes that answer for a model need Node's request and response, so they are
 * served by a real server; the others also work with `app.request()`.
 */
export function createRouter(options: RouterOptions): Hono<RouterEnvironment> {
  const app = new Hono<RouterEnvironment>();
  app.use(async (context, next) => {
    const requestId = createRequestId(options.pipeline.runtime);
    context.set("requestId", requestId);
    // Answers of models write their own head; a `Headers` that nobody reads costs each of them several microseconds.
    if (context.req.method !== "POST") context.header("x-request-id", requestId);
    if (context.req.path !== "/health") options.guard.check(nodeHeaders(context), context.req.url);
    await next();
  });
  healthRoute(app);
  modelsRoute(app, options.pipeline.registry);
  chatCompletionsRoute(app, options.pipeline);
  responsesRoute(app, options.pipeline);
  messagesRoute(app, options.pipeline);
  generateContentRoute(app, options.pipeline);
  app.notFound((context) => {
    const error = new RouterError("not-found", `There is no ${context.req.method} ${context.req.path}`, {});
    return answerError(context, error, options.pipeline);
  });
  app.onError((error, context) => answerError(context, error, options.pipeline));
  return app;
}

/** An error outside the pipeline: a refused caller, an unknown route, a list that cannot be given. */
function answerError(context: Context<RouterEnvironment>, thrown: unknown, pipeline: PipelineOptions): Response {
  const error = RouterError.from(thrown);
  const requestId = context.get("requestId");
  const wire = clientWire(context.req.path, nodeHeaders(context));
  const { status, body, headers } = getCodec(wire).encodeError(error, requestId);
  const line = { requestId, method: context.req.method, path: context.req.path, status };
  if (error.code === "internal") pipeline.log.error({ ...line, stack: error.stack }, "request failed inside turnout");
  else pipeline.log.warn({ ...line, error: { code: error.code, message: error.message } }, "request refused");
  for (const [name, value] of Object.entries({ ...requestIdHeaders({ requestId, wire }), ...headers }))
    context.header(name, value);
  if (error.code === "method-not-allowed") context.header("allow", error.details.allow);
  return context.json(body, status as ContentfulStatusCode);
}
