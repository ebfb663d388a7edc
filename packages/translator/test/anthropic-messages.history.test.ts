import { type JsonObject } from "@turnout/core";
import { anthropicMessages, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { wrapPayload } from "../src/payload-envelope.ts";
import {
  fromChat,
  fromResponses,
  decode,
  toChat,
  list,
  blocksOf,
  pathOf,
  user,
  tool,
  call,
  calls,
  result,
} from "./anthropic-requests.ts";

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
    expect(report.dropped.map((loss) => loss.path)).toContain("reasoning_effort");
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
