import { RouterError, type WireFormat } from "@turnout/core";

import { anthropicMessages } from "./anthropic-messages/index.ts";
import type { Codec } from "./codec.ts";
import { gemini } from "./gemini/index.ts";
import { openaiChat } from "./openai-chat/index.ts";
import { openaiResponses } from "./openai-responses/index.ts";

/** The codecs that exist. A new format is one line here. */
export const codecs: Readonly<Partial<Record<WireFormat, Codec>>> = {
  "openai-chat": openaiChat,
  "openai-responses": openaiResponses,
  "anthropic-messages": anthropicMessages,
  gemini,
};

/**
 * The codec of `wire`.
 *
 * @throws {RouterError} `internal` when none is written yet.
 */
export function getCodec(wire: WireFormat): Codec {
  const codec = codecs[wire];
  if (codec === undefined) throw new RouterError("internal", `Cannot translate: no codec for ${wire} exists`, {});
  return codec;
}
