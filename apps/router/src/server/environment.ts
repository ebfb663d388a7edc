import type { IncomingHttpHeaders } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";

/** What Hono carries along: Node's request and response, and the request id. */
export interface RouterEnvironment {
  Bindings: HttpBindings;
  Variables: { requestId: string };
}

/** The headers as Node gives them; `app.request()` has no Node request. */
export function nodeHeaders(context: Context<RouterEnvironment>): IncomingHttpHeaders {
  return context.env.incoming?.headers ?? context.req.header();
}
