import {
  type AnyRouterError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  RouterError,
  type WireEvent,
} from "@turnout/core";
import { anthropicMessages } from "@turnout/translator";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { checkAnthropicGrammar } from "./anthropic-grammar.ts";
import { hasCorpus, loadRecordings } from "./corpus.ts";
import { checkCanonical, contextFor, decodeStream } from "./laws.ts";

// Whatever comes in: a request is read or refused by name, an upstream's answer is read or a failure, nothing else is thrown.

function failureOf(run: () => unknown): AnyRouterError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (RouterError.is(error)) return error;
    throw error;
  }
}

function parse(text: string): JsonValue {
  return JSON.parse(text);
}

const json = fc.json({ maxDepth: 4 }).map(parse);
const keys = fc.constantFrom(
  "type",
  "text",
  "role",
  "content",
  "id",
  "input",
  "source",
  "index",
  "delta",
  "__proto__",
  "usage",
);
const junkObject = fc.dictionary(
  keys,
  fc.oneof(json, fc.constantFrom("text", "tool_use", "user", "thinking", 0, null)),
);

const blockTypes = [
  "text",
  "image",
  "document",
  "thinking",
  "redacted_thinking",
  "tool_use",
  "tool_result",
  "search_result",
  "x",
];
const block = fc
  .tuple(fc.constantFrom(...blockTypes), junkObject)
  .map(([type, rest]): JsonObject => ({ ...rest, type }));

const request = fc.record(
  {
    model: fc.oneof(fc.constant("claude"), json),
    max_tokens: fc.oneof(fc.constant(10), json),
    messages: fc.oneof(
      json,
      fc.array(
        fc.record({
          role: fc.constantFrom("user", "assistant", "system", "x"),
          content: fc.oneof(fc.string(), fc.array(block)),
        }),
      ),
    ),
    system: json,
    tools: fc.oneof(json, fc.array(junkObject)),
    tool_choice: json,
    thinking: json,
    output_config: json,
  },
  { requiredKeys: [] },
);

const eventTypes = [
  "message_start",
  "content_block_start",
  "content_block_delta",
  "content_block_stop",
  "message_delta",
  "ping",
  "x",
];
const event = fc
  .tuple(
    fc.constantFrom(...eventTypes),
    fc.record(
      {
        index: fc.oneof(fc.nat(3), json),
        message: fc.oneof(junkObject, json),
        content_block: fc.oneof(block, json),
        delta: fc.oneof(
          fc.record({
            type: fc.constantFrom(
              "text_delta",
              "thinking_delta",
              "signature_delta",
              "input_json_delta",
              "citations_delta",
              "x_delta",
            ),
            text: fc.oneof(fc.string(), json),
            thinking: fc.string(),
            signature: fc.string(),
            partial_json: fc.string(),
            citation: json,
          }),
          fc.record({
            stop_reason: fc.oneof(fc.constantFrom("end_turn", "tool_use", "max_tokens", "refusal", "y"), json),
          }),
          json,
        ),
        usage: fc.oneof(junkObject, json),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([type, fields]): WireEvent => ({ type, data: JSON.stringify({ type, ...fields }) }));

describe("junk", () => {
  test("a request is read, or refused with a message and a path", () => {
    fc.assert(
      fc.property(fc.oneof(request, json), (body) => {
        const failure = failureOf(() => {
          const decoded = anthropicMessages.decodeRequest(body).value;
          anthropicMessages.encodeRequest(decoded);
          anthropicMessages.encodeRequest({ ...decoded, extras: { wire: "openai-chat", fields: {} } });
        });
        if (failure === undefined) return;
        expect(failure.code).toBe("request-invalid");
        expect(failure.message).toMatch(/^Cannot /u);
      }),
      { numRuns: 400 },
    );
  });

  test("a document is read or a failure, and can be written", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          json,
          fc.record({
            type: fc.constant("message"),
            content: fc.array(fc.oneof(block, json)),
            usage: json,
            stop_reason: json,
          }),
        ),
        (body) => {
          const failure = failureOf(() => {
            const decoded = anthropicMessages.decodeResponse(body).value;
            anthropicMessages.encodeResponse(decoded, contextFor("m"));
            anthropicMessages.encodeResponse(
              { ...decoded, extras: { wire: "openai-chat", fields: {} } },
              contextFor("m"),
            );
          });
          expect(failure?.message).not.toBe("");
        },
      ),
      { numRuns: 400 },
    );
  });

  test("a stream is canonical or a failure, and what is written of it is the grammar", () => {
    const done: WireEvent = { type: "message_stop", data: '{"type":"message_stop"}' };
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (events) => {
        const { events: decoded, failure } = decodeStream(anthropicMessages, [...events, done]);
        const observer = anthropicMessages.createStreamObserver(contextFor("m"));
        for (const entry of events) observer.observe(entry);
        failureOf(() => {
          const collector = anthropicMessages.createDocumentCollector();
          for (const entry of [...events, done]) collector.add(entry);
          collector.end();
        });
        expect(failure?.message).not.toBe("");
        if (failure !== undefined) return;
        checkCanonical(decoded);
        const encoder = anthropicMessages.createEventEncoder(contextFor("m"));
        const written: WireEvent[] = [];
        for (const entry of decoded) encoder.encode(entry, written);
        const isKnown = (entry: WireEvent): boolean => !entry.data.includes('"redacted_thinking"');
        if (written.every(isKnown)) checkAnthropicGrammar(written);
      }),
      { numRuns: 400 },
    );
  });

  test("an upstream's error of any status and text has a message", () => {
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, text) => {
        expect(anthropicMessages.decodeError(status, text).message).not.toBe("");
      }),
    );
  });

  test("a nesting deeper than any stack is refused by name", () => {
    const depth = 200_000;
    const input = parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);
    const content = [{ type: "tool_use", id: "a", name: "b", input }];
    const body = { model: "m", max_tokens: 1, messages: [{ role: "assistant", content }] };
    const failure = failureOf(() => anthropicMessages.decodeRequest(body));
    expect(failure).toMatchObject({ code: "request-invalid", details: { path: "messages[0].content[0]" } });
  });

  test("nothing reaches the prototype of objects", () => {
    const body = parse(
      '{"model":"m","max_tokens":1,"__proto__":{"polluted":1},"messages":[{"role":"user","__proto__":{"polluted":1},"content":[{"type":"text","text":"a","__proto__":{"polluted":1}}]}]}',
    );
    const encoded = anthropicMessages.encodeRequest(anthropicMessages.decodeRequest(body).value).value;
    expect({}).not.toHaveProperty("polluted");
    expect(isJsonObject(encoded) && encoded["polluted"]).toBeFalsy();
  });
});

describe.skipIf(!hasCorpus)("recorded streams with damage", () => {
  const { streams } = loadRecordings(["anthropic-messages"]);
  test("a byte changed anywhere gives an answer or a failure", () => {
    const events = streams.slice(0, 20).flatMap(({ value }) => value.split("\n\n").slice(0, 30));
    fc.assert(
      fc.property(fc.constantFrom(...events), fc.nat(), fc.string({ maxLength: 2 }), (text, position, piece) => {
        const at = position % (text.length + 1);
        const data = (text.slice(0, at) + piece + text.slice(at + 1))
          .replace(/^event: .*\n/u, "")
          .replace(/^data: /u, "");
        expect(decodeStream(anthropicMessages, [{ type: "", data }]).failure?.message).not.toBe("");
      }),
      { numRuns: 400 },
    );
  });
});
