import type { ModelRequest } from "@turnout/core";
import { getCodec } from "@turnout/translator";
import { describe, expect, test } from "vitest";
import { sessionHints } from "./session-hints.ts";

const { value: request } = getCodec("openai-chat").decodeRequest({
  model: "m",
  messages: [{ role: "user", content: "Hi" }],
});

function hintsOf(headers: Record<string, string>, more: Partial<ModelRequest> = {}) {
  const { sessionId, threadId } = sessionHints({ headers }, { ...request, ...more });
  return { sessionId, threadId };
}

describe("sessionHints()", () => {
  test.each([
    "session-id",
    "session_id",
    "conversation_id",
    "x-session-affinity",
    "x-session-id",
    "x-claude-code-session-id",
  ])("takes the session from header %s", (name) => {
    expect(hintsOf({ [name]: "s-1" }).sessionId).toBe("s-1");
  });

  test.each(["thread-id", "x-claude-code-agent-id"])("takes the thread from header %s", (name) => {
    expect(hintsOf({ "session-id": "s-1", [name]: "t-1" })).toEqual({ sessionId: "s-1", threadId: "t-1" });
  });

  test("takes the cache key where no header names the session", () => {
    expect(hintsOf({}, { cacheKey: "k" }).sessionId).toBe("k");
  });

  test.each([
    '{"device_id":"d","account_uuid":"","session_id":"369eddfd-8586-43b5-b926-0d55cb0db8f0"}',
    "user_0123_account__session_369eddfd-8586-43b5-b926-0d55cb0db8f0",
  ])("takes Claude Code's session from metadata.user_id %s", (endUser) => {
    expect(hintsOf({}, { endUser }).sessionId).toBe("369eddfd-8586-43b5-b926-0d55cb0db8f0");
  });

  test("knows nothing of a user id that names no session", () => {
    expect(hintsOf({}, { endUser: "somebody" }).sessionId).toBeUndefined();
  });
});
