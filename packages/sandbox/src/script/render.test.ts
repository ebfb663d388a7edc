import type { JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";
import { answer, frameCount, renderEvents, say, type AnswerScript } from "../index.ts";
import { deltaText, eventTypes, finalResponse, outputItems, textOf } from "../../test/harness.ts";

function render(script: AnswerScript, transport: "ws" | "http" = "http"): JsonObject[] {
  return renderEvents(script, { transport }).map(({ json }) => JSON.parse(json));
}

/** Every step there is. */
const everything = answer(
  say.reasoning(["First.", "Second."]),
  say.text("Héllo 👋 world", { phase: "commentary", deltaLength: 3 }),
  say.json({ a: [1, "ü"] }),
  say.refusal("I cannot."),
  say.call("shell", { command: "ls" }),
  say.customCall("apply_patch", "*** Begin Patch", { namespace: "functions" }),
  say.webSearch("turnout"),
  say.parallel([say.call("a", {}), say.call("b", "{broken")]),
  say.compaction(),
  say.keepAlive(2),
  say.raw({ type: "response.custom", value: { x: 1 } }),
);

describe("renderEvents()", () => {
  test("begins with created, ends with completed, and counts every event", () => {
    const events = render(everything);
    expect(eventTypes(events).slice(0, 2)).toEqual(["response.created", "response.in_progress"]);
    expect(events.at(-1)?.type).toBe("response.completed");
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index));
    expect(events).toHaveLength(frameCount(everything, "http"));
  });

  test("has the prelude on sockets, and where the script says so", () => {
    expect(eventTypes(render(answer(), "ws"))).toEqual([
      "codex.rate_limits",
      "codex.response.metadata",
      "response.created",
      "response.in_progress",
      "response.completed",
    ]);
    expect(render({ prelude: false }, "ws")[0]?.type).toBe("response.created");
    expect(render({ prelude: true }, "http")[0]?.type).toBe("codex.rate_limits");
  });

  test("repeats in the terminal event what output_item.done said", () => {
    const events = render(everything);
    expect(finalResponse(events).output).toEqual(outputItems(events));
    expect(outputItems(events).map(({ type }) => type)).toEqual([
      "reasoning",
      "message",
      "message",
      "message",
      "function_call",
      "custom_tool_call",
      "web_search_call",
      "function_call",
      "function_call",
      "compaction",
    ]);
  });

  test("adds deltas up to the whole", () => {
    const events = render(everything);
    expect(deltaText(events)).toBe('Héllo 👋 world{"a":[1,"ü"]}');
    const joined = (type: string) =>
      events
        .filter((event) => event.type === type)
        .map(({ delta }) => textOf(delta))
        .join("");
    expect(joined("response.reasoning_summary_text.delta")).toBe("First.Second.");
    expect(joined("response.function_call_arguments.delta")).toBe('{"command":"ls"}{}{broken');
    expect(joined("response.custom_tool_call_input.delta")).toBe("*** Begin Patch");
    expect(joined("response.refusal.delta")).toBe("I cannot.");
  });

  test("gives a different payload with added and with done", () => {
    const events = render(answer(say.reasoning("Hm.")));
    const added = events.find(({ type }) => type === "response.output_item.added")?.item;
    const [done] = outputItems(events);
    expect(added).toHaveProperty("encrypted_content");
    expect(done?.encrypted_content).not.toBe(JSON.parse(JSON.stringify(added)).encrypted_content);
  });

  test("has ids of the real form, all different", () => {
    const ids = outputItems(render(everything)).map(({ id }) => textOf(id));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^(rs|msg|fc|ctc|ws|cmp)_[0-9a-f]{48}$/);
    const calls = outputItems(render(everything)).flatMap(({ call_id: callId }) => callId ?? []);
    expect(new Set(calls).size).toBe(4);
    for (const callId of calls) expect(callId).toMatch(/^call_[0-9a-f]{24}$/);
  });

  test("interleaves parallel calls when asked", () => {
    const calls = [say.call("a", { x: 1 }), say.call("b", { y: 2 })];
    const order = (interleaved: boolean) =>
      render(answer(say.parallel(calls, { interleaved })))
        .filter(({ type }) => type === "response.function_call_arguments.done")
        .map(({ output_index: index }) => index);
    const indexes = (interleaved: boolean) =>
      render(answer(say.parallel(calls, { interleaved })))
        .map(({ output_index: index }) => textOf(index))
        .join("");
    expect(order(true)).toEqual([0, 1]);
    expect(indexes(false)).toBe("00001111");
    expect(indexes(true)).toBe("01010101");
  });

  test("leaves the terminal output empty when asked", () => {
    const events = render({ ...answer(say.text("Hi")), emptyTerminalOutput: true });
    expect(finalResponse(events).output).toEqual([]);
    expect(outputItems(events)).toHaveLength(1);
  });

  test.each([
    [{ type: "incomplete", reason: "content_filter" } as const, { incomplete_details: { reason: "content_filter" } }],
    [{ type: "failed", code: "server_error", message: "No." } as const, { error: { code: "server_error" } }],
  ])("finishes %o", (finish, expected) => {
    const events = render({ ...answer(say.text("Hi")), finish });
    expect(events.at(-1)?.type).toBe(`response.${finish.type}`);
    expect(finalResponse(events)).toMatchObject({ status: finish.type, ...expected });
  });

  test("takes usage from the script", () => {
    const usage = { inputTokens: 1_000, cachedTokens: 900, outputTokens: 50, reasoningTokens: 20 };
    expect(finalResponse(render({ usage })).usage).toEqual({
      input_tokens: 1_000,
      input_tokens_details: { cached_tokens: 900 },
      output_tokens: 50,
      output_tokens_details: { reasoning_tokens: 20 },
      total_tokens: 1_050,
    });
  });

  test("cuts a text into so many deltas, or none", () => {
    const deltas = (count: number) =>
      render(answer(say.text("abcdefghij", { deltas: count }))).filter(
        ({ type }) => type === "response.output_text.delta",
      ).length;
    expect([deltas(0), deltas(1), deltas(5), deltas(10)]).toEqual([0, 1, 5, 10]);
  });

  test("puts waits before events", () => {
    const events = renderEvents(
      { steps: [say.silence(50), say.text("ab", { deltas: 2, delayMs: 5, silenceMs: 100 })], delayMs: 1 },
      { transport: "http" },
    );
    expect(events.map(({ delayMs }) => delayMs)).toEqual([1, 1, 155, 5, 5, 5, 5, 5, 5, 1]);
  });

  test("gives the same for the same seed, and something else for another", () => {
    const ids = (seed: number) => renderEvents(everything, { seed }).map(({ json }) => json);
    expect(ids(1)).toEqual(ids(1));
    expect(ids(1)).not.toEqual(ids(2));
  });

  test("keeps a text apart from the marks of its own templates", () => {
    const text = '\uE000token "\uE000head\uE000":0 \u0000 \u2028 \\';
    expect(deltaText(render(answer(say.text(text))))).toBe(text);
  });

  test("refuses what is no script", () => {
    expect(() => renderEvents(JSON.parse('{"steps":[{"type":"shout"}]}'))).toThrow("Invalid");
    expect(() => renderEvents(JSON.parse('{"step":[]}'))).toThrow("Unrecognized key");
  });
});
