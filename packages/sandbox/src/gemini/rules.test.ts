import { describe, expect, test } from "vitest";
import {
  schema,
  tools,
  user,
  model,
  type SendOptions,
  start,
  three,
  problemOf,
  declare,
  parameters,
  config,
  think,
  call,
  response,
  results,
  place,
} from "../../test/gemini-client.ts";
import { dig, list } from "../../test/wire-harness.ts";

describe("rules", () => {
  test.each<[string, object, string, SendOptions?]>([
    ["an unknown name", { foo: 1 }, 'Invalid JSON payload received. Unknown name "foo": Cannot find field.'],
    [
      "an unknown name inside",
      config({ maxTokens: 1 }),
      `Invalid JSON payload received. Unknown name "maxTokens" at 'generation_config': Cannot find field.`,
    ],
    [
      "a schema keyword",
      parameters({}, { additionalProperties: false }),
      `Unknown name "additionalProperties" at '${place}': Cannot find field.`,
    ],
    [
      "a nested schema keyword",
      parameters({ a: { anyOf: [{ type: "STRING", const: "x" }] } }),
      `Unknown name "const" at '${place}.properties[0].value.any_of[0]': Cannot find field.`,
    ],
    [
      "a keyword below items",
      parameters({ a: { type: "ARRAY", items: { type: "OBJECT", $ref: "#" } } }),
      `Unknown name "$ref" at '${place}.properties[0].value.items': Cannot find field.`,
    ],
    [
      "a list of types",
      parameters({ a: { type: ["STRING", "NULL"] } }),
      "Proto field is not repeating, cannot start list.",
    ],
    [
      "a keyword of an answer schema",
      config({ responseMimeType: "application/json", responseSchema: { type: "OBJECT", additionalProperties: false } }),
      `Unknown name "additionalProperties" at 'generation_config.response_schema'`,
    ],
    [
      "a wrong type",
      { contents: [{ role: "user", parts: [{ text: 7 }] }] },
      "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 7",
    ],
    [
      "a wrong level",
      think({ thinkingLevel: "FOO" }),
      `Invalid value at 'generation_config.thinking_config.thinking_level' (type.googleapis.com/google.ai.generativelanguage.v1beta.ThinkingConfig.ThinkingLevel), "FOO"`,
    ],
    ["a field of another language", { messages: [] }, 'Unknown name "messages": Cannot find field.'],
    [
      "a signature that is no base64",
      { contents: [user("a"), model({ text: "b", thoughtSignature: "§§" })] },
      "(TYPE_BYTES), Base64 decoding failed",
    ],
    ["no contents", { contents: [] }, "* GenerateContentRequest.contents: contents is not specified"],
    ["no parts", { contents: [{ role: "user", parts: [] }] }, "contents.parts must not be empty."],
    [
      "an empty part",
      { contents: [{ role: "user", parts: [{}] }] },
      "required oneof field 'data' must have one initialized field",
    ],
    [
      "two things in a part",
      { contents: [{ role: "user", parts: [{ text: "a", inlineData: { mimeType: "image/png", data: "AAAA" } }] }] },
      "oneof field 'data' is already set. Cannot set 'inlineData'",
    ],
    [
      "an unknown role",
      { contents: [{ role: "assistant", parts: [{ text: "a" }] }] },
      "Please use a valid role: user, model.",
    ],
    [
      "the model first",
      { contents: [model({ text: "a" }), user("b")] },
      "Please ensure that multiturn requests start with a user turn.",
    ],
    [
      "a file elsewhere",
      { contents: [results({ fileData: { fileUri: "https://example.com/a.png" } })] },
      "Invalid or unsupported file uri: https://example.com/a.png",
    ],
    ["a call of the user", { contents: [results(call())] }, "function call turn comes immediately after a user turn"],
    [
      "a response without call",
      { contents: [user("a"), model({ text: "b" }), results(response())] },
      "function response turn comes immediately after a function call turn.",
    ],
    [
      "a response of the model",
      { contents: [user("a"), model(response())] },
      "function response turn comes immediately after a function call turn.",
    ],
    [
      "fewer responses than calls",
      { contents: [user("a"), model(call(), call()), results(response())] },
      "the number of function response parts is equal to the number of function call parts",
    ],
    [
      "a call at the end",
      { contents: [user("a"), model(call())] },
      "multiturn requests ends with a user role or a function response.",
    ],
    [
      "a response of another name",
      { contents: [user("a"), model(call()), results(response("g"))] },
      "match the function call parts of the function call turn by name and id.",
    ],
    [
      "a response of another id",
      { contents: [user("a"), model(call("f", { id: "1" })), results(response("f", { id: "2" }))] },
      "by name and id.",
    ],
    [
      "a response without name",
      { contents: [user("a"), model(call()), results(response(""))] },
      "function_response.name: Name cannot be empty.",
    ],
    [
      "a response that is no object",
      { contents: [user("a"), model(call()), results(response("f", { response: "x" }))] },
      "function_response.response' (type.googleapis.com/google.protobuf.Struct)",
    ],
    [
      "an unsigned call of Gemini 3",
      { contents: [user("a"), model(call("f")), results(response())] },
      "Function call is missing a thought_signature in functionCall parts.",
      three,
    ],
    [
      "a foreign signature",
      { contents: [user("a"), model({ text: "b", thoughtSignature: "AAAA" }), user("c")] },
      "Corrupted thought signature.",
    ],
    [
      "the sentinel before Gemini 3",
      {
        contents: [
          user("a"),
          model({ ...call(), thoughtSignature: "skip_thought_signature_validator" }),
          results(response()),
        ],
      },
      "Corrupted thought signature.",
    ],
    ["a level for 2.5", think({ thinkingLevel: "LOW" }), "Thinking level is not supported for this model."],
    [
      "budget and level",
      think({ thinkingLevel: "LOW", thinkingBudget: 1024 }),
      "You can only set only one of thinking budget and thinking level.",
      three,
    ],
    [
      "a level the model has not",
      think({ thinkingLevel: "MINIMAL" }),
      "Thinking level MINIMAL is not supported for this model.",
      { model: "gemini-3-pro-preview" },
    ],
    [
      "no thinking on 2.5 Pro",
      think({ thinkingBudget: 0 }),
      "Budget 0 is invalid. This model only works in thinking mode.",
      { model: "gemini-2.5-pro" },
    ],
    ["no thinking on Gemini 3", think({ thinkingBudget: 0 }), "Budget 0 is invalid.", three],
    [
      "a budget out of range",
      think({ thinkingBudget: 40_000 }),
      "The thinking budget 40000 is invalid. Please choose a value between 1 and 24576.",
    ],
    [
      "thinking on 2.0",
      think({ thinkingBudget: 1024 }),
      "Thinking is not supported by this model.",
      { model: "gemini-2.0-flash" },
    ],
    ["a function name", declare({ name: "a b" }), `${place.replace("parameters", "name")}: Invalid function name.`],
    ["a name with a colon", declare({ name: "a:b" }), "Invalid function name."],
    [
      "a name that begins with a digit",
      declare({ name: "1a" }),
      "Invalid function name. Must start with a letter or an underscore.",
    ],
    ["a long name", declare({ name: "a".repeat(65) }), "with a maximum length of 64."],
    ["a name twice", declare({ name: "f" }, { name: "f" }), "Duplicate function declaration found: f"],
    [
      "both kinds of parameters",
      declare({ name: "f", parameters: schema, parametersJsonSchema: {} }),
      "cannot both be set",
    ],
    [
      "parameters that are no object",
      declare({ name: "f", parameters: { type: "STRING" } }),
      "schema at top-level must be of type OBJECT",
    ],
    ["an array without items", parameters({ a: { type: "ARRAY" } }), `${place}.properties[a].items: missing field.`],
    ["an enum of numbers", parameters({ a: { type: "INTEGER", enum: ["1"] } }), "enum: only allowed for STRING type"],
    [
      "a format",
      parameters({ a: { type: "STRING", format: "uri" } }),
      "only 'enum' and 'date-time' are supported for STRING type",
    ],
    [
      "a required name that is none",
      parameters({ a: { type: "STRING" } }, { required: ["b"] }),
      `${place}.required[0]: property is not defined`,
    ],
    [
      "forcing without functions",
      { toolConfig: { functionCallingConfig: { mode: "ANY" } } },
      "Function calling config is set without function_declarations.",
    ],
    [
      "allowed names with AUTO",
      { tools, toolConfig: { functionCallingConfig: { mode: "AUTO", allowedFunctionNames: ["get_weather"] } } },
      "Allowed function names should only be set when",
    ],
    [
      "an allowed name that is none",
      { tools, toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["x"] } } },
      "Allowed function name x is not found",
    ],
    [
      "search and functions before Gemini 3",
      { tools: [...tools, { googleSearch: {} }] },
      "Tool use with function calling is unsupported",
    ],
    [
      "search and functions without the switch",
      { tools: [...tools, { googleSearch: {} }] },
      "include_server_side_tool_invocations",
      three,
    ],
    [
      "JSON and functions before Gemini 3",
      { tools, ...config({ responseMimeType: "application/json" }) },
      "Function calling with a response mime type: 'application/json' is unsupported",
    ],
    [
      "a schema without its type",
      config({ responseSchema: schema }),
      "only allowed when response_mime_type is application/json",
    ],
    [
      "both answer schemas",
      config({ responseMimeType: "application/json", responseSchema: schema, responseJsonSchema: {} }),
      "Only one of response_schema and response_json_schema can be set.",
    ],
    [
      "six stops",
      config({ stopSequences: ["1", "2", "3", "4", "5", "6"] }),
      "at most 5 stop sequences are allowed, got 6.",
    ],
    [
      "a large limit",
      config({ maxOutputTokens: 100_000 }),
      "it has a maxOutputTokens value of 100000 but the supported range is from 1 (inclusive) to 65537 (exclusive).",
    ],
    ["a high temperature", config({ temperature: 3 }), "temperature must be in the range [0.0, 2.0]."],
    ["nine candidates", config({ candidateCount: 9 }), "candidate_count must be in the range [1, 8]."],
    ["logprobs alone", config({ logprobs: 2 }), "logprobs can only be set when response_logprobs is true."],
    ["a cache that nobody made", { cachedContent: "cachedContents/x" }, "CachedContent not found"],
  ])("%s is refused", async (_what, body, message, options) => {
    const { send, sandbox } = await start();
    const answered = await send(body, options);
    expect(problemOf(answered)).toContain(message);
    expect(answered.status).toBe(400);
    expect(dig(answered.json, "error", "status")).toBe("INVALID_ARGUMENT");
    expect(sandbox.requests[0]?.outcome).toBe("refused");
  });

  test("every unknown name is told, with its place", async () => {
    const { send } = await start();
    const { json } = await send({ foo: 1, ...config({ bar: 1 }) });
    expect(dig(json, "error", "details", 0, "@type")).toBe("type.googleapis.com/google.rpc.BadRequest");
    expect(list(dig(json, "error", "details", 0, "fieldViolations"))).toHaveLength(2);
  });

  test("a refused array stream answers with an array", async () => {
    const { send } = await start();
    const { json, status } = await send({ foo: 1 }, { action: "streamGenerateContent" });
    expect(status).toBe(400);
    expect(dig(json, 0, "error", "code")).toBe(400);
  });

  test("an unknown model is 404", async () => {
    const { send } = await start();
    const answered = await send({}, { model: "gemini-3.6-flahs" });
    expect(answered.status).toBe(404);
    expect(problemOf(answered)).toMatch(/^models\/gemini-3\.6-flahs is not found for API version v1beta/);
  });

  test("what is allowed passes", async () => {
    const { send } = await start();
    const sentinel = { ...call(), thoughtSignature: "skip_thought_signature_validator" };
    const good: [object, SendOptions?][] = [
      [{ contents: [user("a"), user("b"), model({ text: "c" })] }],
      [
        {
          contents: [
            user("a"),
            model(call("f", { id: "1" }), call("f", { id: "2" })),
            results(response("f", { id: "2" }), response("f", { id: "1" })),
          ],
        },
      ],
      [{ contents: [user("a"), model(sentinel, call()), results(response(), response())] }, three],
      [{ contents: [user("a"), model(call()), results(response()), model({ text: "b" }), user("c")] }, three],
      [think({ thinkingBudget: -1 }), three],
      [think({ thinkingLevel: "THINKING_LEVEL_UNSPECIFIED", includeThoughts: true }), three],
      [think({ thinkingBudget: 0 })],
      // Recorded: an object without properties passes, even there.
      [parameters({}), { model: "gemini-2.0-flash" }],
      [declare({ name: "f", parametersJsonSchema: { type: "object", additionalProperties: false, $defs: {} } })],
      [declare({ name: "f", parameters: { type: "object", properties: { a: { type: "string" } }, required: ["a"] } })],
      [{ systemInstruction: { role: "user", parts: [{ text: "a" }] }, safetySettings: [] }],
    ];
    for (const [body, options] of good) expect((await send(body, options)).json).toHaveProperty("candidates");
  });
});
