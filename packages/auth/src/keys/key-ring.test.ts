import type { RouterError } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { makeFolder, start } from "../../test/support.ts";
import { openAccountStore } from "../store/open-store.ts";
import { createClientKey } from "./client-key.ts";
import { createKeyRing } from "./key-ring.ts";

async function scene() {
  const dataDirectory = await makeFolder();
  const runtime = createFakeRuntime({ now: start, seed: 1 });
  const store = await openAccountStore({ dataDirectory, runtime });
  onTestFinished(() => store.close());
  /** Another process. */
  const elsewhere = await openAccountStore({ dataDirectory, runtime: createFakeRuntime({ now: start, seed: 2 }) });
  onTestFinished(() => elsewhere.close());
  return { runtime, store, elsewhere };
}

test("createClientKey() makes 256 random bits with a prefix, and stores their hash alone", async () => {
  const { store } = await scene();
  const { key, record } = createClientKey(store, "laptop");
  expect(key).toMatch(/^tk_[\w-]{43}$/u);
  expect(createClientKey(store, "phone").key).not.toBe(key);
  expect(record).toMatchObject({
    label: "laptop",
    hint: key.slice(0, 9),
    hash: expect.stringMatching(/^[0-9a-f]{64}$/u),
  });
  expect(JSON.stringify(store.clientKeys.list())).not.toContain(key);
  expect(() => createClientKey(store, "Laptop")).toThrow("there is one with that label");
});

describe("createKeyRing()", () => {
  test("accepts keys of the config and stored ones, and nothing else", async () => {
    const { store, runtime } = await scene();
    const { key, record } = createClientKey(store, "laptop");
    const ring = createKeyRing({ keys: ["config-key"], store, runtime });
    onTestFinished(() => ring.close());
    expect(ring.size).toBe(2);
    expect([["config-key"], [key], ["wrong", key]].map((keys) => ring.accepts(keys))).toEqual([true, true, true]);
    expect([[], [""], [record.hash], [record.hint], [`${key} `]].map((keys) => ring.accepts(keys))).not.toContain(true);
  });

  test("sees within two seconds what another process creates and revokes", async () => {
    const { store, elsewhere, runtime } = await scene();
    const ring = createKeyRing({ keys: [], store, runtime });
    onTestFinished(() => ring.close());
    const { key, record } = createClientKey(elsewhere, "laptop");
    expect(ring.accepts([key])).toBe(false);
    await runtime.advance(2_000);
    expect(ring.accepts([key])).toBe(true);
    elsewhere.clientKeys.revoke(record.id);
    await runtime.advance(2_000);
    expect(ring.accepts([key])).toBe(false);
    expect(ring.size).toBe(0);
  });

  test("remembers when a key was used last, not at once and not each time", async () => {
    const { store, runtime } = await scene();
    const { key } = createClientKey(store, "laptop");
    const ring = createKeyRing({ keys: [], store, runtime });
    const lastUse = () => store.clientKeys.list()[0]?.lastUsedAt;
    ring.accepts([key]);
    expect(lastUse()).toBeUndefined();
    await runtime.advance(30_000);
    expect(lastUse()).toBe(start);
    ring.accepts([key]);
    ring.close();
    expect(lastUse()).toBe(start + 30_000);
  });

  test("goes on with the keys it knows when the store fails, and says so", async () => {
    const { store, runtime } = await scene();
    const { key } = createClientKey(store, "laptop");
    const warnings: RouterError[] = [];
    let change = () => {};
    const failing = {
      clientKeys: { ...store.clientKeys },
      watch: (listener: () => void) => {
        change = listener;
        return () => {};
      },
    };
    const ring = createKeyRing({ keys: [], store: failing, runtime, onWarning: (error) => warnings.push(error) });
    failing.clientKeys.list = () => {
      throw new Error("disk gone");
    };
    change();
    expect(ring.accepts([key])).toBe(true);
    expect(warnings.map(({ message }) => message)).toEqual(["Unexpected failure: disk gone"]);
    ring.close();
  });
});
