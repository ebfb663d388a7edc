import type { JsonObject, JsonValue } from "@turnout/core";
import { gemini, openaiChat, openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { at, errorOf, fromChat, hello, partsOf } from "./gemini-requests.ts";

// Tools of other formats told to Gemini; the reported bugs of translation.md section 7 by number.

describe("encodeRequest() of other formats", () => {
  test("T33, T34: names are mapped by Gemini's rule, without collisions, and mapped back", () => {
    const long = `mcp__a__${"x".repeat(70)}`;
    const names = ["9lives", "-x", "a.b:c", "a_b_c", long, `${long}y`];
    const tools = names.map((name): JsonObject => ({ type: "function", function: { name } }));
    const { value, report } = fromChat({ tools });
    const declared = at(value, "tools", 0, "functionDeclarations");
    const sent = Array.isArray(declared) ? declared.map((tool) => z.string().parse(at(tool, "name"))) : [];
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
