import { isJsonObject, type JsonObject, RouterError } from "@turnout/core";
import { openaiChat } from "@turnout/translator";
import { createErrorReader, type ErrorReader } from "@turnout/upstream";

/** A 403 that is about the words and not about the key: OpenRouter's moderation and xAI's usage guidelines. */
const moderated = /"flagged_input"|input was flagged|content_policy_violation|violates usage guidelines/iu;

/** Understands refusals of servers that speak Chat Completions. */
export function createChatErrorReader(upstream: string): ErrorReader {
  const readError = createErrorReader("openai-chat", upstream);
  return (status, bodyText, headers, now) => {
    if (status !== 403 || !moderated.test(bodyText)) return readError(status, bodyText, headers, now);
    const { message, upstream: said } = openaiChat.decodeError(status, bodyText, headers);
    const options = said === undefined ? {} : { upstream: said };
    return new RouterError("content-refused", message, { upstreamCode: said?.code ?? "content_filter" }, options);
  };
}

/**
 * Understands an error told with status 200: OpenRouter does so once it has begun to work, and puts the status into
 * `error.code`.
 *
 * @returns undefined for an answer.
 */
export function readChatDocumentError(body: JsonObject, readError: ErrorReader): RouterError | undefined {
  const { error, choices } = body;
  if (choices !== undefined || error === undefined || error === null) return undefined;
  const code = Number(isJsonObject(error) ? error["code"] : undefined);
  const status = Number.isInteger(code) && code >= 400 && code < 600 ? code : 502;
  return readError(status, JSON.stringify(body), {}, 0);
}
