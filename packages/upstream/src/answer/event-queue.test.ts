import type { WireEvent } from "@turnout/core";
import { expect, test } from "vitest";

import { createEventQueue } from "./event-queue.ts";

function setUp(maxBufferedBytes = 1_000) {
  const calls: string[] = [];
  const source = {
    pause: () => void calls.push("pause"),
    resume: () => void calls.push("resume"),
    abandon: () => void calls.push("abandon"),
  };
  const queue = createEventQueue(source, maxBufferedBytes);
  return { calls, queue, iterator: queue.events[Symbol.asyncIterator]() };
}

function event(type: string, length = 2): WireEvent {
  return { type, data: "x".repeat(length) };
}

test("events pushed in one turn come out as one batch, to a reader that waits and to one that comes later", async () => {
  const { queue, iterator } = setUp();
  const waiting = iterator.next();
  queue.push(event("a"));
  queue.push(event("b"));
  expect((await waiting).value).toHaveLength(2);
  queue.push(event("c"));
  queue.push(event("d"));
  queue.push(event("e"));
  expect((await iterator.next()).value).toHaveLength(3);
});

test("end() and fail() let what was pushed be taken first", async () => {
  const ended = setUp();
  ended.queue.push(event("a"));
  ended.queue.end();
  expect((await ended.iterator.next()).done).toBe(false);
  expect((await ended.iterator.next()).done).toBe(true);

  const failed = setUp();
  failed.queue.push(event("a"));
  failed.queue.fail(new Error("broken"));
  expect((await failed.iterator.next()).done).toBe(false);
  await expect(failed.iterator.next()).rejects.toThrow("broken");
  expect((await failed.iterator.next()).done).toBe(true);
});

test("fail() wakes a reader that waits", async () => {
  const { queue, iterator } = setUp();
  const waiting = iterator.next();
  queue.fail(new Error("broken"));
  await expect(waiting).rejects.toThrow("broken");
});

test("the source is paused above maxBufferedBytes once, and resumed once all is taken", async () => {
  const { calls, queue, iterator } = setUp(100);
  queue.push(event("a", 30));
  expect(calls).toEqual([]);
  queue.push(event("b", 30));
  queue.push(event("c", 30));
  expect(calls).toEqual(["pause"]);
  await iterator.next();
  expect(calls).toEqual(["pause", "resume"]);
});

test("return() abandons the source, but not one that has ended", async () => {
  const left = setUp();
  left.queue.push(event("a"));
  await left.iterator.return?.();
  expect(left.calls).toEqual(["abandon"]);
  expect((await left.iterator.next()).done).toBe(true);

  const ended = setUp();
  ended.queue.end();
  await ended.iterator.return?.();
  expect(ended.calls).toEqual([]);
});
