import { messagesAnswers, messagesRequests } from "./anthropic-messages-samples.ts";
import { geminiAnswers, geminiRequests } from "./gemini-samples.ts";
import { chatAnswers, chatRequests } from "./openai-chat-samples.ts";
import { responsesAnswers, responsesRequests } from "./openai-responses-samples.ts";

/** Documents that hold every declared field of each format. */
export const samples = {
  "openai-chat": { requests: chatRequests, answers: chatAnswers },
  "openai-responses": { requests: responsesRequests, answers: responsesAnswers },
  "anthropic-messages": { requests: messagesRequests, answers: messagesAnswers },
  gemini: { requests: geminiRequests, answers: geminiAnswers },
} as const;
