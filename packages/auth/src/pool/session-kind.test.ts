import { createFakeRuntime } from "@turnout/testing";
import { expect, test } from "vitest";

import { createApiKeyAccount } from "../accounts/fixed-account.ts";
import { createAccountPool } from "./account-pool.ts";
import type { SessionKind } from "./pool-contract.ts";

function setUp() {
  const accounts = "abcd".split("").map((key) => createApiKeyAccount({ key, apiKey: `sk-${key}` }));
  const pool = createAccountPool(accounts, { runtime: createFakeRuntime(), strategy: "round-robin" });
  return (sessionKey: string, sessionKind: SessionKind): string => {
    const request = { model: "m", sessionKey, sessionKind };
    const key = pool.select(request).account?.key ?? "";
    pool.begin(key, request).succeeded();
    return key;
  };
}

test("requests that begin alike are spread by the strategy, and the conversation stays where it was last begun", () => {
  const ask = setUp();
  expect(["x", "x", "x"].map((key) => ask(key, "begun"))).toEqual(["a", "b", "c"]);
  expect(["x", "x"].map((key) => ask(key, "recognised"))).toEqual(["c", "c"]);
});

test("a recognised conversation that nobody remembers goes where the strategy says, and stays there", () => {
  const ask = setUp();
  const first = ask("x", "recognised");
  ask("y", "begun");
  expect(ask("x", "recognised")).toBe(first);
});
