import type { JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";
import { createAnswerLedger, type Maker } from "./answer-ledger.ts";
import { sameMeaning } from "./same-meaning.ts";

const maker: Maker = { accountId: "account-1", model: "gpt-5.4" };

function user(text: string): JsonObject {
  return { role: "user", content: text };
}
function message(text: string, fields: JsonObject = {}): JsonObject {
  return { type: "message", role: "assistant", content: [{ type: "output_text", text }], ...fields };
}
function thought(payload: string): JsonObject {
  return { type: "reasoning", id: `rs_${payload}`, summary: [], encrypted_content: payload };
}
function call(callId: string, args = '{"command":"ls"}'): JsonObject {
  return { type: "function_call", call_id: callId, name: "run", arguments: args };
}
function output(callId: string, text: string): JsonObject {
  return { type: "function_call_output", call_id: callId, output: text };
}

/** What the upstream said: thoughts, two calls, and then an answer with a phase. */
const firstOutput = [thought("one"), call("c1"), call("c2")];
const firstInput = [user("Do it")];
const secondInput = [...firstInput, ...firstOutput, output("c1", "A"), output("c2", "B")];
const secondOutput = [thought("two"), message("Done", { phase: "final_answer" })];
const whole = [...secondInput, ...secondOutput, user("Thanks")];
const isNoThought = (item: JsonObject) => item["type"] !== "reasoning";
const plain = whole.filter(isNoThought).map(({ phase: _phase, ...item }) => item);

function judge(
  continued: readonly JsonObject[],
  full: readonly JsonObject[] = plain,
  options: {
    readonly isTranslated?: boolean;
    readonly body?: JsonObject;
    readonly accountId?: string;
    readonly mayBeNamed?: boolean;
  } = {},
): string | undefined {
  const ledger = createAnswerLedger();
  ledger.record(firstInput, firstOutput, maker);
  ledger.record(secondInput, secondOutput, maker);
  const body = { model: maker.model, store: false };
  return sameMeaning(
    { accountId: options.accountId ?? maker.accountId, body: { ...body, ...options.body }, input: continued },
    { accountId: maker.accountId, body, input: full },
    { ledger, isTranslated: options.isTranslated ?? false, mayBeNamed: options.mayBeNamed ?? false },
  );
}

function replace(items: readonly JsonObject[], index: number, item: JsonObject): JsonObject[] {
  return items.map((old, at) => (at === index ? item : old));
}

function without(items: readonly JsonObject[], index: number): JsonObject[] {
  return items.filter((_, at) => at !== index);
}

describe("sameMeaning() takes for the same", () => {
  test("a conversation with the thoughts and the phase that were given in it, and one without", () => {
    expect(judge(whole)).toBeUndefined();
    expect(judge(plain)).toBeUndefined();
  });

  test("thoughts that the client brought back itself", () => {
    expect(judge(whole, whole)).toBeUndefined();
  });

  test("a digest of thoughts as it was given, where the client brought it back in other pieces", () => {
    const brought = whole.map((item) => (isNoThought(item) ? item : { ...item, summary: [{ text: "digest" }] }));
    expect(judge(whole, brought)).toBeUndefined();
    expect(judge(brought, whole)).toContain("not thought here");
  });

  test("other ids of items, a status, empty annotations, a string for a part, a message without its type", () => {
    const content = [{ type: "output_text", text: "Done", annotations: [], logprobs: [] }];
    const dressed = replace(plain, 5, { id: "msg_1", role: "assistant", status: "completed", content });
    const bare = replace(plain, 5, { role: "assistant", content: "Done" });
    expect(judge(dressed, bare)).toBeUndefined();
  });

  test("arguments in another spelling", () => {
    const spelled = (args: string) => replace(plain, 1, call("c1", args));
    expect(judge(spelled('{"a":1,"b":[1.50]}'), spelled('{ "b": [15e-1], "a": 1.0 }'))).toBeUndefined();
  });

  test("a request without `stream` and one with it", () => {
    expect(judge(plain, plain, { body: { type: "response.create", previous_response_id: "r", stream: true } })).toBe(
      undefined,
    );
  });

  test("annotations as they were given, and the text in one piece, where the client's format has them otherwise", () => {
    const annotation = { type: "url_citation", url: "u", title: "t", start_index: 0, end_index: 2 };
    const given = message("", { content: [{ type: "output_text", text: "Done", annotations: [annotation] }] });
    const cut = message("", {
      content: [
        { type: "output_text", text: "Do" },
        { type: "output_text", text: "ne" },
      ],
    });
    const ledger = createAnswerLedger();
    ledger.record(firstInput, [given], maker);
    const body = { model: maker.model };
    const compare = (continued: JsonObject, full: JsonObject, isTranslated: boolean) =>
      sameMeaning(
        { ...maker, body, input: [...firstInput, continued] },
        { ...maker, body, input: [...firstInput, full] },
        { ledger, isTranslated },
      );
    expect(compare(given, cut, true)).toBeUndefined();
    expect(compare(given, cut, false)).toContain("cuts");
    expect(compare(given, message("Done"), false)).toBeUndefined();
    expect(compare(cut, message("Done"), true)).toContain("cuts");
    expect(compare(message("Done"), given, false)).toContain("annotations");
  });

  test("a name for the prompt cache, where the client gave none and the router may", () => {
    const body = { prompt_cache_key: "made up" };
    expect(judge(plain, plain, { body, mayBeNamed: true })).toBeUndefined();
    expect(judge(plain, plain, { body })).toContain("the setting is another");
  });

  test("calls renamed one to one, where the client speaks another format", () => {
    const renamed = plain.map((item) =>
      typeof item["call_id"] === "string" ? { ...item, call_id: `made-up-${item["call_id"]}` } : item,
    );
    expect(judge(whole, renamed, { isTranslated: true })).toBeUndefined();
    expect(judge(whole, renamed)).toContain("another call");
  });
});

describe("sameMeaning() finds", () => {
  test.each(plain.map((_, index) => index))("that item %i is missing", (index) => {
    expect(judge(without(plain, index))).toBeDefined();
  });

  test.each(plain.map((_, index) => index))("that item %i is there twice", (index) => {
    const item = plain[index] ?? {};
    expect(judge([...plain.slice(0, index), item, ...plain.slice(index)])).toBeDefined();
  });

  test.each(plain.map((_, index) => index))("that item %i says something else", (index) => {
    const text = JSON.stringify(plain[index]).replace(/Do it|ls|"A"|"B"|Done|Thanks/u, (old) =>
      old.replace(/\w+/u, "other"),
    );
    const changed: JsonObject = JSON.parse(text);
    expect(judge(replace(plain, index, changed))).toMatch(new RegExp(`^input\\[${index}\\]`, "u"));
  });

  test("outputs that were swapped, by their place or by their calls", () => {
    const [, , , first = {}, second = {}] = plain;
    expect(judge(replace(replace(plain, 3, second), 4, first))).toMatch(/^input\[3\]/u);
    expect(judge(replace(replace(plain, 3, output("c1", "B")), 4, output("c2", "A")))).toMatch(/^input\[3\]\.output/u);
    const crossed = replace(replace(plain, 3, output("c2", "A")), 4, output("c1", "B"));
    expect(judge(crossed, plain, { isTranslated: true })).toContain("another call");
  });

  test("two calls that became one, where ids may be renamed", () => {
    const joined = plain.map((item) => (item["call_id"] === "c2" ? { ...item, call_id: "c1" } : item));
    expect(judge(joined, plain, { isTranslated: true })).toContain("another call");
    expect(judge(plain, joined, { isTranslated: true })).toContain("another call");
  });

  test("numbers that lost digits", () => {
    const exact = replace(plain, 1, call("c1", '{"n":12345678901234567890}'));
    const rounded = replace(plain, 1, call("c1", '{"n":12345678901234567000}'));
    expect(judge(exact, rounded)).toMatch(/^input\[1\]\.arguments/u);
  });

  test("a stale anchor: the conversation of an earlier or of another answer", () => {
    expect(judge([...firstInput, user("Thanks")])).toBeDefined();
    expect(judge([...secondInput, message("Another answer"), user("Thanks")])).toBeDefined();
    expect(judge([...whole, ...whole.slice(-1)])).toBeDefined();
  });

  test("reasoning of another place, of another answer, or of nobody", () => {
    expect(judge(replace(whole, 1, thought("two")))).toContain("not thought here");
    expect(judge(replace(whole, 1, thought("unheard of")))).toContain("not thought here");
    const [first = {}, second = {}, third = {}, ...rest] = whole;
    expect(judge([first, third, second, ...rest])).toContain("not thought here");
    expect(judge([...whole, thought("two")])).toContain("without what it led to");
    expect(judge([...plain.slice(0, -1), thought("two"), ...plain.slice(-1)])).toContain("not thought here");
  });

  test("reasoning in a conversation whose beginning was edited", () => {
    expect(judge(replace(whole, 0, user("Do that")), replace(plain, 0, user("Do that")))).toContain("not thought here");
  });

  test("reasoning made for another account or by another model", () => {
    expect(judge(whole, plain, { accountId: "account-2" })).toContain("of another account");
    expect(judge(whole, whole, { accountId: "account-2" })).toContain("of another account");
    expect(judge(plain, whole, { accountId: "account-2" })).toMatch(/phase/u);
    const body = { model: "gpt-5.5", store: false };
    expect(
      sameMeaning(
        { ...maker, body, input: whole },
        { ...maker, body, input: plain },
        { ledger: recorded(), isTranslated: false },
      ),
    ).toContain("not thought here");
  });

  test("that reasoning of the client is missing, or is another", () => {
    expect(judge(plain, whole)).toContain("missing");
    expect(judge(replace(whole, 1, thought("two")), whole)).toContain("other reasoning");
  });

  test("a phase that was not given", () => {
    expect(judge(replace(whole, 7, message("Done", { phase: "commentary" })))).toMatch(/phase/u);
    expect(
      judge(
        whole.map(({ phase: _phase, ...item }) => item),
        whole,
      ),
    ).toMatch(/phase/u);
  });

  test.each([
    { model: "gpt-5.5" },
    { instructions: "Be brief" },
    { tools: [] },
    { reasoning: { effort: "low" } },
    { store: true },
    { stream: false },
    { prompt_cache_key: "k" },
    { client_metadata: { session_id: "s" } },
  ])("the setting %j", (body) => {
    expect(judge(plain, plain, { body })).toContain("the setting is another");
  });
});

function recorded() {
  const ledger = createAnswerLedger();
  ledger.record(firstInput, firstOutput, maker);
  ledger.record(secondInput, secondOutput, maker);
  return ledger;
}
