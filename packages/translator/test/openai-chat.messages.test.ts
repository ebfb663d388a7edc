import type { JsonObject, Turn } from "@turnout/core";
import { openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { chatRequest, decode, encodeTurns, refusal, roundTrip, text, user } from "./chat-requests.ts";

describe("decodeRequest() refuses with the path of the first wrong field", () => {
  test.for<[string, unknown, string]>([
    ["no object", "text", ""],
    ["no model", { messages: [user] }, "model"],
    ["no messages", { model: "m", messages: [] }, "messages"],
    ["messages of another type", { model: "m", messages: "Hi" }, "messages"],
    ["an unknown role", chatRequest({ messages: [{ role: "tutor", content: "Hi" }] }), "messages[0].role"],
    ["no content", chatRequest({ messages: [user, { role: "user" }] }), "messages[1].content"],
    ["content of another type", chatRequest({ messages: [{ role: "user", content: 5 }] }), "messages[0].content"],
    [
      "a part without its field",
      chatRequest({ messages: [{ role: "user", content: [{ type: "text", text: "a" }, { type: "image_url" }] }] }),
      "messages[0].content[1].image_url",
    ],
    [
      "a part without a type",
      chatRequest({ messages: [{ role: "user", content: [{ text: "a" }] }] }),
      "messages[0].content[0].type",
    ],
    [
      "a call without a name",
      chatRequest({ messages: [{ role: "assistant", tool_calls: [{ id: "a", type: "function" }] }] }),
      "messages[0].tool_calls[0].function",
    ],
    ["a function tool without function", chatRequest({ tools: [{ type: "function" }] }), "tools[0].function"],
    ["a temperature in words", chatRequest({ temperature: "hot" }), "temperature"],
    ["a limit of zero", chatRequest({ max_tokens: 0 }), "max_tokens"],
    [
      "a schema format without schema",
      chatRequest({ response_format: { type: "json_schema" } }),
      "response_format.json_schema",
    ],
  ])("%s", ([, body, path]) => {
    const error = refusal(() => openaiChat.decodeRequest(body));
    expect(error.code).toBe("request-invalid");
    expect(error.details.path).toBe(path);
    expect(error.message).toMatch(/^Cannot read Chat request/u);
  });

  test("unknown fields are no mistake: they go back to Chat and are reported elsewhere", () => {
    const fields = { provider: { order: ["a"] }, messages: [{ ...user, name: "Ann", vendor: 1 }] };
    expect(roundTrip(fields)).toEqual(chatRequest(fields));
    const { report } = openaiResponses.encodeRequest(decode(fields));
    expect(report.dropped.map((loss) => loss.path)).toEqual(
      expect.arrayContaining(["provider", "messages[0].name", "messages[0].vendor"]),
    );
  });
});

describe("messages", () => {
  test("system and developer stay where they are, with their rank (T72)", () => {
    const messages = [{ role: "developer", content: "a" }, user, { role: "system", content: "b" }];
    expect(decode({ messages }).turns.map(({ role, level }) => [role, level])).toEqual([
      ["system", "developer"],
      ["user", undefined],
      ["system", "system"],
    ]);
    expect(roundTrip({ messages })["messages"]).toEqual(messages);
    const { value, report } = openaiChat.encodeRequest(decode({ messages }), { developerRole: false });
    expect(value["messages"]).toMatchObject([{ role: "system" }, {}, { role: "system" }]);
    expect(report.approximated).not.toEqual([]);
  });

  test("strings and arrays of parts come back in the form they had", () => {
    const parts = [
      { type: "text", text: "What is this?", cache_control: { type: "ephemeral", ttl: "5m" } },
      { type: "image_url", image_url: { url: "https://x.test/a.png", detail: "low" } },
      { type: "image_url", image_url: { url: "data:image/png;base64,iVBO" } },
      { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBE" } },
      { type: "file", file: { file_id: "file-1" } },
      { type: "input_audio", input_audio: { data: "UklG", format: "wav" } },
      { type: "video_url", video_url: { url: "https://x.test/a.mp4" } },
    ];
    const messages = [
      { role: "user", content: parts },
      { role: "user", content: [{ type: "text", text: "one" }] },
      user,
    ];
    expect(roundTrip({ messages })["messages"]).toEqual(messages);
    expect(decode({ messages }).turns[0]?.blocks).toMatchObject([
      { type: "text", cache: { ttl: "5m" } },
      { type: "image", source: { kind: "url" }, detail: "low" },
      { type: "image", source: { kind: "base64", mediaType: "image/png", data: "iVBO" } },
      { type: "file", source: { kind: "base64", mediaType: "application/pdf" }, filename: "a.pdf" },
      { type: "file", source: { kind: "file-id", id: "file-1" } },
      { type: "audio", format: "wav" },
      { type: "opaque" },
    ]);
  });

  test("a cache mark on a whole message belongs to its last block, string or not (T82)", () => {
    const mark = { cache_control: { type: "ephemeral", ttl: "1h" } };
    const parts = [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ];
    const messages = [
      { role: "system", content: "Be brief", ...mark },
      { role: "user", content: parts, ...mark },
    ];
    expect(decode({ messages }).turns.map((turn) => turn.blocks.map((block) => block.cache))).toEqual([
      [{ ttl: "1h" }],
      [undefined, { ttl: "1h" }],
    ]);
    expect(roundTrip({ messages })["messages"]).toEqual(messages);
    expect(openaiChat.encodeRequest(decode({ messages })).report.dropped).toEqual([]);
  });

  test("a cache mark of another format is dropped and named", () => {
    const { messages, report } = encodeTurns([{ role: "user", blocks: [{ ...text("Hi"), cache: {} }] }]);
    expect(messages).toEqual([user]);
    expect(report.dropped.map((loss) => loss.path)).toEqual(["turns[0].blocks[0].cache"]);
  });

  test("file data without its prefix gets its type from the name", () => {
    const content = [{ type: "file", file: { filename: "a.pdf", file_data: "JVBE" } }];
    const [turn] = decode({ messages: [{ role: "user", content }] }).turns;
    expect(turn?.blocks[0]).toMatchObject({ source: { mediaType: "application/pdf", data: "JVBE" } });
  });

  test("a data URL that is percent-encoded is understood", () => {
    const content = [{ type: "image_url", image_url: { url: "data:image/svg+xml,%3Csvg%2F%3E" } }];
    const [turn] = decode({ messages: [{ role: "user", content }] }).turns;
    expect(turn?.blocks[0]).toMatchObject({ source: { mediaType: "image/svg+xml", data: btoa("<svg/>") } });
  });

  test("an empty text beside calls is no block (T59, T61) and comes back as it was", () => {
    const toolCalls = [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }];
    for (const content of ["", null]) {
      const messages = [
        user,
        { role: "assistant", content, tool_calls: toolCalls },
        { role: "tool", tool_call_id: "c1", content: "ok" },
      ];
      expect(decode({ messages }).turns[1]?.blocks.map((block) => block.type)).toEqual(["tool-call"]);
      expect(roundTrip({ messages })["messages"]).toEqual(messages);
    }
  });

  test("function_call and role `function`, the forms before tools, come back as they were", () => {
    const fields = {
      functions: [{ name: "f", parameters: { type: "object" } }],
      function_call: { name: "f" },
      messages: [
        user,
        { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
        { role: "function", name: "f", content: "42" },
      ],
    };
    expect(roundTrip(fields)).toEqual(chatRequest(fields));
    const { value } = openaiResponses.encodeRequest(decode(fields));
    const [, called, answered] = value["input"] as readonly JsonObject[];
    expect(called).toMatchObject({ type: "function_call", name: "f" });
    expect(answered).toMatchObject({ type: "function_call_output", call_id: called?.["call_id"], output: "42" });
  });

  test("refusals, as field and as part", () => {
    const messages = [
      user,
      { role: "assistant", content: null, refusal: "No." },
      { role: "assistant", content: [{ type: "refusal", refusal: "No!" }] },
      user,
    ];
    expect(decode({ messages }).turns[1]?.blocks).toEqual([{ type: "refusal", text: "No." }]);
    expect(roundTrip({ messages })["messages"]).toEqual(messages);
  });

  test("a file or audio that no part can point at is refused, not dropped", () => {
    const turn = (block: Turn["blocks"][number]): Turn[] => [{ role: "user", blocks: [block] }];
    const url = { kind: "url", url: "https://x.test/a" } as const;
    for (const block of [
      { type: "file", source: url } as const,
      { type: "audio", source: url } as const,
      { type: "image", source: { kind: "file-id", id: "f" } } as const,
    ]) {
      expect(refusal(() => encodeTurns(turn(block))).details.path).toMatch(/blocks\[0\]/u);
    }
  });
});

describe("reasoning in a history", () => {
  test("reasoning_content, reasoning and reasoning_details go back byte for byte (T01, T17)", () => {
    const details = [{ type: "reasoning.text", text: "Hm", signature: "sig", format: "anthropic-claude-v1", index: 0 }];
    const messages = [
      user,
      { role: "assistant", content: "a", reasoning_content: "Let me see" },
      user,
      { role: "assistant", content: "b", reasoning: "Hm", reasoning_details: details },
      user,
    ];
    expect(roundTrip({ messages })["messages"]).toEqual(messages);
    expect(decode({ messages }).turns[3]?.blocks[0]).toMatchObject({
      type: "reasoning",
      parts: [{ form: "raw", text: "Hm" }],
      payload: "sig",
      provenance: { wire: "anthropic-messages" },
    });
  });

  test("two fields with the same text are one thought", () => {
    const messages = [user, { role: "assistant", content: "a", reasoning_content: "Hm", reasoning: "Hm" }, user];
    expect(decode({ messages }).turns[1]?.blocks.filter((block) => block.type === "reasoning")).toHaveLength(1);
    expect(roundTrip({ messages })["messages"]).toEqual(messages);
  });

  test("a foreign thought is dropped and named, never told as text (T06)", () => {
    const { messages, report } = encodeTurns([
      { role: "user", blocks: [text("Hi")] },
      {
        role: "assistant",
        blocks: [
          {
            type: "reasoning",
            parts: [{ form: "summary", text: "secret" }],
            payload: "enc",
            provenance: { wire: "openai-responses" },
          },
          text("Yes"),
        ],
      },
      { role: "user", blocks: [text("And?")] },
    ]);
    expect(JSON.stringify(messages)).not.toMatch(/secret|enc/u);
    expect(report.dropped).toEqual([{ path: "turns[1].blocks[0]", reason: "reasoning of another provider" }]);
  });

  test("payloads of Responses survive the way through a Chat client and back (law 9)", () => {
    const answer = {
      id: "resp_1",
      object: "response",
      created_at: 1,
      status: "completed",
      model: "m",
      output: [
        {
          type: "reasoning",
          id: "rs_1",
          summary: [{ type: "summary_text", text: "One" }],
          encrypted_content: "gAAAA-1",
        },
        { type: "reasoning", id: "rs_2", summary: [], encrypted_content: "gAAAA-2" },
        { type: "function_call", id: "fc_1", call_id: "call_1", name: "f", arguments: "{}", status: "completed" },
      ],
    };
    const context = { request: decode({}), model: "m", createdAt: 1, idSeed: "0".repeat(48) };
    const told = openaiChat.encodeResponse(openaiResponses.decodeResponse(answer).value, context).value;
    const [choice] = told["choices"] as readonly JsonObject[];
    const messages = [user, choice?.["message"] ?? null, { role: "tool", tool_call_id: "call_1", content: "ok" }];
    const next = openaiResponses.encodeRequest(decode({ messages })).value;
    const items = next["input"] as readonly JsonObject[];
    expect(items.filter((item) => item["type"] === "reasoning").map((item) => item["encrypted_content"])).toEqual([
      "gAAAA-1",
      "gAAAA-2",
    ]);
  });
});
