import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, test } from "vitest";

import { canonicalItem } from "./canonical-item.ts";

function user(content: JsonValue): JsonObject {
  return { type: "message", role: "user", content };
}

function assistant(...parts: JsonValue[]): JsonObject {
  return { type: "message", role: "assistant", content: parts };
}

function said(text: string): JsonObject {
  return { type: "output_text", text };
}

function call(callArguments: string, more: JsonObject = {}): JsonObject {
  return { type: "function_call", call_id: "c1", name: "shell", arguments: callArguments, ...more };
}

function output(value: JsonValue, more: JsonObject = {}): JsonObject {
  return { type: "function_call_output", call_id: "c1", output: value, ...more };
}

/** All that decides whether one item may stand for the other. */
function isSame(left: JsonValue, right: JsonValue): boolean {
  const [one, other] = [canonicalItem(left), canonicalItem(right)];
  const meaning = one.meaning();
  return (
    (one.digest === other.digest || (meaning !== undefined && meaning === other.meaning())) &&
    one.extras === other.extras &&
    one.callId === other.callId &&
    one.isReasoning === other.isReasoning
  );
}

describe("canonicalItem() is the same for", () => {
  const opaque = "gAAAAA";
  test.each<[string, JsonValue, JsonValue]>([
    ["a text and a list with that text", user("Hello"), user([{ type: "input_text", text: "Hello" }])],
    ["names of a text's type", user([{ type: "input_text", text: "a" }]), user([{ type: "text", text: "a" }])],
    ["a message with and without its type", user("Hello"), { role: "user", content: "Hello" }],
    [
      "an answer with its id and state",
      { id: "msg_1", status: "completed", ...assistant(said("a")) },
      assistant(said("a")),
    ],
    ["empty annotations", assistant({ ...said("a"), annotations: [], logprobs: [] }), assistant(said("a"))],
    ["a text of a model in one part and in two", assistant(said("ab"), said("c")), assistant(said("a"), said("bc"))],
    [
      "arguments in another order",
      call('{"a":1,"b":[2,{"c":3,"d":4}]}'),
      call('{ "b": [2, {"d": 4, "c": 3}], "a": 1 }'),
    ],
    ["arguments with other escapes", call('{"a":"\\u00fc\\/<"}'), call('{"a":"ü/\\u003c"}')],
    ["a call with and without its id", call("{}", { id: "fc_1", status: "completed" }), call("{}")],
    ["an output as text and as a list", output("ok"), output([{ type: "input_text", text: "ok" }])],
    [
      "reasoning by what it encrypts",
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: opaque },
      { type: "reasoning", summary: [{ type: "summary_text", text: "Hm" }], encrypted_content: opaque },
    ],
    ["a null where nothing was said", call("{}", { namespace: null }), call("{}")],
    [
      "another item with other order of keys",
      { type: "web_search_call", action: { type: "search", query: "q" } },
      { action: { query: "q", type: "search" }, type: "web_search_call", id: "ws_1", status: "completed" },
    ],
  ])("%s", (_what, left, right) => {
    expect(isSame(left, right)).toBe(true);
    expect(isSame(right, left)).toBe(true);
  });
});

describe("canonicalItem() tells apart", () => {
  const image = { type: "input_image", image_url: "data:image/png;base64,AA==" };
  test.each<[string, JsonValue, JsonValue]>([
    ["texts that differ by one space", user("Hello"), user("Hello ")],
    ["a composed letter and a decomposed one", user("\u00e9"), user("e\u0301")],
    ["look-alikes", user("K"), user("\u212a")],
    ["lone surrogates", user("\ud800"), user("\ud801")],
    ["a lone surrogate and the replacement character", user("\udc00"), user("\ufffd")],
    ["lone surrogates in arguments", call('{"a":"\\ud800"}'), call('{"a":"\\ud801"}')],
    ["roles", user("Hello"), { type: "message", role: "developer", content: "Hello" }],
    [
      "two texts of a user and one",
      user([
        { type: "input_text", text: "a" },
        { type: "input_text", text: "b" },
      ]),
      user("ab"),
    ],
    ["a border between two texts of a user", user([said("ab"), said("c")]), user([said("a"), said("bc")])],
    ["an output in one part and in two", output([said("a"), said("b")]), output("ab")],
    ["a text that spells two", user([said("a"), said("b")]), user("at1:b")],
    ["a text that spells a length", user("1:a"), user([said(""), said("a")])],
    ["an empty text and none", user(""), user([])],
    ["a text that looks like an image", user([image]), user(JSON.stringify(image))],
    ["order of text and image", user([image, said("a")]), user([said("a"), image])],
    ["a text of a model across an image", assistant(said("a"), image, said("b")), assistant(said("ab"), image)],
    ["images", user([image]), user([{ ...image, image_url: "data:image/png;base64,AB==" }])],
    ["detail of an image", user([image]), user([{ ...image, detail: "low" }])],
    ["a refusal and a text", assistant({ type: "refusal", refusal: "No" }), assistant(said("No"))],
    [
      "annotations",
      assistant({ ...said("a"), annotations: [{ type: "url_citation", url: "u" }] }),
      assistant(said("a")),
    ],
    ["phases", { ...assistant(said("a")), phase: "commentary" }, { ...assistant(said("a")), phase: "final_answer" }],
    ["an item that is not whole", { ...assistant(said("a")), status: "incomplete" }, assistant(said("a"))],
    ["fields nobody knows", call("{}", { future: 1 }), call("{}")],
    ["numbers and texts in arguments", call('{"a":1}'), call('{"a":"1"}')],
    ["numbers too big for a double", call('{"a":9007199254740993}'), call('{"a":9007199254740992}')],
    ["fractions too long for a double", call('{"a":0.10000000000000001}'), call('{"a":0.1}')],
    ["numbers with an exponent too big", call('{"a":1e999}'), call('{"a":null}')],
    ["big numbers with an exponent", call('{"a":1e23}'), call('{"a":9.999999999999999e22}')],
    ["null and nothing in arguments", call('{"a":null}'), call("{}")],
    ["order of a list in arguments", call("[1,2]"), call("[2,1]")],
    ["truth and text", call('{"a":true}'), call('{"a":"true"}')],
    ["nesting", call('{"a":{"b":1}}'), call('{"a":{},"b":1}')],
    ["arguments that are no JSON", call('{"a":1'), call('{"a": 1')],
    ["spaces inside a text of arguments", call('{"a":"x y"}'), call('{"a":"x  y"}')],
    ["names of calls", call("{}"), call("{}", { name: "shel" })],
    ["a name that moves into its namespace", call("{}", { name: "b", namespace: "a" }), call("{}", { name: "ab" })],
    [
      "the border of name and namespace",
      call("{}", { name: "ab", namespace: "c" }),
      call("{}", { name: "a", namespace: "bc" }),
    ],
    ["a call and a custom call", call("{}"), { type: "custom_tool_call", call_id: "c1", name: "shell", input: "{}" }],
    [
      "inputs of custom calls in another order",
      { type: "custom_tool_call", name: "s", input: '{"a":1,"b":2}' },
      { type: "custom_tool_call", name: "s", input: '{"b":2,"a":1}' },
    ],
    ["a call and its output", call("x"), output("x")],
    ["kinds of output", output("x"), { ...output("x"), type: "custom_tool_call_output" }],
    ["call ids", call("{}"), call("{}", { call_id: "c2" })],
    ["reasoning and a message that spells it", { type: "reasoning", encrypted_content: "x" }, user("x")],
    [
      "reasoning of other content",
      { type: "reasoning", encrypted_content: "x" },
      { type: "reasoning", encrypted_content: "y" },
    ],
    [
      "reasoning with and without what it encrypts",
      { type: "reasoning", summary: [], encrypted_content: "x" },
      { type: "reasoning", summary: [] },
    ],
    [
      "items of other types with other content",
      { type: "web_search_call", action: { query: "a" } },
      { type: "web_search_call", action: { query: "b" } },
    ],
    ["an item of another type and a message", { type: "future", role: "user", content: "a" }, user("a")],
    ["what is no object", "a", user("a")],
    ["a number and its text", 1, "1"],
  ])("%s", (_what, left, right) => {
    expect(isSame(left, right)).toBe(false);
    expect(isSame(right, left)).toBe(false);
  });
});

/** Small texts over an alphabet that is made to be mistaken for the prefixes. */
function createWriter(seed: number) {
  const { random } = createFakeRuntime({ seed });
  const pick = <T>(from: readonly [T, ...T[]]): T => from[Math.floor(random() * from.length)] ?? from[0];
  const text = () =>
    Array.from({ length: Math.floor(random() * 4) }, () => pick(["t", "j", "1", "2", ":", '"', "{", "}"])).join("");
  const part = (): JsonValue =>
    pick([said(text()), said(text()), { type: "refusal", refusal: text() }, { type: "input_file", file_id: text() }]);
  const parts = () => Array.from({ length: Math.floor(random() * 4) }, part);
  return (): JsonValue =>
    pick<JsonValue>([
      user(text()),
      user(parts()),
      { type: "message", role: text(), content: text() },
      call(text(), { name: text(), namespace: text() }),
      { type: "custom_tool_call", call_id: "c1", name: text(), namespace: text(), input: text() },
      output(text()),
      output(parts()),
      { type: "reasoning", encrypted_content: text() },
      { type: text() + "_call", query: text() },
    ]);
}

/** Written independently of the code under test, and slow: what an item says, with the differences left out that mean nothing. */
function plain(item: JsonValue): string {
  if (!isJsonObject(item)) return JSON.stringify(["?", item]);
  const { type = "message", role, content, output: result, call_id: callId, ...rest } = item;
  const flat = (value: JsonValue | undefined): JsonValue =>
    typeof value === "string"
      ? [["text", value]]
      : Array.isArray(value)
        ? value.map((part: JsonObject): JsonValue =>
            typeof part["text"] === "string" ? ["text", part["text"]] : ["part", part],
          )
        : [];
  return JSON.stringify([
    type,
    role ?? null,
    flat(content),
    flat(result),
    callId ?? null,
    Object.entries(rest).toSorted(([left], [right]) => (left < right ? -1 : 1)),
  ]);
}

describe("canonicalItem() of random items", () => {
  test.each([1, 2, 3])("is equal exactly where the items say the same (seed %i)", (seed) => {
    const write = createWriter(seed);
    const byDigest = new Map<string, string>();
    const byMeaning = new Map<string, string>();
    for (let count = 0; count < 8_000; count += 1) {
      const item = write();
      const { digest, isReasoning, callId, extras } = canonicalItem(item);
      const key = JSON.stringify([digest, isReasoning, callId, extras]);
      const said = plain(item);
      expect(byDigest.get(key) ?? said).toBe(said);
      expect(byMeaning.get(said) ?? key).toBe(key);
      byDigest.set(key, said);
      byMeaning.set(said, key);
    }
    expect(byDigest.size).toBeGreaterThan(300);
  });

  test("arguments mean the same however they are written", () => {
    const { random } = createFakeRuntime({ seed: 4 });
    const value = (depth: number): JsonValue => {
      const kind = Math.floor(random() * (depth === 0 ? 4 : 6));
      if (kind === 0) return Math.floor(random() * 1_000_000);
      if (kind === 1) return random() < 0.5;
      if (kind === 2) return null;
      if (kind === 3) return String.fromCodePoint(32 + Math.floor(random() * 5_000));
      const size = Math.floor(random() * 4);
      if (kind === 4) return Array.from({ length: size }, () => value(depth - 1));
      return Object.fromEntries(Array.from({ length: size }, (_, index) => [`k${index}`, value(depth - 1)]));
    };
    const shuffled = (from: JsonValue): JsonValue => {
      if (Array.isArray(from)) return from.map((element: JsonValue) => shuffled(element));
      if (!isJsonObject(from)) return from;
      const entries = Object.entries(from).map(([key, inner = null]) => [key, shuffled(inner)] as const);
      return Object.fromEntries(entries.toReversed());
    };
    const seen = new Map<string, string>();
    for (let count = 0; count < 2_000; count += 1) {
      const given = { a: value(3) };
      const texts = [
        JSON.stringify(given),
        JSON.stringify(given, undefined, 1),
        JSON.stringify(shuffled(given), undefined, 2),
      ];
      const meanings = new Set(texts.map((text) => canonicalItem(call(text)).meaning()));
      expect(meanings.size).toBe(1);
      const [meaning = ""] = meanings;
      const sorted = JSON.stringify(sortedKeys(given));
      expect(seen.get(meaning) ?? sorted).toBe(sorted);
      seen.set(meaning, sorted);
    }
  });
});

function sortedKeys(from: JsonValue): JsonValue {
  if (Array.isArray(from)) return from.map((element: JsonValue) => sortedKeys(element));
  if (!isJsonObject(from)) return from;
  return Object.fromEntries(
    Object.entries(from)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, inner = null]) => [key, sortedKeys(inner)]),
  );
}
