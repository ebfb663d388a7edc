import type { JsonObject } from "@turnout/core";
import { RouterError } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, test } from "vitest";
import { askForReasoning } from "./carried-reasoning.ts";
import { createHttpMemory, createSocketMemory } from "./client-memory.ts";
import { continueConversation } from "./continue-conversation.ts";
import { createResponseStore } from "./response-store.ts";
import { conversationItems, createTurn } from "./turn.ts";

const question = { type: "message", role: "user", content: "One" };
const answer = { type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: "First" }] };
const thought = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "e" };
const news = { type: "message", role: "user", content: "Two" };

function createMemory() {
  const options = { runtime: createFakeRuntime(), maxBytes: 1_000_000, ttlMs: 1_000 };
  const stores = { stored: createResponseStore(options), sockets: createResponseStore(options) };
  const memory = createHttpMemory(stores, () => "me");
  const turn = createTurn(undefined, [question, thought, answer]);
  memory.keep({ responseId: "resp_1", turn, output: [thought, answer], stored: true });
  return { stores, memory, turn };
}

const never = () => false;
const always = () => true;

function failureOf(body: JsonObject): { code: string; path: string | undefined } | undefined {
  try {
    continueConversation(body, createMemory().memory, never);
    return undefined;
  } catch (error) {
    const failure = RouterError.from(error);
    return { code: failure.code, path: failure.code === "not-found" ? failure.details.path : undefined };
  }
}

describe("continueConversation()", () => {
  test("puts the whole conversation in the place of the id, items shared", () => {
    const { memory, turn } = createMemory();
    const body = { model: "m", input: [news], previous_response_id: "resp_1", instructions: "New" };
    const { body: whole, conversation } = continueConversation(body, memory, never);
    expect(whole).toEqual({ model: "m", instructions: "New", input: [question, thought, answer, news] });
    expect(Array.isArray(whole["input"]) && whole["input"][2]).toBe(answer);
    expect(conversation).toEqual({ before: turn, added: [news] });
    expect(body).toEqual({ model: "m", input: [news], previous_response_id: "resp_1", instructions: "New" });
  });

  test.each([
    [{ input: "Two" }, [{ type: "message", role: "user", content: "Two" }]],
    [{}, []],
    [{ input: null }, []],
    [{ input: [] }, []],
  ])("new input may be %j", (fields, added) => {
    const body = { model: "m", ...fields, previous_response_id: "resp_1" };
    expect(continueConversation(body, createMemory().memory, never).body["input"]).toEqual([
      question,
      thought,
      answer,
      ...added,
    ]);
  });

  test("a body that refers to nothing stays the same object", () => {
    const { memory } = createMemory();
    for (const body of [
      { model: "m", input: [news] },
      { model: "m", input: "Two", previous_response_id: null },
    ]) {
      expect(continueConversation(body, memory, never).body).toBe(body);
    }
  });

  test.each([{ type: "item_reference", id: "rs_1" }, { id: "rs_1" }, { type: null, id: "rs_1" }])(
    "%j stands for the item that was handed out",
    (reference) => {
      const { memory } = createMemory();
      const { body, conversation } = continueConversation({ model: "m", input: [reference, news] }, memory, never);
      expect(body["input"]).toEqual([thought, news]);
      expect(conversation?.added).toEqual([thought, news]);
    },
  );

  test("what is not known here is refused by name", () => {
    expect(failureOf({ model: "m", input: [], previous_response_id: "resp_2" })).toEqual({
      code: "not-found",
      path: "previous_response_id",
    });
    expect(failureOf({ model: "m", input: [news, { type: "item_reference", id: "rs_2" }] })).toEqual({
      code: "not-found",
      path: "input[1].id",
    });
  });

  test("what is not known here stays for an upstream that keeps responses, and such an answer is not kept", () => {
    const { memory } = createMemory();
    const bodies = [
      { model: "m", input: [news], previous_response_id: "resp_2" },
      { model: "m", input: [news, { type: "item_reference", id: "rs_2" }] },
    ];
    for (const body of bodies) {
      const continued = continueConversation(body, memory, always);
      expect(continued.body).toEqual(body);
      expect(continued.conversation).toBeUndefined();
    }
    const known = { model: "m", input: [news], previous_response_id: "resp_1" };
    expect(continueConversation(known, memory, always).body).not.toHaveProperty("previous_response_id");
  });

  test.each(["conversation", "prompt"])(
    "an answer to a request with `%s` is not kept: not all of it is here",
    (field) => {
      const body = { model: "m", input: [news], [field]: { id: "x" } };
      expect(continueConversation(body, createMemory().memory, never).conversation).toBeUndefined();
    },
  );

  test("reasoning without its content is left out for an upstream where nothing is stored, and that is told", () => {
    const { memory } = createMemory();
    const { encrypted_content: _content, ...bare } = thought;
    const turn = createTurn(undefined, [question, bare, answer]);
    memory.keep({ responseId: "resp_2", turn, output: [bare, answer], stored: true });
    const body = { model: "m", input: [news], previous_response_id: "resp_2", store: false };
    const stateless = continueConversation(body, memory, always);
    expect(stateless.body["input"]).toEqual([question, answer, news]);
    expect(stateless.report?.dropped).toMatchObject([{ path: "input[1]" }]);
    const whole = [question, bare, answer, news];
    expect(continueConversation(body, memory, never).body["input"]).toEqual(whole);
    expect(continueConversation({ ...body, store: true }, memory, always).body["input"]).toEqual(whole);
  });

  test("what cannot be read is left for those who refuse it", () => {
    const { memory } = createMemory();
    for (const input of [7, { a: 1 }]) {
      const body = { model: "m", input, previous_response_id: "resp_1" };
      expect(continueConversation(body, memory, never).body).toBe(body);
    }
    const mixed = { model: "m", input: [7], previous_response_id: "resp_1" };
    expect(continueConversation(mixed, memory, never).body["input"]).toContain(7);
    expect(continueConversation({ input: [], previous_response_id: "resp_2" }, memory, never).conversation).toBe(
      undefined,
    );
  });
});

describe("askForReasoning()", () => {
  test("asks for reasoning that can be sent again, once, and only where reasoning is spoken of", () => {
    const include = ["reasoning.encrypted_content"];
    expect(askForReasoning({ reasoning: { effort: "low" } })).toMatchObject({ include });
    expect(askForReasoning({ reasoning: {}, include: ["x"] })).toMatchObject({ include: ["x", ...include] });
    for (const body of [{ reasoning: {}, include }, { include: [] }, { reasoning: null }]) {
      expect(askForReasoning(body)).toBe(body);
    }
  });
});

describe("createSocketMemory()", () => {
  const kept = (responseId: string, stored: boolean, before = createTurn(undefined, [question])) => ({
    responseId,
    turn: createTurn(before, [answer]),
    output: [answer],
    stored,
  });

  test("without `store` the socket's own latest response is known, on that socket only, and as long as it is open", () => {
    const { stores } = createMemory();
    const mine = createSocketMemory(stores, () => "me", "1");
    const other = createSocketMemory(stores, () => "me", "2");
    mine.keep(kept("resp_a", false));
    mine.keep(kept("resp_b", false, mine.find("resp_a")));
    const latest = mine.find("resp_b");
    expect(latest && conversationItems(latest)).toHaveLength(3);
    expect(mine.find("resp_a")).toBeUndefined();
    expect(other.find("resp_b")).toBeUndefined();
    expect(createHttpMemory(stores, () => "me").find("resp_b")).toBeUndefined();
    mine.close();
    expect(mine.find("resp_b")).toBeUndefined();
    mine.keep(kept("resp_c", false));
    expect(stores.sockets.count).toBe(0);
  });

  test("with `store` it is known over HTTP too, and outlives the socket", () => {
    const { stores } = createMemory();
    const socket = createSocketMemory(stores, () => "me", "1");
    socket.keep(kept("resp_a", false));
    socket.keep(kept("resp_b", true));
    expect(socket.find("resp_a")).toBeUndefined();
    socket.close();
    expect(createHttpMemory(stores, () => "me").find("resp_b")).toBeDefined();
    expect(createHttpMemory(stores, () => "you").find("resp_b")).toBeUndefined();
  });
});

test("createHttpMemory() keeps nothing that the client does not let be stored", () => {
  const { stores, memory } = createMemory();
  memory.keep({ responseId: "resp_2", turn: createTurn(undefined, [question]), output: [], stored: false });
  expect([stores.stored.count, stores.sockets.count]).toEqual([1, 0]);
});
