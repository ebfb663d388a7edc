import type { Hono } from "hono";
import type { RouterEnvironment } from "../server/environment.ts";

/** `GET /health`: the process is up. Says nothing of accounts, and needs no key. */
export function healthRoute(app: Hono<RouterEnvironment>): void {
  app.get("/health", (context) => context.json({ status: "ok" }));
}
