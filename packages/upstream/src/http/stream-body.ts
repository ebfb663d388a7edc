import { isJsonObject, type JsonObject, type Translated, type WireRequest } from "@turnout/core";

const nothingLost = { approximated: [], dropped: [] } as const;

/** A body that lost nothing on the way. */
export function lossless(value: JsonObject): Translated<JsonObject> {
  return { value, report: nothingLost };
}

/** The body whose `stream` says what the request says; the same body when it does already. */
export function withStreamFlag(request: WireRequest): JsonObject {
  const { body, stream } = request;
  return (body["stream"] ?? false) === stream ? body : { ...body, stream };
}

/**
 * The same for Chat Completions: a stream is asked for its usage, which it else keeps to itself, and a document must not
 * have `stream_options`, which is refused there.
 */
export function withChatStreamFlag(request: WireRequest): JsonObject {
  const body = withStreamFlag(request);
  const options = body["stream_options"];
  if (!request.stream) {
    if (options === undefined || body === request.body) return body;
    const { stream_options: _, ...rest } = body;
    return rest;
  }
  const given = isJsonObject(options) ? options : {};
  return given["include_usage"] === true ? body : { ...body, stream_options: { ...given, include_usage: true } };
}
