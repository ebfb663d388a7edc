import type { JsonObject, JsonValue } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { expect, test } from "vitest";

import { canonicalItem } from "./canonical-item.ts";
import { createEntry } from "./conversation.ts";
import { createConversationBook, type Scope } from "./conversation-book.ts";
import { withoutForeignReasoning } from "./foreign-reasoning.ts";

const own: Scope = { accountKey: "first", accountId: "a1", model: "m" };
const thought = (mark: string): JsonObject => ({
  type: "reasoning",
  id: `rs_${mark}`,
  summary: [],
  encrypted_content: mark,
});
const user: JsonObject = { role: "user", content: "Hi" };

function leave(input: JsonValue, scope: Scope) {
  const book = createConversationBook({ runtime: createFakeRuntime() });
  book.note(
    own,
    undefined,
    [user, thought("a")].map((item) => createEntry(canonicalItem(item))),
  );
  const prepared = { value: { model: "m", input }, report: { approximated: [], dropped: [] } };
  const result = withoutForeignReasoning(prepared, book, scope);
  return { ...result, isSame: result === prepared };
}

test.each<[string, Scope]>([
  ["the account that made it", own],
  ["another model of that account", { ...own, model: "n" }],
  ["another name of that account", { ...own, accountKey: "renamed" }],
])("withoutForeignReasoning() leaves all to %s", (_whose, scope) => {
  expect(leave([user, thought("a"), thought("unknown")], scope).isSame).toBe(true);
});

test.each<[string, Scope]>([
  ["another account", { ...own, accountKey: "second", accountId: "a2" }],
  ["another login under the same name", { ...own, accountId: "a2" }],
])("withoutForeignReasoning() leaves out for %s what it cannot read, and says so", (_whose, scope) => {
  const { value, report } = leave([user, thought("a"), thought("unknown"), { ...thought("a"), id: "rs_other" }], scope);
  expect(value["input"]).toEqual([user, thought("unknown")]);
  expect(report.dropped.map(({ path }) => path)).toEqual(["input[1]", "input[3]"]);
});

test.each([
  ["a text", "Hi"],
  ["nothing", null],
  ["no reasoning", [user]],
])("withoutForeignReasoning() has nothing to leave out of %s", (_what, input) => {
  expect(leave(input, { ...own, accountId: "a2" }).isSame).toBe(true);
});
