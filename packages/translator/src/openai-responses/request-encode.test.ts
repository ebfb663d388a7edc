import { type Block, type ModelRequest, RouterError, type Tool, type Turn } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { decodeRequest } from "./request-decode.ts";
import { encodeRequest } from "./request-encode.ts";

/** A request that came from Chat. */
function foreign(fields: Partial<ModelRequest>): ModelRequest {
  return { model: "gpt-5.4", stream: true, turns: [], tools: [], sampling: {}, ...fields };
}

function user(text: string): Turn {
  return { role: "user", blocks: [{ type: "text", text }] };
}

function assistant(...blocks: Block[]): Turn {
  return { role: "assistant", blocks };
}

function callOf(callId: string, fields: Partial<Block> = {}): Block {
  return { type: "tool-call", callId, name: "f", kind: "function", arguments: "{}", ...fields } as Block;
}

function resultOf(callId: string): Turn {
  const content = [{ type: "text", text: "ok" }] as const;
  return { role: "user", blocks: [{ type: "tool-result", callId, kind: "function", content }] };
}

const tool: Tool = { type: "function", name: "f", parameters: { type: "object", properties: {} } };

describe("encodeRequest() of another format's request", () => {
  test("one leading system text is `instructions`, several are developer items", () => {
    const system = (text: string): Turn => ({ role: "system", level: "system", blocks: [{ type: "text", text }] });
    expect(encodeRequest(foreign({ turns: [system("a"), user("Hi")] })).value).toMatchObject({
      instructions: "a",
      input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }] }],
    });
    const several = encodeRequest(foreign({ turns: [system("a"), system("b"), user("Hi")] })).value;
    expect(several["instructions"]).toBeUndefined();
    expect(several["input"]).toMatchObject([{ role: "developer" }, { role: "developer" }, { role: "user" }]);
    const older = encodeRequest(foreign({ turns: [system("a"), system("b")] }), { developerRole: false }).value;
    expect(older["input"]).toMatchObject([{ role: "system" }, { role: "system" }]);
  });

  test("nothing is stored unless asked, and reasoning can be replayed", () => {
    const { value } = encodeRequest(foreign({ turns: [user("Hi")] }));
    expect(value).toMatchObject({ store: false, include: ["reasoning.encrypted_content"], stream: true });
    expect(encodeRequest(foreign({ turns: [user("Hi")], store: true })).value["store"]).toBe(true);
  });

  test("tools without `strict` are not strict, and `null` is not copied (T39)", () => {
    const { value } = encodeRequest(
      foreign({
        turns: [user("Hi")],
        tools: [tool, { ...tool, name: "g", strict: null }, { ...tool, name: "h", strict: true }],
      }),
    );
    expect(value["tools"]).toMatchObject([{ strict: false }, { strict: false }, { strict: true }]);
  });

  test("a tool without parameters gets an empty object schema", () => {
    const { value } = encodeRequest(foreign({ turns: [user("Hi")], tools: [{ type: "function", name: "f" }] }));
    expect(value["tools"]).toMatchObject([{ parameters: { type: "object", properties: {} } }]);
  });

  test("without tools there is no tool_choice and no parallel flag (T41)", () => {
    const { value } = encodeRequest(
      foreign({ turns: [user("Hi")], toolChoice: { type: "auto" }, parallelToolCalls: false }),
    );
    expect(Object.keys(value)).not.toContain("tools");
    expect(Object.keys(value)).not.toContain("tool_choice");
    expect(Object.keys(value)).not.toContain("parallel_tool_calls");
  });

  test("a forced tool that does not exist is refused", () => {
    expect(() => encodeRequest(foreign({ turns: [user("Hi")], toolChoice: { type: "required" } }))).toThrow(
      RouterError,
    );
  });

  test("several answers are refused, stop and seed are dropped and named", () => {
    expect(() => encodeRequest(foreign({ turns: [user("Hi")], sampling: { candidates: 2 } }))).toThrow("several");
    const { value, report } = encodeRequest(foreign({ turns: [user("Hi")], sampling: { stop: ["x"], seed: 1 } }));
    expect(report.dropped.map((loss) => loss.path)).toEqual(["stop", "seed"]);
    expect(JSON.stringify(value)).not.toContain("seed");
  });

  test("reasoning of another provider is dropped and named, never turned into text (T06)", () => {
    const thought: Block = {
      type: "reasoning",
      parts: [{ form: "raw", text: "secret thoughts" }],
      provenance: { wire: "openai-chat" },
    };
    const { value, report } = encodeRequest(
      foreign({ turns: [user("Hi"), assistant(thought, callOf("c")), resultOf("c")] }),
    );
    expect(JSON.stringify(value)).not.toContain("secret thoughts");
    expect(report.dropped).toEqual([{ path: "turns[1].blocks[0]", reason: "reasoning of another provider" }]);
  });

  test("a Responses payload that a Chat client carried comes back, without item ids (T07, T49)", () => {
    const thought: Block = {
      type: "reasoning",
      parts: [],
      payload: "gAAAA",
      itemId: "rs_1",
      provenance: { wire: "openai-responses" },
    };
    const turns = [user("Hi"), assistant(thought, callOf("c", { itemId: "fc_1" })), resultOf("c")];
    expect(encodeRequest(foreign({ turns })).value["input"]).toMatchObject([
      { role: "user" },
      { type: "reasoning", summary: [], encrypted_content: "gAAAA" },
      { type: "function_call", call_id: "c" },
      { type: "function_call_output", call_id: "c" },
    ]);
    expect(JSON.stringify(encodeRequest(foreign({ turns })).value)).not.toMatch(/"id":/u);
  });

  test("a turn of calls alone has no message item (T59)", () => {
    const { value } = encodeRequest(foreign({ turns: [user("Hi"), assistant(callOf("c")), resultOf("c")] }));
    expect(value["input"]).toMatchObject([
      { type: "message" },
      { type: "function_call" },
      { type: "function_call_output" },
    ]);
  });

  test("a call id over 64 characters is hashed on call and result alike (T44)", () => {
    const id = "x".repeat(446);
    const { value } = encodeRequest(foreign({ turns: [user("Hi"), assistant(callOf(id)), resultOf(id)] }));
    const text = JSON.stringify(value["input"]);
    const ids = [...text.matchAll(/"call_id":"([^"]*)"/gu)].map((match) => match[1]);
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).toMatch(/^call_[a-zA-Z0-9]{24}$/u);
  });

  test("an effort asks for visible thoughts; `none` does not; a budget becomes an effort", () => {
    const reasoning = (control: ModelRequest["reasoning"]) =>
      encodeRequest(foreign({ turns: [user("Hi")], ...(control && { reasoning: control }) })).value["reasoning"];
    expect(reasoning({ effort: "high" })).toEqual({ effort: "high", summary: "auto" });
    expect(reasoning({ effort: "none" })).toEqual({ effort: "none" });
    expect(reasoning({ budgetTokens: 8192 })).toEqual({ effort: "medium", summary: "auto" });
    expect(reasoning(undefined)).toBeUndefined();
  });

  test("an image in an assistant turn is dropped and named", () => {
    const image: Block = { type: "image", source: { kind: "url", url: "https://example.com/a.png" } };
    const { report } = encodeRequest(foreign({ turns: [user("Hi"), assistant(image)] }));
    expect(report.dropped).toEqual([{ path: "turns[1].blocks[0]", reason: "assistant-image" }]);
  });

  test("images, files and audio of the user", () => {
    const blocks: Block[] = [
      { type: "image", source: { kind: "base64", mediaType: "image/png", data: "AA" } },
      { type: "file", source: { kind: "base64", mediaType: "application/pdf", data: "BB" } },
      { type: "file", source: { kind: "file-id", id: "file-1" } },
      { type: "audio", source: { kind: "base64", mediaType: "audio/wav", data: "CC" }, format: "wav" },
    ];
    const { value } = encodeRequest(foreign({ turns: [{ role: "user", blocks }] }));
    expect(value["input"]).toEqual([
      {
        type: "message",
        role: "user",
        content: [
          { type: "input_image", image_url: "data:image/png;base64,AA", detail: "auto" },
          { type: "input_file", filename: "document.pdf", file_data: "data:application/pdf;base64,BB" },
          { type: "input_file", file_id: "file-1" },
          { type: "input_audio", input_audio: { data: "CC", format: "wav" } },
        ],
      },
    ]);
  });
});

describe("encodeRequest() of a Responses request", () => {
  test.each([
    [
      "null fields",
      { input: "Hi", previous_response_id: null, metadata: null, tools: null, reasoning: null, text: null },
    ],
    ["empty objects", { input: "Hi", text: {}, reasoning: {}, tools: [], metadata: {} }],
    [
      "strict null",
      { input: "Hi", tools: [{ type: "function", name: "f", parameters: {}, strict: null, description: null }] },
    ],
    [
      "tools inside items",
      {
        input: [{ type: "additional_tools", tools: [{ type: "function", name: "g", parameters: {} }] }],
        tools: [{ type: "function", name: "f", parameters: {} }],
      },
    ],
    ["an empty namespace", { input: "Hi", tools: [{ type: "namespace", name: "n", description: "", tools: [] }] }],
    ["both user names", { input: "Hi", user: "u", safety_identifier: "s" }],
    ["the older user name", { input: "Hi", user: "u" }],
    ["stream false", { input: "Hi", stream: false }],
    ["empty instructions", { input: "Hi", instructions: "" }],
    [
      "empty content",
      {
        input: [
          { role: "user", content: [] },
          { role: "user", content: "" },
        ],
      },
    ],
    ["a forced tool with more fields", { input: "Hi", tool_choice: { type: "function", name: "f", namespace: "n" } }],
    ["an unknown format", { input: "Hi", text: { format: { type: "grammar", definition: "x" }, verbosity: null } }],
    [
      "bare base64",
      { input: [{ role: "user", content: [{ type: "input_file", file_data: "QQ==", filename: "a.pdf" }] }] },
    ],
    [
      "an odd data URL",
      { input: [{ role: "user", content: [{ type: "input_image", image_url: "DATA:Image/PNG;x=1;base64,QQ" }] }] },
    ],
    [
      "percent data",
      { input: [{ role: "user", content: [{ type: "input_image", image_url: "data:text/plain,a%20b" }] }] },
    ],
    [
      "an unknown part amid text",
      {
        input: [
          {
            role: "user",
            content: [
              { type: "input_text", text: "a" },
              { type: "new", x: 1 },
            ],
          },
        ],
      },
    ],
    ["text parts of the wrong side", { input: [{ role: "assistant", content: [{ type: "input_text", text: "a" }] }] }],
    ["reasoning without summary", { input: [{ type: "reasoning", encrypted_content: null, content: null, id: null }] }],
    ["a long call id", { input: [{ type: "function_call", call_id: "x".repeat(99), name: "f", arguments: "{}" }] }],
    [
      "the same call id twice",
      { input: [1, 2].map(() => ({ type: "function_call", call_id: "c", name: "f", arguments: "" })) },
    ],
    ["an orphan result", { input: [{ type: "function_call_output", call_id: "c", output: [] }] }],
    ["an item reference", { input: [{ id: "msg_1" }, { type: "item_reference", id: "rs_1" }] }],
  ])("gives back %s as it was", (_what, fields) => {
    const body = { model: "m", ...fields };
    expect(encodeRequest(decodeRequest(body).value).value).toEqual(body);
  });

  test("only the model is changed for an alias", () => {
    const body = { model: "alias", input: "Hi", store: true };
    expect(encodeRequest(decodeRequest(body).value, { model: "gpt-5.4" }).value).toEqual({ ...body, model: "gpt-5.4" });
  });
});
