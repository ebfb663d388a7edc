import type { JsonObject, WireEvent } from "@turnout/core";
import { openaiChat } from "@turnout/translator";
import { describe, expect, test } from "vitest";

import { parseChunk } from "./chat-grammar.ts";
import { chunk, done, finish, toolDelta } from "./chat-streams.ts";
import { contextFor } from "./laws.ts";

describe("createStreamObserver()", () => {
  const observe = (...events: WireEvent[]) => observeFor(true, ...events);
  const observeFor = (includeUsage: boolean, ...events: WireEvent[]) => {
    const context = contextFor("client-model");
    const observer = openaiChat.createStreamObserver({ ...context, request: { ...context.request, includeUsage } });
    return { observer, roles: events.map((event) => observer.observe(event)) };
  };

  test("announces, tells and ends", () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    const { observer, roles } = observe(
      chunk({ role: "assistant", content: "", refusal: null }),
      chunk({ content: 'say "usage":{ "finish_reason":"x"' }),
      finish("length"),
      { type: "", data: JSON.stringify({ choices: [], usage }) },
      done,
    );
    expect(roles).toEqual(["opening", "content", "content", "content", "terminal"]);
    expect(observer.usage).toMatchObject({ inputFresh: 1, output: 2 });
    expect(observer.finish).toBe("length");
  });

  test("T99: a chunk of usage alone is not for a client that did not ask for it", () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    const alone: WireEvent = { type: "", data: JSON.stringify({ choices: [], usage }) };
    const together: WireEvent = {
      type: "",
      data: JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage }),
    };
    const silent = observeFor(false, chunk({ content: "So" }), alone, done);
    expect(silent.roles).toEqual(["content", "private", "terminal"]);
    expect(silent.observer.usage).toMatchObject({ inputFresh: 1, output: 2 });
    expect(observeFor(false, together).roles).toEqual(["content"]);
  });

  test("calls count as content and decide the finish", () => {
    const { observer, roles } = observe(
      toolDelta({ index: 0, id: "a", function: { name: "f", arguments: "" } }),
      finish("stop"),
      done,
    );
    expect(roles[0]).toBe("content");
    expect(observer.finish).toBe("tool-calls");
  });

  test("an error chunk and broken JSON are failures", () => {
    const broken = observe({ type: "", data: "{" });
    expect(broken.roles).toEqual(["failed"]);
    expect(broken.observer.failure?.code).toBe("upstream-malformed");
    const failed = observe(chunk({ content: "x" }), { type: "", data: '{"error":{"message":"no","code":429}}' });
    expect(failed.roles).toEqual(["content", "failed"]);
    expect(failed.observer.failure?.code).toBe("rate-limited");
  });

  test("speaks with the ids of the stream", () => {
    const { observer } = observe(chunk({ role: "assistant" }));
    const beat = observer.keepAlive();
    expect(beat && parseChunk(beat)).toMatchObject({
      id: "chatcmpl-1",
      model: "m",
      created: 7,
      choices: [{ delta: {} }],
    });
  });
});

describe("createDocumentCollector()", () => {
  const collect = (...events: WireEvent[]): JsonObject => {
    const collector = openaiChat.createDocumentCollector();
    for (const event of events) collector.add(event);
    return collector.end();
  };

  test("makes one answer of the chunks; unknown fields stay, padding does not", () => {
    const document = collect(
      chunk({ role: "assistant", content: "" }, { system_fingerprint: "fp", obfuscation: "abc" }),
      chunk({ content: "So" }),
      toolDelta({ index: 1, id: "a", type: "function", function: { name: "f", arguments: "{" } }),
      toolDelta({ index: 1, function: { arguments: "}" } }),
      finish("tool_calls", { usage: null }),
      { type: "", data: JSON.stringify({ choices: [], usage: { prompt_tokens: 1 }, x: 1 }) },
      done,
    );
    expect(document).toEqual({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 7,
      model: "m",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: "So",
            tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }],
          },
          finish_reason: "tool_calls",
        },
      ],
      usage: { prompt_tokens: 1 },
      system_fingerprint: "fp",
      x: 1,
    });
  });

  test("keeps every choice apart", () => {
    const document = collect(
      chunk({ content: "a" }),
      chunk({ content: "b" }, {}, { index: 1 }),
      chunk({ content: "A" }),
      chunk({}, {}, { index: 1, finish_reason: "length" }),
      finish("stop"),
      done,
    );
    expect(document["choices"]).toMatchObject([
      { index: 0, message: { content: "aA" }, finish_reason: "stop" },
      { index: 1, message: { content: "b" }, finish_reason: "length" },
    ]);
  });

  test("a stream that was cut is no answer", () => {
    expect(() => collect(chunk({ content: "x" }))).toThrow(/ended before/u);
    expect(() => collect({ type: "", data: '{"error":{"message":"no"}}' })).toThrow(/no/u);
  });
});
