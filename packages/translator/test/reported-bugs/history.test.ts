import type { JsonObject, JsonValue } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { refusal } from "../chat-requests.ts";
import { at, translate } from "./translate.ts";

// Calls, results and ids in a history, and the turns around them.

const user = { role: "user", content: "Hi" };

function call(id: string, name = "f", text = "{}"): JsonObject {
  return { id, type: "function", function: { name, arguments: text } };
}

function toGemini(messages: JsonValue[], model = "gemini-3-pro") {
  return translate("openai-chat", "gemini", { model: "m", messages }, model);
}

function oneResult(content: JsonValue, model?: string) {
  const messages = [user, { role: "assistant", tool_calls: [call("call_1")] }, resultOf("call_1", content)];
  const { body, report } = toGemini(messages, model);
  return { parts: at(body, "contents[2].parts"), report };
}

function resultOf(id: string, content: JsonValue): JsonObject {
  return { role: "tool", tool_call_id: id, content };
}

const image = { type: "image_url", image_url: { url: "data:image/png;base64,iVBO" } };

describe("T50 calls of Gemini without ids", () => {
  const contents = [
    { role: "user", parts: [{ text: "Hi" }] },
    {
      role: "model",
      parts: [
        { functionCall: { name: "f", args: { n: 1 } } },
        { functionCall: { name: "g", args: {} } },
        { functionCall: { name: "f", args: { n: 2 } } },
      ],
    },
    {
      role: "user",
      parts: [
        { functionResponse: { name: "f", response: { output: "first" } } },
        { functionResponse: { name: "f", response: { output: "second" } } },
        { functionResponse: { name: "g", response: { output: "other" } } },
      ],
    },
  ];

  test("get the same ids every time, and results pair by name and order", () => {
    const { body } = translate("gemini", "openai-chat", { model: "m", contents });
    expect(translate("gemini", "openai-chat", { model: "m", contents }).body).toEqual(body);
    const ids = [0, 1, 2].map((index) => at(body, `messages[1].tool_calls[${index}].id`));
    expect(new Set(ids).size).toBe(3);
    const results = [2, 3, 4].map((index) => [
      at(body, `messages[${index}].tool_call_id`),
      at(body, `messages[${index}].content`),
    ]);
    expect(results).toContainEqual([ids[0], "first"]);
    expect(results).toContainEqual([ids[2], "second"]);
    expect(results).toContainEqual([ids[1], "other"]);
  });
});

describe("T51 the name of a result", () => {
  test("is that of its call, whatever its id looks like", () => {
    const id = "functions.other:0";
    const { body } = toGemini([user, { role: "assistant", tool_calls: [call(id, "f")] }, resultOf(id, "ok")]);
    expect(at(body, "contents[2].parts[0].functionResponse.name")).toBe("f");
  });

  test("is never made up: an id that no call has is refused or left out by name", () => {
    const messages = [user, resultOf("call_9", "ok"), user];
    const named = (): string[] => toGemini(messages).report.dropped.map(({ path }) => path);
    let paths: (string | undefined)[];
    try {
      paths = named();
    } catch {
      paths = [refusal(named).details.path];
    }
    expect(paths).toContain("messages[1]");
  });
});

describe("T52 a result that only looks like JSON", () => {
  test.each(['{"a": <dict>}', "{plist}", '{"cut": "he', "[1, 2"])("%s is a string", (text) => {
    const { parts } = oneResult(text);
    expect(at(parts, "[0].functionResponse.response")).toEqual({ output: text });
  });

  test("an object that parses is one", () => {
    expect(at(oneResult('{"degrees": 20}').parts, "[0].functionResponse.response")).toEqual({ degrees: 20 });
  });
});

test("T58 all calls of a step stand before all its results, however the source mixed them", () => {
  const input = [
    { type: "message", role: "user", content: "Hi" },
    { type: "function_call", call_id: "call_1", name: "f", arguments: "{}" },
    { type: "function_call_output", call_id: "call_1", output: "1" },
    { type: "function_call", call_id: "call_2", name: "g", arguments: "{}" },
    { type: "function_call_output", call_id: "call_2", output: "2" },
  ];
  const { body } = translate("openai-responses", "gemini", { model: "m", input }, "gemini-3-pro");
  const contents = at(body, "contents");
  let open: string[] = [];
  for (const content of Array.isArray(contents) ? contents : []) {
    const parts = at(content, "parts");
    const list = Array.isArray(parts) ? parts : [];
    const calls = list.flatMap((part) => at(part, "functionCall.id") ?? []).map(String);
    const results = list.flatMap((part) => at(part, "functionResponse.id") ?? []).map(String);
    // A content holds calls or results, and results answer exactly the calls of the content before.
    expect(calls.length === 0 || results.length === 0).toBe(true);
    if (results.length > 0 || open.length > 0) expect(results).toEqual(open);
    open = calls;
  }
  expect(JSON.stringify(contents).match(/functionResponse/gu)).toHaveLength(2);
});

describe("T64 an image in a tool result", () => {
  const content = [{ type: "text", text: "see" }, image];
  const messages = [
    user,
    {
      role: "assistant",
      content: [{ type: "tool_use", id: "toolu_1", name: "f", input: {} }],
    },
    {
      role: "user",
      content: [
        {
          type: "tool_result",
          tool_use_id: "toolu_1",
          content: [
            { type: "text", text: "see" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBO" } },
          ],
        },
      ],
    },
  ];

  test("stands inside functionResponse on Gemini 3", () => {
    const { parts } = oneResult(content);
    expect(at(parts, "[0].functionResponse.parts[0].inlineData")).toEqual({ mimeType: "image/png", data: "iVBO" });
    expect(at(parts, "[1]")).toBeUndefined();
    const { body } = translate("anthropic-messages", "gemini", { model: "m", max_tokens: 9, messages }, "gemini-3-pro");
    expect(at(body, "contents[2].parts[0].functionResponse.parts[0].inlineData.data")).toBe("iVBO");
  });

  test("follows the results on models before, introduced by its call, and is reported", () => {
    const { parts, report } = oneResult(content, "gemini-2.5-flash");
    expect(at(parts, "[0].functionResponse.parts")).toBeUndefined();
    expect(at(parts, "[1].text")).toContain("call_1");
    expect(at(parts, "[2].inlineData.data")).toBe("iVBO");
    expect(JSON.stringify(at(parts, "[0]"))).not.toContain("iVBO");
    expect(report.approximated.map(({ path }) => path)).toContain("messages[2]");
  });
});

describe("T71 a system message in the middle of a history", () => {
  const messages = [user, { role: "assistant", content: "Hello" }, { role: "system", content: "Be brief" }, user];

  test("is a marked text of the user's at its place on Gemini, and is reported", () => {
    const { body, report } = toGemini(messages);
    expect(at(body, "systemInstruction")).toBeUndefined();
    expect(at(body, "contents[2].role")).toBe("user");
    expect(at(body, "contents[2].parts[0].text")).toBe("<system>Be brief</system>");
    expect(report.approximated.map(({ path }) => path)).toContain("messages[2].content");
  });

  test("does not come between a call and its result", () => {
    const system = { role: "system", content: "Be brief" };
    const assistant = { role: "assistant", tool_calls: [call("call_1")] };
    const { body } = toGemini([user, assistant, system, resultOf("call_1", "ok"), user]);
    expect(at(body, "contents[2].parts[0].functionResponse.name")).toBe("f");
    expect(JSON.stringify(body)).toContain("<system>Be brief</system>");
  });
});

test("T73 names are written in camelCase, and read in both", () => {
  const body = {
    model: "m",
    system_instruction: { parts: [{ text: "Be brief" }] },
    contents: [{ role: "user", parts: [{ inline_data: { mime_type: "image/png", data: "iVBO" } }] }],
    generation_config: { max_output_tokens: 5 },
  };
  const own = translate("gemini", "gemini", body).body;
  expect(at(own, "systemInstruction.parts[0].text")).toBe("Be brief");
  expect(JSON.stringify(own)).not.toMatch(/system_instruction|inline_data|mime_type|generation_config/u);
  const foreign = toGemini([{ role: "system", content: "Be brief" }, user]).body;
  expect(at(foreign, "systemInstruction.parts[0].text")).toBe("Be brief");
  expect(at(translate("gemini", "openai-chat", body).body, "messages[0].content")).toBe("Be brief");
});
