import type { WireFormat } from "@turnout/core";

import { anthropicMessagesAnswers, anthropicMessagesRequests } from "./anthropic-messages.ts";
import type { FieldFates } from "./fate-table.ts";
import { geminiAnswers, geminiRequests } from "./gemini.ts";
import { openaiChatAnswers, openaiChatRequests } from "./openai-chat.ts";
import { openaiResponsesAnswers, openaiResponsesRequests } from "./openai-responses.ts";

/** What becomes of every field of a format's requests and answers in the other formats. */
export interface FormatFates {
  readonly requests: readonly FieldFates[];
  readonly answers: readonly FieldFates[];
}

/** The declared fates, held true by `test/fates.test.ts`. */
export const fatesByFormat: Readonly<Record<WireFormat, FormatFates>> = {
  "openai-chat": { requests: openaiChatRequests, answers: openaiChatAnswers },
  "openai-responses": { requests: openaiResponsesRequests, answers: openaiResponsesAnswers },
  "anthropic-messages": { requests: anthropicMessagesRequests, answers: anthropicMessagesAnswers },
  gemini: { requests: geminiRequests, answers: geminiAnswers },
};
