import type { JsonObject, JsonValue } from "@turnout/core";
import { gemini, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { at, decode, errorOf, userText } from "./gemini-requests.ts";

// What Gemini clients write, and what is made of it; the reported bugs of translation.md section 7 by number.

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
