import { isJsonObject, RouterError, type StreamEvent, type WireEvent } from "@turnout/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { openaiResponses as codec } from "./index.ts";

// Whatever comes from outside, the answer is a value or a RouterError.

/** Words that lead into the readers, amid any other JSON. */
const word = fc.constantFrom(
  "message",
  "function_call",
  "custom_tool_call",
  "function_call_output",
  "reasoning",
  "additional_tools",
  "input_text",
  "input_image",
  "input_file",
  "input_audio",
  "refusal",
  "namespace",
  "function",
  "json_schema",
  "assistant",
  "user",
  "developer",
  "__proto__",
  "constructor",
  "data:image/png;base64,QQ",
  "completed",
  "failed",
);
const key = fc.constantFrom(
  "type",
  "role",
  "content",
  "text",
  "input",
  "tools",
  "name",
  "arguments",
  "call_id",
  "output",
  "summary",
  "image_url",
  "file_data",
  "input_audio",
  "format",
  "schema",
  "tool_choice",
  "reasoning",
  "metadata",
  "id",

  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "response",
  "item",
  "part",
  "delta",
  "output_index",
  "error",
);
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    word,
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 6 }),
  ),
}));

/** Other fields than those a reader looks at. */
const more = fc.dictionary(
  fc.constantFrom("id", "status", "phase", "annotations", "logprobs", "x", "detail"),
  anyValue,
  {
    maxKeys: 2,
  },
);
const nullable = fc.option(fc.string());
const anyPart = fc.oneof(
  fc.record({ type: fc.constantFrom("input_text", "output_text", "text"), text: fc.string() }),
  fc.record({ type: fc.constant("refusal"), refusal: fc.string() }),
  fc.record({
    type: fc.constant("input_image"),
    image_url: fc.constantFrom("https://example.com/a", "data:IMAGE/png;base64,QQ", "data:,x", "data:;base64,", ""),
    file_id: nullable,
  }),
  fc.record({
    type: fc.constant("input_file"),
    file_data: fc.constantFrom("QQ", "data:a/b;base64,QQ"),
    filename: nullable,
  }),
  fc.record({ type: fc.constant("input_audio"), input_audio: fc.record({ data: fc.string(), format: fc.string() }) }),
  fc.dictionary(key, anyValue, { maxKeys: 3 }),
);
const content = fc.oneof(fc.string(), fc.array(anyPart, { maxLength: 3 }));
/** Items that are nearly right. */
const anyItem = fc
  .tuple(
    more,
    fc.oneof(
      fc.record({ type: fc.constant("message"), role: fc.constantFrom("user", "assistant", "developer"), content }),
      fc.record({ role: fc.constantFrom("user", "assistant", "system", "robot"), content }),
      fc.record({
        type: fc.constant("function_call"),
        call_id: fc.string(),
        name: fc.string(),
        arguments: fc.string(),
      }),
      fc.record({ type: fc.constant("custom_tool_call"), call_id: fc.string(), name: fc.string(), input: fc.string() }),
      fc.record({ type: fc.constant("function_call_output"), call_id: fc.string(), output: content }),
      fc.record({
        type: fc.constant("reasoning"),
        summary: fc.array(fc.record({ type: fc.constant("summary_text"), text: fc.string() })),
        encrypted_content: nullable,
        content: fc.option(fc.array(fc.record({ type: fc.constant("reasoning_text"), text: fc.string() }))),
      }),
      fc.dictionary(key, anyValue, { maxKeys: 6 }),
    ),
  )
  .map(([rest, item]) => ({ ...rest, ...item }));

function outcome<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!RouterError.is(error)) throw error;
    if (error.code === "request-invalid") expect(typeof error.details.path).toBe("string");
    return undefined;
  }
}

/** The same without `__proto__`, which the schemas leave out on purpose. */
function harmless(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value) ?? "null", (name, inner: unknown) =>
    name === "__proto__" ? undefined : inner,
  );
}

/** As a body arrives: `__proto__` is an own key then. */
function arrived(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value) ?? "null");
}

describe("junk", () => {
  test("decodeRequest() of anything is a request or request-invalid with a path", () => {
    fc.assert(
      fc.property(anyValue, fc.array(anyValue, { maxLength: 5 }), anyValue, (rest, input, tools) => {
        const body = arrived({ ...(isJsonObject(rest) ? rest : {}), model: "m", input, tools: [tools] });
        const decoded = outcome(() => codec.decodeRequest(body));
        const encoded = decoded && outcome(() => codec.encodeRequest(decoded.value));
        expect(encoded === undefined || isJsonObject(encoded.value)).toBe(true);
        outcome(() => codec.decodeRequest(arrived(rest)));
      }),
      { numRuns: 2000 },
    );
  });

  test("a request that is accepted comes back as it was", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(anyItem, { minLength: 1, maxLength: 4 }), (input) => {
        const body = harmless({ model: "m", input });
        const decoded = outcome(() => codec.decodeRequest(body));
        if (decoded === undefined) return;
        accepted += 1;
        expect(arrived(codec.encodeRequest(decoded.value).value)).toEqual(body);
      }),
      { numRuns: 3000 },
    );
    // Else the generator has lost its aim, and the law says nothing.
    expect(accepted).toBeGreaterThan(500);
  });

  test("decodeResponse() of anything is an answer or a RouterError, and an answer comes back as it was", () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 5 }), (output) => {
        const body = harmless({ model: "m", output: output.filter(isJsonObject) });
        const decoded = outcome(() => codec.decodeResponse(body));
        if (decoded === undefined) return;
        const context = { request: anyRequest, model: "m", createdAt: 1, idSeed: "0".repeat(48) };
        expect(arrived(codec.encodeResponse(decoded.value, context).value)).toEqual(body);
      }),
      { numRuns: 2000 },
    );
  });

  test("a stream of anything decodes to events or fails as a RouterError", () => {
    const type = fc.constantFrom(
      "response.created",
      "response.output_item.added",
      "response.output_item.done",
      "response.completed",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.added",
      "error",
      "",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.failed",
      "response.reasoning_summary_text.delta",
      "response.output_text.annotation.added",
      "response.refusal.done",
    );
    const event = fc.tuple(type, fc.dictionary(key, anyValue, { maxKeys: 8 }));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const wire: WireEvent[] = events.map(([name, data]) => ({ type: name, data: JSON.stringify(data) }));
        const out: StreamEvent[] = [];
        const decoder = codec.createEventDecoder();
        outcome(() => {
          for (const one of wire) decoder.decode(one, out);
          decoder.end(out);
        });
        const observer = codec.createStreamObserver({
          request: anyRequest,
          model: "m",
          createdAt: 1,
          idSeed: "0".repeat(48),
        });
        for (const one of wire) observer.observe(one);
        const collector = codec.createDocumentCollector();
        outcome(() => {
          for (const one of wire) collector.add(one);
        });
        expect(out.filter((one) => one.type === "finish").length).toBeLessThan(2);
      }),
      { numRuns: 3000 },
    );
  });

  test("decodeError() of anything never throws and has words", () => {
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, text) => {
        const error = codec.decodeError(status, text, {});
        expect(RouterError.is(error)).toBe(true);
        expect(error.message).not.toBe("");
      }),
    );
  });

  test("a body nested deeper than any stack is read without recursion", () => {
    const depth = 200_000;
    const deep: unknown = JSON.parse("[".repeat(depth) + "]".repeat(depth));
    const { value } = codec.decodeRequest({ model: "m", input: [{ type: "new", deep }], metadata: { deep } });
    expect(codec.encodeRequest(value).value["metadata"]).toEqual({ deep: expect.any(Array) });
    expect(outcome(() => codec.decodeRequest({ model: "m", input: deep }))).toBeUndefined();
  });

  test("keys of the prototype stay data", () => {
    const body: unknown = JSON.parse(
      '{"model":"m","input":[{"role":"user","content":"x","__proto__":{"polluted":1}}],"__proto__":{"polluted":1}}',
    );
    const decoded = codec.decodeRequest(body).value;
    expect(JSON.stringify(codec.encodeRequest(decoded).value)).not.toContain('"polluted":2');
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(Object.getPrototypeOf(decoded.extras?.fields)).toBe(Object.prototype);
  });
});

const anyRequest = codec.decodeRequest({ model: "m", input: "Hi" }).value;
