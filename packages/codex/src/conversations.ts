import type { CommonKey, Commons, ExecuteContext, Runtime, WireRequest } from "@turnout/core";
import { type ContinuationProfile, type ConversationBook, createConversationBook } from "@turnout/upstream";

import { codexSession } from "./headers.ts";
import type { CodexOptions } from "./options.ts";
import { createTurnStates, type TurnStates } from "./turn-states.ts";

const conversations: CommonKey<ConversationBook> = { name: "conversations" };
const turnStates: CommonKey<TurnStates> = { name: "turn states" };

/** What the executors of both transports know together: a conversation that leaves its socket goes on over HTTP. */
export interface CodexCommons {
  readonly conversations: ContinuationProfile;
  readonly turnStates: TurnStates;
}

/** What names a conversation: sub-agents have a thread of their own under the session they share. */
function hintOf(request: WireRequest): string | undefined {
  const { sessionId, threadId } = codexSession(request);
  return sessionId === threadId ? sessionId : `${sessionId} ${threadId}`;
}

function scopeOf(request: WireRequest, { credential }: ExecuteContext) {
  const { accountKey, accountId } = credential;
  return { accountKey, accountId, model: request.model };
}

export function codexCommons(options: CodexOptions, runtime: Runtime, commons: Commons): CodexCommons {
  const { maxRememberedBytes } = options.sessions;
  const book = commons.get(conversations, () => createConversationBook({ runtime, maxBytes: maxRememberedBytes }));
  return {
    conversations: { book, scope: scopeOf, hint: hintOf },
    turnStates: commons.get(turnStates, () => createTurnStates()),
  };
}
