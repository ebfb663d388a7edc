import type { ClientConnection } from "../server/client-connection.ts";
import { type Exchange, requestIdHeaders } from "./exchange.ts";

/** Answers an HTTP request with one JSON document. */
export function sendJson(
  exchange: Pick<Exchange, "requestId" | "wire"> & { readonly client: ClientConnection },
  status: number,
  headers: Readonly<Record<string, string>>,
  body: unknown,
): void {
  const text = JSON.stringify(body);
  exchange.client.sendHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": String(Buffer.byteLength(text)),
    ...requestIdHeaders(exchange),
    ...headers,
  });
  exchange.client.end(text);
}
