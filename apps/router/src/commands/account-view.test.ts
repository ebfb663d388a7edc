import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AccountStore, createAccountPool, openAccountStore } from "@turnout/auth";
import { RouterError } from "@turnout/core";
import { createFakeRuntime } from "@turnout/testing";
import { expect, onTestFinished, test } from "vitest";
import { accountJson, accountRow, viewAccounts, wantsLogin } from "./account-view.ts";
import { findAccount } from "./find-account.ts";

const now = Date.parse("2026-11-25T12:00:00Z");
const hour = 3_600_000;

async function openStore() {
  const dataDirectory = mkdtempSync(join(tmpdir(), "turnout-view-"));
  const runtime = createFakeRuntime({ now, seed: 1 });
  const store = await openAccountStore({ dataDirectory, runtime });
  onTestFinished(() => {
    store.close();
    rmSync(dataDirectory, { recursive: true });
  });
  return { store, runtime };
}

function add(
  store: AccountStore,
  label: string,
  more: { readonly expiresAt?: number; readonly refreshToken?: string } = {},
) {
  const secrets = { secret: "access", ...more };
  return store.accounts.add({ provider: "codex", kind: "oauth", origin: "login", plan: "pro", label, secrets });
}

test("viewAccounts() tells how each account stands, and accountRow() shows it", async () => {
  const { store, runtime } = await openStore();
  const good = add(store, "good", { expiresAt: now + 240 * hour, refreshToken: "refresh" });
  add(store, "ended", { expiresAt: now - 1 });
  store.accounts.update(add(store, "off").id, { disabled: "on holiday" });
  store.accounts.update(add(store, "out").id, { needsLogin: "its refresh token was refused" });
  const tired = add(store, "tired", { expiresAt: now + hour, refreshToken: "refresh" });
  const memory = { table: store.limits, provider: "codex" };
  const account = {
    key: tired.id,
    lease: () => Promise.reject(new Error("none")),
    renew: () => Promise.resolve(undefined),
  };
  const pool = createAccountPool([account], { runtime, memory });
  const limit = { limit: "codex", windows: [{ usedPercent: 100, lengthMs: 5 * hour, resetsAt: now + 3 * hour }] };
  const attempt = pool.begin(tired.id, { model: "gpt-5.4" });
  attempt.noteQuota(limit);
  const details = { retryAfterMs: 3 * hour, resetsAt: now + 3 * hour };
  attempt.failed(new RouterError("usage-limited", "The limit of the plan is reached", details));
  pool.close();

  const views = viewAccounts(store, runtime);
  const rows = views.map((view) => accountRow(view, now, (_name, text) => text));
  expect(rows).toEqual([
    ["codex", "good", "pro", "ready", "-", "-", "in 10d, renewed"],
    ["codex", "ended", "pro", "expired", "-", "-", "now"],
    ["codex", "off", "pro", "disabled", "-", "-", "-"],
    ["codex", "out", "pro", "needs-login", "-", "-", "-"],
    ["codex", "tired", "pro", "cooling 3h", "0%", "3h", "in 1h, renewed"],
  ]);
  expect(views.filter(wantsLogin).map(({ record }) => record.label)).toEqual(["ended", "out"]);
  expect(JSON.stringify(views.map(accountJson))).not.toMatch(/access|"refresh"/);
  expect(accountJson(views[0]!)).toMatchObject({ id: good.id, state: "ready", priority: 0 });
});

test("findAccount() takes an id, a label in any case, or provider/label, and helps where it cannot", async () => {
  const { store } = await openStore();
  expect(() => findAccount(store, "work")).toThrow("there are none; `turnout login codex` makes one");
  const { id } = add(store, "Work");
  const { id: other } = store.accounts.add({
    provider: "openai",
    kind: "api-key",
    origin: "login",
    label: "work",
    secrets: { secret: "sk" },
  });
  expect([id, "codex/work", "openai/WORK"].map((name) => findAccount(store, name).id)).toEqual([id, id, other]);
  expect(() => findAccount(store, "work")).toThrow("several have that label; say which: codex/Work, openai/work");
  expect(() => findAccount(store, "worc")).toThrow(/did you mean "[Ww]ork"\?/);
});
