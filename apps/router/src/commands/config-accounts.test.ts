import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { countConfigAccounts } from "./config-accounts.ts";

test.each([
  ["providers: { codex: { accounts: [{ apiKey: a }, { apiKey: b }] }, openai: {}, local: { use: openai } }", [2]],
  ["server: { port: 1 }", []],
  ["providers: { codex: { accounts: wrong } }", []],
  ["providers:\n  codex:\n", []],
  ["", []],
])("countConfigAccounts() of %j", (text, counts) => {
  const folder = mkdtempSync(join(tmpdir(), "turnout-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "turnout.yaml"), text);
  const surroundings = { workingDirectory: folder, dataDirectory: folder, environment: {} };
  expect(countConfigAccounts(undefined, surroundings).map(({ count }) => count)).toEqual(counts);
});

test("countConfigAccounts() finds none without a config", () => {
  const folder = mkdtempSync(join(tmpdir(), "turnout-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const surroundings = { workingDirectory: folder, dataDirectory: folder, environment: { TURNOUT_CONFIG: "" } };
  expect(countConfigAccounts(undefined, surroundings)).toEqual([]);
});
