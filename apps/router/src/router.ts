import type { HttpBindings } from "@hono/node-server";
import { RouterError } from "@turnout/core";
import { getCodec } from "@turnout/translator";
import type { Context } from "hono";
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { PipelineOptions } from "./pipeline/handle.ts";
import { chatCompletionsRoute } from "./routes/chat-completions.ts";
import { healthRoute } from "./routes/health.ts";
import { modelsRoute } from "./routes/models.ts";
import { responsesRoute } from "./routes/responses.ts";
import type { Guard } from "./server/guard.ts";

/** What Hono carries along: Node's request and response, and the request id. */
export interface RouterEnvironment {
  Bindings: HttpBindings;
  Variables: { requestId: string };
}

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
    const requestId = `req_${options.pipeline.runtime.uuid().replaceAll("-", "")}`;
    context.set("requestId", requestId);
    context.header("x-request-id", requestId);
    if (context.req.path !== "/health") options.guard.check(headersOf(context), context.req.url);
    await next();
  });
  healthRoute(app);
  modelsRoute(app, options.pipeline.registry);
  chatCompletionsRoute(app, options.pipeline);
  responsesRoute(app, options.pipeline);
  app.notFound((context) => {
    const error = new RouterError("not-found", `There is no ${context.req.method} ${context.req.path}`, {});
    return answerError(context, error, options.pipeline);
  });
  app.onError((error, context) => answerError(context, error, options.pipeline));
  return app;
}

function headersOf(context: Context<RouterEnvironment>) {
  // `app.request()` has no Node request.
  return context.env.incoming?.headers ?? context.req.header();
}

/** An error outside the pipeline: a refused caller, an unknown route, a list that cannot be given. */
function answerError(context: Context<RouterEnvironment>, thrown: unknown, pipeline: PipelineOptions): Response {
  const error = RouterError.from(thrown);
  const requestId = context.get("requestId");
  const { status, body, headers } = getCodec("openai-responses").encodeError(error, requestId);
  const line = { requestId, method: context.req.method, path: context.req.path, status };
  if (error.code === "internal") pipeline.log.error({ ...line, stack: error.stack }, "request failed inside turnout");
  else pipeline.log.warn({ ...line, error: { code: error.code, message: error.message } }, "request refused");
  for (const [name, value] of Object.entries(headers)) context.header(name, value);
  if (error.code === "method-not-allowed") context.header("allow", error.details.allow);
  return context.json(body, status as ContentfulStatusCode);
}
