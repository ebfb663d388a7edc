import type { JsonObject, JsonValue, Turn } from "@turnout/core";
import { type Codec, gemini, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { wrapPayload } from "../src/payload-envelope.ts";
import { at, call, decode, fromChat, fromTurns, hello, partsOf, twoCalls, userText } from "./gemini-requests.ts";

// Histories of other formats told to Gemini; the reported bugs of translation.md section 7 by number.

describe("encodeRequest() of other formats", () => {
  test("T13: on Gemini 3 the first call of a step has the sentinel, later ones, results and older models have not", () => {
    const parts = partsOf(fromChat({ messages: twoCalls }).value);
    expect(parts.map((part) => part["thoughtSignature"])).toEqual([
      undefined,
      "skip_thought_signature_validator",
      undefined,
      undefined,
      undefined,
    ]);
    const older = partsOf(fromChat({ messages: twoCalls }, "gemini-2.5-flash").value);
    expect(older.every((part) => part["thoughtSignature"] === undefined)).toBe(true);
  });

  test("T13: a signature that came back through a Chat client goes up as it was", () => {
    const signed = { ...call("a", "one"), extra_content: { google: { thought_signature: "c2lnbmVk" } } };
    const messages: JsonValue[] = [
      hello,
      { role: "assistant", content: null, tool_calls: [signed] },
      { role: "tool", tool_call_id: "a", content: "r" },
    ];
    expect(partsOf(fromChat({ messages }).value)[1]?.["thoughtSignature"]).toBe("c2lnbmVk");
  });

  test("T51, T53, T58: all calls, then all results in one content, each with the name of its call", () => {
    const contents = fromChat({ messages: [...twoCalls, { role: "user", content: "Next" }] }).value["contents"];
    expect(contents).toEqual([
      { role: "user", parts: [{ text: "Hello" }] },
      {
        role: "model",
        parts: [
          {
            functionCall: { id: "a", name: "one", args: { x: 1 } },
            thoughtSignature: "skip_thought_signature_validator",
          },
          { functionCall: { id: "b", name: "two", args: {} } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "b", name: "two", response: { output: "second" } } },
          { functionResponse: { id: "a", name: "one", response: { output: "first" } } },
          { text: "Next" },
        ],
      },
    ]);
  });

  test("T54, T55: a call without result gets one, a result without call goes, calls at the end go", () => {
    const messages: JsonValue[] = [
      hello,
      { role: "assistant", content: null, tool_calls: [call("a", "one")] },
      hello,
      { role: "tool", tool_call_id: "x", content: "lost" },
      { role: "assistant", content: "So", tool_calls: [call("c", "two")] },
    ];
    const { value, report } = fromChat({ messages });
    const text = JSON.stringify(value);
    expect(text).toContain('"error":"No result: the call was interrupted"');
    expect(text).not.toContain("lost");
    expect(text).not.toContain("two");
    expect(report.dropped.length).toBeGreaterThanOrEqual(2);
  });

  test("T52: what only looks like JSON stays text, an object is one, and words of the protocol are wrapped", () => {
    const respond = (content: string) => {
      const messages: JsonValue[] = [
        hello,
        { role: "assistant", content: null, tool_calls: [call("a", "one")] },
        { role: "tool", tool_call_id: "a", content },
      ];
      return at(partsOf(fromChat({ messages }).value)[2], "functionResponse", "response");
    };
    expect(respond("{ plist = 1; }")).toEqual({ output: "{ plist = 1; }" });
    expect(respond('{"cut": ')).toEqual({ output: '{"cut": ' });
    expect(respond('{"a":{"b":1}}')).toEqual({ a: { b: 1 } });
    expect(respond('{"error":"x"}')).toEqual({ output: '{"error":"x"}' });
    expect(respond("")).toEqual({ output: "" });
    expect(respond("[1]")).toEqual({ output: "[1]" });
  });

  test("a failed result is told under error", () => {
    const turns: Turn[] = [
      { role: "user", blocks: [{ type: "text", text: "x" }] },
      { role: "assistant", blocks: [{ type: "tool-call", callId: "a", name: "f", kind: "function", arguments: "" }] },
      {
        role: "user",
        blocks: [
          {
            type: "tool-result",
            callId: "a",
            kind: "function",
            content: [{ type: "text", text: "no" }],
            isError: true,
          },
        ],
      },
    ];
    expect(at(partsOf(fromTurns(turns).value)[2], "functionResponse")).toEqual({
      id: "a",
      name: "f",
      response: { error: "no" },
    });
  });

  test("T62, T64: a picture in a result is inside it on Gemini 3 and after all results before", () => {
    const image = { type: "image", source: { kind: "base64", mediaType: "image/png", data: "QQ==" } } as const;
    const turns: Turn[] = [
      { role: "user", blocks: [{ type: "text", text: "x" }] },
      {
        role: "assistant",
        blocks: [
          { type: "tool-call", callId: "a", name: "f", kind: "function", arguments: "{}" },
          { type: "tool-call", callId: "b", name: "f", kind: "function", arguments: "{}" },
        ],
      },
      {
        role: "user",
        blocks: [
          { type: "tool-result", callId: "a", kind: "function", content: [image] },
          { type: "tool-result", callId: "b", kind: "function", content: [{ type: "text", text: "t" }] },
        ],
      },
    ];
    const inline = { inlineData: { mimeType: "image/png", data: "QQ==" } };
    expect(at(partsOf(fromTurns(turns).value)[3], "functionResponse", "parts")).toEqual([inline]);
    const older = partsOf(fromTurns(turns, "gemini-2.5-pro").value).slice(3);
    expect(older.map((part) => Object.keys(part)[1])).toEqual([
      "functionResponse",
      "functionResponse",
      "text",
      "inlineData",
    ]);
  });

  test("T67: arguments that are no object keep their JSON, cut ones stay text", () => {
    const args = (text: string) => {
      const messages: JsonValue[] = [
        hello,
        { role: "assistant", content: null, tool_calls: [call("a", "one", text)] },
        { role: "tool", tool_call_id: "a", content: "r" },
      ];
      return at(partsOf(fromChat({ messages }).value)[1], "functionCall", "args");
    };
    expect(args("[1,2]")).toEqual({ input: [1, 2] });
    expect(args('"x"')).toEqual({ input: "x" });
    expect(args("")).toEqual({});
    expect(args('{"a":')).toEqual({ input: '{"a":' });
  });

  test("T31: arguments are data: no cleaner touches what looks like a schema", () => {
    const args = { $schema: "x", type: ["string", "null"], additionalProperties: false, const: 1 };
    const messages: JsonValue[] = [
      hello,
      { role: "assistant", content: null, tool_calls: [call("a", "one", JSON.stringify(args))] },
      { role: "tool", tool_call_id: "a", content: "r" },
    ];
    expect(at(partsOf(fromChat({ messages }, "gemini-2.0-flash").value)[1], "functionCall", "args")).toEqual(args);
  });

  test("T71: a system text inside the history stays at its place, marked", () => {
    const messages: JsonValue[] = [
      { role: "system", content: "First" },
      hello,
      { role: "assistant", content: "Hi" },
      { role: "system", content: "Later" },
      hello,
    ];
    const { value, report } = fromChat({ messages });
    expect(value["systemInstruction"]).toEqual({ parts: [{ text: "First" }] });
    expect(partsOf(value).map((part) => part["text"])).toEqual(["Hello", "Hi", "<system>Later</system>", "Hello"]);
    expect(report.approximated.map((loss) => loss.path)).toEqual(["messages[3].content"]);
  });

  test("Gemma takes no system instruction: it goes into the first turn", () => {
    const { value } = fromChat({ messages: [{ role: "system", content: "First" }, hello] }, "gemma-3-27b-it");
    expect(value["systemInstruction"]).toBeUndefined();
    expect(partsOf(value).map((part) => part["text"])).toEqual(["<system>First</system>", "Hello"]);
  });

  test("T60: turns of one role are merged, the first one is the user's, none is empty", () => {
    const messages: JsonValue[] = [
      { role: "assistant", content: "a" },
      { role: "assistant", content: "" },
      { role: "assistant", content: "b" },
      hello,
      hello,
    ];
    const contents = fromChat({ messages }).value["contents"];
    expect(contents).toEqual([
      { role: "user", parts: [{ text: "." }] },
      { role: "model", parts: [{ text: "a" }, { text: "b" }] },
      { role: "user", parts: [{ text: "Hello" }, { text: "Hello" }] },
    ]);
    expect(fromChat({ messages: [{ role: "system", content: "S" }] }).value["contents"]).toEqual([
      { role: "user", parts: [{ text: "." }] },
    ]);
  });

  test("T06: reasoning of another provider is dropped and named; Google's own goes back", () => {
    const turn = (wire: "gemini" | "openai-responses"): Turn[] => [
      { role: "user", blocks: [{ type: "text", text: "x" }] },
      {
        role: "assistant",
        blocks: [
          { type: "reasoning", parts: [{ form: "summary", text: "t" }], payload: "p", provenance: { wire } },
          { type: "text", text: "y" },
        ],
      },
    ];
    expect(partsOf(fromTurns(turn("openai-responses")).value).map((part) => part["text"])).toEqual(["x", "y"]);
    expect(fromTurns(turn("openai-responses")).report.dropped).toHaveLength(1);
    expect(partsOf(fromTurns(turn("gemini")).value)[1]).toEqual({
      role: "model",
      text: "t",
      thought: true,
      thoughtSignature: "p",
    });
  });
});

describe("payloads of other providers in a Gemini client's history", () => {
  const envelope = {
    provenance: { wire: "openai-responses", model: "gpt-5" },
    payload: "gAAAA",
    itemId: "rs_1",
  } as const;
  const signatures = [wrapPayload(envelope), btoa(wrapPayload(envelope))];

  test.for(signatures)("T13: on a call they come back as the reasoning before it: %s", (thoughtSignature) => {
    const request = decode({
      contents: [
        userText("x"),
        { role: "model", parts: [{ functionCall: { name: "f", id: "c" }, thoughtSignature }] },
        { role: "user", parts: [{ functionResponse: { name: "f", id: "c", response: { output: "r" } } }] },
      ],
    });
    expect(request.turns[1]?.blocks).toMatchObject([
      { type: "reasoning", ...envelope },
      { type: "tool-call", callId: "c" },
    ]);
    const input = openaiResponses.encodeRequest(request).value["input"];
    expect(Array.isArray(input) && input[1]).toMatchObject({
      type: "reasoning",
      encrypted_content: "gAAAA",
    });
    // Towards Google the foreign payload is dropped and the sentinel is there.
    const { value, report } = gemini.encodeRequest({ ...request, extras: { wire: "openai-chat", fields: {} } });
    expect(JSON.stringify(value)).not.toContain("gAAAA");
    expect(partsOf(value)[1]?.["thoughtSignature"]).toBe("skip_thought_signature_validator");
    expect(report.dropped.map((loss) => loss.reason)).toContain("reasoning of another provider");
  });

  test("on thoughts and texts too", () => {
    const [thoughtSignature] = signatures;
    const request = decode({
      contents: [
        {
          role: "model",
          parts: [
            { text: "t", thought: true, thoughtSignature: thoughtSignature ?? "" },
            { text: "y", thoughtSignature: thoughtSignature ?? "" },
          ],
        },
      ],
    });
    expect(request.turns[0]?.blocks).toMatchObject([
      { type: "reasoning", parts: [{ text: "t" }], payload: "gAAAA" },
      { type: "reasoning", parts: [], payload: "gAAAA" },
      { type: "text", text: "y" },
    ]);
  });
});

const codecs: readonly Codec[] = [openaiChat, openaiResponses];
test.for(codecs)("law 10: the same request gives the same bytes from $wire", (codec) => {
  const body: JsonObject =
    codec.wire === "openai-chat" ? { model: "m", messages: twoCalls } : { model: "m", input: "x" };
  const write = () => JSON.stringify(gemini.encodeRequest(codec.decodeRequest(body).value).value);
  expect(write()).toBe(write());
});
