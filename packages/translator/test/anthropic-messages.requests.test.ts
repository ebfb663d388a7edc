import { isJsonObject, type JsonObject, type JsonValue, RouterError } from "@turnout/core";
import { anthropicMessages, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { wrapPayload } from "../src/payload-envelope.ts";

const sonnet45 = "claude-sonnet-4-5";
const sonnet5 = "claude-sonnet-5";

/** A Chat request as an Anthropic upstream gets it. */
function fromChat(body: JsonObject, model = sonnet45) {
  return anthropicMessages.encodeRequest(openaiChat.decodeRequest({ model: "m", ...body }).value, { model });
}

function fromResponses(body: JsonObject, model = sonnet45) {
  return anthropicMessages.encodeRequest(openaiResponses.decodeRequest({ model: "m", ...body }).value, { model });
}

function decode(body: JsonObject) {
  return anthropicMessages.decodeRequest({ model: "claude", max_tokens: 100, ...body }).value;
}

function toChat(body: JsonObject) {
  return openaiChat.encodeRequest(decode(body));
}

function list(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** The blocks of a message; a string is one text. */
function blocksOf(message: JsonObject | undefined): JsonObject[] {
  const content = message?.["content"];
  return typeof content === "string" ? [{ type: "text", text: content }] : list(content);
}

function pathOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (RouterError.is(error) && error.code === "request-invalid") return error.details.path;
    throw error;
  }
  return undefined;
}

const user = { role: "user", content: "hi" } as const;
const tool = { type: "function", function: { name: "wait", parameters: { type: "object", properties: {} } } } as const;
const call = (id: string, args = "{}") => ({ id, type: "function", function: { name: "wait", arguments: args } });
const calls = (...ids: string[]) => ({ role: "assistant", content: null, tool_calls: ids.map((id) => call(id)) });
const result = (id: string, content: JsonValue = "done") => ({ role: "tool", tool_call_id: id, content });

describe("decodeRequest() is strict and names the field", () => {
  test.for<readonly [string, JsonObject]>([
    ["messages", { messages: [] }],
    ["messages[0].role", { messages: [{ role: "tool", content: "x" }] }],
    ["messages[0].content", { messages: [{ role: "user", content: 1 }] }],
    [
      "messages[0].content[1].text",
      { messages: [{ role: "user", content: [{ type: "text", text: "a" }, { type: "text" }] }] },
    ],
    ["messages[0].content[0].type", { messages: [{ role: "user", content: [{ text: "a" }] }] }],
    ["messages[0].content[0].source", { messages: [{ role: "user", content: [{ type: "image" }] }] }],
    [
      "messages[0].content[0].source.type",
      { messages: [{ role: "user", content: [{ type: "image", source: { type: "x" } }] }] },
    ],
    ["messages[0].content[0].tool_use_id", { messages: [{ role: "user", content: [{ type: "tool_result" }] }] }],
    [
      "messages[0].content[0].name",
      { messages: [{ role: "assistant", content: [{ type: "tool_use", id: "a", input: {} }] }] },
    ],
    [
      "messages[0].content[0].content[0].source",
      {
        messages: [
          { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: [{ type: "image" }] }] },
        ],
      },
    ],
    ["system[0].text", { messages: [user], system: [{ type: "text" }] }],
    ["tools[0].input_schema", { messages: [user], tools: [{ name: "a" }] }],
    ["tool_choice.name", { messages: [user], tool_choice: { type: "tool" } }],
    ["tool_choice.type", { messages: [user], tool_choice: { type: "required" } }],
    ["thinking.budget_tokens", { messages: [user], thinking: { type: "enabled" } }],
    ["max_tokens", { messages: [user], max_tokens: "many" }],
    ["temperature", { messages: [user], temperature: "hot" }],
  ])("%s", ([path, body]) => {
    expect(pathOf(() => decode(body))).toBe(path);
  });

  test("max_tokens is required, except to count tokens", () => {
    const body = { model: "claude", messages: [user] };
    expect(pathOf(() => anthropicMessages.decodeRequest(body))).toBe("max_tokens");
    expect(anthropicMessages.counting?.decodeRequest(body).value.turns).toHaveLength(1);
    expect(anthropicMessages.counting?.encodeCount(7)).toEqual({ input_tokens: 7 });
  });
});

describe("system texts", () => {
  test("T72 developer and system messages at the head become `system`, with their cache marks", () => {
    const { value } = fromChat({
      messages: [
        { role: "developer", content: [{ type: "text", text: "a", cache_control: { type: "ephemeral", ttl: "1h" } }] },
        { role: "system", content: "b" },
        user,
      ],
    });
    expect(value["system"]).toEqual([
      { type: "text", text: "a", cache_control: { type: "ephemeral", ttl: "1h" } },
      { type: "text", text: "b" },
    ]);
    expect(value["messages"]).toEqual([user]);
  });

  test("a system message amid the history goes into the next user turn, or stays where the model takes it", () => {
    const body = { messages: [user, { role: "system", content: "be brief" }, { role: "user", content: "go" }] };
    const older = fromChat(body);
    expect(older.value["messages"]).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "hi" },
          { type: "text", text: "go" },
          { type: "text", text: "<system>\nbe brief\n</system>" },
        ],
      },
    ]);
    expect(older.report.approximated).toHaveLength(1);
    const newer = fromChat(body, sonnet5);
    expect(list(newer.value["messages"]).map((message) => message["role"])).toEqual(["user", "system", "user"]);
  });

  test("a system message between a call and its result does not part them", () => {
    const { value } = fromChat({
      messages: [user, calls("a"), { role: "system", content: "s" }, result("a"), user],
      tools: [tool],
    });
    const messages = list(value["messages"]);
    expect(messages.map((message) => message["role"])).toEqual(["user", "assistant", "user"]);
    expect(blocksOf(messages[2]).map((block) => block["type"])).toEqual(["tool_result", "text", "text"]);
  });

  test("a request of system texts alone gets a turn of the user", () => {
    const { value, report } = fromChat({ messages: [{ role: "system", content: "s" }] });
    expect(value["messages"]).toEqual([{ role: "user", content: "." }]);
    expect(report.approximated.map((loss) => loss.path)).toEqual(["messages"]);
  });

  test("system texts and turns of Claude Code reach Chat in their places", () => {
    const { value } = toChat({
      system: [{ type: "text", text: "a", cache_control: { type: "ephemeral" } }],
      messages: [user, { role: "system", content: "env" }],
    });
    expect(value["messages"]).toEqual([{ role: "system", content: "a" }, user, { role: "system", content: "env" }]);
  });
});

describe("history", () => {
  test("T53 all results of a step stand in one user turn, before everything else", () => {
    const { value } = fromChat({ messages: [user, calls("a", "b"), result("a"), result("b"), user], tools: [tool] });
    const messages = list(value["messages"]);
    expect(messages).toHaveLength(3);
    expect(blocksOf(messages[2]).map((block) => block["tool_use_id"] ?? block["text"])).toEqual(["a", "b", "hi"]);
  });

  test("T53 results of an Anthropic client become one Chat message each, text after them", () => {
    const { value } = toChat({
      messages: [
        user,
        { role: "assistant", content: ["a", "b"].map((id) => ({ type: "tool_use", id, name: "wait", input: {} })) },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "a", content: "1" },
            { type: "tool_result", tool_use_id: "b", content: [{ type: "text", text: "2" }] },
            { type: "text", text: "next" },
          ],
        },
      ],
    });
    const messages = list(value["messages"]).slice(2);
    expect(messages.map((message) => message["role"])).toEqual(["tool", "tool", "user"]);
    expect(messages.map((message) => message["tool_call_id"])).toEqual(["a", "b", undefined]);
  });

  test("T54 a call without a result gets one, T55 a result without a call goes", () => {
    const orphan = fromChat({ messages: [user, calls("a"), user], tools: [tool] }).value;
    expect(blocksOf(list(orphan["messages"])[2])[0]).toMatchObject({
      type: "tool_result",
      tool_use_id: "a",
      is_error: true,
    });
    const stray = fromChat({ messages: [user, result("x"), user] });
    expect(JSON.stringify(stray.value)).not.toContain("tool_result");
    expect(stray.report.dropped).toHaveLength(1);
  });

  test("T54 a conversation that ends with a call is refused", () => {
    expect(pathOf(() => fromChat({ messages: [user, calls("a")], tools: [tool] }))).toBe("messages");
  });

  test("T56 of two results for one call the last counts, in the place of the first", () => {
    const { value } = fromChat({
      messages: [user, calls("a", "b"), result("a", "1"), result("b"), result("a", "2")],
      tools: [tool],
    });
    const results = blocksOf(list(value["messages"])[2]);
    expect(results.map((block) => [block["tool_use_id"], block["content"]])).toEqual([
      ["a", "2"],
      ["b", "done"],
    ]);
  });

  test("T57 calls stand last in their turn, thoughts first", () => {
    const { value } = fromResponses({
      input: [
        { type: "message", role: "user", content: "hi" },
        { type: "function_call", call_id: "a", name: "wait", arguments: "{}" },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "waiting" }] },
        { type: "function_call_output", call_id: "a", output: "done" },
      ],
      tools: [{ type: "function", name: "wait", parameters: { type: "object" } }],
    });
    expect(blocksOf(list(value["messages"])[1]).map((block) => block["type"])).toEqual(["text", "tool_use"]);
  });

  test("T60 neighbours of one role become one message", () => {
    const { value } = fromChat({
      messages: [
        user,
        { role: "user", content: "there" },
        { role: "assistant", content: "a" },
        { role: "assistant", content: "b" },
        user,
      ],
    });
    const messages = list(value["messages"]);
    expect(messages.map((message) => message["role"])).toEqual(["user", "assistant", "user"]);
    expect(blocksOf(messages[1]).map((block) => block["text"])).toEqual(["a", "b"]);
  });

  test("T61 blank texts are left out, and an empty turn of the user says a point", () => {
    const { value } = fromChat({
      messages: [{ role: "user", content: "" }, { ...calls("a"), content: " " }, result("a", "")],
      tools: [tool],
    });
    const messages = list(value["messages"]);
    expect(blocksOf(messages[0])).toEqual([{ type: "text", text: "." }]);
    expect(blocksOf(messages[1]).map((block) => block["type"])).toEqual(["tool_use"]);
    expect(JSON.stringify(value)).not.toContain('"text":""');
  });

  test("T46 ids Anthropic refuses are mapped alike on call and result", () => {
    const { value } = fromChat({
      messages: [user, calls("functions.wait:0"), result("functions.wait:0")],
      tools: [tool],
    });
    const messages = list(value["messages"]);
    const id = blocksOf(messages[1])[0]?.["id"];
    expect(id).toMatch(/^toolu_[a-zA-Z0-9]{24}$/u);
    expect(blocksOf(messages[2])[0]?.["tool_use_id"]).toBe(id);
  });

  test("T67 arguments that are no object are wrapped, and counted", () => {
    const body = (text: string) => ({
      messages: [user, { role: "assistant", tool_calls: [call("a", text)] }, result("a")],
      tools: [tool],
    });
    const input = (text: string) => {
      const { value, report } = fromChat(body(text));
      return [blocksOf(list(value["messages"])[1])[0]?.["input"], report.approximated.length];
    };
    expect(input('{"a":[1]}')).toEqual([{ a: [1] }, 0]);
    expect(input("")).toEqual([{}, 0]);
    expect(input("[1,2]")).toEqual([{ input: "[1,2]" }, 1]);
    expect(input("not json")).toEqual([{ input: "not json" }, 1]);
  });

  test("T67 a primitive or list from an Anthropic client stays JSON text", () => {
    const { value } = toChat({
      messages: [
        user,
        { role: "assistant", content: [{ type: "tool_use", id: "a", name: "wait", input: [1, 2] }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "a" }] },
      ],
    });
    expect(list(value["messages"])[1]?.["tool_calls"]).toMatchObject([{ function: { arguments: "[1,2]" } }]);
  });

  test("T01 T02 budget thinking is switched off for a step whose thoughts are not in the history", () => {
    const body = { messages: [user, calls("a"), result("a")], tools: [tool], reasoning_effort: "high" };
    const { value, report } = fromChat(body);
    expect(value["thinking"]).toEqual({ type: "disabled" });
    expect(report.dropped.map((loss) => loss.path)).toContain("reasoning");
    const next = fromChat({ ...body, messages: [...body.messages, { role: "assistant", content: "ok" }, user] });
    expect(next.value["thinking"]).toEqual({ type: "enabled", budget_tokens: 16_384 });
  });

  test("T01 signed thoughts that came through Chat stand first in their turn, byte for byte", () => {
    const reasoning_details = [
      { type: "reasoning.text", text: "hm", signature: "sig+/=", format: "anthropic-claude-v1", index: 0 },
    ];
    const { value } = fromChat({
      messages: [user, { ...calls("a"), content: "let me see", reasoning_details }, result("a")],
      tools: [tool],
      reasoning_effort: "low",
    });
    expect(blocksOf(list(value["messages"])[1])).toEqual([
      { type: "thinking", thinking: "hm", signature: "sig+/=" },
      { type: "text", text: "let me see" },
      { type: "tool_use", id: "a", name: "wait", input: {} },
    ]);
    expect(value["thinking"]).toEqual({ type: "enabled", budget_tokens: 2048 });
  });

  test("T02 T06 thoughts of others are left out, never told as text, and do not touch the setting", () => {
    const { value, report } = fromChat({
      messages: [user, { role: "assistant", content: "ok", reasoning_content: "secret" }, user],
      reasoning_effort: "medium",
    });
    expect(JSON.stringify(value)).not.toContain("secret");
    expect(value["thinking"]).toEqual({ type: "enabled", budget_tokens: 8192 });
    expect(report.dropped.map((loss) => loss.reason)).toContain("reasoning of another provider");
  });

  test("T04 signed thoughts without text and redacted ones come back as they were", () => {
    const content = [
      { type: "thinking", thinking: "", signature: "sig" },
      { type: "redacted_thinking", data: "data" },
      { type: "text", text: "ok" },
    ];
    const messages = [user, { role: "assistant", content }, user];
    const encoded = anthropicMessages.encodeRequest(decode({ messages })).value;
    expect(encoded["messages"]).toEqual(messages);
  });

  test("T05 unfinished calls are left out with their turn", () => {
    const { value } = fromResponses({
      input: [
        { type: "message", role: "user", content: "hi" },
        { type: "function_call", call_id: "a", name: "wait", arguments: '{"a', status: "incomplete" },
        { type: "message", role: "user", content: "again" },
      ],
    });
    expect(list(value["messages"]).map((message) => message["role"])).toEqual(["user"]);
  });

  test("payloads of other families in our envelope reach their family again, byte for byte", () => {
    const signature = wrapPayload({
      provenance: { wire: "openai-responses", model: "gpt-5.6" },
      payload: "gAAAA+/payload",
      itemId: "rs_1",
      partLengths: [3, 3],
    });
    const request = decode({
      messages: [user, { role: "assistant", content: [{ type: "thinking", thinking: "one\n\ntwo", signature }] }, user],
    });
    const { value } = openaiResponses.encodeRequest(request);
    expect(list(value["input"])[1]).toMatchObject({
      type: "reasoning",
      summary: [
        { type: "summary_text", text: "one" },
        { type: "summary_text", text: "two" },
      ],
      encrypted_content: "gAAAA+/payload",
    });
    const chat = openaiChat.encodeRequest(request);
    expect(JSON.stringify(chat.value)).not.toContain("payload");
    // Signed by nobody Anthropic knows, so it must not go there either.
    expect(JSON.stringify(anthropicMessages.encodeRequest(request).value)).not.toContain("thinking");
  });

  test("the signature of a call that travelled in a block of its own goes back to the call", () => {
    const data = wrapPayload({ provenance: { wire: "gemini" }, payload: "sig", callId: "a" });
    const request = decode({
      messages: [
        user,
        {
          role: "assistant",
          content: [
            { type: "tool_use", id: "a", name: "wait", input: {} },
            { type: "redacted_thinking", data },
          ],
        },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: "1" }] },
      ],
    });
    expect(request.turns[1]?.blocks).toMatchObject([{ type: "tool-call", callId: "a", payload: "sig" }]);
  });
});

describe("the beginning of an answer", () => {
  const body = { messages: [user, { role: "assistant", content: "The answer is " }] };

  test("T74 is kept for models that go on from it, without blanks at its end", () => {
    expect(list(fromChat(body).value["messages"]).at(-1)).toEqual({ role: "assistant", content: "The answer is" });
  });

  test("T74 is followed by a request to go on for models that do not, and while thinking", () => {
    for (const { value, report } of [fromChat(body, sonnet5), fromChat({ ...body, reasoning_effort: "low" })]) {
      expect(list(value["messages"]).map((message) => message["role"])).toEqual(["user", "assistant", "user"]);
      expect(report.approximated.map((loss) => loss.path)).toContain("messages");
    }
  });

  test("T74 is left out when it is blank", () => {
    const { value } = fromChat({ messages: [user, { role: "assistant", content: " " }] }, sonnet5);
    expect(value["messages"]).toEqual([user]);
  });
});

describe("media", () => {
  const image = (url: string) => ({
    messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
  });
  const first = (value: JsonObject): JsonObject | undefined => blocksOf(list(value["messages"])[0])[0];

  test("images by data and by URL", () => {
    expect(first(fromChat(image("data:image/PNG;name=x;base64,aGk=")).value)).toEqual({
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "aGk=" },
    });
    expect(first(fromChat(image("https://example.com/a.png")).value)).toEqual({
      type: "image",
      source: { type: "url", url: "https://example.com/a.png" },
    });
  });

  test("T70 types and places Anthropic cannot read are refused by name", () => {
    for (const url of ["data:;base64,aGk=", "data:image/tiff;base64,aGk=", "gs://bucket/a.png"]) {
      expect(pathOf(() => fromChat(image(url)))).toBe("messages[0].content[0]");
    }
  });

  test("T69 documents: pdf by data, text as text, both with their names", () => {
    const file = (file_data: string, filename: string) =>
      first(
        fromChat({ messages: [{ role: "user", content: [{ type: "file", file: { file_data, filename } }] }] }).value,
      );
    expect(file("data:application/pdf;base64,JVBERg==", "a.pdf")).toEqual({
      type: "document",
      source: { type: "base64", media_type: "application/pdf", data: "JVBERg==" },
      title: "a.pdf",
    });
    expect(file("data:text/markdown;base64,aMOp", "a.md")).toEqual({
      type: "document",
      source: { type: "text", media_type: "text/plain", data: "hé" },
      title: "a.md",
    });
    expect(pathOf(() => file("data:application/zip;base64,aGk=", "a.zip"))).toBe("messages[0].content[0]");
  });

  test("T69 a pdf of an Anthropic client reaches Chat and Responses", () => {
    const source = { type: "base64", media_type: "application/pdf", data: "JVBERg==" };
    const messages = [{ role: "user", content: [{ type: "document", source, title: "a.pdf" }] }];
    expect(JSON.stringify(toChat({ messages }).value)).toContain('"file_data":"data:application/pdf;base64,JVBERg=="');
    expect(JSON.stringify(openaiResponses.encodeRequest(decode({ messages })).value)).toContain('"filename":"a.pdf"');
  });

  test("T63 images in tool results go both ways", () => {
    const input = [
      { type: "message", role: "user", content: "hi" },
      { type: "function_call", call_id: "a", name: "wait", arguments: "{}" },
      {
        type: "function_call_output",
        call_id: "a",
        output: [{ type: "input_image", image_url: "data:image/png;base64,aGk=" }],
      },
    ];
    const tools = [{ type: "function", name: "wait", parameters: { type: "object" } }];
    const { value } = fromResponses({ input, tools });
    const source = { type: "base64", media_type: "image/png", data: "aGk=" };
    expect(blocksOf(list(value["messages"])[2])[0]?.["content"]).toEqual([{ type: "image", source }]);
    const back = openaiResponses.encodeRequest(decode({ messages: value["messages"] ?? [] })).value;
    expect(JSON.stringify(back)).toContain("data:image/png;base64,aGk=");
  });

  test("audio is refused", () => {
    const content = [{ type: "input_audio", input_audio: { data: "aGk=", format: "wav" } }];
    expect(pathOf(() => fromChat({ messages: [{ role: "user", content }] }))).toBe("messages[0].content[0]");
  });

  test("search results are told as text elsewhere and come back as they were", () => {
    const block = {
      type: "search_result",
      source: "https://a",
      title: "A",
      content: [{ type: "text", text: "found" }],
    };
    const messages = [{ role: "user", content: [block] }];
    expect(JSON.stringify(toChat({ messages }).value)).toContain("found");
    expect(anthropicMessages.encodeRequest(decode({ messages })).value["messages"]).toEqual(messages);
  });
});

describe("tools", () => {
  const named = (name: string, parameters: JsonObject = { type: "object", properties: {} }) => ({
    type: "function",
    function: { name, description: "d", parameters, strict: null },
  });

  test("T38 T39 the shape is Anthropic's and nothing else is in it", () => {
    const { value } = fromChat({ messages: [user], tools: [named("wait")] });
    expect(value["tools"]).toEqual([
      { name: "wait", description: "d", input_schema: { type: "object", properties: {} } },
    ]);
  });

  test("T27 alternatives at the top of a schema are merged", () => {
    const schema = {
      anyOf: [
        { type: "object", properties: { a: { type: "string" }, b: { type: "string" } }, required: ["a", "b"] },
        { type: "object", properties: { a: { type: "number" } }, required: ["a"] },
      ],
    };
    const { value } = fromChat({ messages: [user], tools: [named("wait", schema)] });
    expect(list(value["tools"])[0]?.["input_schema"]).toEqual({
      type: "object",
      properties: { a: { anyOf: [{ type: "string" }, { type: "number" }] }, b: { type: "string" } },
      required: ["a"],
    });
  });

  test("T32 fields only Anthropic knows do not leak", () => {
    const { value, report } = toChat({
      messages: [user],
      tools: [
        {
          name: "wait",
          input_schema: { type: "object" },
          cache_control: { type: "ephemeral" },
          defer_loading: true,
          eager_input_streaming: true,
        },
      ],
    });
    expect(value["tools"]).toEqual([{ type: "function", function: { name: "wait", parameters: { type: "object" } } }]);
    expect(report.dropped.map((loss) => loss.path)).toEqual([
      "tools[0].cache_control",
      "tools[0].defer_loading",
      "tools[0].eager_input_streaming",
    ]);
  });

  test("T35 T37 one declaration a name, in the client's order", () => {
    const { value } = fromChat({ messages: [user], tools: [named("b"), named("a"), named("b")] });
    expect(list(value["tools"]).map((entry) => entry["name"])).toEqual(["b", "a"]);
  });

  test("T41 no choice without tools", () => {
    const { value } = fromChat({ messages: [user], tools: [], tool_choice: "auto", parallel_tool_calls: false });
    expect(value).not.toHaveProperty("tool_choice");
    expect(value).not.toHaveProperty("tools");
  });

  test("T42 T43 the choice and the switch for parallel calls", () => {
    const choice = (fields: JsonObject) =>
      fromChat({ messages: [user], tools: [tool], ...fields }).value["tool_choice"];
    expect(choice({})).toBeUndefined();
    expect(choice({ tool_choice: "none" })).toEqual({ type: "none" });
    expect(choice({ tool_choice: "required" })).toEqual({ type: "any" });
    expect(choice({ tool_choice: { type: "function", function: { name: "wait" } } })).toEqual({
      type: "tool",
      name: "wait",
    });
    expect(choice({ parallel_tool_calls: false })).toEqual({ type: "auto", disable_parallel_tool_use: true });
    expect(choice({ parallel_tool_calls: true })).toBeUndefined();
    const decoded = decode({
      messages: [user],
      tools: [{ name: "wait", input_schema: {} }],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
    });
    expect(openaiChat.encodeRequest(decoded).value).toMatchObject({
      tool_choice: "required",
      parallel_tool_calls: false,
    });
  });

  test("a subset of tools is all that is sent", () => {
    const tools = [named("a"), named("b")];
    const allowed_tools = { mode: "required", tools: [{ type: "function", function: { name: "b" } }] };
    const { value } = fromChat({ messages: [user], tools, tool_choice: { type: "allowed_tools", allowed_tools } });
    expect(list(value["tools"]).map((entry) => entry["name"])).toEqual(["b"]);
    expect(value["tool_choice"]).toEqual({ type: "any" });
  });

  test("T20 a forced tool goes before budget thinking", () => {
    const { value, report } = fromChat({
      messages: [user],
      tools: [tool],
      tool_choice: "required",
      reasoning_effort: "high",
    });
    expect(value["thinking"]).toEqual({ type: "disabled" });
    expect(report.dropped.map((loss) => loss.path)).toContain("reasoning");
  });

  test("T20 a model that takes no forcing is left the wanted tool alone", () => {
    const tools = [named("a"), named("b")];
    const tool_choice = { type: "function", function: { name: "b" } };
    const { value } = fromChat({ messages: [user], tools, tool_choice }, "claude-fable-5");
    expect(value["tool_choice"]).toEqual({ type: "auto" });
    expect(list(value["tools"]).map((entry) => entry["name"])).toEqual(["b"]);
  });

  test("T36 a free-text tool becomes a function, its calls too, and the grammar is told", () => {
    const { value } = fromResponses({
      input: [
        { type: "message", role: "user", content: "hi" },
        { type: "custom_tool_call", call_id: "a", name: "patch", input: "*** Begin" },
        { type: "custom_tool_call_output", call_id: "a", output: "ok" },
      ],
      tools: [{ type: "custom", name: "patch", format: { type: "grammar", syntax: "lark", definition: "start: x" } }],
    });
    expect(list(value["tools"])[0]).toMatchObject({ name: "patch", input_schema: { required: ["input"] } });
    expect(list(value["tools"])[0]?.["description"]).toContain("start: x");
    expect(blocksOf(list(value["messages"])[1])[0]?.["input"]).toEqual({ input: "*** Begin" });
  });

  test("T40 web search is translated, other server tools are refused or dropped by name", () => {
    const { value } = fromResponses({
      input: "hi",
      tools: [
        {
          type: "web_search",
          filters: { allowed_domains: ["a.com"] },
          user_location: { type: "approximate", city: "Bern" },
        },
      ],
    });
    expect(value["tools"]).toEqual([
      {
        type: "web_search_20250305",
        name: "web_search",
        allowed_domains: ["a.com"],
        user_location: { type: "approximate", city: "Bern" },
      },
    ]);
    const search = { type: "file_search", vector_store_ids: ["v"] };
    expect(pathOf(() => fromResponses({ input: "hi", tools: [search] }))).toBe("tools[0]");
    const other = { type: "function", name: "wait", parameters: { type: "object" } };
    const { report } = fromResponses({ input: "hi", tools: [search, other] });
    expect(report.dropped).toContainEqual({ path: "tools[0]", reason: "server-tool:file_search" });
  });
});

describe("thinking", () => {
  const effort = (reasoning_effort: string, model: string, rest: JsonObject = {}) => {
    const { value } = fromChat({ messages: [user], reasoning_effort, ...rest }, model);
    return { thinking: value["thinking"], config: value["output_config"] };
  };

  test.for([
    ["minimal", 1024],
    ["low", 2048],
    ["medium", 8192],
    ["high", 16_384],
    ["xhigh", 32_768],
  ] as const)("T18 effort %s is %d tokens on a budget model, and back", ([name, budget]) => {
    expect(effort(name, sonnet45).thinking).toEqual({ type: "enabled", budget_tokens: budget });
    const request = decode({ messages: [user], thinking: { type: "enabled", budget_tokens: budget } });
    expect(openaiResponses.encodeRequest(request).value["reasoning"]).toMatchObject({ effort: name });
  });

  test("T18 effort on adaptive models, the nearest where it is not offered", () => {
    expect(effort("low", sonnet5)).toEqual({
      thinking: { type: "adaptive", display: "summarized" },
      config: { effort: "low" },
    });
    expect(effort("minimal", sonnet5).config).toEqual({ effort: "low" });
    expect(effort("xhigh", sonnet5).config).toEqual({ effort: "xhigh" });
    expect(effort("xhigh", "claude-sonnet-4-6").config).toEqual({ effort: "max" });
    expect(effort("none", sonnet5)).toEqual({ thinking: { type: "disabled" }, config: undefined });
  });

  test("T18 T19 the effort and the wish to see thoughts of an Anthropic client are two things", () => {
    const reasoning = (thinking: JsonObject, output_config: JsonObject = {}) =>
      openaiResponses.encodeRequest(decode({ messages: [user], thinking, output_config })).value["reasoning"];
    expect(reasoning({ type: "adaptive", display: "omitted" }, { effort: "high" })).toEqual({ effort: "high" });
    expect(reasoning({ type: "adaptive" }, { effort: "low" })).toEqual({ effort: "low", summary: "auto" });
    expect(reasoning({ type: "adaptive" })).toEqual({ summary: "auto" });
    expect(reasoning({ type: "disabled" }, { effort: "high" })).toEqual({ effort: "none" });
  });

  test("T21 the budget stays below the limit of the answer, or thinking is off", () => {
    expect(effort("high", sonnet45, { max_tokens: 4000 }).thinking).toEqual({ type: "enabled", budget_tokens: 3999 });
    expect(effort("high", sonnet45, { max_tokens: 1024 }).thinking).toEqual({ type: "disabled" });
    expect(effort("max", sonnet45, { max_tokens: 4000 }).thinking).toEqual({ type: "enabled", budget_tokens: 3999 });
  });

  test("T22 temperature, top_p and top_k go while the model thinks, and always on the newest", () => {
    const sampling = { temperature: 0.3, top_k: 5 };
    const thinking = fromChat({ messages: [user], reasoning_effort: "low", ...sampling });
    expect(thinking.value).not.toHaveProperty("temperature");
    expect(thinking.value).not.toHaveProperty("top_k");
    expect(thinking.report.dropped.map((loss) => loss.path)).toEqual(["temperature", "top_k"]);
    expect(fromChat({ messages: [user], ...sampling }).value).toMatchObject(sampling);
    expect(fromChat({ messages: [user], ...sampling, temperature: 1.5 }).value["temperature"]).toBe(1);
    expect(fromChat({ messages: [user], ...sampling }, sonnet5).value).not.toHaveProperty("temperature");
    expect(fromChat({ messages: [user], temperature: 0, top_p: 0.5 }).value).not.toHaveProperty("top_p");
  });
});

describe("the rest of a request", () => {
  test("T75 the limit: the client's, within the model's, or the model's own", () => {
    const limit = (fields: JsonObject, model: string) =>
      fromChat({ messages: [user], ...fields }, model).value["max_tokens"];
    expect(limit({}, sonnet45)).toBe(64_000);
    expect(limit({}, "claude-3-haiku-20240307")).toBe(4096);
    expect(limit({}, "anthropic/claude-opus-4.1")).toBe(32_000);
    expect(limit({ max_completion_tokens: 10 }, sonnet45)).toBe(10);
    expect(limit({ max_tokens: 999_999 }, sonnet45)).toBe(64_000);
  });

  test("T78 stop sequences: always a list, without blank ones", () => {
    expect(fromChat({ messages: [user], stop: "x" }).value["stop_sequences"]).toEqual(["x"]);
    const { value, report } = fromChat({ messages: [user], stop: ["\n", "x"] });
    expect(value["stop_sequences"]).toEqual(["x"]);
    expect(report.dropped.map((loss) => loss.path)).toEqual(["stop"]);
  });

  test("T80 a schema for the answer: closed objects, limits told in words", () => {
    const schema = { type: "object", properties: { n: { type: "integer", minimum: 1, description: "count" } } };
    const response_format = { type: "json_schema", json_schema: { name: "x", schema } };
    expect(fromChat({ messages: [user], response_format }).value["output_config"]).toEqual({
      format: {
        type: "json_schema",
        schema: {
          type: "object",
          properties: { n: { type: "integer", description: "count (minimum: 1)" } },
          additionalProperties: false,
        },
      },
    });
  });

  test("a schema for a model without structured output is a forced tool", () => {
    const response_format = { type: "json_schema", json_schema: { name: "x", schema: { type: "object" } } };
    const { value, report } = fromChat({ messages: [user], response_format }, "claude-3-7-sonnet-latest");
    expect(value["tool_choice"]).toEqual({
      type: "tool",
      name: "turnout_json_answer",
      disable_parallel_tool_use: true,
    });
    expect(report.approximated.map((loss) => loss.path)).toEqual(["response_format"]);
  });

  test("T79 JSON without a schema is asked for in words", () => {
    const { value } = fromChat({ messages: [user], response_format: { type: "json_object" } });
    expect(JSON.stringify(value["system"])).toContain("JSON object");
  });

  test("the schema of an Anthropic client reaches Chat", () => {
    const schema = { type: "object", properties: {} };
    const { value } = toChat({ messages: [user], output_config: { format: { type: "json_schema", schema } } });
    expect(value["response_format"]).toEqual({ type: "json_schema", json_schema: { name: "response", schema } });
  });

  test("what would change the meaning is refused by name", () => {
    expect(pathOf(() => fromChat({ messages: [user], n: 2 }))).toBe("n");
    expect(pathOf(() => fromChat({ messages: [user], logprobs: true }))).toBe("logprobs");
    expect(pathOf(() => fromResponses({ input: "hi", previous_response_id: "resp_1" }))).toBe("previous_response_id");
    expect(pathOf(() => fromChat({ messages: [user], tools: [], tool_choice: "required" }))).toBe("tool_choice");
  });

  test("what tunes the style is dropped and named", () => {
    const { report } = fromChat({
      messages: [user],
      seed: 1,
      presence_penalty: 0,
      verbosity: "low",
      service_tier: "flex",
    });
    expect(report.dropped.map((loss) => loss.path)).toEqual(["seed", "presence_penalty", "verbosity", "service_tier"]);
  });

  test("the end user and the tier are carried over", () => {
    const { value } = fromChat({ messages: [user], user: "u", service_tier: "default" });
    expect(value).toMatchObject({ metadata: { user_id: "u" }, service_tier: "standard_only" });
    expect(toChat({ messages: [user], metadata: { user_id: "u" } }).value["safety_identifier"]).toBe("u");
  });

  test("fields only Anthropic knows are named when they are left out", () => {
    const { report } = toChat({
      messages: [user],
      context_management: { edits: [{ type: "clear_thinking_20251015" }] },
      container: "c",
      mcp_servers: [{ type: "url", url: "https://a", name: "a" }],
    });
    expect(report.dropped.map((loss) => loss.path)).toEqual(["context_management", "container", "mcp_servers"]);
  });

  test("T82 four cache marks at most, of an hour before those of five minutes", () => {
    const part = (ttl: string) => ({ type: "text", text: "x", cache_control: { type: "ephemeral", ttl } });
    const content = ["5m", "1h", "5m", "5m", "5m"].map(part);
    const { value, report } = fromChat({
      messages: [
        { role: "system", content: [part("1h")] },
        { role: "user", content },
      ],
    });
    const marks = blocksOf(list(value["messages"])[0]).map((block) => block["cache_control"]);
    expect(JSON.stringify(value).match(/"cache_control"/gu)).toHaveLength(4);
    expect(marks.at(-1)).toEqual({ type: "ephemeral", ttl: "5m" });
    expect(report.dropped.map((loss) => loss.path)).toEqual(["cache_control"]);
  });
});
