import { join } from "node:path";

import { RouterError } from "@turnout/core";
import { expect, test } from "vitest";

import { createEagerRuntime, errorOf, makeFolder, openStore, start, startTokenEndpoint } from "../../test/support.ts";
import { fingerprint } from "../tokens/codex-login.ts";
import { type JournalStore, type RotationOrder, sendRotation } from "./send-rotation.ts";

const full = () =>
  new RouterError("store-unavailable", "Cannot write to turnout.db: the disk is full", { reason: "full" });

async function setScene() {
  const runtime = createEagerRuntime();
  const endpoint = await startTokenEndpoint();
  const store = await openStore(join(await makeFolder(), "data"), runtime);
  store.leases.take("rotation a", "me");
  const oauth = { issuer: endpoint.issuer, clientId: "app_test", tokenPath: "/oauth/token" };
  const order: RotationOrder = { subject: "a", owner: "me", refreshToken: "rt_0", token: { oauth } };
  return { runtime, endpoint, store, order };
}

test("sendRotation() has the attempt on record before the token leaves, and the answer afterwards, as it came", async () => {
  const { runtime, endpoint, store, order } = await setScene();
  endpoint.script.push({ status: 503, body: "<html>busy</html>" });
  endpoint.beforeReply = () => {
    expect(store.rotations.read("a")).toEqual({
      token: fingerprint("rt_0"),
      attempts: 1,
      at: start,
      answer: undefined,
    });
  };
  expect(await sendRotation(store, order, runtime)).toEqual({ outcome: "answered" });
  expect(store.rotations.read("a")?.answer).toBe('{"status":503,"body":"<html>busy</html>"}');
});

test("sendRotation() sends nothing when the attempt cannot be put on record, or the lease is another's", async () => {
  const { runtime, endpoint, store, order } = await setScene();
  const rotations = {
    ...store.rotations,
    begin() {
      throw full();
    },
  };
  expect((await errorOf(sendRotation({ rotations }, order, runtime))).details).toEqual({ reason: "full" });
  expect(await sendRotation(store, { ...order, owner: "another" }, runtime)).toEqual({ outcome: "superseded" });
  expect(endpoint.seen).toEqual([]);
});

test("sendRotation() keeps at it until the answer is in the journal, for a quarter of an hour", async () => {
  const { runtime, endpoint, store, order } = await setScene();
  let failures = 5;
  const rotations: JournalStore["rotations"] = {
    ...store.rotations,
    answer(...parts) {
      failures -= 1;
      if (failures >= 0) throw full();
      store.rotations.answer(...parts);
    },
  };
  expect(await sendRotation({ rotations }, order, runtime)).toEqual({ outcome: "answered" });
  expect(runtime.slept).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
  expect(store.rotations.read("a")?.answer).toContain("rt_1");
  expect(endpoint.seen).toEqual(["rt_0"]);
  failures = 1_000;
  expect((await errorOf(sendRotation({ rotations }, { ...order, refreshToken: "rt_50" }, runtime))).code).toBe(
    "store-unavailable",
  );
  expect(runtime.slept.reduce((sum, pause) => sum + pause, 0)).toBeGreaterThan(14 * 60_000);
});

test("sendRotation() tells a token that never left from one that may be spent", async () => {
  const { runtime, endpoint, store, order } = await setScene();
  const nowhere = { oauth: { ...order.token.oauth, issuer: "http://127.0.0.1:1" } };
  expect(await sendRotation(store, { ...order, token: nowhere }, runtime)).toMatchObject({ outcome: "unsent" });
  expect(store.rotations.read("a")).toBeUndefined();
  endpoint.script.push("lost");
  expect(await sendRotation(store, order, runtime)).toMatchObject({ outcome: "unanswered" });
  expect(await sendRotation(store, { ...order, token: nowhere }, runtime)).toMatchObject({ outcome: "unsent" });
  // What became of the earlier attempt is still not known.
  expect(store.rotations.read("a")).toMatchObject({ attempts: 1, answer: undefined });
});
