import type { JsonObject, WireFormat } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { refusal } from "./chat-requests.ts";
import { translate } from "./reported-bugs/translate.ts";

// Reports and refusals name fields as the client wrote them, whatever the encoder calls them.

function dropped(from: WireFormat, to: WireFormat, body: JsonObject): string[] {
  return translate(from, to, body).report.dropped.map(({ path }) => path);
}

const claude = { model: "m", max_tokens: 9, messages: [{ role: "user", content: "Hi" }] };
const gemini = { model: "m", contents: [{ role: "user", parts: [{ text: "Hi" }] }] };

describe("the name of a field", () => {
  test("is Anthropic's for its clients", () => {
    const body = { ...claude, metadata: { user_id: "u" }, stop_sequences: ["x"] };
    expect(dropped("anthropic-messages", "gemini", body)).toEqual(["metadata.user_id"]);
    expect(dropped("anthropic-messages", "openai-responses", body)).toEqual(["stop_sequences"]);
  });

  test("is Gemini's for its clients, in refusals too", () => {
    const several = { ...gemini, generationConfig: { candidateCount: 2 } };
    const error = refusal(() => translate("gemini", "anthropic-messages", several));
    expect(error.details.path).toBe("generationConfig.candidateCount");
    const seeded = { ...gemini, generationConfig: { seed: 1 } };
    expect(dropped("gemini", "openai-responses", seeded)).toEqual(["generationConfig.seed"]);
  });

  test("is the older one of two that Chat's client chose", () => {
    const body = { model: "m", messages: [{ role: "user", content: "Hi" }], user: "u" };
    expect(dropped("openai-chat", "gemini", body)).toEqual(["user"]);
  });

  test("counts Gemini's functions and Chat's older ones where they stand", () => {
    const search = { googleSearch: {} };
    const functions = { functionDeclarations: [{ name: "a" }, { name: "b", behavior: "BLOCKING" }] };
    const body = { ...gemini, tools: [functions, search] };
    expect(dropped("gemini", "openai-chat", body)).toContain("tools[0].functionDeclarations[1].behavior");
    const message = { role: "user", content: "Hi" };
    const legacy = { model: "m", messages: [message], functions: [{ name: "a" }, { name: "b", odd: 1 }] };
    expect(dropped("openai-chat", "gemini", legacy)).toEqual(["functions[1].odd"]);
  });
});

describe("what only one provider knows is refused by name", () => {
  const user = { type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }] };

  test.each([
    ["openai-responses", { model: "m", input: [user, { type: "item_reference", id: "msg_1" }] }, "input[1]"],
    ["openai-responses", { model: "m", input: [user], background: true }, "background"],
    ["openai-responses", { model: "m", input: [user], conversation: "conv_1" }, "conversation"],
    ["gemini", { ...gemini, cachedContent: "cachedContents/1" }, "cachedContent"],
    [
      "gemini",
      {
        model: "m",
        contents: [{ role: "user", parts: [{ fileData: { fileUri: "gs://b/v.mp4", mimeType: "video/mp4" } }] }],
      },
      "contents[0].parts[0]",
    ],
  ] as const)("%s: %j", (from, body, path) => {
    const to = "anthropic-messages";
    expect(refusal(() => translate(from, to, body)).details.path).toBe(path);
    expect(() => translate(from, from, body)).not.toThrow();
  });

  test("what is switched off asks for nothing", () => {
    const body = { model: "m", input: [user], background: false, conversation: null };
    expect(() => translate("openai-responses", "openai-chat", body)).not.toThrow();
  });
});
