import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openBrowser } from "./open-browser.ts";

const url = "http://127.0.0.1:1/oauth/authorize?a=1&b=$(touch%20x)";

test("openBrowser() hands the address as it is to the program that BROWSER names", async () => {
  const folder = mkdtempSync(join(tmpdir(), "turnout-browser-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, "browser");
  const file = join(folder, "opened");
  writeFileSync(program, `#!/bin/sh\nprintf %s "$1" > "${file}.new" && mv "${file}.new" "${file}"\n`);
  chmodSync(program, 0o755);
  expect(await openBrowser(url, { BROWSER: program })).toBe(true);
  while (!existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
  expect(readFileSync(file, "utf8")).toBe(url);
});

test("openBrowser() says so when there is none", async () => {
  expect(await openBrowser(url, { BROWSER: join(tmpdir(), "no-such-browser") })).toBe(false);
  if (process.platform === "linux") expect(await openBrowser(url, {})).toBe(false);
});
