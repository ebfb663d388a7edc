import { RouterError, type StreamEvent, type WireEvent } from "@turnout/core";
import { openaiChat, openaiResponses } from "@turnout/translator";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { contextFor } from "./laws.ts";

// Whatever comes in, what comes out is a value or a RouterError of the right kind, never another exception.

/** Words that make junk look like the real thing. */
const words = fc.constantFrom(
  "role",
  "content",
  "user",
  "assistant",
  "tool",
  "system",
  "text",
  "type",
  "function",
  "custom",
  "name",
  "arguments",
  "id",
  "index",
  "tool_calls",
  "function_call",
  "tool_call_id",
  "reasoning",
  "reasoning_details",
  "reasoning_content",
  "image_url",
  "url",
  "data:,",
  "delta",
  "choices",
  "message",
  "finish_reason",
  "stop",
  "usage",
  "prompt_tokens",
  "error",
  "annotations",
  "logprobs",
  "refusal",
);

const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    words,
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(words, tie("value"), { maxKeys: 5 }),
  ),
})).value;

function codeOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (RouterError.is(error)) return error.code;
    throw error;
  }
}

const message = fc.oneof(
  value,
  fc.record({
    role: fc.constantFrom("user", "assistant", "tool", "system", "function"),
    content: fc.oneof(fc.string(), fc.constant(null), fc.array(value, { maxLength: 2 })),
    tool_calls: fc.option(fc.array(value, { maxLength: 2 })),
    reasoning_details: fc.option(value),
    name: fc.option(fc.string()),
    tool_call_id: fc.option(fc.string()),
  }),
);

describe("junk", () => {
  test("decodeRequest() answers or refuses; what it answers can be written in both formats or is refused", () => {
    const body = fc.oneof(
      value,
      fc.record({
        model: fc.string({ minLength: 1 }),
        messages: fc.array(message, { minLength: 1, maxLength: 4 }),
        tools: fc.option(value),
        x: value,
      }),
    );
    fc.assert(
      fc.property(body, (document) => {
        const code = codeOf(() => {
          const request = openaiChat.decodeRequest(document).value;
          openaiChat.encodeRequest(request);
          openaiResponses.encodeRequest(request);
        });
        expect(["request-invalid", undefined]).toContain(code);
      }),
      { numRuns: 2000 },
    );
  });

  test("requests of plain messages always come through", () => {
    const plain = fc.record({
      role: fc.constantFrom("user", "assistant", "system"),
      content: fc.string({ minLength: 1 }),
    });
    fc.assert(
      fc.property(fc.array(plain, { minLength: 1, maxLength: 6 }), (messages) => {
        const body = { model: "m", messages };
        expect(openaiChat.encodeRequest(openaiChat.decodeRequest(body).value).value).toEqual(body);
      }),
    );
  });

  test("decodeResponse() answers, or tells that the upstream is at fault", () => {
    const choice = fc.oneof(
      value,
      fc.record({ index: fc.constant(0), message: value, finish_reason: value, usage: value }),
    );
    const body = fc.oneof(
      value,
      fc.record({ id: value, model: value, choices: fc.array(choice, { maxLength: 2 }), usage: value }),
    );
    fc.assert(
      fc.property(body, (document) => {
        const code = codeOf(() => {
          const answer = openaiChat.decodeResponse(document).value;
          JSON.stringify(openaiChat.encodeResponse(answer, contextFor("m")).value);
          openaiResponses.encodeResponse(answer, contextFor("m"));
        });
        expect(code).not.toBe("internal");
      }),
      { numRuns: 2000 },
    );
  });

  test("the stream's readers take any event", () => {
    const chunk = fc.oneof(
      value,
      fc.record({
        id: fc.option(fc.string()),
        choices: fc.array(
          fc.record({
            index: fc.constantFrom(0, 1),
            delta: fc.oneof(value, fc.record({ content: value, tool_calls: fc.array(value) })),
            finish_reason: value,
          }),
          { maxLength: 2 },
        ),
        usage: value,
      }),
    );
    const data = fc.oneof(
      chunk.map((document) => JSON.stringify(document)),
      fc.string(),
      fc.constant("[DONE]"),
    );
    fc.assert(
      fc.property(fc.array(data, { maxLength: 6 }), (list) => {
        const events: WireEvent[] = list.map((text) => ({ type: "", data: text }));
        const context = contextFor("m");
        const decoder = openaiChat.createEventDecoder();
        const observer = openaiChat.createStreamObserver(context);
        const collector = openaiChat.createDocumentCollector();
        const out: StreamEvent[] = [];
        for (const event of events) expect(observer.observe(event)).toMatch(/^(?:opening|content|terminal|failed)$/u);
        codeOf(() => {
          for (const event of events) decoder.decode(event, out);
          decoder.end(out);
        });
        codeOf(() => {
          for (const event of events) collector.add(event);
          collector.end();
        });
        const written: WireEvent[] = [];
        for (const encoder of [openaiChat.createEventEncoder(context), openaiResponses.createEventEncoder(context)]) {
          for (const event of out) encoder.encode(event, written);
        }
        for (const event of written) JSON.parse(event.data);
      }),
      { numRuns: 2000 },
    );
  });

  test("decodeError() never throws and always says something", () => {
    const body = fc.oneof(
      fc.string(),
      value.map((document) => JSON.stringify(document) ?? ""),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 599 }),
        body,
        fc.dictionary(fc.constantFrom("retry-after", "retry-after-ms", "date"), fc.string()),
        (status, text, headers) => {
          const error = openaiChat.decodeError(status, text, headers);
          expect(error.message).not.toBe("");
          const encoded = openaiChat.encodeError(RouterError.from(error), "r");
          expect(encoded.status).toBeGreaterThanOrEqual(400);
          expect(encoded.headers["retry-after"] ?? "0").toMatch(/^\d+$/u);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
