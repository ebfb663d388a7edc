import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ModelRequest,
  RouterError,
  type Turn,
} from "@turnout/core";
import { type Codec, gemini, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { wrapPayload } from "../src/payload-envelope.ts";

// The reported bugs of translation.md section 7 that concern requests from and to Gemini, by number.

const hello: JsonObject = { role: "user", content: "Hello" };

function fromChat(body: JsonObject, model = "gemini-3-pro-preview") {
  const request = openaiChat.decodeRequest({ model, messages: [hello], ...body }).value;
  return gemini.encodeRequest(request);
}

function fromTurns(turns: readonly Turn[], model = "gemini-3-pro-preview", more: Partial<ModelRequest> = {}) {
  return gemini.encodeRequest({ model, stream: false, turns, tools: [], sampling: {}, ...more });
}

/** All parts of all contents, each with its content's role. */
function partsOf(body: JsonObject): JsonObject[] {
  const { contents } = body;
  if (!Array.isArray(contents)) throw new Error("No contents");
  return contents.filter(isJsonObject).flatMap(({ role, parts }) => {
    return Array.isArray(parts) ? parts.filter(isJsonObject).map((part) => ({ role, ...part })) : [];
  });
}

function at(value: JsonValue | undefined, ...path: readonly (string | number)[]): JsonValue | undefined {
  let current: unknown = value;
  for (const key of path)
    current = typeof current === "object" && current !== null ? Reflect.get(current, key) : undefined;
  return current as JsonValue | undefined;
}

function errorOf(run: () => unknown): RouterError {
  try {
    run();
  } catch (error) {
    if (RouterError.is(error)) return error;
    throw error;
  }
  throw new Error("It did not fail");
}

function call(id: string, name: string, args = "{}"): JsonObject {
  return { id, type: "function", function: { name, arguments: args } };
}

const twoCalls: JsonValue[] = [
  hello,
  { role: "assistant", content: null, tool_calls: [call("a", "one", '{"x":1}'), call("b", "two")] },
  { role: "tool", tool_call_id: "b", content: "second" },
  { role: "tool", tool_call_id: "a", content: "first" },
];

const decode = (body: JsonObject): ModelRequest => gemini.decodeRequest({ model: "gemini-3-pro", ...body }).value;
const userText = (text: string): JsonObject => ({ role: "user", parts: [{ text }] });

describe("decodeRequest()", () => {
  test("takes model and stream from beside the body, and encodeRequest() leaves them out", () => {
    const request = decode({ model: "models/gemini-3-pro", stream: true, contents: [userText("Hi")] });
    expect([request.model, request.stream]).toEqual(["gemini-3-pro", true]);
    expect(gemini.encodeRequest(request).value).toEqual({ contents: [userText("Hi")] });
  });

  test("T73: reads snake_case, writes camelCase, and never touches names the client chose", () => {
    const request = decode({
      system_instruction: { parts: [{ text: "S" }] },
      contents: [
        { role: "model", parts: [{ function_call: { name: "f", args: { snake_key: 1 } }, thought_signature: "s1g=" }] },
        { role: "user", parts: [{ function_response: { name: "f", response: { result_key: 1 } } }] },
      ],
      tools: [
        { function_declarations: [{ name: "f", parameters_json_schema: { properties: { a_b: { type: "string" } } } }] },
      ],
      generation_config: {
        max_output_tokens: 5,
        response_schema: { properties: { c_d: {} } },
        response_mime_type: "application/json",
      },
    });
    expect(request.turns[0]?.role).toBe("system");
    expect(gemini.encodeRequest(request).value).toEqual({
      systemInstruction: { parts: [{ text: "S" }] },
      contents: [
        { role: "model", parts: [{ functionCall: { name: "f", args: { snake_key: 1 } }, thoughtSignature: "s1g=" }] },
        { role: "user", parts: [{ functionResponse: { name: "f", response: { result_key: 1 } } }] },
      ],
      tools: [
        { functionDeclarations: [{ name: "f", parametersJsonSchema: { properties: { a_b: { type: "string" } } } }] },
      ],
      generationConfig: {
        maxOutputTokens: 5,
        responseSchema: { properties: { c_d: {} } },
        responseMimeType: "application/json",
      },
    });
  });

  test.for([
    [{ contents: [] }, "contents"],
    [{ contents: [{ role: "system", parts: [] }] }, "contents[0].role"],
    [{ contents: [{ parts: [{}] }] }, "contents[0].parts[0]"],
    [{ contents: [{ parts: [{ text: 3 }] }] }, "contents[0].parts[0].text"],
    [{ contents: [{ parts: [{ inline_data: { mime_type: "image/png" } }] }] }, "contents[0].parts[0].inlineData.data"],
    [{ contents: [userText("x")], tools: [{ functionDeclarations: [{}] }] }, "tools[0].functionDeclarations[0].name"],
    [{ contents: [userText("x")], generationConfig: { temperature: "hot" } }, "generationConfig.temperature"],
    [
      { contents: [userText("x")], generationConfig: { thinkingConfig: { thinkingBudget: 1, thinkingLevel: "LOW" } } },
      "generationConfig.thinkingConfig.thinkingBudget",
    ],
  ] satisfies [JsonObject, string][])("names the path of what is wrong: %j", ([body, path]) => {
    const error = errorOf(() => decode(body));
    expect([error.code, error.details]).toEqual(["request-invalid", { path }]);
  });

  test("T50: calls without ids get ids of their place, and results pair with them by name and order", () => {
    const body: JsonObject = {
      contents: [
        userText("Go"),
        {
          role: "model",
          parts: [
            { functionCall: { name: "f", args: { n: 1 } } },
            { functionCall: { name: "g" } },
            { functionCall: { name: "f", args: { n: 2 } } },
          ],
        },
        {
          role: "user",
          parts: [
            { functionResponse: { name: "f", response: { output: "one" } } },
            { functionResponse: { name: "f", response: { output: "two" } } },
            { functionResponse: { name: "g", response: { output: "three" } } },
          ],
        },
      ],
    };
    const [, model, results] = decode(body).turns;
    const ids = model?.blocks.map((block) => (block.type === "tool-call" ? block.callId : ""));
    expect(new Set(ids).size).toBe(3);
    expect(decode(body).turns).toEqual(decode(body).turns);
    expect(results?.blocks.map((block) => (block.type === "tool-result" ? block.callId : ""))).toEqual([
      ids?.[0],
      ids?.[2],
      ids?.[1],
    ]);
    const chat = openaiChat.encodeRequest(decode(body)).value["messages"];
    expect(Array.isArray(chat) && chat.slice(2)).toEqual([
      { role: "tool", tool_call_id: ids?.[0], content: "one" },
      { role: "tool", tool_call_id: ids?.[2], content: "two" },
      { role: "tool", tool_call_id: ids?.[1], content: "three" },
    ]);
  });

  test("T68: a call without args has the arguments {}", () => {
    const [turn] = decode({ contents: [{ role: "model", parts: [{ functionCall: { name: "f" } }] }] }).turns;
    expect(turn?.blocks[0]).toMatchObject({ type: "tool-call", arguments: "{}" });
  });

  test("a call streamed in pieces and sent back so has its arguments (recorded)", () => {
    const partialArgs: JsonValue[] = [
      { jsonPath: "$.a.b[0]", numberValue: 2 },
      { jsonPath: "$.c", stringValue: "x", willContinue: true },
      { jsonPath: "$.c", stringValue: "y" },
    ];
    const [turn] = decode({
      contents: [{ role: "model", parts: [{ functionCall: { name: "f", partialArgs } }] }],
    }).turns;
    expect(turn?.blocks[0]).toMatchObject({ arguments: '{"a":{"b":[2]},"c":"xy"}' });
  });

  test.for([
    [{ output: "text" }, "text", undefined],
    [{ result: { a: 1 } }, '{"a":1}', undefined],
    [{ error: "broken" }, "broken", true],
    [{ output: "x", exitCode: 1 }, '{"output":"x","exitCode":1}', undefined],
    [{ name: "f", content: "c" }, "c", undefined],
  ] satisfies [JsonObject, string, boolean | undefined][])("reads the result %j", ([response, text, isError]) => {
    const [turn] = decode({
      contents: [{ role: "user", parts: [{ functionResponse: { name: "f", response } }] }],
    }).turns;
    expect(turn?.blocks[0]).toMatchObject({ content: [{ type: "text", text }] });
    const [block] = turn?.blocks ?? [];
    expect(block?.type === "tool-result" && block.isError).toBe(isError);
  });

  test("T14, T16: only thought makes a part reasoning, a signature alone does not", () => {
    const [turn] = decode({
      contents: [
        {
          role: "model",
          parts: [
            { text: "hidden", thought: true },
            { text: "shown", thoughtSignature: "c2ln" },
          ],
        },
      ],
    }).turns;
    expect(turn?.blocks.map((block) => block.type)).toEqual(["reasoning", "text"]);
    const { value, report } = openaiChat.encodeRequest(
      decode({
        contents: [userText("x"), { role: "model", parts: [{ text: "hidden", thought: true }, { text: "shown" }] }],
      }),
    );
    expect(JSON.stringify(value)).not.toContain("hidden");
    expect(report.dropped.map((loss) => loss.path)).toEqual(["contents[1].parts[0]"]);
  });

  test("T70: gs:// survives to Gemini and is refused elsewhere", () => {
    const body: JsonObject = {
      contents: [{ role: "user", parts: [{ fileData: { fileUri: "gs://bucket/a.png", mimeType: "image/png" } }] }],
    };
    expect(gemini.encodeRequest(decode(body)).value).toEqual(body);
    expect(errorOf(() => openaiChat.encodeRequest(decode(body))).code).toBe("request-invalid");
  });

  test("T19, T23: level, budget and visibility are read apart", () => {
    const reasoning = (thinkingConfig: JsonObject) =>
      decode({ contents: [userText("x")], generationConfig: { thinkingConfig } }).reasoning;
    expect(reasoning({ thinkingLevel: "HIGH" })).toMatchObject({ effort: "high" });
    expect(reasoning({ thinkingLevel: "HIGH" })?.summary).toBeUndefined();
    expect(reasoning({ includeThoughts: true, thinkingBudget: 0 })).toMatchObject({ budgetTokens: 0, summary: "auto" });
    expect(reasoning({ includeThoughts: false, thinkingBudget: -1 })?.budgetTokens).toBeUndefined();
    expect(reasoning({ thinkingLevel: "THINKING_LEVEL_UNSPECIFIED" })?.effort).toBeUndefined();
  });

  test.for([
    ["parameters", "responseSchema"],
    ["parametersJsonSchema", "responseJsonSchema"],
  ] as const)("types in capitals reach the others in small letters, also in %s and %s", ([parameters, schemaKey]) => {
    const request = decode({
      contents: [userText("x")],
      tools: [
        {
          functionDeclarations: [
            { name: "f", [parameters]: { type: "OBJECT", properties: { a: { type: "STRING" } } } },
          ],
        },
      ],
      generationConfig: {
        responseMimeType: "application/json",
        [schemaKey]: { type: "ARRAY", items: { type: "INTEGER" } },
      },
    });
    const chat = openaiChat.encodeRequest(request).value;
    expect(at(chat, "tools", 0, "function", "parameters")).toEqual({
      type: "object",
      properties: { a: { type: "string" } },
    });
    expect(at(chat, "response_format", "json_schema")).toMatchObject({
      name: "response",
      schema: { type: "array", items: { type: "integer" } },
    });
  });

  test("T40: Google's search is the web search of the others, and theirs is Google's", () => {
    const request = decode({ contents: [userText("x")], tools: [{ googleSearch: {} }] });
    expect(openaiResponses.encodeRequest(request).value["tools"]).toEqual([{ type: "web_search" }]);
    const responses = openaiResponses.decodeRequest({
      model: "m",
      input: "x",
      tools: [{ type: "web_search", search_context_size: "low" }],
    });
    const { value, report } = gemini.encodeRequest(responses.value);
    expect(value["tools"]).toEqual([{ googleSearch: {} }]);
    expect(report.dropped).toEqual([{ path: "tools[0].search_context_size", reason: expect.any(String) }]);
  });

  test("a body of countTokens may wrap the request", () => {
    const inner = {
      model: "models/gemini-3-pro",
      contents: [userText("x")],
      systemInstruction: { parts: [{ text: "S" }] },
    };
    const request = gemini.counting?.decodeRequest({ model: "y", generateContentRequest: inner }).value;
    expect(request?.model).toBe("gemini-3-pro");
    expect(request?.turns.map((turn) => turn.role)).toEqual(["system", "user"]);
    expect(gemini.counting?.encodeCount(5)).toEqual({ totalTokens: 5 });
  });
});

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

  test("T33, T34: names are mapped by Gemini's rule, without collisions, and mapped back", () => {
    const long = `mcp__a__${"x".repeat(70)}`;
    const names = ["9lives", "-x", "a.b:c", "a_b_c", long, `${long}y`];
    const tools = names.map((name): JsonObject => ({ type: "function", function: { name } }));
    const { value, report } = fromChat({ tools });
    const declared = at(value, "tools", 0, "functionDeclarations");
    const sent = Array.isArray(declared) ? declared.map((tool) => String(at(tool, "name"))) : [];
    expect(sent).toHaveLength(names.length);
    expect(new Set(sent).size).toBe(names.length);
    for (const name of sent) expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/u);
    expect(report.approximated.filter((loss) => loss.path.endsWith("name"))).toHaveLength(6);
    const request = openaiChat.decodeRequest({ model: "m", messages: [hello], tools }).value;
    const answer = {
      candidates: [
        { content: { role: "model", parts: sent.map((name) => ({ functionCall: { name } })) }, finishReason: "STOP" },
      ],
    };
    const context = { request, model: "m", createdAt: 1, idSeed: "0".repeat(48) };
    const chat = openaiChat.encodeResponse(gemini.decodeResponse(answer).value, context).value;
    const back = at(chat, "choices", 0, "message", "tool_calls");
    expect(Array.isArray(back) && back.map((entry) => at(entry, "function", "name"))).toEqual(names);
  });

  test("T32, T37: a tool has known fields only, in the client's order, all in one entry", () => {
    const tools = ["z", "a", "m"].map((name): JsonObject => {
      return {
        type: "function",
        function: { name, description: "d", strict: null, defer_loading: true },
        cache_control: { type: "ephemeral" },
      };
    });
    expect(fromChat({ tools }).value["tools"]).toEqual([
      { functionDeclarations: ["z", "a", "m"].map((name) => ({ name, description: "d" })) },
    ]);
  });

  test("T24: older models get cleaned parameters, newer ones plain JSON Schema; an empty one is left out", () => {
    const parameters: JsonObject = {
      $schema: "s",
      type: "object",
      properties: { a: { const: 1 } },
      additionalProperties: false,
    };
    const tools: JsonValue[] = [
      { type: "function", function: { name: "f", parameters } },
      { type: "function", function: { name: "g", parameters: { type: "object", properties: {} } } },
    ];
    const { $schema: _dialect, ...plain } = parameters;
    expect(at(fromChat({ tools }).value, "tools", 0, "functionDeclarations")).toEqual([
      { name: "f", parametersJsonSchema: plain },
      { name: "g" },
    ]);
    const old = fromChat({ tools }, "gemini-2.0-flash");
    expect(at(old.value, "tools", 0, "functionDeclarations", 0)).toEqual({
      name: "f",
      parameters: { type: "object", properties: { a: { type: "string", enum: ["1"] } } },
    });
    expect(old.report.approximated.map((loss) => loss.path)).toEqual(["tools[0].function.parameters"]);
  });

  test("T36: a tool for free text is a function with input, and its calls come back as what they are", () => {
    const body: JsonObject = {
      model: "m",
      input: [
        { type: "message", role: "user", content: "x" },
        { type: "custom_tool_call", call_id: "c1", name: "patch", input: "*** Begin" },
        { type: "custom_tool_call_output", call_id: "c1", output: "done" },
      ],
      tools: [
        {
          type: "custom",
          name: "patch",
          description: "Patches",
          format: { type: "grammar", syntax: "lark", definition: "start: x" },
        },
      ],
    };
    const request = openaiResponses.decodeRequest(body).value;
    const { value } = gemini.encodeRequest(request);
    expect(at(value, "tools", 0, "functionDeclarations", 0)).toEqual({
      name: "patch",
      description: expect.stringContaining("start: x"),
      parametersJsonSchema: { type: "object", properties: { input: { type: "string" } }, required: ["input"] },
    });
    expect(at(partsOf(value)[1], "functionCall")).toEqual({ id: "c1", name: "patch", args: { input: "*** Begin" } });
    const answer = {
      candidates: [
        { content: { parts: [{ functionCall: { name: "patch", args: { input: "*** End" } } }] }, finishReason: "STOP" },
      ],
    };
    expect(gemini.decodeResponse(answer, { request }).value.blocks[0]).toMatchObject({
      kind: "custom",
      arguments: "*** End",
    });
  });

  test("T41: without tools there is no choice; empty lists are left out", () => {
    const { value, report } = fromChat({ tools: [], tool_choice: "required", parallel_tool_calls: false });
    expect([value["tools"], value["toolConfig"]]).toEqual([undefined, undefined]);
    expect(report.dropped.map((loss) => loss.path)).toEqual(["tool_choice"]);
  });

  test.for([
    ["auto", { mode: "AUTO" }],
    ["none", { mode: "NONE" }],
    ["required", { mode: "ANY" }],
    [
      { type: "function", function: { name: "f" } },
      { mode: "ANY", allowedFunctionNames: ["f"] },
    ],
    [
      {
        type: "allowed_tools",
        allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "g" } }] },
      },
      { mode: "ANY", allowedFunctionNames: ["g"] },
    ],
  ] satisfies [JsonValue, JsonObject][])("writes the tool choice %j", ([choice, expected]) => {
    const tools = ["f", "g"].map((name): JsonObject => ({ type: "function", function: { name } }));
    expect(fromChat({ tools, tool_choice: choice }).value["toolConfig"]).toEqual({ functionCallingConfig: expected });
  });

  test("an allowed list with mode auto sends only those tools; strict is VALIDATED; parallel is a loss", () => {
    const tools = ["f", "g"].map((name): JsonObject => ({ type: "function", function: { name, strict: true } }));
    const choice: JsonObject = {
      type: "allowed_tools",
      allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "g" } }] },
    };
    expect(at(fromChat({ tools, tool_choice: choice }).value, "tools", 0, "functionDeclarations")).toEqual([
      { name: "g" },
    ]);
    const { value, report } = fromChat({ tools, parallel_tool_calls: false });
    expect(value["toolConfig"]).toEqual({ functionCallingConfig: { mode: "VALIDATED" } });
    expect(report.dropped).toContainEqual({ path: "parallel_tool_calls", reason: "parallel" });
  });

  test.for([
    ["gemini-3-pro-preview", "minimal", { thinkingLevel: "LOW", includeThoughts: true }],
    ["gemini-3-flash-preview", "minimal", { thinkingLevel: "MINIMAL", includeThoughts: true }],
    ["gemini-3-flash-preview", "none", { thinkingLevel: "MINIMAL" }],
    ["gemini-3.1-pro-preview", "xhigh", { thinkingLevel: "HIGH", includeThoughts: true }],
    ["gemini-2.5-pro", "none", { thinkingBudget: 128 }],
    ["gemini-2.5-pro", "high", { thinkingBudget: 16_384, includeThoughts: true }],
    ["gemini-2.5-flash", "none", { thinkingBudget: 0 }],
    ["gemini-2.5-flash", "max", { thinkingBudget: 24_576, includeThoughts: true }],
    ["gemini-2.0-flash", "high", undefined],
  ] satisfies [string, string, JsonObject | undefined][])(
    "T23: %s gets %s in its one field",
    ([model, effort, expected]) => {
      expect(at(fromChat({ reasoning_effort: effort }, model).value, "generationConfig", "thinkingConfig")).toEqual(
        expected,
      );
    },
  );

  test("T23: a level of Gemini 3 and the budget of the same effort mean the same effort", () => {
    for (const effort of ["low", "medium", "high"]) {
      const budget = at(
        fromChat({ reasoning_effort: effort }, "gemini-2.5-flash").value,
        "generationConfig",
        "thinkingConfig",
        "thinkingBudget",
      );
      const request = decode({
        contents: [userText("x")],
        generationConfig: { thinkingConfig: { thinkingBudget: budget ?? null } },
      });
      expect(at(openaiResponses.encodeRequest(request).value, "reasoning", "effort")).toBe(effort);
    }
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

  test("T79: json_object is a media type without a schema, a schema comes in the field the model takes", () => {
    expect(fromChat({ response_format: { type: "json_object" } }).value["generationConfig"]).toEqual({
      responseMimeType: "application/json",
    });
    const schema: JsonObject = { type: "object", properties: {}, additionalProperties: false };
    const format: JsonObject = { response_format: { type: "json_schema", json_schema: { name: "n", schema } } };
    // T80: what forbids other properties stays where the target can say it.
    expect(fromChat(format).value["generationConfig"]).toEqual({
      responseMimeType: "application/json",
      responseJsonSchema: schema,
    });
    expect(fromChat(format, "gemini-2.0-flash").value["generationConfig"]).toEqual({
      responseMimeType: "application/json",
      responseSchema: { type: "object" },
    });
    const tools: JsonValue[] = [{ type: "function", function: { name: "f" } }];
    expect(errorOf(() => fromChat({ ...format, tools }, "gemini-2.5-pro")).details).toEqual({
      path: "response_format",
    });
  });

  test("T75, T78, T81: limits, stops and falsy values arrive; what has no place is named", () => {
    const { value, report } = fromChat({
      max_tokens: 7,
      stop: "END",
      temperature: 0,
      top_p: 0,
      presence_penalty: 0,
      n: 2,
      seed: 0,
      logit_bias: { 1: 1 },
      user: "u",
      metadata: { a: "b" },
      service_tier: "scale",
    });
    expect(value["generationConfig"]).toEqual({
      maxOutputTokens: 7,
      stopSequences: ["END"],
      temperature: 0,
      topP: 0,
      presencePenalty: 0,
      candidateCount: 2,
      seed: 0,
    });
    expect(report.dropped.map((loss) => loss.path).toSorted()).toEqual([
      "logit_bias",
      "metadata",
      "service_tier",
      "user",
    ]);
  });

  test("media: types are cleaned, unknown ones refused, addresses told as approximated", () => {
    const image = (url: string): JsonObject => ({
      messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
    });
    expect(partsOf(fromChat(image("data:IMAGE/PNG;x=y;base64,QQ==")).value)[0]).toEqual({
      role: "user",
      inlineData: { mimeType: "image/png", data: "QQ==" },
    });
    expect(errorOf(() => fromChat(image("data:;base64,QQ=="))).details).toEqual({ path: "messages[0].content[0]" });
    const byUrl = fromChat(image("https://x.example/a.webp?y"));
    expect(partsOf(byUrl.value)[0]).toEqual({
      role: "user",
      fileData: { mimeType: "image/webp", fileUri: "https://x.example/a.webp?y" },
    });
    expect(byUrl.report.approximated).toHaveLength(1);
    const audio: JsonObject = {
      messages: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "QQ==", format: "mp3" } }] }],
    };
    expect(partsOf(fromChat(audio).value)[0]).toEqual({
      role: "user",
      inlineData: { mimeType: "audio/mp3", data: "QQ==" },
    });
    // T69: documents too.
    const file: JsonObject = {
      messages: [{ role: "user", content: [{ type: "file", file: { filename: "a.pdf", file_data: "QQ==" } }] }],
    };
    expect(partsOf(fromChat(file).value)[0]).toEqual({
      role: "user",
      inlineData: { mimeType: "application/pdf", data: "QQ==" },
    });
  });

  test("a stored response cannot be continued, a foreign server tool that is the only one is refused", () => {
    const request = openaiResponses.decodeRequest({ model: "m", input: "x", previous_response_id: "resp_1" }).value;
    expect(errorOf(() => gemini.encodeRequest(request)).details).toEqual({ path: "previous_response_id" });
    const tools = openaiResponses.decodeRequest({
      model: "m",
      input: "x",
      tools: [{ type: "code_interpreter", container: {} }],
    }).value;
    expect(errorOf(() => gemini.encodeRequest(tools)).details).toEqual({ path: "tools[0]" });
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
