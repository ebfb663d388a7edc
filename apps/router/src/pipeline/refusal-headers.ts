import type { IncomingMessage } from "node:http";
import type { AnyRouterError } from "@turnout/core";
import { acceptedCodings } from "./content-coding/content-codings.ts";

/** What a refusal over HTTP says in its head beside the words of the format. */
export function refusalHeaders(error: AnyRouterError, incoming: IncomingMessage): Record<string, string> {
  return {
    ...(error.code === "unsupported-media" ? { "accept-encoding": acceptedCodings } : {}),
    // A connection on which part of a request was left unread cannot serve the next one.
    ...(error.code === "too-large" || !incoming.complete ? { connection: "close" } : {}),
  };
}
