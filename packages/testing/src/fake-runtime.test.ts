import { expect, test } from "vitest";

import { createFakeRuntime } from "./fake-runtime.ts";

test("advance() fires timers in the order of their time, equal ones in the order they were set", async () => {
  const runtime = createFakeRuntime({ now: 1_000 });
  const fired: string[] = [];
  runtime.setTimer(20, () => fired.push(`b@${runtime.now()}`));
  runtime.setTimer(10, () => fired.push(`a@${runtime.now()}`));
  runtime.setTimer(20, () => fired.push(`c@${runtime.now()}`));
  await runtime.advance(15);
  expect(fired).toEqual(["a@1010"]);
  await runtime.advance(15);
  expect(fired).toEqual(["a@1010", "b@1020", "c@1020"]);
  expect(runtime.now()).toBe(1_030);
  expect(runtime.pendingTimers).toBe(0);
});

test("advance() fires a timer that a fired timer's promise set, when it is due", async () => {
  const runtime = createFakeRuntime();
  const woke: number[] = [];
  const loop = (async () => {
    for (let round = 0; round < 3; round += 1) {
      await runtime.sleep(10);
      woke.push(runtime.monotonic());
    }
  })();
  await runtime.advance(30);
  await loop;
  expect(woke).toEqual([10, 20, 30]);
});

test("setTimer() returns a timer that can be cancelled", async () => {
  const runtime = createFakeRuntime();
  let fired = false;
  runtime
    .setTimer(1, () => {
      fired = true;
    })
    .cancel();
  await runtime.advance(5);
  expect(fired).toBe(false);
});

test("sleep() rejects with the reason of an aborted signal and leaves no timer", async () => {
  const runtime = createFakeRuntime();
  const controller = new AbortController();
  const slept = runtime.sleep(10, controller.signal);
  controller.abort(new Error("gone"));
  await expect(slept).rejects.toThrow("gone");
  expect(runtime.pendingTimers).toBe(0);
});

test("random() and uuid() follow from the seed", () => {
  const first = createFakeRuntime({ seed: 7 });
  const second = createFakeRuntime({ seed: 7 });
  const other = createFakeRuntime({ seed: 8 });
  const numbers = [first.random(), first.random()];
  expect([second.random(), second.random()]).toEqual(numbers);
  expect([other.random(), other.random()]).not.toEqual(numbers);
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  const uuid = first.uuid();
  expect(uuid).toBe(second.uuid());
  expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u);
});
