import type { JsonObject, JsonValue } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, test } from "vitest";

import { canonicalItem } from "./canonical-item.ts";
import { createEntry, type Entry, type Match, matchConversation, withRestored } from "./conversation.ts";

const user = (content: JsonValue): JsonObject => ({ type: "message", role: "user", content });
const assistant = (text: string, more: JsonObject = {}): JsonObject => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text }],
  ...more,
});
const thought = (mark: string): JsonObject => ({
  type: "reasoning",
  id: `rs_${mark}`,
  summary: [],
  encrypted_content: mark,
});
const call = (id: string, text = "{}"): JsonObject => ({
  type: "function_call",
  call_id: id,
  name: "f",
  arguments: text,
});
const output = (id: string, text: string): JsonObject => ({ type: "function_call_output", call_id: id, output: text });

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** Reasoning is kept unless its mark begins with `!`. */
function entriesOf(items: readonly JsonObject[]): Entry[] {
  return items.map((item) => {
    const isKept = item["type"] === "reasoning" && !textOf(item["encrypted_content"]).startsWith("!");
    return createEntry(canonicalItem(item), isKept ? item : undefined);
  });
}

function match(conversation: readonly JsonObject[], request: readonly JsonValue[], isTranslated = false): Match {
  return matchConversation(entriesOf(conversation), request.map(canonicalItem), { isTranslated });
}

describe("matchConversation() of a client of the same format", () => {
  const conversation = [user("Hi"), thought("a"), call("c1"), output("c1", "ok"), assistant("Done")];

  test("finds the conversation whole, and what is new after it", () => {
    const found = match(conversation, [...conversation, user("On")]);
    expect(found).toMatchObject({ isWhole: true, entries: 5, items: 5, restored: [], difference: undefined });
    expect(found.renamed.size).toBe(0);
  });

  test("finds the conversation whole when nothing is new", () => {
    expect(match(conversation, conversation)).toMatchObject({ isWhole: true, items: 5 });
  });

  test.each<[string, readonly JsonObject[], number, string]>([
    ["reasoning left out", conversation.toSpliced(1, 1), 1, "input[1]"],
    ["reasoning that is another", conversation.toSpliced(1, 1, thought("b")), 1, "input[1].encrypted_content"],
    ["an edited first message", conversation.toSpliced(0, 1, user("Ho")), 0, "input[0].content"],
    ["an item put in between", conversation.toSpliced(4, 0, user("Wait")), 4, "input[4]"],
    ["an item left out", conversation.toSpliced(3, 1), 3, "input[3]"],
    ["another call id", conversation.toSpliced(2, 2, call("c2"), output("c2", "ok")), 2, "input[2].call_id"],
    ["another output", conversation.toSpliced(3, 1, output("c1", "no")), 3, "input[3].output"],
    ["other arguments", conversation.toSpliced(2, 1, call("c1", '{"a":1}')), 2, "input[2].arguments"],
    ["the end cut off", conversation.slice(0, 4), 4, "input[4]"],
    ["nothing at all", [], 0, "input[0]"],
    ["a compacted beginning", [user("In short: …"), assistant("Done")], 0, "input[0].content"],
    ["another item first", [assistant("Done"), ...conversation], 0, "input[0]"],
    ["a new phase", conversation.toSpliced(4, 1, assistant("Done", { phase: "commentary" })), 4, "input[4]"],
  ])("ends at %s, and names it", (_what, request, items, difference) => {
    expect(match(conversation, [...request])).toMatchObject({ isWhole: false, items, difference, restored: [] });
  });

  test("names the part that differs", () => {
    const parts = (text: string) =>
      user([
        { type: "input_text", text: "a" },
        { type: "input_text", text },
      ]);
    expect(match([parts("b")], [parts("c")]).difference).toBe("input[0].content[1]");
  });

  test.each([false, true])(
    "text that moved across the border of two items does not match (translated: %s)",
    (isTranslated) => {
      expect(match([user("ab"), user("c")], [user("a"), user("bc")], isTranslated).isWhole).toBe(false);
      expect(match([assistant("ab"), assistant("c")], [assistant("a"), assistant("bc")], isTranslated).isWhole).toBe(
        false,
      );
      expect(match([assistant("a"), assistant("b")], [assistant("ab")], isTranslated).isWhole).toBe(false);
    },
  );

  test.each([false, true])("swapped outputs of two calls do not match (translated: %s)", (isTranslated) => {
    const two = [user("Hi"), call("c1"), call("c2"), output("c1", "one"), output("c2", "two")];
    const swapped = [user("Hi"), call("c1"), call("c2"), output("c2", "one"), output("c1", "two")];
    expect(match(two, swapped, isTranslated)).toMatchObject({
      isWhole: false,
      items: 3,
      difference: "input[3].call_id",
    });
    expect(match(two, [...two.slice(0, 3), output("c2", "two"), output("c1", "one")], isTranslated).isWhole).toBe(
      false,
    );
  });
});

describe("matchConversation() of a client of another format", () => {
  const conversation = [
    user("Hi"),
    thought("a"),
    thought("b"),
    call("c1"),
    output("c1", "ok"),
    thought("c"),
    assistant("Done"),
  ];
  const carried = conversation.filter(({ type }) => type !== "reasoning");

  test("puts reasoning back exactly where it was", () => {
    const request = [...carried, user("On")];
    const found = match(conversation, request, true);
    expect(found).toMatchObject({ isWhole: true, items: 4, entries: 7 });
    expect(withRestored(request, found.restored)).toEqual([...conversation, user("On")]);
  });

  test("puts it back as far as the conversation is repeated, and no further", () => {
    const fork = [...carried.slice(0, 3), assistant("Something else"), user("On")];
    const found = match(conversation, fork, true);
    expect(found).toMatchObject({ isWhole: false, items: 3, difference: "input[3].content[0]" });
    expect(withRestored(fork, found.restored)).toEqual([...conversation.slice(0, 5), ...fork.slice(3)]);
  });

  test("puts nothing back before an item that was edited", () => {
    const edited = [user("Hi"), call("c1", '{"a":1}'), output("c1", "ok")];
    expect(match(conversation, edited, true)).toMatchObject({ restored: [], items: 1, entries: 1 });
  });

  test("does not count reasoning that is not kept among what a request in full holds", () => {
    const lost = [user("Hi"), thought("!a"), assistant("Done")];
    const found = match(lost, [user("Hi"), assistant("Done"), user("On")], true);
    expect(found).toMatchObject({ isWhole: true, restored: [] });
    expect(found.kept).toHaveLength(2);
  });

  test("takes reasoning that it carries at its word", () => {
    expect(match(conversation, [...conversation, user("On")], true)).toMatchObject({
      isWhole: true,
      items: 7,
      restored: [],
    });
    expect(match(conversation, [conversation[0]!, thought("x"), ...carried.slice(1)], true).isWhole).toBe(false);
  });

  test("may lack what its format cannot say, but not say something else", () => {
    const phased = [user("Hi"), assistant("Done", { phase: "final_answer" })];
    expect(match(phased, [user("Hi"), assistant("Done")], true).isWhole).toBe(true);
    expect(match(phased, [user("Hi"), assistant("Done")], false).isWhole).toBe(false);
    expect(match([user("Hi"), assistant("Done")], phased, true).isWhole).toBe(false);
    expect(match(phased, [user("Hi"), assistant("Done", { phase: "commentary" })], true).isWhole).toBe(false);
  });

  test("may name calls its own way, each by one name", () => {
    const request = [user("Hi"), call("x1"), output("x1", "ok"), assistant("Done"), output("x1", "again")];
    const found = match(conversation, request, true);
    expect(found).toMatchObject({ isWhole: true, items: 4 });
    expect([...found.renamed]).toEqual([["x1", "c1"]]);
    expect(match(conversation, request, false).isWhole).toBe(false);
  });

  test("a name that means another call than in the conversation ends the match", () => {
    const two = [call("c1"), call("c2"), output("c1", "one"), output("c2", "two")];
    const crossed = [call("c2"), call("c1"), output("c2", "one"), output("c1", "two")];
    // Names are arbitrary as long as the pairs are the same.
    expect(match(two, crossed, true)).toMatchObject({ isWhole: true });
    expect(match(two, [call("x"), call("x"), output("x", "one"), output("x", "two")], true).isWhole).toBe(false);
    expect(match(two, [call("x"), call("y"), output("y", "one"), output("x", "two")], true).isWhole).toBe(false);
    const clash = match(
      [call("c1"), output("c1", "one")],
      [call("x"), output("x", "one"), call("c1"), output("c1", "new")],
      true,
    );
    expect(clash).toMatchObject({ isWhole: false, difference: "input[2].call_id" });
  });
});

describe("matchConversation() of random conversations", () => {
  const { random } = createFakeRuntime({ seed: 11 });
  const below = (limit: number) => Math.floor(random() * limit);
  const word = () => ["a", "b", "ab", "", "1"][below(5)] ?? "";
  let mark = 0;

  function conversationOf(length: number): JsonObject[] {
    const items: JsonObject[] = [user(word())];
    for (let turn = 0; turn < length; turn += 1) {
      if (random() < 0.5) items.push(thought(`${(mark += 1)}`));
      if (random() < 0.5) items.push(call(`c${turn}`, `{"a":"${word()}"}`), output(`c${turn}`, word()));
      else items.push(assistant(word()), user(word()));
    }
    items.push(assistant(word()));
    return items;
  }

  test("what is put back makes the conversation whole again; one changed item never passes", () => {
    for (let count = 0; count < 2_000; count += 1) {
      const conversation = conversationOf(1 + below(6));
      const carried = conversation.filter(({ type }) => type !== "reasoning");
      const request = [...carried, user("new")];
      const found = match(conversation, request, true);
      expect(found.isWhole).toBe(true);
      expect(withRestored(request, found.restored)).toEqual([...conversation, user("new")]);

      const at = below(carried.length);
      const spoiled = carried.with(at, { ...carried[at], ...changed(carried[at]!) });
      const differs = match(conversation, [...spoiled, user("new")], true);
      expect(differs.isWhole).toBe(false);
      expect(differs.items).toBe(at);
      // Nothing of what follows the change has come back.
      const whole = withRestored(spoiled, differs.restored);
      const untouched = conversation.indexOf(carried[at]!);
      expect(conversation.slice(0, differs.entries)).toEqual(whole.slice(0, differs.entries));
      expect(differs.entries).toBeLessThanOrEqual(untouched);
    }
  });
});

function changed(item: JsonObject): JsonObject {
  if (item["type"] === "function_call") return { arguments: `${textOf(item["arguments"])} x` };
  if (item["type"] === "function_call_output") return { output: `${textOf(item["output"])}x` };
  const content = item["content"];
  return { content: typeof content === "string" ? `${content}x` : [{ type: "output_text", text: "x".repeat(9) }] };
}
