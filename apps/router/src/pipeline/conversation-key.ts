import { createHash } from "node:crypto";
import type { PoolRequest } from "@turnout/auth";
import type { ModelRequest, SessionHints } from "@turnout/core";

/** What keeps a conversation on its account. */
export type ConversationKey = Pick<PoolRequest, "sessionKey" | "sessionKind">;

/**
 * The name the client gives its conversation. Where it gives none: what its user said first. Instructions are left out of that,
 * since some clients write the time of day into them. Two conversations that begin alike may then share an account, which harms
 * nobody.
 */
export function conversationKey({ sessionId }: SessionHints, { turns }: ModelRequest): ConversationKey {
  if (sessionId !== undefined) return { sessionKey: sessionId };
  const first = turns.find(({ role }) => role === "user");
  if (first === undefined) return {};
  const sessionKey = createHash("sha256").update(JSON.stringify(first)).digest("base64url");
  return { sessionKey, sessionKind: turns.some(({ role }) => role === "assistant") ? "recognised" : "begun" };
}
