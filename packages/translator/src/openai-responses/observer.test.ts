import { type JsonObject, RouterError } from "@turnout/core";
import { describe, expect, test } from "vitest";

import type { AnswerContext } from "../codec.ts";
import { createStreamObserver } from "./observer.ts";
import { decodeRequest } from "./request-decode.ts";

const context: AnswerContext = {
  request: decodeRequest({ model: "alias", input: "Hi" }).value,
  model: "alias",
  createdAt: 7,
  idSeed: "0123456789abcdef".repeat(3),
};
const created = {
  type: "response.created",
  sequence_number: 0,
  response: { id: "resp_1", model: "m", status: "in_progress", output: [] },
};
const usage = { input_tokens: 3, output_tokens: 4, total_tokens: 7 };
const completed = {
  type: "response.completed",
  sequence_number: 9,
  response: { id: "resp_1", status: "completed", output: [], usage },
};

type Event = JsonObject & { readonly type: string };

function observerOf(events: readonly Event[], names = true) {
  const observer = createStreamObserver(context);
  const roles = events.map((event) => observer.observe({ type: names ? event.type : "", data: JSON.stringify(event) }));
  return { observer, roles };
}

describe("createStreamObserver()", () => {
  test("tells opening, content, bookkeeping and the one end apart", () => {
    const { observer, roles } = observerOf([
      { type: "codex.rate_limits" },
      { type: "keepalive" },
      created,
      { type: "response.in_progress" },
      { type: "keepalive", sequence_number: 2 },
      { type: "response.output_item.added", item: { type: "message" } },
      { type: "response.output_text.delta", delta: "x" },
      { type: "future.event" },
      completed,
      completed,
    ]);
    expect(roles).toEqual([
      "private",
      "private",
      "opening",
      "opening",
      "opening",
      "content",
      "content",
      "content",
      "terminal",
      "private",
    ]);
    expect(observer.usage).toEqual({ inputFresh: 3, output: 4, raw: usage });
    expect(observer.finish).toBe("stop");
  });

  test("reads names out of the data where the transport has none", () => {
    expect(observerOf([created, completed], false).roles).toEqual(["opening", "terminal"]);
  });

  test("a call decides the finish, also when the terminal event repeats no items (T94, T107)", () => {
    const item = { type: "function_call", call_id: "c", name: "f", arguments: "{}" };
    const { observer } = observerOf([created, { type: "response.output_item.done", item }, completed]);
    expect(observer.finish).toBe("tool-calls");
    const repeated = {
      ...completed,
      response: { ...completed.response, output: [{ ...item, type: "custom_tool_call" }] },
    };
    expect(observerOf([repeated]).observer.finish).toBe("tool-calls");
    const search = { type: "response.output_item.done", item: { type: "web_search_call" } };
    expect(observerOf([search, completed]).observer.finish).toBe("stop");
  });

  test.each([
    // Some clients ignore a bare `error`, so it must not be all they get.
    [{ type: "error", code: "rate_limit_exceeded", message: "Slow" }, "rate-limited", "complaint"],
    [
      { type: "response.failed", response: { error: { code: "server_error", message: "Oops" } } },
      "upstream-failed",
      "failed",
    ],
    [{ ...completed, response: { status: "failed", error: { message: "Oops" } } }, "upstream-failed", "failed"],
  ])("a failure is one: %j (T109)", (event, code, role) => {
    const { observer, roles } = observerOf([created, event, { type: "response.failed", response: {} }]);
    expect(roles).toEqual(["opening", role, "private"]);
    expect(observer.failure?.code).toBe(code);
  });

  test("a terminal event that is cut is a failure", () => {
    const observer = createStreamObserver(context);
    expect(observer.observe({ type: "response.completed", data: '{"type":"resp' })).toBe("failed");
    expect(observer.failure?.code).toBe("upstream-malformed");
  });

  test("fail() goes on with the ids and numbers of the stream (T103)", () => {
    const { observer } = observerOf([created, { type: "response.output_text.delta", sequence_number: 4, delta: "x" }]);
    const error = new RouterError("upstream-timeout", "Too slow", { timeoutMs: 1, requestSent: true });
    const [event] = observer.fail(error, "request-1");
    expect(JSON.parse(event?.data ?? "")).toEqual({
      type: "response.failed",
      sequence_number: 5,
      response: { ...created.response, status: "failed", error: { code: "server_error", message: "Too slow" } },
    });
  });

  test("fail() before the first event writes a whole stream, and nothing after a clean end", () => {
    const error = new RouterError("internal", "Oops", {});
    const types = observerOf([])
      .observer.fail(error, "r")
      .map((event) => event.type);
    expect(types).toEqual(["response.created", "response.in_progress", "response.failed"]);
    expect(observerOf([created, completed]).observer.fail(error, "r")).toEqual([]);
  });

  test("keepAlive() has nothing to say before the answer has begun", () => {
    expect(observerOf([{ type: "keepalive" }]).observer.keepAlive()).toBeUndefined();
    const event = observerOf([created]).observer.keepAlive();
    expect(event).toEqual({ type: "keepalive", data: '{"type":"keepalive","sequence_number":0}' });
  });
});
