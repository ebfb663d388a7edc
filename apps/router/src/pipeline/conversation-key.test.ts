import { getCodec } from "@turnout/translator";
import { expect, test } from "vitest";
import { type ConversationKey, conversationKey } from "./conversation-key.ts";

function keyOf(...messages: readonly Record<string, string>[]): ConversationKey {
  const { value } = getCodec("openai-chat").decodeRequest({ model: "m", messages });
  return conversationKey({}, value);
}

const hello = { role: "user", content: "Hello" };
const answer = { role: "assistant", content: "Hi" };

test("a name given by the client is the key", () => {
  const { value } = getCodec("openai-chat").decodeRequest({ model: "m", messages: [hello] });
  expect(conversationKey({ sessionId: "s-1" }, value)).toEqual({ sessionKey: "s-1" });
});

test("without one a conversation is recognised by what its user said first, whatever its instructions say", () => {
  const begun = keyOf({ role: "system", content: "It is noon" }, hello);
  const later = keyOf({ role: "system", content: "It is one" }, hello, answer, { role: "user", content: "On" });
  expect(begun.sessionKind).toBe("begun");
  expect(later).toEqual({ sessionKey: begun.sessionKey, sessionKind: "recognised" });
  expect(begun.sessionKey).toMatch(/^[\w-]{43}$/);
});

test("differs where users began with something else", () => {
  expect(keyOf({ role: "user", content: "Hallo" }).sessionKey).not.toBe(keyOf(hello).sessionKey);
});

test("is not known before a user has said something", () => {
  expect(keyOf({ role: "system", content: "Be brief" })).toEqual({});
});
