import type { JsonObject } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { expect, test } from "vitest";
import { createResponseStore } from "./response-store.ts";
import { conversationItems, createTurn, type Turn } from "./turn.ts";

function item(id: string, size = 10): JsonObject {
  return { type: "message", id, content: "x".repeat(size) };
}

function createStore({ maxBytes = 100_000, ttlMs = 1_000 } = {}) {
  const runtime = createFakeRuntime();
  return { runtime, store: createResponseStore({ runtime, maxBytes, ttlMs }) };
}

/** One turn of `count` items after another; each response is kept. */
function keepTurns(store: ReturnType<typeof createStore>["store"], count: number, size: number): Turn[] {
  const turns: Turn[] = [];
  for (let index = 0; index < count; index += 1) {
    const output = item(`msg_${index}`, size);
    const turn = createTurn(turns.at(-1), [item(`in_${index}`, size), output]);
    turns.push(turn);
    store.keep("me", `resp_${index}`, turn, [output]);
  }
  return turns;
}

test("a response is found by its owner only, with all that was before", () => {
  const { store } = createStore();
  keepTurns(store, 3, 10);
  const found = store.find("me", "resp_1");
  expect(found && conversationItems(found).map((entry) => entry["id"])).toEqual(["in_0", "msg_0", "in_1", "msg_1"]);
  expect(store.item("me", "msg_2")).toMatchObject({ id: "msg_2" });
  expect(store.item("me", "in_2")).toBeUndefined();
  expect(store.find("you", "resp_1")).toBeUndefined();
  expect(store.item("you", "msg_2")).toBeUndefined();
});

test("a conversation continued thirty times takes the memory of one, and its items are not copied", () => {
  const { store } = createStore({ maxBytes: 10_000_000 });
  const turns = keepTurns(store, 30, 10_000);
  expect(store.count).toBe(30);
  expect(store.bytes).toBeGreaterThan(30 * 2 * 10_000);
  expect(store.bytes).toBeLessThan(30 * 2 * 10_500);
  const last = store.find("me", "resp_29");
  expect(last && conversationItems(last)[0]).toBe(turns[0]?.items[0]);
});

test("what was used longest ago goes first when the memory is full", () => {
  const { store } = createStore({ maxBytes: 35_000 });
  for (const id of ["a", "b", "c"]) store.keep("me", id, createTurn(undefined, [item(id, 10_000)]), [item(id)]);
  expect(store.find("me", "a")).toBeDefined();
  store.keep("me", "d", createTurn(undefined, [item("d", 10_000)]), []);
  expect(["a", "b", "c", "d"].filter((id) => store.find("me", id) !== undefined)).toEqual(["a", "c", "d"]);
  expect(store.item("me", "b")).toBeUndefined();
  expect(store.item("me", "c")).toBeDefined();
  expect(store.bytes).toBeLessThanOrEqual(35_000);
});

test("memory shared with a later turn is free when both are gone, and counted again when it is held again", () => {
  const { store } = createStore();
  const [first, second] = keepTurns(store, 2, 1_000);
  const both = store.bytes;
  store.forget("me", "resp_0");
  expect(store.bytes).toBe(both);
  store.forget("me", "resp_1");
  expect(store.bytes).toBe(0);
  // A request that was running meanwhile goes on from what was forgotten.
  const third = createTurn(second, [item("in_2", 1_000)]);
  store.keep("me", "resp_2", third, []);
  expect(store.bytes).toBe(third.totalBytes);
  expect(third.totalBytes).toBeGreaterThan(second?.totalBytes ?? 0);
  expect(first?.totalBytes).toBeGreaterThan(2_000);
  store.forget("me", "resp_2");
  expect(store.bytes).toBe(0);
});

test("a response that comes twice under one id replaces the first", () => {
  const { store } = createStore();
  for (const id of ["first", "second"]) store.keep("me", "resp_1", createTurn(undefined, [item(id)]), [item(id)]);
  expect(store.find("me", "resp_1")?.items).toMatchObject([{ id: "second" }]);
  expect(store.item("me", "first")).toBeUndefined();
  expect(store.count).toBe(1);
  store.forget("me", "resp_1");
  expect(store.bytes).toBe(0);
});

test("a conversation that cannot fit is not held, and pushes no other out", () => {
  const { store } = createStore({ maxBytes: 20_000 });
  store.keep("me", "small", createTurn(undefined, [item("s", 5_000)]), []);
  store.keep("me", "large", createTurn(undefined, [item("l", 30_000)]), []);
  expect(store.find("me", "large")).toBeUndefined();
  expect(store.find("me", "small")).toBeDefined();
});

test("a response is forgotten when its time after the last use is over, asked for or not", async () => {
  const { store, runtime } = createStore({ ttlMs: 1_000 });
  keepTurns(store, 2, 10);
  await runtime.advance(600);
  expect(store.find("me", "resp_1")).toBeDefined();
  await runtime.advance(600);
  expect(store.count).toBe(1);
  expect(store.find("me", "resp_0")).toBeUndefined();
  expect(store.item("me", "msg_1")).toBeDefined();
  await runtime.advance(1_000);
  expect(store.count).toBe(0);
  expect(store.bytes).toBe(0);
  expect(runtime.pendingTimers).toBe(0);
});

test("the number of responses is bounded, however small they are", () => {
  const { store } = createStore({ maxBytes: 1_000_000_000 });
  for (let index = 0; index < 17_000; index += 1) store.keep("me", `resp_${index}`, createTurn(undefined, []), []);
  expect(store.count).toBe(16_384);
  expect(store.find("me", "resp_0")).toBeUndefined();
  expect(store.find("me", "resp_16999")).toBeDefined();
});

test("close() leaves nothing", () => {
  const { store, runtime } = createStore();
  keepTurns(store, 3, 10);
  store.close();
  expect([store.count, store.bytes, runtime.pendingTimers]).toEqual([0, 0, 0]);
});
