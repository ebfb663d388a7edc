import { type ExecuteContext, type JsonObject, RouterError } from "@turnout/core";

import { defaultLimits } from "../answer/limits.ts";
import type { HeaderMap } from "../connection/retry-after.ts";
import type { HttpClient } from "./http-client.ts";
import { HttpExchange } from "./http-exchange.ts";

export interface DocumentRequest {
  readonly url: string;
  readonly headers: HeaderMap;
  /** Named in errors. */
  readonly upstream: string;
  /** Milliseconds for all of it. */
  readonly timeoutMs: number;
  /** Understands a refusal. */
  readError(status: number, bodyText: string, headers: HeaderMap, now: number): RouterError;
}

/** More than anything an upstream has to tell about an account. */
const maxDocumentBytes = 1024 * 1024;

/**
 * Gets one JSON object from an upstream, without a body and without a second try.
 *
 * @throws {RouterError} `upstream-unavailable`, `upstream-timeout`, `upstream-malformed` when it is no JSON object or larger
 *   than 1 MiB, the signal's reason, and what `readError` makes of a refusal.
 */
export async function readDocument(
  client: HttpClient,
  { url, headers, upstream, timeoutMs, readError }: DocumentRequest,
  context: Pick<ExecuteContext, "credential" | "signal" | "runtime">,
): Promise<JsonObject> {
  const { origin, pathname, search } = new URL(url);
  const limits = { ...defaultLimits, maxDocumentBytes, firstEventTimeoutMs: timeoutMs };
  const setup = {
    answer: { upstream, limits, isTerminal: () => false },
    sniffsType: false,
    matchesHeader: () => false,
    readError,
  };
  const exchange = new HttpExchange(setup, {
    context: { ...context, requestId: context.runtime.uuid() },
    report: undefined,
    reader: undefined,
    onOver: () => {},
  });
  const response = await exchange.start(client, { origin, path: pathname + search, method: "GET", headers });
  if (response.kind === "document") return response.body;
  await response.events[Symbol.asyncIterator]().return?.();
  throw new RouterError("upstream-malformed", `Cannot read answer of ${upstream}: it is no JSON document`, {
    excerpt: "",
  });
}
