import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { RouterError } from "@turnout/core";
import { expect, test } from "vitest";

import { createEagerRuntime, type EagerRuntime, makeFolder, openStore } from "../../test/support.ts";
import { DatabaseSync } from "@photostructure/sqlite";
import type { AccountStore } from "../store/account-store.ts";
import { withLease } from "./with-lease.ts";

const stopping = new AbortController();

interface Scene {
  readonly store: AccountStore;
  readonly runtime: EagerRuntime;
  /** Puts a lease of another process there. */
  occupy(holder: { pid: number; host?: string }): void;
  take(maxWaitMs?: number, signal?: AbortSignal): Promise<{ readonly value: string } | undefined>;
}

async function setScene(): Promise<Scene> {
  const runtime = createEagerRuntime();
  const store = await openStore(join(await makeFolder(), "data"), runtime);
  return {
    store,
    runtime,
    occupy({ pid, host }) {
      store.leases.take("work", "other");
      const database = new DatabaseSync(store.path);
      database.prepare("UPDATE leases SET pid = ?, host = coalesce(?, host)").run(pid, host ?? null);
      database.close();
    },
    take: (maxWaitMs = 120_000, signal = stopping.signal) =>
      withLease("work", { leases: store.leases, runtime, maxWaitMs, signal, onWarning: () => {} }, (owner) =>
        Promise.resolve(owner),
      ),
  };
}

async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? 0;
}

test("withLease() takes over from a process that has died, at once", async () => {
  const scene = await setScene();
  scene.occupy({ pid: await deadProcess() });
  expect((await scene.take())?.value).toMatch(/^[0-9a-f-]{36}$/u);
  expect(scene.runtime.slept.length).toBeLessThanOrEqual(1);
  expect(scene.store.leases.holder("work")).toBeUndefined();
});

test("withLease() takes over a lease with our own process id that we do not hold: a container's run before this one", async () => {
  const scene = await setScene();
  scene.occupy({ pid: process.pid });
  expect(await scene.take()).toBeDefined();
});

test("withLease() waits for a live process until it has been silent for 5 minutes", async () => {
  const scene = await setScene();
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], { stdio: "ignore" });
  try {
    scene.occupy({ pid: child.pid ?? 0 });
    expect(await scene.take()).toBeUndefined();
    expect(await scene.take(6 * 60_000)).toBeDefined();
    expect(scene.runtime.monotonic()).toBeGreaterThan(7 * 60_000);
  } finally {
    child.kill("SIGKILL");
  }
});

test("withLease() takes over from another host after 30 s without a sign of life, and not before", async () => {
  const scene = await setScene();
  scene.occupy({ pid: 1, host: "another" });
  expect(await scene.take(29_000)).toBeUndefined();
  let beats = 0;
  scene.runtime.onSleep = () => {
    if (beats < 500 && scene.store.leases.beat("work", "other")) beats += 1;
  };
  expect(await scene.take()).toBeDefined();
  expect(scene.runtime.slept.length).toBeGreaterThan(500 + 200);
});

test("withLease() gives signs of life while its work lasts, and leaves no timer", async () => {
  const { store, runtime } = await setScene();
  const beats: (number | undefined)[] = [];
  const lease = { leases: store.leases, runtime, maxWaitMs: 1, signal: stopping.signal, onWarning: () => {} };
  await withLease("work", lease, async () => {
    for (let count = 0; count < 3; count += 1) {
      beats.push(store.leases.holder("work")?.beat);
      await runtime.advance(5_000);
    }
  });
  expect(beats).toEqual([1, 2, 3]);
  expect(runtime.pendingTimers).toBe(0);
  expect(store.leases.holder("work")).toBeUndefined();
});

test("withLease() gives its lease back when its work fails, and stops waiting when it is told to", async () => {
  const { store, runtime, take, occupy } = await setScene();
  const lease = { leases: store.leases, runtime, maxWaitMs: 1, signal: stopping.signal, onWarning: () => {} };
  await expect(withLease("work", lease, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  expect(store.leases.holder("work")).toBeUndefined();
  occupy({ pid: 1, host: "another" });
  const controller = new AbortController();
  // The sleep of this runtime ends by itself; that of the real one is ended by the signal.
  runtime.sleep = (_, signal) => {
    controller.abort(new RouterError("shutting-down", "turnout is stopping", {}));
    return Promise.reject(signal?.reason);
  };
  await expect(take(1_000, controller.signal)).rejects.toThrow("turnout is stopping");
});
