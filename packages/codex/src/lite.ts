import { isJsonObject, type WireRequest } from "@turnout/core";

/** The marker of a request in the form of Responses-Lite: a header over HTTP. */
export const liteHeader = "x-openai-internal-codex-responses-lite";

/** The same marker in a WebSocket frame: a key of `client_metadata`. In the wrong place it is refused. */
export const liteMetadataKey = `ws_request_header_${liteHeader.replaceAll("-", "_")}`;

/** True when the client marked its request as one for a Lite model, in whichever place. */
export function isLiteRequest(request: WireRequest): boolean {
  if (request.session?.headers?.[liteHeader]?.toLowerCase() === "true") return true;
  const metadata = request.body["client_metadata"];
  return isJsonObject(metadata) && metadata[liteMetadataKey] === "true";
}
