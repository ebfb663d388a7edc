import { createFakeRuntime } from "@turnout/testing";
import { expect, test } from "vitest";

import { createDialGate } from "./dial-gate.ts";

test("take() lets a burst through, then one each dialSpacingMs", async () => {
  const runtime = createFakeRuntime();
  const gate = createDialGate(runtime, { dialBurst: 3, dialSpacingMs: 1_000 });
  expect([gate.take("a"), gate.take("a"), gate.take("a"), gate.take("a")]).toEqual([0, 0, 0, 1_000]);
  await runtime.advance(400);
  // A dial that had to wait is not counted.
  expect(gate.take("a")).toBe(600);
  await runtime.advance(600);
  expect([gate.take("a"), gate.take("a")]).toEqual([0, 1_000]);
});

test("take() after a long rest lets no more through than one burst", async () => {
  const runtime = createFakeRuntime();
  const gate = createDialGate(runtime, { dialBurst: 2, dialSpacingMs: 1_000 });
  gate.take("a");
  await runtime.advance(86_400_000);
  expect([gate.take("a"), gate.take("a"), gate.take("a")]).toEqual([0, 0, 1_000]);
});

test("take() counts each account for itself", () => {
  const gate = createDialGate(createFakeRuntime(), { dialBurst: 1, dialSpacingMs: 1_000 });
  expect([gate.take("a"), gate.take("b"), gate.take("a")]).toEqual([0, 0, 1_000]);
});

test("take() without spacing lets all through", () => {
  const gate = createDialGate(createFakeRuntime(), { dialBurst: 1, dialSpacingMs: 0 });
  expect(Array.from({ length: 100 }, () => gate.take("a")).every((waitMs) => waitMs === 0)).toBe(true);
});

test("who waits as long as told is let through, whatever the numbers", async () => {
  const runtime = createFakeRuntime();
  const gate = createDialGate(runtime, { dialBurst: 1, dialSpacingMs: 333 });
  gate.take("a");
  for (let dial = 0; dial < 50; dial += 1) {
    await runtime.advance(dial % 7);
    await runtime.advance(gate.take("a"));
    const rest = gate.take("a");
    // Rounding may cost a millisecond, never a dial.
    expect(rest).toBeLessThanOrEqual(1);
    if (rest > 0) {
      await runtime.advance(rest);
      expect(gate.take("a")).toBe(0);
    }
  }
});
