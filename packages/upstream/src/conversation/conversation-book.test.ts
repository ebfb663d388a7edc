import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import type { JsonObject } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, test } from "vitest";

import { canonicalItem } from "./canonical-item.ts";
import { createEntry } from "./conversation.ts";
import { type ConversationBook, createConversationBook, type Scope } from "./conversation-book.ts";

const scope: Scope = { accountKey: "first", accountId: "a1", model: "m" };
const sameFormat = { isTranslated: false };

const user = (text: string): JsonObject => ({ type: "message", role: "user", content: text });
const call = (text: string): JsonObject => ({ type: "function_call", call_id: "c1", name: "f", arguments: text });
const thought = (mark: string): JsonObject => ({ type: "reasoning", summary: [], encrypted_content: mark });

function entriesOf(items: readonly JsonObject[]) {
  return items.map((item) => createEntry(canonicalItem(item), item["type"] === "reasoning" ? item : undefined));
}

function note(book: ConversationBook, items: readonly JsonObject[], hint?: string, where = scope) {
  return book.note(where, hint, entriesOf(items));
}

function find(book: ConversationBook, items: readonly JsonObject[], hint?: string, where = scope) {
  return book.find(where, items.map(canonicalItem), hint, sameFormat).map(({ conversation }) => conversation);
}

function createBook(options: { maxBytes?: number; timeToLiveMs?: number } = {}) {
  const runtime = createFakeRuntime();
  return { runtime, book: createConversationBook({ runtime, ...options }) };
}

const first = [user("Hi"), user("Done")];

describe("ConversationBook.find()", () => {
  test("finds a conversation by its end, without any hint", () => {
    const { book } = createBook();
    const noted = note(book, first);
    expect(find(book, [...first, user("On")])).toEqual([noted]);
    expect(find(book, [user("Hi"), user("Other")])).toEqual([]);
  });

  test.each<[string, Scope]>([
    ["account", { ...scope, accountKey: "second" }],
    ["login under the same name", { ...scope, accountId: "a2" }],
    ["login without an id", { accountKey: "first", model: "m" }],
    ["model", { ...scope, model: "n" }],
    ["account and model whose names flow together", { accountKey: 'first","a1', model: "m" }],
  ])("never finds what another %s has, by content or by hint", (_what, other) => {
    const { book } = createBook();
    note(book, first, "thread");
    expect(find(book, [...first, user("On")], "thread", other)).toEqual([]);
  });

  test("a hint finds a conversation that was edited, and proves nothing", () => {
    const { book } = createBook();
    note(book, first, "thread");
    const [found] = book.find(scope, [user("Ho"), user("Done")].map(canonicalItem), "thread", sameFormat);
    expect(found?.match).toMatchObject({ isWhole: false, difference: "input[0].content" });
    expect(find(book, [user("Ho")], "other")).toEqual([]);
  });

  test("the longest conversation that is repeated whole comes first", () => {
    const { book } = createBook();
    const short = note(book, first);
    const long = note(book, [...first, user("On"), user("Done again")]);
    const fork = note(book, [...first, user("Elsewhere")], "thread");
    const request = [...first, user("On"), user("Done again"), user("More")];
    expect(find(book, request, "thread")).toEqual([long, short, fork]);
  });

  test("a hint shared by many does not hide the conversation itself", () => {
    const { book } = createBook();
    const own = note(book, first, "shared");
    for (let index = 0; index < 100; index += 1) note(book, [user(`Other ${index}`)], "shared");
    expect(find(book, [...first, user("On")], "shared")[0]).toBe(own);
  });

  test("the same end of many does not hide it either, as long as it is among the newest", () => {
    const { book } = createBook();
    for (let index = 0; index < 100; index += 1) note(book, [user(`Hi ${index}`), user("Done")]);
    const own = note(book, first);
    expect(find(book, [...first, user("On")])[0]).toBe(own);
  });

  test("reasoning at the end does not have to be replayed to be found", () => {
    const { book } = createBook();
    const noted = note(book, [...first, thought("x")]);
    const found = book.find(scope, first.map(canonicalItem), undefined, { isTranslated: true });
    expect(found.map(({ conversation }) => conversation)).toEqual([noted]);
  });

  test.each([
    ["as they came", '{"b": 1,"a":"<"}'],
    ["written by JavaScript", '{"b":1,"a":"<"}'],
    ["written by Python", '{"b": 1, "a": "<"}'],
    ["written by Go", '{"a":"\\u003c","b":1}'],
  ])("a call at the end is found with its arguments %s, without any hint", (_how, text) => {
    const { book } = createBook();
    const noted = note(book, [user("Hi"), call('{"b": 1,"a":"<"}')]);
    const request = [user("Hi"), call(text), { type: "function_call_output", call_id: "c1", output: "ok" }];
    expect(find(book, request)).toEqual([noted]);
  });
});

describe("ConversationBook.note()", () => {
  test("forgets the same conversation, shorter, unless a socket stands ready to go on with it", () => {
    const { book } = createBook();
    const held = note(book, first);
    held.isHeld = true;
    book.note(scope, undefined, entriesOf([...first, user("A")]), held);
    expect(find(book, first)).toContain(held);
    held.isHeld = false;
    book.note(scope, undefined, entriesOf([...first, user("B")]), held);
    expect(find(book, first)).not.toContain(held);
  });

  test("forgets what was not used for longest when there is too much, kept reasoning counted", () => {
    const { book } = createBook({ maxBytes: 20_000 });
    const conversations = Array.from({ length: 4 }, (_, index) =>
      note(book, [user(`Hi ${index}`), thought("x".repeat(6_000)), user(`Done ${index}`)]),
    );
    const isKnown = conversations.map(
      (_, index) => find(book, [user(`Hi ${index}`), user(`Done ${index}`)]).length > 0,
    );
    expect(isKnown).toEqual([false, false, true, true]);
  });

  test("forgets what was not used for timeToLiveMs, and each use counts", async () => {
    const { book, runtime } = createBook({ timeToLiveMs: 1_000 });
    note(book, first);
    await runtime.advance(900);
    expect(find(book, first)).toHaveLength(1);
    await runtime.advance(900);
    expect(find(book, first)).toHaveLength(1);
    await runtime.advance(1_001);
    expect(find(book, first)).toHaveLength(0);
  });

  test("forget() forgets", () => {
    const { book } = createBook();
    book.forget(note(book, first, "thread"));
    expect(find(book, first, "thread")).toEqual([]);
  });

  test.each([
    ["too long for the book", 1_000, 100],
    ["pushed out by others", 20_000, 10],
  ])("nothing stays of a conversation that is %s", async (_what, maxBytes, length) => {
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    const { book } = createBook({ maxBytes });
    const weak = Array.from({ length: 50 }, (_, index) => {
      const items = Array.from({ length }, (_item, at) => user(`${index} ${at}`));
      return new WeakRef(note(book, items, `thread ${index}`));
    });
    // What a WeakRef was asked for, or made of, lives until the turn is over.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    collect();
    const alive = weak.filter((reference) => reference.deref() !== undefined).length;
    expect(alive).toBeLessThanOrEqual(10);
  });
});
