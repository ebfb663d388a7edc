import { RouterError } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { expect, test } from "vitest";

import { createTransportMemory, transportFailureOf } from "./transport-memory.ts";

test("usable() is true until as many failures in a row as failuresToOpen", () => {
  const memory = createTransportMemory({ runtime: createFakeRuntime(), failuresToOpen: 3 });
  memory.failed("a", "transient");
  memory.failed("a", "transient");
  expect(memory.usable("a")).toBe(true);
  memory.failed("a", "transient");
  expect(memory.usable("a")).toBe(false);
  expect(memory.usable("b")).toBe(true);
});

test("succeeded() starts the count anew", () => {
  const memory = createTransportMemory({ runtime: createFakeRuntime(), failuresToOpen: 2 });
  memory.failed("a", "transient");
  memory.succeeded("a");
  memory.failed("a", "transient");
  expect(memory.usable("a")).toBe(true);
});

test("failed() with `refused` opens at once", () => {
  const memory = createTransportMemory({ runtime: createFakeRuntime() });
  memory.failed("a", "refused");
  expect(memory.usable("a")).toBe(false);
});

test("usable() lets exactly one probe through after the cool-down, and closes on its success", async () => {
  const runtime = createFakeRuntime();
  const memory = createTransportMemory({ runtime, coolDownMs: 1_000 });
  memory.failed("a", "refused");
  await runtime.advance(999);
  expect(memory.usable("a")).toBe(false);
  await runtime.advance(1);
  expect(memory.peek("a")).toBe(true);
  expect(memory.usable("a")).toBe(true);
  expect(memory.usable("a")).toBe(false);
  memory.succeeded("a");
  expect(memory.usable("a")).toBe(true);
  expect(memory.usable("a")).toBe(true);
});

test("a failed probe opens for another cool-down at once", async () => {
  const runtime = createFakeRuntime();
  const memory = createTransportMemory({ runtime, failuresToOpen: 3, coolDownMs: 1_000 });
  for (let round = 0; round < 3; round += 1) memory.failed("a", "transient");
  await runtime.advance(1_000);
  expect(memory.usable("a")).toBe(true);
  memory.failed("a", "transient");
  await runtime.advance(999);
  expect(memory.usable("a")).toBe(false);
  await runtime.advance(1);
  expect(memory.usable("a")).toBe(true);
});

test("a probe that never reports gives way to another one after a cool-down", async () => {
  const runtime = createFakeRuntime();
  const memory = createTransportMemory({ runtime, coolDownMs: 1_000 });
  memory.failed("a", "refused");
  await runtime.advance(1_000);
  expect(memory.usable("a")).toBe(true);
  await runtime.advance(1_000);
  expect(memory.usable("a")).toBe(true);
});

test("failed() forgets the key that failed longest ago beyond maxEntries", () => {
  const memory = createTransportMemory({ runtime: createFakeRuntime(), maxEntries: 2 });
  for (const key of ["a", "b", "a", "c"]) memory.failed(key, "refused");
  expect(["a", "b", "c"].map((key) => memory.usable(key))).toEqual([false, true, false]);
});

test("failed() takes an error and ignores what says nothing about the transport", () => {
  const memory = createTransportMemory({ runtime: createFakeRuntime(), failuresToOpen: 1 });
  memory.failed("a", RouterError.from(new RouterError("rate-limited", "x", { retryAfterMs: 1 })));
  expect(memory.usable("a")).toBe(true);
  memory.failed("a", RouterError.from(new RouterError("upstream-timeout", "x", { timeoutMs: 1, requestSent: true })));
  expect(memory.usable("a")).toBe(false);
});

test.each([
  [426, "refused"],
  [404, "refused"],
  [403, "transient"],
  [503, "transient"],
  [undefined, "transient"],
])("transportFailureOf() of a handshake that answered %s is %s", (status, expected) => {
  const error = new RouterError("upstream-unavailable", "x", { status, requestSent: false });
  expect(transportFailureOf(RouterError.from(error))).toBe(expected);
});
