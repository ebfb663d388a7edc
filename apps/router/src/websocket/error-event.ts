import type { AnyRouterError, JsonObject } from "@turnout/core";
import { getCodec } from "@turnout/translator";

/**
 * A failure as clients on a socket understand it. The Codex CLI sits out its idle timeout on an error without a numeric
 * `status`, and reads `retry-after` from `headers` (clients.md, rules 3 and 4).
 *
 * @param further - Headers beside those of the error.
 */
export function encodeErrorEvent(
  error: AnyRouterError,
  requestId: string,
  further: Readonly<Record<string, string>> = {},
): JsonObject {
  const { status, body, headers } = getCodec("openai-responses").encodeError(error, requestId);
  return { type: "error", status, ...body, headers: { ...further, ...headers } };
}
