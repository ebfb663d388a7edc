import { RouterError } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { decodeRequest } from "./request-decode.ts";

function decode(fields: Record<string, unknown>) {
  return decodeRequest({ model: "gpt-5.4", ...fields }).value;
}

function pathOf(body: unknown): string | undefined {
  try {
    decodeRequest(body);
    return undefined;
  } catch (error) {
    if (!RouterError.is(error) || error.code !== "request-invalid") throw error;
    return error.details.path;
  }
}

const call = { type: "function_call", call_id: "c1", name: "f", arguments: '{"a":1}' };
const output = { type: "function_call_output", call_id: "c1", output: "done" };

describe("decodeRequest()", () => {
  test("a string input and instructions become a system turn and a user turn", () => {
    const { turns } = decode({ instructions: "Be brief", input: "Hi" });
    expect(turns.map(({ role, blocks }) => [role, blocks[0]])).toMatchObject([
      ["system", { type: "text", text: "Be brief" }],
      ["user", { type: "text", text: "Hi" }],
    ]);
  });

  test("consecutive items of an answer form one assistant turn, with text and calls in order (T60)", () => {
    const { turns } = decode({
      input: [
        { role: "user", content: "Hi" },
        { type: "reasoning", summary: [], encrypted_content: "x" },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "Let me see" }] },
        call,
        { ...call, call_id: "c2" },
        output,
        { ...output, call_id: "c2" },
        { role: "user", content: "And?" },
      ],
    });
    expect(turns.map(({ role, blocks }) => [role, blocks.map((block) => block.type)])).toEqual([
      ["user", ["text"]],
      ["assistant", ["reasoning", "text", "tool-call", "tool-call"]],
      ["user", ["tool-result", "tool-result"]],
      ["user", ["text"]],
    ]);
  });

  test("a result knows the name of its tool from the call before it (T51)", () => {
    const { turns } = decode({ input: [call, output] });
    expect(turns[1]?.blocks[0]).toMatchObject({ type: "tool-result", name: "f" });
  });

  test("a structured custom tool output keeps its parts (T66)", () => {
    const parts = [
      { type: "input_text", text: "see" },
      { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "high" },
    ];
    const { turns } = decode({ input: [{ type: "custom_tool_call_output", call_id: "c", output: parts }] });
    expect(turns[0]?.blocks[0]).toMatchObject({
      type: "tool-result",
      kind: "custom",
      content: [
        { type: "text", text: "see" },
        { type: "image", source: { kind: "base64", mediaType: "image/png", data: "AAAA" }, detail: "high" },
      ],
    });
  });

  test("falsy settings are settings (T81)", () => {
    const value = decode({
      input: "Hi",
      temperature: 0,
      top_p: 0,
      store: false,
      parallel_tool_calls: false,
      top_logprobs: 0,
      metadata: {},
    });
    expect(value).toMatchObject({ store: false, parallelToolCalls: false, metadata: {} });
    expect(value.sampling).toEqual({ temperature: 0, topP: 0, logprobs: 0 });
  });

  test("tools of a namespace and of additional_tools are tools; the first declaration of a name counts (T35)", () => {
    const wait = { type: "function", name: "wait", parameters: { type: "object" }, strict: false };
    const exec = { type: "custom", name: "exec", format: { type: "text" } };
    const { tools } = decode({
      input: [
        {
          type: "additional_tools",
          role: "developer",
          tools: [{ type: "namespace", name: "functions", description: "", tools: [exec, wait] }, wait],
        },
        { role: "user", content: "Hi" },
      ],
      tools: [{ ...wait, description: "first" }, { type: "web_search" }],
    });
    expect(tools).toMatchObject([
      { type: "function", name: "wait", description: "first" },
      { type: "server", name: "web_search" },
      { type: "custom", name: "exec", namespace: "functions" },
      { type: "function", name: "wait", namespace: "functions" },
    ]);
  });

  test("unknown fields and items are kept, none of them becomes a word of core", () => {
    const { extras, turns } = decode({
      input: [{ type: "future_thing", x: 1 }],
      truncation: "auto",
      future: { a: [1] },
    });
    expect(extras?.fields).toMatchObject({ truncation: "auto", future: { a: [1] } });
    expect(turns[0]?.blocks).toEqual([
      { type: "opaque", wire: "openai-responses", value: { type: "future_thing", x: 1 } },
    ]);
  });

  test("a warm-up without input is legal, and so is going on from an earlier response", () => {
    expect(decode({ input: [], generate: false }).turns).toEqual([]);
    expect(decode({ previous_response_id: "resp_1" }).previousResponseId).toBe("resp_1");
  });

  test.each([
    ["no object", null, ""],
    ["a list", [], ""],
    ["no model", { input: "Hi" }, "model"],
    ["an empty model", { model: "", input: "Hi" }, "model"],
    ["no input", { model: "m" }, "input"],
    ["an empty list", { model: "m", input: [] }, "input"],
    ["an empty text", { model: "m", input: "" }, "input"],
    ["a number for input", { model: "m", input: 7 }, "input"],
    ["an item that is no object", { model: "m", input: [7] }, "input[0]"],
    ["an unknown role", { model: "m", input: [{ role: "robot", content: "x" }] }, "input[0].role"],
    ["a message without content", { model: "m", input: [{ role: "user" }] }, "input[0].content"],
    ["an item without type or role", { model: "m", input: [{ content: "x" }] }, "input[0].role"],
    [
      "a text part with a number",
      { model: "m", input: [{ role: "user", content: [{ type: "input_text", text: 1 }] }] },
      "input[0].content[0].text",
    ],
    [
      "an image without a source",
      { model: "m", input: [{ role: "user", content: [{ type: "input_image" }] }] },
      "input[0].content[0]",
    ],
    ["a call with parsed arguments", { model: "m", input: [{ ...call, arguments: {} }] }, "input[0].arguments"],
    ["a call without call_id", { model: "m", input: [{ ...call, call_id: undefined }] }, "input[0].call_id"],
    ["an output that is an object", { model: "m", input: [call, { ...output, output: {} }] }, "input[1].output"],
    ["a tool without a name", { model: "m", input: "x", tools: [{ type: "function" }] }, "tools[0].name"],
    ["a tool without a type", { model: "m", input: "x", tools: [{ name: "f" }] }, "tools[0].type"],
    [
      "a tool inside a namespace",
      { model: "m", input: "x", tools: [{ type: "namespace", name: "n", tools: [{ type: "function", name: 1 }] }] },
      "tools[0].tools[0].name",
    ],
    ["a made-up tool_choice", { model: "m", input: "x", tool_choice: "maybe" }, "tool_choice"],
    ["a text temperature", { model: "m", input: "x", temperature: "hot" }, "temperature"],
    ["no tokens at all", { model: "m", input: "x", max_output_tokens: 0 }, "max_output_tokens"],
    ["stream as a text", { model: "m", input: "x", stream: "yes" }, "stream"],
    [
      "a schema format without a name",
      { model: "m", input: "x", text: { format: { type: "json_schema", schema: {} } } },
      "text.format.name",
    ],
  ])("refuses %s and names the field", (_what, body, path) => {
    expect(pathOf(body)).toBe(path);
  });
});
