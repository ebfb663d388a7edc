import type { JsonObject, ModelRequest, RouterError, Turn } from "@turnout/core";
import { openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

const user = { role: "user", content: "Hi" };

function chatRequest(fields: JsonObject): JsonObject {
  return { model: "gpt-x", messages: [user], ...fields };
}

function decode(fields: JsonObject): ModelRequest {
  return openaiChat.decodeRequest(chatRequest(fields)).value;
}

/** The request as it leaves again for the same format. */
function roundTrip(fields: JsonObject): JsonObject {
  return openaiChat.encodeRequest(decode(fields)).value;
}

function encodeTurns(turns: readonly Turn[], more: Partial<ModelRequest> = {}) {
  const request: ModelRequest = { model: "gpt-x", stream: false, turns, tools: [], sampling: {}, ...more };
  const { value, report } = openaiChat.encodeRequest(request);
  return { body: value, messages: value["messages"], report };
}

function text(value: string) {
  return { type: "text", text: value } as const;
}

function call(callId: string, name = "f", text = "{}") {
  return { type: "tool-call", callId, name, kind: "function", arguments: text } as const;
}

function result(callId: string, value: string) {
  return { type: "tool-result", callId, kind: "function", content: [text(value)] } as const;
}

const png = { type: "image", source: { kind: "base64", mediaType: "image/png", data: "iVBO" } } as const;
const fn = { type: "function", name: "f" } as const;

function refusal(run: () => unknown): RouterError<"request-invalid"> {
  try {
    run();
  } catch (error) {
    return error as RouterError<"request-invalid">;
  }
  throw new Error("Nothing was refused");
}

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

describe("calls and results", () => {
  const pair = (id: string): Turn[] => [
    { role: "user", blocks: [text("Hi")] },
    { role: "assistant", blocks: [call(id)] },
    { role: "user", blocks: [result(id, "ok")] },
  ];

  test("ids over 40 characters are mapped, the same on call and result, in every request (T44, T45)", () => {
    const [, assistant, tool] = encodeTurns(pair("x".repeat(69))).messages as readonly JsonObject[];
    expect(tool?.["tool_call_id"]).toMatch(/^call_[0-9A-Za-z]{24}$/u);
    expect(assistant).toMatchObject({ tool_calls: [{ id: tool?.["tool_call_id"] }] });
    expect(encodeTurns(pair("x".repeat(69))).messages).toEqual(encodeTurns(pair("x".repeat(69))).messages);
    expect(JSON.stringify(encodeTurns(pair("functions.f:0")).messages)).toContain('"functions.f:0"');
  });

  test("results without an id pair by order", () => {
    const calls = ["a", "b"].map((id) => ({ id, type: "function", function: { name: id, arguments: "{}" } }));
    const messages = [
      user,
      { role: "assistant", content: null, tool_calls: calls },
      { role: "tool", content: "1" },
      { role: "tool", content: "2" },
    ];
    expect(decode({ messages }).turns[2]?.blocks).toMatchObject([
      { callId: "a", name: "a" },
      { callId: "b", name: "b" },
    ]);
  });

  test("results of one step are one turn; each is a message of its own, before the user's words (T53)", () => {
    const { messages } = encodeTurns([
      { role: "user", blocks: [text("Hi")] },
      { role: "assistant", blocks: [call("a"), call("b")] },
      { role: "user", blocks: [result("a", "1"), result("b", "2"), text("Go on")] },
    ]);
    expect(messages).toMatchObject([
      { role: "user" },
      { role: "assistant", content: null },
      { role: "tool", tool_call_id: "a", content: "1" },
      { role: "tool", tool_call_id: "b", content: "2" },
      { role: "user", content: "Go on" },
    ]);
    expect(decode({ messages: messages as JsonObject[] }).turns.map((turn) => turn.blocks.length)).toEqual([
      1, 2, 2, 1,
    ]);
  });

  test("a call without result gets one when more follows, none at the end (T54)", () => {
    const open: Turn[] = [
      { role: "user", blocks: [text("Hi")] },
      { role: "assistant", blocks: [call("a")] },
    ];
    expect(encodeTurns(open).messages).toHaveLength(2);
    const { messages, report } = encodeTurns([...open, { role: "user", blocks: [text("Never mind")] }]);
    expect(messages).toMatchObject([
      {},
      {},
      { role: "tool", tool_call_id: "a", content: "No result: the call was interrupted" },
      { role: "user" },
    ]);
    expect(report.approximated.some((loss) => loss.reason.includes("without a result"))).toBe(true);
  });

  test("a message between call and result moves behind the result (T54)", () => {
    const { messages } = encodeTurns([
      { role: "user", blocks: [text("Hi")] },
      { role: "assistant", blocks: [call("a")] },
      { role: "system", level: "system", blocks: [text("Be brief")] },
      { role: "user", blocks: [result("a", "1")] },
    ]);
    expect((messages as readonly JsonObject[]).map((message) => message["role"])).toEqual([
      "user",
      "assistant",
      "tool",
      "system",
    ]);
  });

  test("orphan results are dropped (T55), of several the last counts, at the first place (T56)", () => {
    const { messages, report } = encodeTurns([
      { role: "user", blocks: [result("gone", "x"), text("Hi")] },
      { role: "assistant", blocks: [call("a"), call("b")] },
      { role: "user", blocks: [result("a", "old"), result("b", "2"), result("a", "new")] },
    ]);
    expect(messages).toMatchObject([
      { role: "user", content: "Hi" },
      { role: "assistant" },
      { role: "tool", tool_call_id: "a", content: "new" },
      { role: "tool", tool_call_id: "b", content: "2" },
    ]);
    expect(messages).toHaveLength(4);
    expect(report.dropped).toHaveLength(2);
  });

  test("a call that was cut off is left out, and its turn with it (T05)", () => {
    const { messages, report } = encodeTurns([
      { role: "user", blocks: [text("Hi")] },
      { role: "assistant", blocks: [{ ...call("a", "f", '{"x":'), incomplete: true }] },
      { role: "user", blocks: [text("Again")] },
    ]);
    expect((messages as readonly JsonObject[]).map((message) => message["role"])).toEqual(["user", "user"]);
    expect(report.dropped).toHaveLength(1);
  });

  test("media in results follow in one message of the user after all results, never as text (T62 to T65)", () => {
    const { messages, report } = encodeTurns([
      { role: "user", blocks: [text("Hi")] },
      { role: "assistant", blocks: [call("a"), call("b")] },
      {
        role: "user",
        blocks: [{ type: "tool-result", callId: "a", kind: "function", content: [text("see"), png] }, result("b", "2")],
      },
    ]);
    expect(messages).toMatchObject([
      {},
      {},
      { role: "tool", tool_call_id: "a", content: "see" },
      { role: "tool", tool_call_id: "b", content: "2" },
      {
        role: "user",
        content: [
          { type: "text", text: "From the result of tool call a:" },
          { type: "image_url", image_url: { url: "data:image/png;base64,iVBO" } },
        ],
      },
    ]);
    expect(JSON.stringify(messages).split("iVBO")).toHaveLength(2);
    expect(report.approximated).not.toEqual([]);
  });

  test("media of a result come before what the user said after it", () => {
    const { messages } = encodeTurns([
      { role: "user", blocks: [text("Hi")] },
      { role: "assistant", blocks: [call("a")] },
      {
        role: "user",
        blocks: [{ type: "tool-result", callId: "a", kind: "function", content: [png] }, text("Go on")],
      },
    ]);
    expect(messages).toMatchObject([
      {},
      {},
      { role: "tool", content: "" },
      { role: "user", content: [{ type: "text" }, { type: "image_url" }] },
      { role: "user", content: "Go on" },
    ]);
  });

  test("an id used again in a later turn stays; twice in one turn the second is told apart (T48)", () => {
    const turn: Turn[] = [
      { role: "assistant", blocks: [call("a")] },
      { role: "user", blocks: [result("a", "1")] },
    ];
    expect(encodeTurns([...turn, ...turn]).messages).toMatchObject([
      { tool_calls: [{ id: "a" }] },
      { tool_call_id: "a" },
      { tool_calls: [{ id: "a" }] },
      { tool_call_id: "a" },
    ]);
    const twice = encodeTurns([
      { role: "assistant", blocks: [call("a"), call("a")] },
      { role: "user", blocks: [result("a", "1"), result("a", "2")] },
    ]);
    expect(twice.messages).toMatchObject([
      { tool_calls: [{ id: "a" }, { id: "a_2" }] },
      { tool_call_id: "a", content: "1" },
      { tool_call_id: "a_2", content: "2" },
    ]);
  });

  test("parts of a result keep their structure in the same format (T66)", () => {
    const content = [
      { type: "text", text: "a" },
      { type: "image_url", image_url: { url: "https://x.test/a.png" } },
    ];
    const messages = [
      user,
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "a", content },
    ];
    expect(roundTrip({ messages })["messages"]).toEqual(messages);
  });

  test("arguments stay the text they were: primitives (T67), odd spacing; none given means {} (T68)", () => {
    for (const [given, expected] of [
      ["5", "5"],
      ['{ "a":1 }', '{ "a":1 }'],
      ["", ""],
      [undefined, "{}"],
      [null, "{}"],
    ] as const) {
      const called = { name: "f", ...(given !== undefined && { arguments: given }) };
      const messages = [{ role: "assistant", tool_calls: [{ id: "a", type: "function", function: called }] }];
      expect(decode({ messages }).turns[0]?.blocks).toMatchObject([{ arguments: expected }]);
    }
  });

  test("custom calls, nested and in the flat shape, come back as they were", () => {
    const messages = [
      user,
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "a", type: "custom", custom: { name: "shell", input: "ls" } },
          { id: "b", type: "custom", name: "shell", input: "pwd" },
        ],
      },
      { role: "tool", tool_call_id: "a", content: "x" },
      { role: "tool", tool_call_id: "b", content: "/" },
    ];
    expect(decode({ messages }).turns[1]?.blocks).toMatchObject([
      { kind: "custom", name: "shell", arguments: "ls" },
      { kind: "custom", name: "shell", arguments: "pwd" },
    ]);
    expect(decode({ messages }).turns[2]?.blocks).toMatchObject([{ kind: "custom" }, { kind: "custom" }]);
    expect(roundTrip({ messages })["messages"]).toEqual(messages);
  });

  test("the signature of Google's endpoint is read and goes back", () => {
    const extra = { google: { thought_signature: "sig" } };
    const messages = [
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" }, extra_content: extra }],
      },
      { role: "tool", tool_call_id: "a", content: "x" },
    ];
    expect(decode({ messages }).turns[0]?.blocks).toMatchObject([{ payload: "sig" }]);
    expect(roundTrip({ messages })["messages"]).toEqual(messages);
  });
});

describe("tools", () => {
  test("functions and custom tools come back; a grammar is flat in the hub and nested in Chat", () => {
    const tools = [
      {
        type: "function",
        function: { name: "f", description: "d", parameters: { type: "object", title: "x" }, strict: true },
      },
      { type: "function", function: { name: "g", strict: null }, cache_control: { type: "ephemeral" } },
      {
        type: "custom",
        custom: { name: "c", format: { type: "grammar", grammar: { syntax: "lark", definition: "start: A" } } },
      },
      { type: "custom", name: "d", format: { type: "grammar", syntax: "regex", definition: "a+" } },
    ];
    expect(roundTrip({ tools })["tools"]).toEqual(tools);
    const flat = { type: "grammar", syntax: "lark", definition: "start: A" };
    expect(decode({ tools }).tools[2]).toMatchObject({ type: "custom", format: flat });
    expect(openaiResponses.encodeRequest(decode({ tools })).value["tools"]).toMatchObject([
      { type: "function", name: "f", strict: true },
      { type: "function", name: "g", strict: false },
      { type: "custom", name: "c", format: flat },
      { type: "custom", name: "d" },
    ]);
  });

  test("fields only the source knows do not leak (T32), and strict null is not written (T39)", () => {
    const { body, report } = encodeTurns([{ role: "user", blocks: [text("Hi")] }], {
      tools: [
        {
          ...fn,
          strict: null,
          extras: { wire: "anthropic-messages", fields: { defer_loading: true, eager_input_streaming: true } },
        },
      ],
    });
    expect(body["tools"]).toEqual([{ type: "function", function: { name: "f" } }]);
    expect(report.dropped.map((loss) => loss.path)).toEqual([
      "tools[0].defer_loading",
      "tools[0].eager_input_streaming",
    ]);
  });

  test("namespaces and names out of rule are mapped, the same in tools, history and choice (T33, T34)", () => {
    const { body } = encodeTurns(
      [
        { role: "user", blocks: [text("Hi")] },
        { role: "assistant", blocks: [{ ...call("a", "read"), namespace: "mcp__files" }] },
        { role: "user", blocks: [result("a", "1")] },
      ],
      {
        tools: [
          { ...fn, name: "read", namespace: "mcp__files" },
          { ...fn, name: "a.b" },
        ],
        toolChoice: { type: "tool", name: "a.b", kind: "function" },
      },
    );
    expect(body["tools"]).toMatchObject([{ function: { name: "mcp__files__read" } }, { function: { name: "a_b" } }]);
    expect(body["messages"]).toMatchObject([{}, { tool_calls: [{ function: { name: "mcp__files__read" } }] }, {}]);
    expect(body["tool_choice"]).toEqual({ type: "function", function: { name: "a_b" } });
  });

  test("without tools neither tool_choice nor parallel_tool_calls is sent (T41)", () => {
    const { body, report } = encodeTurns([{ role: "user", blocks: [text("Hi")] }], {
      toolChoice: { type: "auto" },
      parallelToolCalls: false,
    });
    expect(Object.keys(body)).toEqual(["model", "messages"]);
    expect(report.dropped.map((loss) => loss.path)).toEqual(["tool_choice", "parallel_tool_calls"]);
    expect(roundTrip({ tools: [] })).toEqual(chatRequest({}));
  });

  test.for<JsonObject["x"]>([
    "auto",
    "none",
    "required",
    { type: "function", function: { name: "f" } },
    { type: "custom", custom: { name: "c" } },
    { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "f" } }] } },
  ])("tool_choice %j comes back, and Responses understands it", (choice) => {
    const tools = [
      { type: "function", function: { name: "f" } },
      { type: "custom", custom: { name: "c" } },
    ];
    const fields = { tools, tool_choice: choice ?? null, parallel_tool_calls: false };
    expect(roundTrip(fields)).toEqual(chatRequest(fields));
    const there = openaiResponses.encodeRequest(decode(fields)).value;
    expect(there["tool_choice"]).toBeDefined();
    const back = openaiChat.encodeRequest(openaiResponses.decodeRequest(there).value).value;
    expect(back["tool_choice"]).toEqual(choice);
  });

  test("Mistral's `any` is `required`", () => {
    expect(decode({ tools: [{ type: "function", function: { name: "f" } }], tool_choice: "any" }).toolChoice).toEqual({
      type: "required",
    });
  });

  test("web search goes both ways between Chat and Responses (T40)", () => {
    const options = {
      search_context_size: "low",
      user_location: { type: "approximate", approximate: { city: "Bern" } },
    };
    expect(roundTrip({ web_search_options: options })).toEqual(chatRequest({ web_search_options: options }));
    const there = openaiResponses.encodeRequest(decode({ web_search_options: options })).value;
    expect(there["tools"]).toEqual([
      { type: "web_search", search_context_size: "low", user_location: { type: "approximate", city: "Bern" } },
    ]);
    const back = openaiChat.encodeRequest(openaiResponses.decodeRequest(there).value).value;
    expect(back["web_search_options"]).toEqual(options);
  });

  test("a tool only its provider runs: dropped beside others, refused alone or forced", () => {
    const server = {
      type: "server",
      name: "file_search",
      extras: { wire: "openai-responses", fields: { type: "file_search" } },
    } as const;
    const turns: Turn[] = [{ role: "user", blocks: [text("Hi")] }];
    expect(encodeTurns(turns, { tools: [fn, server] }).report.dropped).toEqual([
      { path: "tools[1]", reason: "server-tool:file_search" },
    ]);
    expect(refusal(() => encodeTurns(turns, { tools: [server] })).details.path).toBe("tools[0]");
    const toolChoice = {
      type: "other",
      extras: { wire: "openai-responses", fields: { type: "file_search" } },
    } as const;
    expect(refusal(() => encodeTurns(turns, { tools: [fn, server], toolChoice })).code).toBe("request-invalid");
  });
});

describe("settings", () => {
  test("both names of the token limit are read, and the newer wins (T75)", () => {
    expect(decode({ max_tokens: 5 }).maxOutputTokens).toBe(5);
    expect(decode({ max_completion_tokens: 6 }).maxOutputTokens).toBe(6);
    expect(decode({ max_tokens: 5, max_completion_tokens: 6 }).maxOutputTokens).toBe(6);
    for (const fields of [
      { max_tokens: 5 },
      { max_completion_tokens: 6 },
      { max_tokens: 5, max_completion_tokens: 6 },
    ]) {
      expect(roundTrip(fields)).toEqual(chatRequest(fields));
    }
    expect(
      encodeTurns([{ role: "user", blocks: [text("Hi")] }], { maxOutputTokens: 7 }).body["max_completion_tokens"],
    ).toBe(7);
  });

  test("stop is always a list (T78)", () => {
    expect(decode({ stop: "END" }).sampling.stop).toEqual(["END"]);
    expect(roundTrip({ stop: "END" })["stop"]).toEqual(["END"]);
  });

  test("response formats: no schema for json_object (T79), schemas untouched (T80)", () => {
    expect(decode({ response_format: { type: "json_object" } }).output).toEqual({ type: "json" });
    const schema = { type: "object", properties: { a: { type: "string" } }, additionalProperties: false, $schema: "x" };
    const format = { type: "json_schema", json_schema: { name: "r", strict: true, schema, description: "d" } };
    for (const response_format of [{ type: "text" }, { type: "json_object" }, format]) {
      expect(roundTrip({ response_format })).toEqual(chatRequest({ response_format }));
    }
    const there = openaiResponses.encodeRequest(decode({ response_format: format })).value;
    expect(there["text"]).toMatchObject({ format: { type: "json_schema", name: "r", schema, strict: true } });
  });

  test("0, false and empty text are values (T81), null is none", () => {
    const fields = {
      temperature: 0,
      top_p: 0,
      seed: 0,
      presence_penalty: 0,
      frequency_penalty: 0,
      logprobs: false,
      store: false,
      stream: false,
      user: "",
      prompt_cache_key: "",
      stop: null,
      tools: null,
      n: 1,
    };
    expect(roundTrip(fields)).toEqual(chatRequest(fields));
    expect(decode(fields).sampling).toMatchObject({ temperature: 0, topP: 0, seed: 0, presencePenalty: 0 });
    expect(decode(fields).store).toBe(false);
  });

  test("everything else that has a place in the hub comes back", () => {
    const fields = {
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
      reasoning_effort: "high",
      verbosity: "low",
      logit_bias: { "50256": -100 },
      logprobs: true,
      top_logprobs: 3,
      n: 2,
      top_k: 40,
      service_tier: "flex",
      safety_identifier: "u1",
      user: "u2",
      metadata: { a: "b" },
      prediction: { type: "content", content: "x" },
    };
    expect(roundTrip(fields)).toEqual(chatRequest(fields));
  });

  test("an effort asks to see thoughts, `none` does not (T19)", () => {
    expect(decode({ reasoning_effort: "low" }).reasoning).toEqual({ effort: "low", summary: "auto" });
    expect(decode({ reasoning_effort: "none" }).reasoning).toEqual({ effort: "none" });
    expect(decode({}).reasoning).toBeUndefined();
    expect(decode({ reasoning: { effort: "low", max_tokens: 9 } }).reasoning).toMatchObject({
      effort: "low",
      budgetTokens: 9,
    });
    expect(roundTrip({ reasoning: { max_tokens: 9 } })).toEqual(chatRequest({ reasoning: { max_tokens: 9 } }));
  });

  test("an upstream is always asked for usage, except on behalf of a Chat client that did not ask (T99)", () => {
    const turns: Turn[] = [{ role: "user", blocks: [text("Hi")] }];
    expect(encodeTurns(turns, { stream: true }).body["stream_options"]).toEqual({ include_usage: true });
    expect(encodeTurns(turns, { stream: false }).body["stream_options"]).toBeUndefined();
    expect(decode({ stream: true }).includeUsage).toBe(false);
    expect(decode({ stream: true, stream_options: { include_usage: true } }).includeUsage).toBe(true);
  });

  test("what only a stored response knows is refused", () => {
    const turns: Turn[] = [{ role: "user", blocks: [text("Hi")] }];
    const error = refusal(() => encodeTurns(turns, { previousResponseId: "resp_1" }));
    expect(error.details.path).toBe("previous_response_id");
    expect(refusal(() => encodeTurns([])).details.path).toBe("input");
  });

  test("the same request gives the same bytes (law 10)", () => {
    const body = chatRequest({ tools: [{ type: "function", function: { name: "f" } }], temperature: 1 });
    const write = () => JSON.stringify(openaiChat.encodeRequest(openaiChat.decodeRequest(body).value).value);
    expect(write()).toBe(write());
  });

  test("decoding changes nothing in the client's document", () => {
    const body = chatRequest({
      messages: [{ role: "assistant", content: "", reasoning: "x", annotations: [], tool_calls: [] }, user],
      response_format: { type: "grammar", grammar: "x" },
      stream_options: { include_usage: false },
    });
    const before = structuredClone(body);
    openaiChat.encodeRequest(openaiChat.decodeRequest(body).value);
    expect(body).toEqual(before);
  });
});
