import type { JsonObject, JsonValue } from "@turnout/core";
import { openaiResponses } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { at, decode, errorOf, fromChat, partsOf, userText } from "./gemini-requests.ts";

// Settings and media of other formats told to Gemini; the reported bugs of translation.md section 7 by number.

describe("encodeRequest() of other formats", () => {
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
});
