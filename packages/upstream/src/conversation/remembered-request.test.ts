import type { JsonObject, JsonValue } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, test } from "vitest";

import { createConversationBook, type Found } from "./conversation-book.ts";
import { rememberRequest, type RememberedRequest } from "./remembered-request.ts";

const user = (content: string): JsonObject => ({ type: "message", role: "user", content });
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
const output = (id: string, text = "ok"): JsonObject => ({ type: "function_call_output", call_id: id, output: text });

/** A client and an upstream: what the upstream has is rebuilt from what was sent, and nothing else. */
function createLine() {
  const book = createConversationBook({ runtime: createFakeRuntime() });
  let has: JsonValue[] = [];

  function remember(input: readonly JsonValue[], isTranslated: boolean, accountKey = "first"): RememberedRequest {
    const scope = { accountKey, model: "m" };
    const remembered = rememberRequest({
      book,
      scope,
      hint: "thread",
      isTranslated,
      body: { model: "m", input: [...input] },
    });
    if (remembered === undefined) throw new Error("Expected a list");
    return remembered;
  }

  return {
    book,
    remember,
    /** In full, whatever is known. */
    full(input: readonly JsonValue[], answer: readonly JsonObject[], isTranslated = true) {
      const remembered = remember(input, isTranslated);
      has = [...(remembered.fullBody()["input"] as JsonValue[]), ...answer];
      remembered.answered({ responseId: "r", output: answer }, undefined);
      return has;
    },
    /** Only what is new; throws when the request goes on from nothing. */
    next(input: readonly JsonValue[], answer: readonly JsonObject[], isTranslated = true) {
      const remembered = remember(input, isTranslated);
      const found: Found | undefined = remembered.found.find(({ match }) => match.isWhole);
      if (found === undefined)
        throw new Error(`Expected to go on; differs at ${remembered.found[0]?.match.difference}`);
      has = [...has, ...remembered.newItems(found), ...answer];
      remembered.answered({ responseId: "r", output: answer }, found);
      return has;
    },
  };
}

function holdsReasoning(remembered: RememberedRequest): boolean {
  return JSON.stringify(remembered.fullBody()).includes("reasoning");
}

describe("rememberRequest()", () => {
  test.each([
    ["input that is a text", { input: "Hi" }],
    ["no input", {}],
    ["an upstream's response by its name", { input: [], previous_response_id: "resp_1" }],
  ])("knows nothing of %s", (_what, body) => {
    const book = createConversationBook({ runtime: createFakeRuntime() });
    const scope = { accountKey: "first", model: "m" };
    expect(rememberRequest({ book, scope, hint: undefined, isTranslated: false, body })).toBeUndefined();
  });

  test("puts reasoning back, in full and on other transports, and forgets what cannot be read", () => {
    const line = createLine();
    line.full([user("Hi")], [thought("a"), assistant("Done")]);
    const again = line.remember([user("Hi"), assistant("Done"), user("On")], true);
    expect(again.fullBody()["input"]).toEqual([user("Hi"), thought("a"), assistant("Done"), user("On")]);
    expect([again.dropReasoning(), again.dropReasoning()]).toEqual([true, false]);
    expect(again.fullBody()["input"]).toEqual([user("Hi"), assistant("Done"), user("On")]);
    // The client has lost nothing of its own.
    expect(again.dropped).toEqual([]);
    expect(holdsReasoning(line.remember([user("Hi"), assistant("Done")], true))).toBe(false);
  });

  test("drops what the client carries, too, when the upstream cannot read it, and says so", () => {
    const line = createLine();
    line.full([user("Hi")], [thought("a"), assistant("Done")], false);
    const again = line.remember([user("Hi"), thought("a"), assistant("Done"), user("On")], false);
    expect(again.dropReasoning()).toBe(true);
    expect(again.fullBody()["input"]).toEqual([user("Hi"), assistant("Done"), user("On")]);
    expect(again.dropped.map(({ path }) => path)).toEqual(["input[1]"]);
    again.answered({ responseId: "r", output: [assistant("More")] }, undefined);
    const next = line.remember([user("Hi"), assistant("Done"), user("On"), assistant("More"), user("!")], false);
    expect(next.found[0]?.match).toMatchObject({ isWhole: true, items: 4 });
  });

  test("puts nothing back for another account", () => {
    const line = createLine();
    line.full([user("Hi")], [thought("a"), assistant("Done")]);
    const other = line.remember([user("Hi"), assistant("Done"), user("On")], true, "second");
    expect(other.found).toEqual([]);
    expect(holdsReasoning(other)).toBe(false);
  });

  test("keeps nothing that a client of the same format carries itself", () => {
    const line = createLine();
    line.full([user("Hi")], [thought("a"), assistant("Done")], false);
    expect(holdsReasoning(line.remember([user("Hi"), assistant("Done"), user("On")], true))).toBe(false);
  });

  test("an answer that is nothing but reasoning is not put back: nothing follows it", () => {
    const line = createLine();
    line.full([user("Hi")], [thought("a")]);
    const again = line.remember([user("Hi"), user("On")], true);
    // The backend refuses reasoning without the item it led to.
    expect(again.fullBody()["input"]).toEqual([user("Hi"), user("On")]);
  });

  test("goes on for turn after turn for a client that names calls its own way", () => {
    const line = createLine();
    line.full([user("Hi")], [call("c1")]);
    const second = [user("Hi"), call("x1"), output("x1")];
    expect(line.next(second, [call("c2")])).toEqual([user("Hi"), call("c1"), output("c1"), call("c2")]);
    const third = [...second, call("x2"), output("x2", "two")];
    expect(line.next(third, [assistant("Done")]).slice(-3)).toEqual([
      call("c2"),
      output("c2", "two"),
      assistant("Done"),
    ]);
    const fourth = [...third, assistant("Done"), user("On")];
    expect(line.next(fourth, []).at(-1)).toEqual(user("On"));
  });

  test("after a request in full the upstream knows calls by the client's names", () => {
    const line = createLine();
    line.full([user("Hi")], [call("c1"), call("c2")]);
    const second = [user("Hi"), call("x1"), call("x2"), output("x1"), output("x2")];
    expect(line.full(second, [assistant("Done")])).toEqual([...second, assistant("Done")]);
    const third = [...second, assistant("Done"), output("x1", "late")];
    expect(line.next(third, [])).toEqual(third);
  });

  test("after a request in full the upstream has what was sent, not what it once said", () => {
    const line = createLine();
    line.full([user("Hi")], [assistant("Done", { phase: "final_answer" })]);
    // A client of another format cannot carry the phase; in full, it is gone.
    const second = [user("Hi"), assistant("Done"), user("On")];
    expect(line.full(second, [assistant("More")])).toEqual([...second, assistant("More")]);
    // One that can, and does, says something that the upstream does not have.
    const phased = [user("Hi"), assistant("Done", { phase: "final_answer" }), user("On"), assistant("More"), user("!")];
    expect(line.remember(phased, false).found.some(({ match }) => match.isWhole && match.items > 2)).toBe(false);
  });

  test("two clients in turns, one of each format, go on from the same conversation", () => {
    const line = createLine();
    line.full([user("Hi")], [thought("a"), assistant("Done", { id: "msg_1" })], true);
    const exact = [user("Hi"), thought("a"), assistant("Done", { id: "msg_1" }), user("On")];
    line.next(exact, [thought("b"), assistant("More")], false);
    const carried = [user("Hi"), assistant("Done"), user("On"), assistant("More"), user("!")];
    expect(line.next(carried, []).filter((item) => (item as JsonObject)["type"] === "reasoning")).toHaveLength(2);
  });
});
